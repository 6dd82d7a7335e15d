"""What the rule sets share about chance: where numbers come from, and how an image draws its own again.

A picture of six hundred trembling corners cannot keep them all in a table. It keeps one number, its `hand`, and
`chance` gives the same sequence for the same hand every time, on every system and with every version of NumPy. Change
the hand and everything else stays: the same picture, drawn again by another hand.
"""

import numpy as np

HANDS = 2**31  # how many hands there are to draw from

# SplitMix64 (Steele, Lea and Flood 2014): numbers of 64 bits, counted up in large steps and then stirred.
_STEP, _STIR = np.uint64(0x9E3779B97F4A7C15), (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def generator(n: int, seed: int | np.random.Generator | None) -> np.random.Generator:
    """Give the generator from which the parameters of `n` images are drawn, after a look at both arguments.

    Raises:
        ValueError: n is below 1 or seed is below 0.
    """
    if n < 1:
        raise ValueError(f"the number of images is {n}; ask for at least 1")
    if isinstance(seed, int) and seed < 0:
        raise ValueError(f"the seed is {seed}; choose a whole number of 0 or more")
    return np.random.default_rng(seed)


def between(rng: np.random.Generator, low: float, high: float, n: int) -> np.ndarray:
    """Draw `n` numbers, any from low to high as likely as any other, with three decimals: float64 (n,)."""
    return np.round(rng.uniform(low, high, n), 3)


def chance(hand: np.ndarray, purpose: int, item: np.ndarray) -> np.ndarray:
    """Say what a hand does by chance: the same three numbers give the same answer.

    Args:
        hand: int, the hands.
        purpose: a small number of your choice, another for every kind of decision (0 to shift, 1 to turn, ...).
        item: int, 0 or more: what the decision is about (the square, the corner, ...).

    Returns:
        float64 in [0, 1), of the shape that hand and item have together.
    """
    with np.errstate(over="ignore"):  # numbers of 64 bits are meant to run over
        start = _stir(np.asarray(hand).astype(np.uint64) * _STEP + np.uint64(purpose))
        bits = _stir(start + (np.asarray(item).astype(np.uint64) + np.uint64(1)) * _STEP)
    return (bits >> np.uint64(11)) * 2.0**-53


def numbered(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the items of images that have `counts` of them, one image after the other.

    Returns:
        Two int64 arrays of counts.sum() values: the image that an item belongs to, and its number there, from 0.

    Example:
        >>> numbered(np.array([2, 3]))
        (array([0, 0, 1, 1, 1]), array([0, 1, 0, 1, 2]))
    """
    counts = np.asarray(counts, np.int64)
    image = np.repeat(np.arange(len(counts)), counts)
    return image, np.arange(len(image)) - np.repeat(np.cumsum(counts) - counts, counts)


def checked(parameters: dict, ranges: dict[str, tuple[float, float]], size: int) -> dict[str, np.ndarray]:
    """Look at what is to be drawn before it is drawn.

    Args:
        parameters: arrays of one length n by name, as `sample` gives them. Further ones are left aside.
        ranges: the parameters that the rule needs, each with its lowest and highest value. Where both are written as
            whole numbers (int), the parameter is one and is given as int64.
        size: of the images to draw.

    Returns:
        The parameters named in ranges, int64 or float64 (n,).

    Raises:
        ValueError: a parameter is missing, is no row of numbers, has another length or leaves its range, or the size
            is below 1.
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


def _stir(bits: np.ndarray) -> np.ndarray:
    """Make each of the 64 bits depend on all of them."""
    bits = (bits ^ (bits >> np.uint64(30))) * _STIR[0]
    bits = (bits ^ (bits >> np.uint64(27))) * _STIR[1]
    return bits ^ (bits >> np.uint64(31))
