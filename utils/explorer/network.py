"""A generator as a list of operations, for an engine that knows no Keras: the browser's (see stage/network.js).

Notable:

- the graph of any functional or sequential model is walked, models inside models too;
- an unknown layer is refused by its name, never left out;
- large kernels travel in half precision where the images stay the same, see `pack`.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from utils.latent import generate_images, generate_latent_points
from utils.quiet import keras

LARGE = 4096  # values; smaller weights stay float32, for they weigh nothing
SMALL_NETWORK = 2**20  # bytes in float32, up to which nothing is rounded
TRIED = 16  # images on which half precision is tried
ACTIVATIONS = {
    *("linear", "relu", "relu6", "leaky_relu", "elu", "tanh", "sigmoid", "hard_sigmoid", "exponential", "softplus"),
    *("silu", "softmax"),
}
WAY_OUT = "make explore shows any generator, drawn by Python"


class UnknownLayer(ValueError):
    """A layer that the browser's engine does not know."""


@dataclass
class Network:
    """A generator as a list of operations.

    Attributes:
        operations: list of dicts: `op`, what it does; `name`, the layer's; `inputs`, indices of earlier operations, -1
            for the latent vector; its settings; and for each of its weights an index into `weights`.
        weights: list of float arrays.
        latent_dim: length of the latent vector.
        shape: (height, width, channels) of the images.
    """

    operations: list = field(default_factory=list)
    weights: list = field(default_factory=list)
    latent_dim: int = 0
    shape: tuple = ()


@dataclass(frozen=True)
class _Value:
    """The output of an operation while the graph is walked."""

    index: int


def network_of(generator) -> Network:
    """List the operations of a generator.

    Args:
        generator: a functional or sequential Keras model, vectors (n, latent_dim) -> images (n, h, w, c) in [-1, 1].

    Returns:
        A `Network`, whose last operation gives the images.

    Raises:
        UnknownLayer: a layer that the browser does not know; the message names it.
    """
    graph = _graph(generator)
    if len(graph.inputs) != 1 or len(graph.outputs) != 1 or len(generator.output_shape) != 4:
        raise UnknownLayer(f"{generator.name} is not a generator of one vector and one image; {WAY_OUT}")
    network = Network([], [], int(generator.input_shape[-1]), tuple(map(int, generator.output_shape[1:])))
    last = _walk(graph, network, _Value(-1))
    if last.index != len(network.operations) - 1:  # an output that is also used further on
        _append(network, "identity", "image", [last])
    return network


def _graph(model):
    """The functional model behind a functional or sequential one."""
    if isinstance(model, keras.Sequential):
        return keras.Model(model.inputs, model.outputs)
    if not hasattr(model, "_run_through_graph"):
        raise UnknownLayer(f"{model.name} is a model of its own class, {type(model).__name__}; {WAY_OUT}")
    return model


def _walk(graph, network: Network, inputs) -> _Value:
    """Add the operations of a graph; returns its output."""

    def add(layer):
        return lambda *arguments, **named: _add(layer, network, arguments)

    return keras.tree.flatten(graph._run_through_graph(inputs, operation_fn=add))[0]


def _add(layer, network: Network, arguments) -> _Value:
    if isinstance(layer, keras.Model):
        return _walk(_graph(layer), network, keras.tree.flatten(arguments)[0])
    values = [value for value in keras.tree.flatten(arguments) if isinstance(value, _Value)]
    kind = next((kind for kind in type(layer).__mro__ if kind in _KINDS), None)
    if kind is None:
        raise UnknownLayer(
            f"the browser does not know the layer {layer.name} ({type(layer).__name__}) of this generator; {WAY_OUT}"
        )
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise UnknownLayer(f"the layer {layer.name} has its channels first; {WAY_OUT}")
    described = _KINDS[kind](layer)
    if described is None:
        return values[0]
    weights = {key: np.asarray(value, np.float32) for key, value in described.pop("weights", {}).items()}
    activation = described.pop("activation", None)
    value = _append(network, described.pop("op"), layer.name, values, weights, **described)
    return value if activation is None else _append(network, name=layer.name, inputs=[value], **_activation(activation))


def _append(network, op: str, name: str, inputs: list, weights=None, **settings) -> _Value:
    indices = {}
    for key, value in (weights or {}).items():
        indices[key] = len(network.weights)
        network.weights.append(value)
    operation = {"op": op, "name": name, "inputs": [value.index for value in inputs], **settings, **indices}
    network.operations.append(operation)
    return _Value(len(network.operations) - 1)


# ---------------------------------------------------------------------------------------------------------------------
# Layers as dicts: `op`, settings, `weights` and `activation`; None for a layer that leaves its input as it is


def _activation(function) -> dict:
    """The operation of an activation function of Keras."""
    name = function if isinstance(function, str) else getattr(function, "__name__", str(function))
    name = {"swish": "silu"}.get(name, name)
    if name not in ACTIVATIONS:
        raise UnknownLayer(f"the browser does not know the activation {name}; {WAY_OUT}")
    if name == "softmax":
        return {"op": "softmax", "axis": -1}
    return {"op": "activation", "function": name, **({"slope": 0.2} if name == "leaky_relu" else {})}


def _function_of(layer):
    """The activation inside a layer; None for none."""
    return None if layer.activation is keras.activations.linear else layer.activation


def _kernel_and_bias(layer) -> dict:
    return {"kernel": layer.kernel, **({"bias": layer.bias} if layer.use_bias else {})}


def _dense(layer) -> dict:
    return {"op": "dense", "weights": _kernel_and_bias(layer), "activation": _function_of(layer)}


def _convolution(layer) -> dict:
    if layer.groups != 1:
        raise UnknownLayer(f"the layer {layer.name} has {layer.groups} groups; {WAY_OUT}")
    settings = {"strides": list(layer.strides), "dilations": list(layer.dilation_rate), "padding": layer.padding}
    return {"op": "conv2d", **settings, "weights": _kernel_and_bias(layer), "activation": _function_of(layer)}


def _transposed(layer) -> dict:
    if layer.padding != "same" or layer.output_padding is not None or set(layer.dilation_rate) != {1}:
        raise UnknownLayer(f"the layer {layer.name} has padding {layer.padding}, output padding or dilation; {WAY_OUT}")
    settings = {"strides": list(layer.strides)}
    return {"op": "conv2d_transpose", **settings, "weights": _kernel_and_bias(layer), "activation": _function_of(layer)}


def _normalization(layer) -> dict:
    """Batch normalisation of a trained network is a scale and an offset of each channel."""
    if layer.axis not in (-1, len(layer.input.shape) - 1):
        raise UnknownLayer(f"the layer {layer.name} normalises the axis {layer.axis}; {WAY_OUT}")
    mean, variance = (np.asarray(value, np.float64) for value in (layer.moving_mean, layer.moving_variance))
    scale = (np.asarray(layer.gamma, np.float64) if layer.scale else 1.0) / np.sqrt(variance + layer.epsilon)
    offset = (np.asarray(layer.beta, np.float64) if layer.center else 0.0) - mean * scale
    return {"op": "affine", "weights": {"scale": scale, "offset": offset}}


def _rescaling(layer) -> dict:
    return {
        "op": "affine",
        "weights": {"scale": np.atleast_1d(layer.scale), "offset": np.atleast_1d(layer.offset)},
    }


def _relu(layer) -> dict:
    if layer.threshold or layer.max_value not in (None, 6) or (layer.max_value and layer.negative_slope):
        raise UnknownLayer(f"the layer {layer.name} is a ReLU with threshold or ceiling; {WAY_OUT}")
    if layer.negative_slope:
        return {"op": "activation", "function": "leaky_relu", "slope": float(layer.negative_slope)}
    return {"op": "activation", "function": "relu6" if layer.max_value else "relu"}


def _softmax(layer) -> dict:
    axes = [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)
    if len(axes) != 1:
        raise UnknownLayer(f"the layer {layer.name} is a softmax over {len(axes)} axes; {WAY_OUT}")
    return {"op": "softmax", "axis": axes[0]}


def _upsampling(layer) -> dict:
    if layer.interpolation not in ("nearest", "bilinear"):
        raise UnknownLayer(f"the layer {layer.name} enlarges by {layer.interpolation}; {WAY_OUT}")
    return {"op": "upsample", "factors": list(layer.size), "interpolation": layer.interpolation}


def _borders(op: str, borders) -> dict:
    return {"op": op, "borders": [list(map(int, pair)) for pair in borders]}


def _same(layer) -> None:
    """What training alone needs."""


_layers = keras.layers
_KINDS = {
    _layers.Activation: lambda layer: _activation(layer.activation),
    _layers.Add: lambda layer: {"op": "add"},
    _layers.Average: lambda layer: {"op": "average"},
    _layers.BatchNormalization: _normalization,
    _layers.Concatenate: lambda layer: {"op": "concatenate", "axis": layer.axis},
    _layers.Conv2D: _convolution,
    _layers.Conv2DTranspose: _transposed,
    _layers.Cropping2D: lambda layer: _borders("crop", layer.cropping),
    _layers.Dense: _dense,
    _layers.Dropout: _same,
    _layers.ELU: lambda layer: {"op": "activation", "function": "elu", "slope": float(layer.alpha)},
    _layers.Flatten: lambda layer: {"op": "reshape", "shape": [math.prod(layer.input.shape[1:])]},
    _layers.GaussianDropout: _same,
    _layers.GaussianNoise: _same,
    _layers.InputLayer: _same,
    _layers.LeakyReLU: lambda layer: {
        "op": "activation",
        "function": "leaky_relu",
        "slope": float(layer.negative_slope),
    },
    _layers.Maximum: lambda layer: {"op": "maximum"},
    _layers.Minimum: lambda layer: {"op": "minimum"},
    _layers.Multiply: lambda layer: {"op": "multiply"},
    _layers.ReLU: _relu,
    _layers.Rescaling: _rescaling,
    _layers.Reshape: lambda layer: {"op": "reshape", "shape": list(layer.target_shape)},
    _layers.Softmax: _softmax,
    _layers.SpatialDropout2D: _same,
    _layers.Subtract: lambda layer: {"op": "subtract"},
    _layers.UpSampling2D: _upsampling,
    _layers.ZeroPadding2D: lambda layer: _borders("pad", layer.padding),
}


# ---------------------------------------------------------------------------------------------------------------------
# Weights as bytes


def pack(generator) -> tuple[dict, bytes]:
    """A generator as a description and the bytes of its weights.

    Kernels of more than 4,096 values are rounded to half precision if the generator still draws the same 16 images
    within one grey level; small networks are not rounded at all.

    Args:
        generator: as in `network_of`; its weights are the same afterwards.

    Returns:
        `(description, weights)`: a dict for JSON, in which each weight has a `shape`, a `type` ("float16" or
        "float32") and an `offset` in bytes; and their bytes, little-endian.

    Raises:
        UnknownLayer: as in `network_of`.
    """
    network = network_of(generator)
    halved = keeps_its_images_in_halves(generator)
    table, parts, offset = [], [], 0
    for weight in network.weights:
        kind = "<f2" if halved and weight.size > LARGE else "<f4"
        content = np.ascontiguousarray(weight, kind).tobytes()
        content += bytes(-len(content) % 4)
        table.append({"shape": list(weight.shape), "type": np.dtype(kind).name, "offset": offset})
        parts.append(content)
        offset += len(content)
    description = {
        "latent_dim": network.latent_dim,
        "shape": list(network.shape),
        "operations": network.operations,
        "weights": table,
    }
    return description, b"".join(parts)


def keeps_its_images_in_halves(generator, seed: int = 0) -> bool:
    """Whether a generator with its large weights in half precision draws the same images, within one grey level.

    Args:
        generator: a Keras model.
        seed: of the 16 vectors.
    """
    weights = generator.get_weights()
    if 4 * sum(weight.size for weight in weights) <= SMALL_NETWORK:
        return False
    with np.errstate(over="ignore"):  # too large for half precision becomes infinity, seen below
        halves = [np.float32(np.float16(weight)) if weight.size > LARGE else weight for weight in weights]
    if not all(np.isfinite(weight).all() for weight in halves):
        return False
    Z = generate_latent_points(generator.input_shape[-1], TRIED, seed)
    whole = generate_images(generator, Z).astype(int)
    try:
        generator.set_weights(halves)
        rounded = generate_images(generator, Z).astype(int)
    except ValueError:  # an image without finite numbers
        return False
    finally:
        generator.set_weights(weights)
    return int(np.abs(whole - rounded).max()) <= 1
