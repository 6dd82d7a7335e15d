"""Points of the latent space and paths between them: arrays, one row a step, without any generator.

A path is an array (n_steps, latent_dim). Open ones end somewhere else than they begin (`interpolate_points`,
`interpolate_spherical`, `walk_through`); closed ones (`closed_loop`, `circle`, `noise_walk`) come back to their first
point one step after their last, so that a film of them repeats without a jump. `there_and_back` closes an open one.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

Walk = Callable[[np.ndarray, np.ndarray, int], np.ndarray]

EASINGS = {  # the way done, 0 to 1, after each share of the time
    "linear": lambda t: t,
    "smooth": lambda t: t * t * (3 - 2 * t),  # starts and stops gently
    "in": lambda t: t * t,
    "out": lambda t: t * (2 - t),
}


def generate_latent_points(
    latent_dim: int, n_samples: int, seed: int | np.random.Generator | None = None
) -> np.ndarray:
    """Draw points of the latent space.

    Args:
        latent_dim: length of a latent vector (`z_dim` of the generator).
        n_samples: number of points.
        seed: an int for the same points every time, a `numpy.random.Generator`, or None for new ones.

    Returns:
        float32 (n_samples, latent_dim), standard normal: 99.7 % of the values lie between -3 and 3.

    Example:
        >>> generate_latent_points(100, 2, seed=1).shape
        (2, 100)
    """
    return np.random.default_rng(seed).standard_normal((n_samples, latent_dim), dtype=np.float32)


def interpolate_points(p1: np.ndarray, p2: np.ndarray, n_steps: int = 20, ease: str = "linear") -> np.ndarray:
    """Walk from one point to another in a straight line.

    Args:
        p1: where the path starts, float (latent_dim,).
        p2: where it ends, float (latent_dim,).
        n_steps: number of points on the path, both ends included; at least 2.
        ease: "linear" for equal steps, "smooth" to start and stop gently, "in" or "out" for one of the two.

    Returns:
        float32 (n_steps, latent_dim); the first row is `p1`, the last is `p2`.

    Raises:
        ValueError: the two points are not vectors of one length, there are fewer than 2 steps, or an unknown `ease`.

    Example:
        >>> interpolate_points([0.0, 0.0], [1.0, 2.0], 3)
        array([[0. , 0. ],
               [0.5, 1. ],
               [1. , 2. ]], dtype=float32)
    """
    p1, p2 = _two_ends(p1, p2, n_steps)
    ratios = _eased(n_steps, ease).astype(np.float32)  # (n_steps, 1)
    return (1 - ratios) * p1 + ratios * p2


def interpolate_spherical(p1: np.ndarray, p2: np.ndarray, n_steps: int = 20, ease: str = "linear") -> np.ndarray:
    """Walk from one point to another along an arc around the origin.

    In many dimensions all normal points lie at about the same distance from the origin; a straight line cuts the
    corner through a middle where the generator was never trained, an arc stays where it was. Direction turns at a
    constant rate while the length goes evenly from one to the other. Where no single arc exists (a point at the
    origin, or two exactly opposite points) the path is the straight line.

    Args:
        p1: where the path starts, float (latent_dim,).
        p2: where it ends, float (latent_dim,).
        n_steps: number of points on the path, both ends included; at least 2.
        ease: "linear" for equal steps, "smooth" to start and stop gently, "in" or "out" for one of the two.

    Returns:
        float32 (n_steps, latent_dim); the first row is `p1`, the last is `p2`.

    Raises:
        ValueError: the two points are not vectors of one length, there are fewer than 2 steps, or an unknown `ease`.
    """
    p1, p2 = _two_ends(p1, p2, n_steps)
    a, b = p1.astype(np.float64), p2.astype(np.float64)
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    if length_a == 0 or length_b == 0:
        return interpolate_points(p1, p2, n_steps, ease)
    a, b = a / length_a, b / length_b
    # arctan2 of these two lengths keeps its precision for tiny angles, where arccos of the product loses it
    angle = 2 * math.atan2(np.linalg.norm(a - b), np.linalg.norm(a + b))
    if math.sin(angle) < 1e-6:  # the same direction, or the opposite one
        return interpolate_points(p1, p2, n_steps, ease)
    ratios = _eased(n_steps, ease)  # (n_steps, 1)
    directions = (np.sin((1 - ratios) * angle) * a + np.sin(ratios * angle) * b) / math.sin(angle)
    walk = (directions * ((1 - ratios) * length_a + ratios * length_b)).astype(np.float32)
    walk[0], walk[-1] = p1, p2
    return walk


def closed_loop(
    points: Sequence[np.ndarray], n_steps: int, path: Walk = interpolate_points, ease: str = "linear"
) -> np.ndarray:
    """Walk through key points and back to the first, so that an animation of the walk repeats without a jump.

    Args:
        points: the key points in their order, float (k, latent_dim), k at least 2.
        n_steps: number of points on the whole loop, at least k. They are shared out over the k stretches as evenly as
            whole numbers allow, and every key point is one of them.
        path: how to go from one key point to the next: `interpolate_points`, `interpolate_spherical`, or any function
            of (p1, p2, n_steps) that includes both ends.
        ease: how each stretch is eased, as in `interpolate_points`; other paths than those two are not.

    Returns:
        float32 (n_steps, latent_dim). The first row is the first key point; it is not repeated at the end, the last row
        is one step before it.

    Raises:
        ValueError: fewer than 2 key points, or fewer steps than key points.

    Example:
        >>> closed_loop([[0.0], [1.0]], 4).ravel()
        array([0. , 0.5, 1. , 0.5], dtype=float32)
    """
    points = _key_points(points)
    if n_steps < len(points):
        raise ValueError(f"a loop through {len(points)} key points needs at least as many steps, not {n_steps}")
    marks = np.arange(len(points) + 1) * n_steps // len(points)  # the frame at which each key point is reached
    return _stretches([*points, points[0]], marks, path, ease)


def walk_through(
    points: Sequence[np.ndarray], n_steps: int, path: Walk = interpolate_points, ease: str = "linear"
) -> np.ndarray:
    """Walk through key points in their order, from the first to the last.

    Args:
        points: the key points, float (k, latent_dim), k at least 2.
        n_steps: number of points on the whole walk, at least k; every key point is one of them.
        path: how to go from one key point to the next, as in `closed_loop`.
        ease: how each stretch is eased, as in `interpolate_points`.

    Returns:
        float32 (n_steps, latent_dim); the first row is the first key point, the last row the last.

    Raises:
        ValueError: fewer than 2 key points, or fewer steps than key points.

    Example:
        >>> walk_through(generate_latent_points(100, 5, seed=1), 200, interpolate_spherical, ease="smooth").shape
        (200, 100)
    """
    points = _key_points(points)
    if n_steps < len(points):
        raise ValueError(f"a walk through {len(points)} key points needs at least as many steps, not {n_steps}")
    marks = np.arange(len(points)) * (n_steps - 1) // (len(points) - 1)
    return np.concatenate([_stretches(points, marks, path, ease), points[-1:]])


def there_and_back(path: np.ndarray) -> np.ndarray:
    """Append the way back to an open path, so that a film of it repeats without a jump and rests at neither end.

    Args:
        path: float (n, latent_dim), or any frames (n, ...).

    Returns:
        (2 n - 2, ...), the path, then its inner steps backwards.

    Example:
        >>> there_and_back(np.arange(4))
        array([0, 1, 2, 3, 2, 1])
    """
    return np.concatenate([path, path[-2:0:-1]])


def circle(
    latent_dim: int,
    n_steps: int,
    seed: int | np.random.Generator | None = None,
    radius: float | None = None,
    center: np.ndarray | None = None,
) -> np.ndarray:
    """Walk once around a circle in a plane of random direction.

    Args:
        latent_dim: length of a latent vector, at least 2.
        n_steps: number of points on the circle.
        seed: which plane, and where the circle begins.
        radius: the square root of `latent_dim` if None: around the origin, the distance at which normal points lie.
        center: the point to go around, float (latent_dim,); the origin if None.

    Returns:
        float32 (n_steps, latent_dim). The step after the last would be the first.

    Raises:
        ValueError: there is no circle of that many dimensions or steps, or the centre has another length.

    Example:
        >>> np.linalg.norm(circle(100, 4, seed=1), axis=1)
        array([10., 10., 10., 10.], dtype=float32)
    """
    if latent_dim < 2 or n_steps < 1:
        raise ValueError(f"a circle needs 2 dimensions and 1 step or more, not {latent_dim} and {n_steps}")
    center = np.zeros(latent_dim) if center is None else np.asarray(center, float)
    if center.shape != (latent_dim,):
        raise ValueError(f"the centre of the circle is a vector of {latent_dim} values, not of shape {center.shape}")
    plane, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((latent_dim, 2)))  # two unit vectors, upright
    angles = 2 * np.pi * np.arange(n_steps)[:, None] / n_steps
    around = np.cos(angles) * plane[:, 0] + np.sin(angles) * plane[:, 1]
    return (center + (math.sqrt(latent_dim) if radius is None else radius) * around).astype(np.float32)


def noise_walk(
    latent_dim: int, n_steps: int, seed: int | np.random.Generator | None = None, turns: int = 3
) -> np.ndarray:
    """Drift through the latent space: a random walk without corners that comes back to where it began.

    Each value is a sum of waves of random height that fit 1, 2 ... `turns` times into the walk. Taken alone, every
    step is a standard normal point like those of the training: the walk never leaves the place where images are good.

    Args:
        latent_dim: length of a latent vector.
        n_steps: number of points on the walk.
        seed: which walk.
        turns: how restless it is: the shortest wave fits so often into the walk.

    Returns:
        float32 (n_steps, latent_dim). The step after the last would be the first.

    Raises:
        ValueError: `turns` or `n_steps` is less than 1.

    Example:
        >>> noise_walk(100, 600, seed=1).shape
        (600, 100)
    """
    if turns < 1 or n_steps < 1:
        raise ValueError(f"a noise walk has 1 turn and 1 step or more, not {turns} and {n_steps}")
    angles = 2 * np.pi * np.outer(np.arange(n_steps) / n_steps, np.arange(1, turns + 1))  # (n_steps, turns)
    waves = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)  # (n_steps, 2 * turns); squares add up to turns
    heights = np.random.default_rng(seed).standard_normal((2 * turns, latent_dim))
    return (waves @ heights / math.sqrt(turns)).astype(np.float32)


def _key_points(points) -> np.ndarray:
    points = np.asarray(points, np.float32)
    if points.ndim != 2 or len(points) < 2:
        raise ValueError(f"a way through key points needs 2 or more, an array (k, latent_dim), not {points.shape}")
    return points


def _stretches(points, marks: np.ndarray, path: Walk, ease: str) -> np.ndarray:
    """Join the ways from point to point, each without its end; `marks` tell at which step each point is reached."""
    if ease != "linear":
        path = partial(path, ease=ease)
    pieces = zip(points[:-1], points[1:], np.diff(marks), strict=True)
    return np.concatenate([path(start, end, int(steps) + 1)[:-1] for start, end, steps in pieces])


def _eased(n_steps: int, ease: str) -> np.ndarray:
    """The share of the way done at each step, float64 (n_steps, 1) from 0 to 1."""
    if ease not in EASINGS:
        raise ValueError(f"no easing is called {ease!r}; there are {', '.join(EASINGS)}")
    return EASINGS[ease](np.linspace(0, 1, n_steps))[:, None]


def _two_ends(p1, p2, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
    p1, p2 = np.asarray(p1, np.float32), np.asarray(p2, np.float32)
    if p1.ndim != 1 or p1.shape != p2.shape:
        raise ValueError(f"a path joins two vectors of one length, not shapes {p1.shape} and {p2.shape}")
    if n_steps < 2:
        raise ValueError(f"a path has 2 steps or more, its two ends, not {n_steps}")
    return p1, p2
