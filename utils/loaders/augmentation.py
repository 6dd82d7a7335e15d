"""Data augmentation: small random changes of training images, for sets of few images.

The change of the image at a position in the endless sequence of `ImageBatches` depends on `(seed, position)` only, as
its order does, so that a resumed training sees the same images as an uninterrupted one.

Augmentation leaks: the generator learns to draw the changes that the critic sees. Mirrored letters, repeated pixels at
the edges and tinted skies become part of its images. Choose only changes that the images themselves could have.
"""

import re

import numpy as np

AUGMENTATIONS = ("mirror", "shift", "color")
SHIFT = 1 / 16  # largest shift, as a fraction of the side: 8 pixels of 128
BRIGHTNESS_RANGE, TINT_RANGE = 0.5, 0.2  # largest logarithm to base 2 of a curve's exponent, for all channels and each
BLOCK = 256  # positions whose random numbers are drawn together


def check_augmentations(names) -> tuple[str, ...]:
    """Check names of augmentations.

    Args:
        names: a string, an iterable of strings, or None.

    Returns:
        The names as a tuple, in the order of `AUGMENTATIONS`.

    Raises:
        ValueError: a name that is not in `AUGMENTATIONS`.
    """
    names = tuple(re.findall(r"\w+", names) if isinstance(names, str) else names or ())  # "('mirror', 'shift')" too
    for name in names:
        if name not in AUGMENTATIONS:
            raise ValueError(f"augment holds {name!r}; there are {', '.join(map(repr, AUGMENTATIONS))}, or () for none")
    return tuple(name for name in AUGMENTATIONS if name in names)


def augment_images(images: np.ndarray, names: tuple[str, ...], seed: int, start: int) -> np.ndarray:
    """Augment the images at the positions start, start + 1, ... of the endless sequence.

    Args:
        images: uint8 (n, height, width, channels).
        names: of `AUGMENTATIONS`. "mirror" swaps left and right in half of the images. "shift" moves an image by up to
            a sixteenth of the side and repeats its edge pixels in the gap. "color" applies a gamma curve to each
            channel: mid-tones become brighter or darker and change their hue; black and white are preserved. What
            lies beyond three channels stays as it is.
        seed: int, of the sequence.
        start: position of the first image.

    Returns:
        uint8 (n, height, width, channels), a new array.
    """
    n, height, width, channels = images.shape
    random_numbers = _random_numbers(seed, start, n)  # (n, 7), each in [0, 1)
    changed = np.empty_like(images)
    for i, image in enumerate(images):
        mirror, down, right, bright, *tints = random_numbers[i]
        if "shift" in names:
            image = _shifted(image, _random_shift(down, height), _random_shift(right, width))
        if "mirror" in names and mirror < 0.5:
            image = image[:, ::-1]
        if "color" in names:
            exponents = BRIGHTNESS_RANGE * (2 * bright - 1) + TINT_RANGE * (2 * np.array(tints[:channels]) - 1)
            for channel, curve in enumerate(_curves(2.0**exponents)):
                changed[i, ..., channel] = np.take(curve, image[..., channel])
            changed[i, ..., 3:] = image[..., 3:]
        else:
            for channel in range(channels):  # a mirrored image is copied faster channel by channel
                changed[i, ..., channel] = image[..., channel]
    return changed


def _random_numbers(seed, start, count):
    """Seven uniform numbers in [0, 1) for each position, (count, 7), that depend on seed and position only."""
    blocks = range(start // BLOCK, (start + count - 1) // BLOCK + 1)
    drawn = [np.random.default_rng([seed, block, 1]).random((BLOCK, 7)) for block in blocks]
    first = start % BLOCK
    return np.concatenate(drawn)[first : first + count] if drawn else np.empty((0, 7))


def _random_shift(number, side):
    """A shift from -largest to largest pixels, uniform, of a uniform number in [0, 1)."""
    largest = max(1, round(side * SHIFT))
    return int(number * (2 * largest + 1)) - largest


def _shifted(image, down, right):
    """The image shifted by whole pixels; the gap is filled with its edge pixels."""
    height, width, _ = image.shape
    image = image[np.clip(np.arange(height) - down, 0, height - 1)]
    moved = np.empty_like(image)
    if right >= 0:
        moved[:, right:] = image[:, : width - right]
        moved[:, :right] = image[:, :1]
    else:
        moved[:, :right] = image[:, -right:]
        moved[:, right:] = image[:, -1:]
    return moved


def _curves(powers):
    """The gamma curves x -> x ** power on the scale from 0 to 1, as tables uint8 (len(powers), 256)."""
    return np.rint(255 * (np.arange(256) / 255) ** np.reshape(powers, (-1, 1))).astype(np.uint8)
