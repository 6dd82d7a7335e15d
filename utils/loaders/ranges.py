"""In which range a generator draws: from -1 to 1, as everything here expects, or from 0 to 1, or from 0 to 255.

It is read from the last layers where they tell, else from a few images. Scaling adds one layer without weights.
"""

import numpy as np

RANGES = {  # what an activation gives, whatever it reads
    **dict.fromkeys(("tanh", "hard_tanh", "softsign"), (-1.0, 1.0)),
    **dict.fromkeys(("sigmoid", "hard_sigmoid", "softmax", "sparse_sigmoid"), (0.0, 1.0)),
}
KEEP = ("Identity", "Reshape", "Permute", "Flatten", "Dropout", "UpSampling2D", "Cropping2D", "CenterCrop")
LOOKED_AT = 8  # images, where the layers do not tell
ALMOST = 1e-3  # what rounding may add to either end


def to_minus_one_to_one(model, path):
    """The generator itself, or one more layer behind it that scales its images to [-1, 1], which is said then.

    Args:
        model: a Keras model, latent vectors (n, z_dim) -> images (n, height, width, channels).
        path: what the message calls it.
    """
    from utils.quiet import keras

    found, reason = _range_of_layers(model), "by its last layer"
    if found is None:
        found, reason = _range_of_images(model), f"in {LOOKED_AT} images looked at"
    if found not in ((0.0, 1.0), (0.0, 255.0)):
        return model
    high = found[1]
    print(f"{path}: its images run from 0 to {high:g} ({reason}); they are scaled to the range from -1 to 1.")
    scaled = keras.layers.Rescaling(2 / high, offset=-1.0, name="from_minus_one_to_one")(model.outputs[0])
    return keras.Model(model.inputs, scaled, name=model.name)


def _range_of_layers(model):
    """The range that the last layers give, or None where they do not tell."""
    layer, scales = _last_layer(model), []
    while layer is not None:
        kind = type(layer).__name__
        activation = getattr(getattr(layer, "activation", None), "__name__", None)
        if kind in ("Softmax",):
            activation = "softmax"
        if kind == "Rescaling":
            scales.append((layer.scale, layer.offset))
        elif activation in RANGES:
            low, high = RANGES[activation]
            for scale, offset in reversed(scales):
                low, high = low * scale + offset, high * scale + offset
            return (round(float(low), 6), round(float(high), 6)) if np.ndim(low) == 0 else None
        elif kind not in KEEP and not (kind == "Activation" and activation == "linear"):
            return None
        layer = _before(layer)
    return None


def _last_layer(model):
    history = getattr(model.outputs[0], "_keras_history", None) if getattr(model, "outputs", None) else None
    layer = history[0] if history else None
    return _last_layer(layer) if layer is not None and hasattr(layer, "layers") else layer


def _before(layer):
    """The layer whose output this one reads, where it reads one."""
    try:
        history = layer.input._keras_history
    except (AttributeError, ValueError):
        return None
    before = history[0]
    return _last_layer(before) if hasattr(before, "layers") else before


def _range_of_images(model):
    """The range of a few images, drawn one by one; None where they do not tell."""
    from utils.quiet import keras

    Z = np.random.default_rng(0).standard_normal((LOOKED_AT, 1, model.input_shape[-1])).astype(np.float32)
    try:
        images = [keras.ops.convert_to_numpy(model(z, training=False)) for z in Z]
    except Exception:  # a strange network can fail in any way; whoever draws with it is told
        return None
    low, high = float(np.min(images)), float(np.max(images))
    if not np.isfinite([low, high]).all() or low < -ALMOST or high - low < ALMOST:  # one colour tells nothing
        return None
    if high <= 1 + ALMOST:
        return 0.0, 1.0
    return (0.0, 255.0) if 2 < high <= 255.5 else None
