"""Images of lines that run from edge to edge, drawn along one axis at a time.

A generator that makes pictures has to find out that a line is the same all along, and to move it with the latent
vector. It learns the first slowly and the second hardly: its lines fade at one place and appear at the next
(benchmarks/LOG.md). Here lines are places on strips, pictures one pixel wide or one pixel high. A softmax along the
strip chooses each place, so that what it marks is always somewhere, and the marks of both strips, spread across and
added, are looked at pixel by pixel. Where lines are, how many show, in which colours and which lies over which, is
learnt.
"""

import keras
import numpy as np
from keras import layers

CERTAINTY = 10.0  # multiplies what the strip says of a place
EDGE = 1.7  # a strip goes from -EDGE to EDGE, where 91 % of normal numbers lie
STEEPNESS = 20.0  # of hills along strips: a deviation of 0.22, where a strip is 3.4 long


class Strips:
    """Makes strips of a latent vector, marks places on them, and crosses them.

    Args:
        make: `LayerMaker` of the generator.
        style: of `LayerMaker.style`, (n, 1, 1, width); it moves the hills.
        places: how many places are marked on each strip.
        activation: as in `build_generator`.
        finished: normalises and activates what a layer gives; given a name, the latent vector scales and shifts it.
    """

    def __init__(self, make, style, places, activation, finished):
        self.make, self.style, self.places = make, style, places
        self.activation, self.finished = activation, finished

    def crossed(self, begun, start, rows):
        """The generator's last layer before its colours.

        Args:
            begun: (shape, name) -> (n, *shape), the latent vector after a dense layer.
            start: (height, width, channels) that strips begin with; marks have as many channels.
            rows: (filters, kernel size, factor that it enlarges by) of each layer. The last but one says how many
                channels a pixel has, the last what comes out.

        Returns:
            A tensor (n, height, width, filters of the last row), height and width multiplied by all the factors.
        """
        *_, channels = start
        *inner, (filters, kernel_size, _) = rows
        pixels = inner[-1][0] if inner else channels
        marks = []
        for name, axis in (("down", 0), ("across", 1)):
            x = self._chosen(self._strip(begun, start, rows, axis, name), axis, name)
            kernel = [1, 1]
            kernel[axis] = kernel_size
            x = self.finished(self.make.conv(channels, kernel, [1, 1], f"generator_{name}_mark")(x), f"{name}_mark")
            x = self.finished(self.make.dense(channels, name=f"generator_{name}_marks")(x), f"{name}_marks")
            marks.append(self.make.dense(pixels, name=f"generator_{name}_spread")(x))
        x = self.finished(layers.Add(dtype=self.make.dtype, name="generator_crossed")(marks), "crossed")
        x = self.finished(self.make.conv(pixels, 1, 1, "generator_pixels")(x), "pixels")
        return self.make.conv(filters, 1, 1, "generator_pixels_last")(x)

    def _strip(self, begun, start, rows, axis, name):
        """A dense layer and transposed convolutions along one axis, to (n, height, 1, places) or (n, 1, width, places).

        The last layer says what speaks for each place.
        """
        *shape, channels = start
        shape[1 - axis] = 1
        x = begun((*shape, channels), f"generator_{name}")
        for i, (filters, kernel_size, factor) in enumerate(rows):
            kernel, strides = [1, 1], [1, 1]
            kernel[axis], strides[axis] = kernel_size, factor
            filters = filters if i < len(rows) - 1 else channels
            x = self.finished(self.make.conv(filters, kernel, strides, f"generator_{name}_conv_{i}", transpose=True)(x))
        return self.make.dense(self.places, dtype="float32", name=f"generator_{name}_places")(x)

    def _chosen(self, x, axis, name):
        """Shares (n, height, 1, places) or (n, 1, width, places) that add up to 1 along the strip.

        The softmax looks at the sum of the strip and of a hill, whose top moves with the latent vector. With the strip
        alone, places that are quickly found are taken again and again; with hills alone, it learns slowly.
        """
        width, size = self.style.shape[-1], x.shape[1 + axis]
        seed = self.make.seed
        at = self.make.dense(width, name=f"generator_{name}_at", kernel_initializer=keras.initializers.HeNormal(seed()))
        spread = keras.initializers.RandomNormal(0.0, width**-0.5, seed=seed())  # some N(0, 1) in all
        top = self.make.dense(self.places, name=f"generator_{name}_top", kernel_initializer=spread)
        hills = self._hills(top(self.make.activation(self.activation)(at(self.style))), size, name)
        hills = layers.Reshape(x.shape[1:], dtype="float32")(hills)
        x = layers.Rescaling(CERTAINTY, dtype="float32", name=f"generator_{name}_certainty")(x)
        x = layers.Add(dtype="float32")([x, hills])
        return layers.Softmax(axis=1 + axis, dtype="float32", name=f"generator_{name}_place")(x)

    def _hills(self, tops, size, name):
        """Parabolas over positions -EDGE to EDGE, highest at each of `tops`; (n, 1, 1, places) -> size * places.

        With t a position and u a top, -(t - u)^2 / 2 is t u - t^2 / 2 but for what is the same everywhere: a dense
        layer that is not taught.
        """
        positions = np.linspace(-EDGE, EDGE, size)
        dense = layers.Dense(size * self.places, trainable=False, dtype="float32", name=f"generator_{name}_hills")
        hills = dense(tops)
        kernel = np.einsum("t,pq->ptq", positions, np.eye(self.places))
        dense.set_weights([kernel.reshape(self.places, -1), np.repeat(-(positions**2) / 2, self.places)])
        return layers.Rescaling(STEEPNESS, dtype="float32")(hills)
