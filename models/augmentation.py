"""Differentiable augmentation of what the critic sees, for sets of few images.

After Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training" (2020): random changes of the same
kinds are made to real and to generated images before the critic scores them, and the generator's gradient passes
through. The critic cannot learn few images by heart, since it never sees one twice alike; and the changes do not leak
into what the generator draws, since a changed image is no sign of a generated one. Augmenting the data set alone does
leak (`utils.loaders.augmentation`).

Images are float32 tensors (n, height, width, channels) in [-1, 1]; what moves in or is cut out is 0, a middle grey.
"""

from keras import ops

SHIFT = 1 / 8  # largest shift, as a fraction of the side; all numbers as in the paper's code
CUT = 1 / 2  # side of the square that is cut out, as a fraction of the image's
NUMBERS = 7  # random numbers for each image


def augmented(images, names, numbers):
    """Change images at random, so that gradients pass.

    Args:
        images: float tensor (n, height, width, channels) in [-1, 1].
        names: list of names in `CHANGES`, made in this order.
        numbers: float tensor (n, `NUMBERS`), uniform in [0, 1].

    Returns:
        Tensor like `images`; colours may leave [-1, 1].
    """
    for name in names:
        images = CHANGES[name](images, ops.cast(numbers, images.dtype))
    return images


def change_color(images, numbers):
    """Add up to a quarter of the way from black to white, either way; scale saturation (0 to 2) and contrast."""
    brightness, saturation, contrast = (ops.reshape(numbers[:, i], (-1, 1, 1, 1)) for i in range(3))
    images = images + (brightness - 0.5)
    grey = ops.mean(images, axis=-1, keepdims=True)
    images = grey + (images - grey) * 2 * saturation
    mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + (images - mean) * (contrast + 0.5)


def shift(images, numbers):
    """Shift by whole pixels, up to an eighth of the side in each direction."""
    _, height, width, _ = images.shape
    down, right = _moves(numbers[:, 3], height, images.dtype), _moves(numbers[:, 4], width, images.dtype)
    images = ops.einsum("nyq,nqxc->nyxc", down, images)  # (n, height, height) by (n, height, width, channels)
    return ops.einsum("nxq,nyqc->nyxc", right, images)


def cut_out(images, numbers):
    """Cut out a square of half the side, anywhere, partly beyond the edge too."""
    _, height, width, _ = images.shape
    within = [
        _near(number, side, images.dtype)
        for number, side in zip((numbers[:, 5], numbers[:, 6]), (height, width), strict=True)
    ]
    rows, columns = within[0][:, :, None, None], within[1][:, None, :, None]
    return images * (1 - rows * columns)


CHANGES = {"color": change_color, "shift": shift, "cutout": cut_out}


def check(names):
    """Names of changes as a list; raises ValueError for one that is unknown."""
    names = list(names or ())
    if unknown := [name for name in names if name not in CHANGES]:
        raise ValueError(
            f"critic_augment holds {unknown[0]!r}; there are {', '.join(map(repr, CHANGES))}, or None for none."
        )
    return names


def _moves(number, side, dtype):
    """For each image the matrix (side, side) that shifts by up to `SHIFT`: out[y] = in[y - shift]."""
    largest = max(1, round(side * SHIFT))
    shifts = ops.floor(number * (2 * largest + 1)) - largest  # (n,), whole numbers
    places = ops.arange(side, dtype=dtype)
    offsets = places[:, None] - places[None]  # (side, side): y - q
    return ops.cast(ops.equal(offsets[None], shifts[:, None, None]), dtype)


def _near(number, side, dtype):
    """Which places of a side lie within the square that is cut out: (n, side) of 0 and 1."""
    half = side * CUT / 2
    middles = ops.floor(number * side)
    distances = ops.abs(ops.arange(side, dtype=dtype)[None] + 0.5 - middles[:, None])
    return ops.cast(distances < half, dtype)
