"""Random numbers of the rule sets: generators for parameters, and reproducible numbers within an image.

The positions of six hundred random corners do not fit into a table of parameters. An image has a single number for
them, its `hand`; `chance` derives the same random numbers from the same hand on every system and with every version of
NumPy. Another hand with the same other parameters is the same picture with other random numbers.
"""

import numpy as np

HANDS = 2**31  # number of hands

# SplitMix64 (Steele, Lea and Flood 2014): a 64-bit counter with a large step, whose bits are then mixed.
_STEP, _MULTIPLIERS = np.uint64(0x9E3779B97F4A7C15), (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def generator(n: int, seed: int | np.random.Generator | None) -> np.random.Generator:
    """The random generator for the parameters of `n` images, with both arguments checked.

    Args:
        n: number of images.
        seed: int, None or a `numpy.random.Generator`.

    Returns:
        `numpy.random.Generator`.

    Raises:
        ValueError: n is below 1 or seed is below 0.
    """
    if n < 1:
        raise ValueError(f"the number of images is {n}; ask for at least 1")
    if isinstance(seed, int) and seed < 0:
        raise ValueError(f"the seed is {seed}; choose a whole number of 0 or more")
    return np.random.default_rng(seed)


def between(rng: np.random.Generator, low: float, high: float, n: int) -> np.ndarray:
    """Draw `n` uniform numbers from low to high, rounded to three decimals: float64 (n,)."""
    return np.round(rng.uniform(low, high, n), 3)


def chance(hand: np.ndarray, purpose: int, item: np.ndarray) -> np.ndarray:
    """Uniform random numbers that depend on their three arguments only.

    Args:
        hand: int array, the images' hands.
        purpose: small int, a different one for each kind of decision (0 to shift, 1 to turn, ...).
        item: int array, 0 or more, the index of the square, corner ... that the decision is about.

    Returns:
        float64 in [0, 1), of the broadcast shape of hand and item.
    """
    with np.errstate(over="ignore"):  # 64-bit overflow is intended
        start = _mix_bits(np.asarray(hand).astype(np.uint64) * _STEP + np.uint64(purpose))
        bits = _mix_bits(start + (np.asarray(item).astype(np.uint64) + np.uint64(1)) * _STEP)
    return (bits >> np.uint64(11)) * 2.0**-53


def numbered(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Enumerate the items of images, one image after the other.

    Args:
        counts: int (n,), the number of items of each image.

    Returns:
        `(image, item)`: two int64 arrays of counts.sum() values, the image of each item and its index there, from 0.

    Example:
        >>> numbered(np.array([2, 3]))
        (array([0, 0, 1, 1, 1]), array([0, 1, 0, 1, 2]))
    """
    counts = np.asarray(counts, np.int64)
    image = np.repeat(np.arange(len(counts)), counts)
    return image, np.arange(len(image)) - np.repeat(np.cumsum(counts) - counts, counts)


def checked(parameters: dict, ranges: dict[str, tuple[float, float]], size: int) -> dict[str, np.ndarray]:
    """Check the parameters of images before they are drawn.

    Args:
        parameters: dict of arrays (n,), as `sample` returns them. Additional names are ignored.
        ranges: dict, name of a parameter -> (lowest, highest) value. If both are ints, the parameter is an integer.
        size: width and height of the images to draw.

    Returns:
        Dict of the parameters named in ranges, int64 or float64 (n,).

    Raises:
        ValueError: a parameter is missing, is no one-dimensional array, has another length or is out of range, or the
            size is below 1.
    """
    if size < 1:
        raise ValueError(f"size is {size}; images need at least 1 pixel a side")
    missing = [name for name in ranges if name not in parameters]
    if missing:
        raise ValueError(f"the parameters lack {', '.join(missing)}; sample gives all of {', '.join(ranges)}")
    values = {name: np.asarray(parameters[name], np.float64) for name in ranges}
    if len({array.shape for array in values.values()}) > 1 or next(iter(values.values())).ndim != 1:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in values.items())
        raise ValueError(f"the parameters have the shapes {shapes}; give each of them one value an image, (n,)")
    for name, (low, high) in ranges.items():
        whole = isinstance(low, int) and isinstance(high, int)
        wrong = values[name][~((values[name] >= low) & (values[name] <= high))]
        if len(wrong):
            raise ValueError(f"{name} holds {wrong[0]:g}; choose from {low} to {high}")
        if whole:
            values[name] = np.rint(values[name]).astype(np.int64)
    return values


def _mix_bits(bits: np.ndarray) -> np.ndarray:
    """Mix 64-bit numbers so that each bit depends on all bits."""
    bits = (bits ^ (bits >> np.uint64(30))) * _MULTIPLIERS[0]
    bits = (bits ^ (bits >> np.uint64(27))) * _MULTIPLIERS[1]
    return bits ^ (bits >> np.uint64(31))
