"""Small changes to images on their way into a training: more variety for a set of few images.

What changes in the image at one place of the endless row of `ImageBatches` follows from `(seed, place)` alone, as its
order does, so a training that goes on after an interruption sees the very images that it would have seen.

Augmentation leaks: what the critic sees changed, the generator learns to draw changed. Mirrored letters, parted
lettering at the edges, tinted skies are then part of the style. Ask only for changes that the pictures themselves could
have had.
"""

import numpy as np

AUGMENTATIONS = ("mirror", "shift", "color")
SHIFT = 1 / 16  # of the side, at most: 8 pixels of 128
BRIGHTER, TINTED = 0.5, 0.2  # the most that the exponents of 2 of a colour curve take on, for all channels and for each
BLOCK = 256  # places whose chances are drawn together


def check_augmentations(names) -> tuple[str, ...]:
    """The names as a tuple, in their fixed order.

    Raises:
        ValueError: a name that is none of `AUGMENTATIONS`.
    """
    names = (names,) if isinstance(names, str) else tuple(names or ())
    for name in names:
        if name not in AUGMENTATIONS:
            raise ValueError(f"augment holds {name!r}; there are {', '.join(map(repr, AUGMENTATIONS))}, or () for none")
    return tuple(name for name in AUGMENTATIONS if name in names)


def augment_images(images: np.ndarray, names: tuple[str, ...], seed: int, start: int) -> np.ndarray:
    """Change the images at the places start, start + 1, ... of the endless row.

    Args:
        images: uint8 (n, height, width, channels).
        names: of `AUGMENTATIONS`. "mirror" swaps left and right in half of the images. "shift" moves by up to a
            sixteenth of the side, the edge pixels fill the gap. "color" bends each channel's curve: mid-tones get
            brighter or darker and lean to another hue; black stays black, white stays white.
        seed: whole number of the row.
        start: place of the first image.

    Returns:
        uint8 (n, height, width, channels), a new array.
    """
    n, height, width, channels = images.shape
    chances = _chances(seed, start, n)  # (n, 7), each in [0, 1)
    changed = np.empty_like(images)
    for i, image in enumerate(images):
        mirror, down, right, bright, *tints = chances[i]
        if "shift" in names:
            image = _shifted(image, _pixels(down, height), _pixels(right, width))
        if "mirror" in names and mirror < 0.5:
            image = image[:, ::-1]
        if "color" in names:
            exponents = BRIGHTER * (2 * bright - 1) + TINTED * (2 * np.array(tints[:channels]) - 1)
            for channel, curve in enumerate(_curves(2.0**exponents)):
                changed[i, ..., channel] = np.take(curve, image[..., channel])
        else:
            for channel in range(channels):  # a mirrored image is copied six times as quickly channel by channel
                changed[i, ..., channel] = image[..., channel]
    return changed


def _chances(seed, start, count):
    """Seven numbers in [0, 1) for each place, the same whichever places are asked for together."""
    blocks = range(start // BLOCK, (start + count - 1) // BLOCK + 1)
    drawn = [np.random.default_rng([seed, block, 1]).random((BLOCK, 7)) for block in blocks]
    first = start % BLOCK
    return np.concatenate(drawn)[first : first + count] if drawn else np.empty((0, 7))


def _pixels(chance, side):
    """A whole number from -most to most, all equally likely."""
    most = max(1, round(side * SHIFT))
    return int(chance * (2 * most + 1)) - most


def _shifted(image, down, right):
    """The image moved by whole pixels; its edge is repeated where nothing moves in."""
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
    """For each power a table of 256 bytes: x -> x ** power on the scale from 0 to 1."""
    return np.rint(255 * (np.arange(256) / 255) ** np.reshape(powers, (-1, 1))).astype(np.uint8)
