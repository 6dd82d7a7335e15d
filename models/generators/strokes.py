"""A generator of strokes: bars from edge to edge, composited one over the other.

A generator of pictures has to learn that a line is the same all along, and to move it with the latent vector. It
learns the first slowly and the second hardly: its lines fade at one place and appear at the next (benchmarks/LOG.md).
Here the latent vector says where each stroke lies and of which colour it is. Learnt for all images alike are how many
strokes show, their profile across, the range in which they lie, the palette, the ground, and whether vertical strokes
cover horizontal ones.

Layers keep the names that they have in saved files: "level" is horizontal, "upright" is vertical.
"""

import keras
import numpy as np
from keras import layers

from models.generators.palette import chosen, decided, first_colors, mixed
from utils.latent.temperature import AXES, BANDWIDTH, HORIZONTAL, PRECISION, VERTICAL, position_precision

KEYWORDS = {"strokes": None}
PROFILE_SHARPNESS = 10.0  # multiplies the logits of a stroke's profile
UNIFORM = 0.8  # tanh of so much of a normal number is nearly uniform from -1 to 1
MOMENTUM = 0.9  # of the statistics of positions, as of the published generator's
# An update moves the palette, and the logarithm of ranges, by so much of what it moves other numbers
# (benchmarks/LOG.md).
PALETTE_RATE, RANGE_RATE = 0.05, 10.0


def wanted(style):
    """Whether keywords ask for this family."""
    return style["strokes"] is not None


def check(style, channels):
    """Refuse keywords that describe no strokes.

    Args:
        style: dict, the keywords of all families.
        channels: of the images.

    Raises:
        ValueError: `strokes` is no number from 1 on, or comes without modulation or inks.
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
    """The image of a latent vector, as `published.build`.

    Of the shape's layers it keeps the size that they lead to, and the last kernel's size, the most that a stroke is
    wide. All is float32: half precision would move a stroke by half a pixel.
    """
    make.dtype = "float32"
    colors = first_colors(style["inks"], shape.channels)
    moved_by = make.style(z, style["modulation"], shape.activation)
    strokes = Strokes(make, moved_by, style["strokes"], colors, style["ink_certainty"])
    image = strokes.composite(shape.image_size, shape.conv_kernel_size[-1])
    return layers.Activation("linear", dtype="float32")(image)


class Strokes:
    """Composites strokes that a latent vector describes.

    Args:
        make: `LayerMaker` of the generator.
        style: of `LayerMaker.style`, (n, 1, 1, width).
        number: how many strokes there are of either direction. As many as are learnt to, the first ones, show.
        colors: the palette to start from, (colours, channels) in [-1, 1]. The first is the ground's at first, and no
            stroke's.
        inverse_temperature: of the choice of each stroke's colour, and of whether it shows.
    """

    def __init__(self, make, style, number, colors, inverse_temperature):
        self.make, self.style, self.number, self.colors = make, style, number, colors
        self.inverse_temperature = inverse_temperature

    def composite(self, size, width):
        """The image of all strokes.

        Args:
            size: (height, width).
            width: how many pixels wide a stroke can be.

        Returns:
            A tensor (n, height, width, channels).
        """
        horizontal, vertical = HORIZONTAL[0], VERTICAL[0]
        palette = mixed(self.make, self.colors, PALETTE_RATE)
        transmittance, paint = {}, {}
        for name, axis in AXES.items():
            opacity = self._product(self._profile(axis, size[axis], width, name), self._shown(axis, name))
            painted = self._product(opacity, palette(self._colors(axis, name)))
            transmittance[name], paint[name] = self._over(axis, opacity, painted)
        # 1 where horizontal strokes cover vertical ones
        order = decided(self.make, self._learnt([0.0], "order"), self.inverse_temperature, "order")
        visible = {
            horizontal: self._rest(self._product(self._rest(order), self._rest(transmittance[vertical]))),
            vertical: self._rest(self._product(order, self._rest(transmittance[horizontal]))),
        }
        parts = [self._product(paint[name], visible[name]) for name in AXES]  # (n, height, width, channels)
        ground = self._learnt(np.eye(len(self.colors))[0], "ground")
        ground = chosen(self.make, ground, self.inverse_temperature, "ground", shared=True)
        return layers.Add(dtype=self.make.dtype)([*parts, self._product(palette(ground), *transmittance.values())])

    # What each stroke is like -----------------------------------------------------------------------------------

    def _profile(self, axis, size, width, name):
        """The opacity of each stroke across, from 0 to 1: (n, size, number, 1), or (n, number, size, 1)."""
        profile = layers.Conv2D(
            1,
            (width, 1) if axis == 0 else (1, width),
            padding="same",
            kernel_initializer=keras.initializers.Constant(0.8),  # as wide as it can be at first
            bias_initializer=keras.initializers.Constant(-0.4),
            dtype=self.make.dtype,
            name=f"generator_{name}_stamp",
        )(self._positions(axis, size, name))
        profile = layers.Rescaling(PROFILE_SHARPNESS, dtype=self.make.dtype)(profile)
        return layers.Activation("sigmoid", dtype=self.make.dtype)(profile)

    def _positions(self, axis, size, name):
        """Shares that add up to 1 along the axis, nearly all at one position: (n, size, number, 1), or turned.

        A position is a range around a middle, both learnt for all images alike, times a number from -1 to 1 that the
        latent vector gives. That number is normalised: else a stroke that is to stay near one position lies at the end
        of a wide range, where tanh does not move it, and learns no narrow one.

        The shares are a softmax over parabolas, highest at the position. With t a pixel and u the position, the logit
        -(t - u)^2 / 2 is t u - t^2 / 2 but for what is the same everywhere: a dense layer that is not trained.
        """
        dtype = self.make.dtype
        x = self.make.dense(self.number, name=f"generator_{name}_at", kernel_initializer=self._normal(1.0))(self.style)
        x = layers.BatchNormalization(center=False, scale=False, momentum=MOMENTUM, dtype=dtype)(x)
        x = layers.Rescaling(UNIFORM, dtype=dtype)(x)
        x = layers.Activation("tanh", dtype=dtype)(x)
        # (n, 1, 1, number), from -1 at one edge to 1 at the other, until other ranges are learnt
        logarithm = layers.Rescaling(RANGE_RATE, dtype=dtype)(self._learnt([0.0] * self.number, f"{name}_range"))
        x = self._product(x, layers.Activation("exponential", dtype=dtype)(logarithm))
        x = layers.Add(dtype=dtype)([x, self._learnt([0.0] * self.number, f"{name}_middle")])
        pixels = np.linspace(-1, 1, size)
        shape = (size, self.number) if axis == 0 else (self.number, size)
        kernel = np.einsum("t,pq->ptq" if axis == 0 else "t,pq->pqt", pixels, np.eye(self.number))
        bias = np.broadcast_to(np.expand_dims(-(pixels**2) / 2, 1 - axis), shape)
        logits = self._fixed(x, kernel.reshape(self.number, -1), bias.reshape(-1), f"{name}_hills")
        logits = layers.Reshape((*shape, 1), dtype=self.make.dtype)(logits)
        precision = position_precision(size, BANDWIDTH)
        logits = layers.Rescaling(precision, dtype=self.make.dtype, name=f"{PRECISION}_{name}")(logits)
        axes = [1 + axis]  # a list of one: a number is forgotten when Keras 3.8 opens a .h5
        return layers.Softmax(axis=axes, dtype=self.make.dtype, name=f"generator_{name}_place")(logits)

    def _shown(self, axis, name):
        """How much each stroke shows, from 0 to 1: (n, 1, number, 1), or (n, number, 1, 1) for axis 1.

        Of as many as are learnt to, the first ones show: one at first.
        """
        count = self._learnt([1.0], f"{name}_count")
        x = self._fixed(count, np.ones((1, self.number)), -0.5 - np.arange(self.number), f"{name}_counted")
        x = decided(self.make, x, self.inverse_temperature, f"{name}_shown")
        return layers.Reshape((*self._beside(axis), 1), dtype=self.make.dtype)(x)

    def _colors(self, axis, name):
        """Each stroke's shares of the palette, the first of which is none's: (n, 1, number, colours), or turned."""
        make, others = self.make, len(self.colors) - 1
        choice = make.dense(self.number * others, name=f"generator_{name}_choice", kernel_initializer=self._normal(0.3))
        x = layers.Reshape((self.number, others), dtype=make.dtype)(choice(self.style))
        x = chosen(make, x, self.inverse_temperature, name)
        x = layers.Reshape((self.number, others, 1), dtype=make.dtype)(x)
        x = layers.ZeroPadding2D(((0, 0), (1, 0)), dtype=make.dtype)(x)
        return layers.Reshape((*self._beside(axis), len(self.colors)), dtype=make.dtype)(x)

    # How they are composited ------------------------------------------------------------------------------------

    def _over(self, axis, opacity, paint):
        """Strokes of one direction, the later over the earlier.

        Args:
            axis: the one that they lie along.
            opacity: (n, size, number, 1) from 0 to 1, or turned by a right angle.
            paint: (n, size, number, channels), or turned.

        Returns:
            The transmittance to what lies below, (n, size, 1, 1) from 0 to 1, and the paint, (n, size, 1, channels).
        """
        transmittance = self._rest(opacity)
        through, painted = self._one(transmittance, 0, axis), self._one(paint, 0, axis)
        for i in range(1, self.number):
            left = self._one(transmittance, i, axis)
            painted = layers.Add(dtype=self.make.dtype)([self._product(painted, left), self._one(paint, i, axis)])
            through = self._product(through, left)
        return through, painted

    def _one(self, x, i, axis):
        """Stroke i of all: (n, size, number, channels) -> (n, size, 1, channels), or turned."""
        others = (i, self.number - 1 - i)
        return layers.Cropping2D(((0, 0), others) if axis == 0 else (others, (0, 0)), dtype=self.make.dtype)(x)

    def _product(self, *factors):
        return layers.Multiply(dtype=self.make.dtype)(list(factors))

    def _rest(self, share):
        """What is left of 1."""
        return layers.Rescaling(-1.0, 1.0, dtype=self.make.dtype)(share)

    def _beside(self, axis):
        """Rows and columns of strokes that lie side by side."""
        return (1, self.number) if axis == 0 else (self.number, 1)

    # Layers of few numbers --------------------------------------------------------------------------------------

    def _learnt(self, values, name):
        """Numbers that are learnt, and the same for every image: (n, 1, 1, len(values))."""
        dense = layers.Dense(len(values), kernel_initializer="zeros", dtype=self.make.dtype, name=f"generator_{name}")
        x = dense(layers.Rescaling(0.0, dtype=self.make.dtype)(self.style))
        dense.set_weights([dense.get_weights()[0], np.array(values)])
        return x

    def _fixed(self, x, kernel, bias, name):
        """A dense layer that is not taught: (n, 1, 1, inputs) -> (n, 1, 1, outputs)."""
        dense = layers.Dense(len(bias), trainable=False, dtype=self.make.dtype, name=f"generator_{name}")
        x = dense(x)
        dense.set_weights([kernel, bias])
        return x

    def _normal(self, deviation):
        """Weights by which a dense layer makes some N(0, deviation^2) of the style."""
        return keras.initializers.RandomNormal(0.0, deviation * self.style.shape[-1] ** -0.5, seed=self.make.seed())
