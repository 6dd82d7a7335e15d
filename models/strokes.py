"""Images made of strokes that run from edge to edge, painted one over the other.

A generator that makes pictures has to find out that a line is the same all along, and to move it with the latent
vector. It learns the first slowly and the second hardly: its lines fade at one place and appear at the next
(benchmarks/LOG.md). Here the latent vector says where each stroke lies and which ink it is of. Learnt for all images
alike is how many strokes show, what they look like across, in which range they lie, which inks there are, the ground,
and whether strokes that run down lie over those that run across.
"""

import keras
import numpy as np
from keras import layers

SPREAD = 0.5  # pixels: the deviation of a stroke's place, so that there is a slope to move it along
SHARPNESS = 10.0  # multiplies what says how far a stroke reaches to its sides
EVENLY = 0.8  # tanh of so much of a normal number is nearly uniform from -1 to 1
MOMENTUM = 0.9  # of the statistics of places, as of the published generator's
# A step moves inks, and the logarithm of ranges, by so much of what it moves other numbers. Measured: five times as
# quick, inks swing about the colours that they start from; at 4, ranges take twice the steps.
INKS_SLOWLY, RANGES_QUICKLY = 0.05, 10.0
AXES = {"level": 0, "upright": 1}  # a level stroke lies somewhere along axis 0 of a picture
STEEPNESS = "generator_steepness"  # layers that say how surely a stroke is at its place, the beginning of their names


class Strokes:
    """Paints strokes that a latent vector describes.

    Args:
        make: `LayerMaker` of the generator.
        style: of `LayerMaker.style`, (n, 1, 1, width).
        number: how many strokes there are of either direction. As many as are learnt to, the first ones, show.
        inks: the colours that they start from, (inks, channels) in [-1, 1]. The first is the ground's at first, and no
            stroke's.
        certainty: how surely a stroke is of one ink, and shows or does not.
    """

    def __init__(self, make, style, number, inks, certainty):
        self.make, self.style, self.number, self.inks, self.certainty = make, style, number, inks, certainty

    def painted(self, size, reach):
        """The image of all strokes.

        Args:
            size: (height, width).
            reach: how many pixels wide a stroke can be.

        Returns:
            A tensor (n, height, width, channels).
        """
        ink = self.make.palette(self.inks, INKS_SLOWLY)
        kept, paint = {}, {}
        for name, axis in AXES.items():
            cover = self._product(self._stamp(axis, size[axis], reach, name), self._shown(axis, name))
            kept[name], paint[name] = self._piled(axis, cover, self._product(cover, ink(self._colors(axis, name))))
        over = self.make.decided(self._learnt([0.0], "order"), self.certainty, "order")  # level ones: 1 is over all
        seen = {
            "level": self._rest(self._product(self._rest(over), self._rest(kept["upright"]))),
            "upright": self._rest(self._product(over, self._rest(kept["level"]))),
        }
        parts = [self._product(paint[name], seen[name]) for name in AXES]  # (n, height, width, channels)
        ground = self._learnt(np.eye(len(self.inks))[0], "ground")
        ground = self.make.chosen(ground, self.certainty, "ground", alike=True)
        return layers.Add(dtype=self.make.dtype)([*parts, self._product(ink(ground), *kept.values())])

    # What strokes are like --------------------------------------------------------------------------------------

    def _stamp(self, axis, size, reach, name):
        """How much each stroke covers where it lies, from 0 to 1: (n, size, number, 1), or (n, number, size, 1)."""
        stamp = layers.Conv2D(
            1,
            (reach, 1) if axis == 0 else (1, reach),
            padding="same",
            kernel_initializer=keras.initializers.Constant(0.8),  # as wide as it can be at first
            bias_initializer=keras.initializers.Constant(-0.4),
            dtype=self.make.dtype,
            name=f"generator_{name}_stamp",
        )(self._places(axis, size, name))
        stamp = layers.Rescaling(SHARPNESS, dtype=self.make.dtype)(stamp)
        return layers.Activation("sigmoid", dtype=self.make.dtype)(stamp)

    def _places(self, axis, size, name):
        """Shares that add up to 1 along the axis, nearly all at one place: (n, size, number, 1), or turned.

        A place is a range around a middle, both learnt for all images alike, times a number from -1 to 1 that the
        latent vector gives. That number is normalised: else a stroke that is to stay near one place lies at the end of
        a wide range, where tanh does not move it, and learns no narrow one.

        The shares are a softmax over parabolas, highest at the place. With t a position and u a place, -(t - u)^2 / 2
        is t u - t^2 / 2 but for what is the same everywhere: a dense layer that is not taught.
        """
        dtype = self.make.dtype
        x = self.make.dense(self.number, name=f"generator_{name}_at", kernel_initializer=self._normal(1.0))(self.style)
        x = layers.BatchNormalization(center=False, scale=False, momentum=MOMENTUM, dtype=dtype)(x)
        x = layers.Rescaling(EVENLY, dtype=dtype)(x)
        x = layers.Activation("tanh", dtype=dtype)(x)
        # (n, 1, 1, number), from -1 at one edge to 1 at the other, until other ranges are learnt
        logarithm = layers.Rescaling(RANGES_QUICKLY, dtype=dtype)(self._learnt([0.0] * self.number, f"{name}_range"))
        x = self._product(x, layers.Activation("exponential", dtype=dtype)(logarithm))
        x = layers.Add(dtype=dtype)([x, self._learnt([0.0] * self.number, f"{name}_middle")])
        positions = np.linspace(-1, 1, size)
        shape = (size, self.number) if axis == 0 else (self.number, size)
        kernel = np.einsum("t,pq->ptq" if axis == 0 else "t,pq->pqt", positions, np.eye(self.number))
        bias = np.broadcast_to(np.expand_dims(-(positions**2) / 2, 1 - axis), shape)
        x = self._fixed(x, kernel.reshape(self.number, -1), bias.reshape(-1), f"{name}_hills")
        x = layers.Reshape((*shape, 1), dtype=self.make.dtype)(x)
        x = layers.Rescaling(_steepness(size, SPREAD), dtype=self.make.dtype, name=f"{STEEPNESS}_{name}")(x)
        axes = [1 + axis]  # a list of one: a number is forgotten when Keras 3.8 opens a .h5
        return layers.Softmax(axis=axes, dtype=self.make.dtype, name=f"generator_{name}_place")(x)

    def _shown(self, axis, name):
        """How much each stroke shows, from 0 to 1: (n, 1, number, 1), or (n, number, 1, 1) for axis 1.

        Of as many as are learnt to, the first ones show: one at first.
        """
        count = self._learnt([1.0], f"{name}_count")
        x = self._fixed(count, np.ones((1, self.number)), -0.5 - np.arange(self.number), f"{name}_counted")
        x = self.make.decided(x, self.certainty, f"{name}_shown")
        return layers.Reshape((*self._beside(axis), 1), dtype=self.make.dtype)(x)

    def _colors(self, axis, name):
        """Each stroke's shares of the inks, the first of which is none's: (n, 1, number, inks), or turned."""
        make, others = self.make, len(self.inks) - 1
        choice = make.dense(self.number * others, name=f"generator_{name}_choice", kernel_initializer=self._normal(0.3))
        x = layers.Reshape((self.number, others), dtype=make.dtype)(choice(self.style))
        x = make.chosen(x, self.certainty, name)
        x = layers.Reshape((self.number, others, 1), dtype=make.dtype)(x)
        x = layers.ZeroPadding2D(((0, 0), (1, 0)), dtype=make.dtype)(x)
        return layers.Reshape((*self._beside(axis), len(self.inks)), dtype=make.dtype)(x)

    # How they are painted ---------------------------------------------------------------------------------------

    def _piled(self, axis, cover, paint):
        """Strokes of one direction, the later over the earlier.

        Args:
            axis: the one that they lie along.
            cover: (n, size, number, 1) from 0 to 1, or turned by a right angle.
            paint: (n, size, number, channels), or turned.

        Returns:
            What is kept of that which lies below, (n, size, 1, 1) from 0 to 1, and the paint, (n, size, 1, channels).
        """
        kept = self._rest(cover)
        below = self._one(kept, 0, axis), self._one(paint, 0, axis)
        for i in range(1, self.number):
            left = self._one(kept, i, axis)
            painted = layers.Add(dtype=self.make.dtype)([self._product(below[1], left), self._one(paint, i, axis)])
            below = self._product(below[0], left), painted
        return below

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


def spread_out(generator, spread=SPREAD):
    """Let the strokes of a generator be spread over the places beside their own; any other network stays as it is.

    Args:
        generator: of `build_generator`; it is changed, what was compiled of it before is not.
        spread: the deviation of a stroke's place in pixels.
    """
    for layer in generator.layers:
        if layer.name.startswith(STEEPNESS):
            size = layer.output.shape[1 + AXES[layer.name.removeprefix(f"{STEEPNESS}_")]]
            layer.scale = _steepness(size, spread)


def has_strokes(generator):
    """Whether a generator paints strokes."""
    return any(layer.name.startswith(STEEPNESS) for layer in generator.layers)


def _steepness(size, spread):
    """What multiplies parabolas over positions from -1 to 1 for their softmax to deviate by `spread` pixels."""
    return (size / 2 / spread) ** 2
