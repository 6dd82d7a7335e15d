"""A generator of strokes: bars from edge to edge, composited one over the other.

A generator of pixels has to learn that a line is uniform along its length, and to move it with the latent vector. It
learns the first slowly and the second hardly at all: its lines fade at one position and appear at the next
(benchmarks/LOG.md). Here the latent vector gives the position and the colour of each stroke. Parameters shared by all
images are the number of visible strokes, their profile, the range of their positions, the palette, the background's
colour, and whether vertical strokes cover horizontal ones.

Layers keep the names that they have in saved files: "level" is horizontal, "upright" is vertical.
"""

import keras
import numpy as np
from keras import layers, ops

from models.generators.palette import initial_palette, palette_layer, sigmoid_share, softmax_shares
from utils.latent.temperature import AXES, BANDWIDTH, HORIZONTAL, PRECISION, VERTICAL, position_precision

KEYWORDS = {"strokes": None}
PROFILE_SHARPNESS = 10.0  # factor of the logits of a stroke's profile
TANH_SCALE = 0.8  # tanh(0.8 x) of a standard normal x is nearly uniform from -1 to 1
MOMENTUM = 0.9  # of the batch normalisation of positions, as in the published generator
# factors of the learning rates; benchmarks/LOG.md, "Rates of palette and ranges of strokes"
PALETTE_RATE, RANGE_RATE = 0.05, 10.0


def wanted(style):
    """Whether the keywords choose this family."""
    return style["strokes"] is not None


def check(style, channels):
    """Refuse keywords that describe no strokes.

    Args:
        style: dict, the keywords of all families.
        channels: number of channels of the images.

    Raises:
        ValueError: `strokes` is no whole number from 1 on, or modulation or inks are missing.
    """
    number = style["strokes"]
    if number is not None and (not isinstance(number, int) or number < 1):
        raise ValueError(f"strokes is {number!r}; it is a whole number from 1 on.")
    if number and not (style["modulation"] and style["inks"]):
        raise ValueError(
            "strokes are moved by modulation and painted with inks: set modulation=[64] and inks to the images' "
            "colours, which utils.reading.colors.flat_colors(images) finds."
        )


def build(make, z, shape, style):
    """Build the image of a latent vector, as `published.build` does.

    Only two things of `shape` count: the image's size, and the last kernel's size, which is the largest width of a
    stroke. All layers are float32: half precision would move a stroke by half a pixel.
    """
    make.dtype = "float32"
    colors = initial_palette(style["inks"], shape.channels)
    style_vector = make.style(z, style["modulation"], shape.activation)
    strokes = Strokes(make, style_vector, style["strokes"], colors, style["ink_certainty"])
    image = strokes.composite(shape.image_size, shape.conv_kernel_size[-1])
    return layers.Activation("linear", dtype="float32")(image)


class Unimodal(keras.constraints.Constraint):
    """Keeps the kernel of a profile unimodal: from its largest weight it falls to both sides.

    A valley in the kernel is a darker groove along the middle of every stroke. Positions are unimodal too, and so is
    what the convolution of both gives. The constraint acts while a generator is trained; saved ones carry none.
    """

    def __call__(self, kernel):
        return ops.reshape(without_valleys(ops.reshape(kernel, (-1,))), kernel.shape)


def without_valleys(weights):
    """Raise each weight (width,) that lies between two larger ones to the smaller of these: a tensor (width,)."""

    def running_maximum(values):
        highest = [values[0]]
        for value in values[1:]:
            highest.append(ops.maximum(highest[-1], value))
        return highest

    weights = [weights[i] for i in range(weights.shape[0])]
    from_left, from_right = running_maximum(weights), running_maximum(weights[::-1])[::-1]
    return ops.stack([ops.minimum(a, b) for a, b in zip(from_left, from_right, strict=True)])


class Strokes:
    """The strokes that a latent vector describes, and their compositing.

    Args:
        make: `LayerMaker` of the generator.
        style: tensor (n, 1, 1, width) of `LayerMaker.style`.
        number: number of strokes of either direction. A learnt count, shared by all images, makes the first of them
            visible.
        colors: the initial palette, (colours, channels) in [-1, 1]. The first is the background's initial colour, and
            no stroke's.
        inverse_temperature: of the softmax that chooses a stroke's colour and of the sigmoid that makes it visible.
    """

    def __init__(self, make, style, number, colors, inverse_temperature):
        self.make, self.style, self.number, self.colors = make, style, number, colors
        self.inverse_temperature = inverse_temperature

    def composite(self, size, width):
        """Composite all strokes over the background.

        Args:
            size: (height, width) of the image.
            width: the largest width of a stroke, in pixels.

        Returns:
            A tensor (n, height, width, channels).
        """
        horizontal, vertical = HORIZONTAL[0], VERTICAL[0]
        palette = palette_layer(self.make, self.colors, PALETTE_RATE)
        transmittance, paint = {}, {}
        for name, axis in AXES.items():
            opacity = self._product(self._profile(axis, size[axis], width, name), self._visibility(axis, name))
            painted = self._product(opacity, palette(self._colors(axis, name)))
            transmittance[name], paint[name] = self._composite_direction(axis, opacity, painted)
        # 1 if horizontal strokes cover vertical ones, 0 if vertical strokes cover horizontal ones
        order = sigmoid_share(self.make, self._shared([0.0], "order"), self.inverse_temperature, "order")
        visible = {
            horizontal: self._complement(
                self._product(self._complement(order), self._complement(transmittance[vertical]))
            ),
            vertical: self._complement(self._product(order, self._complement(transmittance[horizontal]))),
        }
        parts = [self._product(paint[name], visible[name]) for name in AXES]  # (n, height, width, channels)
        ground = self._shared(np.eye(len(self.colors))[0], "ground")
        ground = softmax_shares(self.make, ground, self.inverse_temperature, "ground", shared=True)
        return layers.Add(dtype=self.make.dtype)([*parts, self._product(palette(ground), *transmittance.values())])

    # The attributes of strokes ----------------------------------------------------------------------------------

    def _profile(self, axis, size, width, name):
        """The opacity of each stroke across its direction, 0 to 1: (n, size, number, 1), transposed for axis 1."""
        profile = layers.Conv2D(
            1,
            (width, 1) if axis == 0 else (1, width),
            padding="same",
            kernel_initializer=keras.initializers.Constant(0.8),  # strokes start at their largest width
            bias_initializer=keras.initializers.Constant(-0.4),
            kernel_constraint=None if self.make.stock else Unimodal(),
            dtype=self.make.dtype,
            name=f"generator_{name}_stamp",
        )(self._positions(axis, size, name))
        profile = layers.Rescaling(PROFILE_SHARPNESS, dtype=self.make.dtype)(profile)
        return layers.Activation("sigmoid", dtype=self.make.dtype)(profile)

    def _positions(self, axis, size, name):
        """The position of each stroke as a softmax along the axis: (n, size, number, 1), transposed for axis 1.

        A position is middle + range * x, where middle and range are shared by all images and x, from -1 to 1, depends
        on the latent vector. Batch normalisation keeps x spread over that interval: otherwise a stroke that should stay
        near one position settles at the end of a wide range, where tanh is flat, and does not learn a narrow one.

        The softmax's logits are parabolas with their maximum at the position. With pixel t and position u, the logit
        -(t - u)^2 / 2 is t u - t^2 / 2 up to a constant in t: a dense layer that is not trained.
        """
        dtype = self.make.dtype
        x = self.make.dense(self.number, name=f"generator_{name}_at", kernel_initializer=self._normal(1.0))(self.style)
        x = layers.BatchNormalization(center=False, scale=False, momentum=MOMENTUM, dtype=dtype)(x)
        x = layers.Rescaling(TANH_SCALE, dtype=dtype)(x)
        x = layers.Activation("tanh", dtype=dtype)(x)
        # (n, 1, 1, number); with the initial ranges from -1 at one edge to 1 at the other
        logarithm = layers.Rescaling(RANGE_RATE, dtype=dtype)(self._shared([0.0] * self.number, f"{name}_range"))
        x = self._product(x, layers.Activation("exponential", dtype=dtype)(logarithm))
        x = layers.Add(dtype=dtype)([x, self._shared([0.0] * self.number, f"{name}_middle")])
        pixels = np.linspace(-1, 1, size)
        shape = (size, self.number) if axis == 0 else (self.number, size)
        kernel = np.einsum("t,pq->ptq" if axis == 0 else "t,pq->pqt", pixels, np.eye(self.number))
        bias = np.broadcast_to(np.expand_dims(-(pixels**2) / 2, 1 - axis), shape)
        logits = self._fixed_dense(x, kernel.reshape(self.number, -1), bias.reshape(-1), f"{name}_hills")
        logits = layers.Reshape((*shape, 1), dtype=self.make.dtype)(logits)
        precision = position_precision(size, BANDWIDTH)
        logits = layers.Rescaling(precision, dtype=self.make.dtype, name=f"{PRECISION}_{name}")(logits)
        axes = [1 + axis]  # a list of one, because Keras 3.8 loses a single number when it opens a .h5
        return layers.Softmax(axis=axes, dtype=self.make.dtype, name=f"generator_{name}_place")(logits)

    def _visibility(self, axis, name):
        """The visibility of each stroke, from 0 to 1: (n, 1, number, 1), or (n, number, 1, 1) for axis 1.

        The first `count` strokes are visible; count is learnt, starts at 1 and is shared by all images.
        """
        count = self._shared([1.0], f"{name}_count")
        x = self._fixed_dense(count, np.ones((1, self.number)), -0.5 - np.arange(self.number), f"{name}_counted")
        x = sigmoid_share(self.make, x, self.inverse_temperature, f"{name}_shown")
        return layers.Reshape((*self._grid_shape(axis), 1), dtype=self.make.dtype)(x)

    def _colors(self, axis, name):
        """Each stroke's softmax over the palette: (n, 1, number, colours), transposed for axis 1.

        The share of the first colour, the background's, is 0.
        """
        make, others = self.make, len(self.colors) - 1
        choice = make.dense(self.number * others, name=f"generator_{name}_choice", kernel_initializer=self._normal(0.3))
        x = layers.Reshape((self.number, others), dtype=make.dtype)(choice(self.style))
        x = softmax_shares(make, x, self.inverse_temperature, name)
        x = layers.Reshape((self.number, others, 1), dtype=make.dtype)(x)
        x = layers.ZeroPadding2D(((0, 0), (1, 0)), dtype=make.dtype)(x)
        return layers.Reshape((*self._grid_shape(axis), len(self.colors)), dtype=make.dtype)(x)

    # Compositing ------------------------------------------------------------------------------------------------

    def _composite_direction(self, axis, opacity, paint):
        """Composite the strokes of one direction, later ones over earlier ones.

        Args:
            axis: the image axis along which their positions vary, 0 for horizontal strokes.
            opacity: (n, size, number, 1) from 0 to 1, transposed for axis 1.
            paint: (n, size, number, channels), colours times opacity, transposed for axis 1.

        Returns:
            `(transmittance, paint)`: how much of what lies below shows through, (n, size, 1, 1) from 0 to 1, and the
            composited colours, (n, size, 1, channels); both transposed for axis 1.
        """
        transmittance = self._complement(opacity)
        through, painted = self._stroke(transmittance, 0, axis), self._stroke(paint, 0, axis)
        for i in range(1, self.number):
            transmitted = self._stroke(transmittance, i, axis)
            painted = layers.Add(dtype=self.make.dtype)(
                [self._product(painted, transmitted), self._stroke(paint, i, axis)]
            )
            through = self._product(through, transmitted)
        return through, painted

    def _stroke(self, x, i, axis):
        """Stroke i: (n, size, number, channels) -> (n, size, 1, channels), transposed for axis 1."""
        others = (i, self.number - 1 - i)
        return layers.Cropping2D(((0, 0), others) if axis == 0 else (others, (0, 0)), dtype=self.make.dtype)(x)

    def _product(self, *factors):
        return layers.Multiply(dtype=self.make.dtype)(list(factors))

    def _complement(self, share):
        """1 - share."""
        return layers.Rescaling(-1.0, 1.0, dtype=self.make.dtype)(share)

    def _grid_shape(self, axis):
        """(rows, columns) of a tensor with one position per stroke."""
        return (1, self.number) if axis == 0 else (self.number, 1)

    # Small dense layers -----------------------------------------------------------------------------------------

    def _shared(self, values, name):
        """Trainable numbers shared by all images, with initial values: (n, 1, 1, len(values)).

        They are the bias of a dense layer whose input is zero, so that the generator stays a functional model.
        """
        dense = layers.Dense(len(values), kernel_initializer="zeros", dtype=self.make.dtype, name=f"generator_{name}")
        x = dense(layers.Rescaling(0.0, dtype=self.make.dtype)(self.style))
        dense.set_weights([dense.get_weights()[0], np.array(values)])
        return x

    def _fixed_dense(self, x, kernel, bias, name):
        """A dense layer that is not trained: (n, 1, 1, inputs) -> (n, 1, 1, outputs)."""
        dense = layers.Dense(len(bias), trainable=False, dtype=self.make.dtype, name=f"generator_{name}")
        x = dense(x)
        dense.set_weights([kernel, bias])
        return x

    def _normal(self, deviation):
        """Initial weights with which a dense layer turns the style into about N(0, deviation^2)."""
        return keras.initializers.RandomNormal(0.0, deviation * self.style.shape[-1] ** -0.5, seed=self.make.seed())
