"""Points of the latent space and paths between them.

A path is an array (n_steps, latent_dim), one row per step. Open paths (`interpolate_points`, `interpolate_spherical`,
`walk_through`) end at another point than they begin. Closed paths (`closed_loop`, `circle`, `noise_walk`) return to
their first point one step after their last, so that an animation of them repeats without a jump. `there_and_back`
closes an open path.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

Walk = Callable[[np.ndarray, np.ndarray, int], np.ndarray]

EASINGS = {  # fraction of the time, 0 to 1 -> fraction of the path
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
    """Linear interpolation between two points.

    Args:
        p1: start of the path, float (latent_dim,).
        p2: end of the path, float (latent_dim,).
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
    p1, p2 = _checked_ends(p1, p2, n_steps)
    ratios = _eased_ratios(n_steps, ease).astype(np.float32)  # (n_steps, 1)
    return (1 - ratios) * p1 + ratios * p2


def interpolate_spherical(p1: np.ndarray, p2: np.ndarray, n_steps: int = 20, ease: str = "linear") -> np.ndarray:
    """Spherical interpolation between two points, along an arc around the origin.

    In many dimensions all standard normal points lie at about the same distance from the origin. A straight line passes
    nearer to the origin, where the generator was never trained; an arc does not. The direction turns at a constant rate
    while the length changes linearly. Where the arc is undefined (a point at the origin, two opposite points) the path
    is the straight line.

    Args:
        p1, p2, n_steps, ease: as in `interpolate_points`.

    Returns:
        float32 (n_steps, latent_dim); the first row is `p1`, the last is `p2`.

    Raises:
        ValueError: as in `interpolate_points`.
    """
    p1, p2 = _checked_ends(p1, p2, n_steps)
    a, b = p1.astype(np.float64), p2.astype(np.float64)
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    if length_a == 0 or length_b == 0:
        return interpolate_points(p1, p2, n_steps, ease)
    a, b = a / length_a, b / length_b
    # arctan2 of these two lengths is precise for tiny angles, where arccos of the dot product is not
    angle = 2 * math.atan2(np.linalg.norm(a - b), np.linalg.norm(a + b))
    if math.sin(angle) < 1e-6:  # the same direction, or the opposite one
        return interpolate_points(p1, p2, n_steps, ease)
    ratios = _eased_ratios(n_steps, ease)  # (n_steps, 1)
    directions = (np.sin((1 - ratios) * angle) * a + np.sin(ratios * angle) * b) / math.sin(angle)
    walk = (directions * ((1 - ratios) * length_a + ratios * length_b)).astype(np.float32)
    walk[0], walk[-1] = p1, p2
    return walk


def closed_loop(
    points: Sequence[np.ndarray], n_steps: int, path: Walk = interpolate_points, ease: str = "linear"
) -> np.ndarray:
    """Interpolate through key points and back to the first, so that an animation repeats without a jump.

    Args:
        points: the key points in order, float (k, latent_dim), k at least 2.
        n_steps: number of points on the whole loop, at least k. They are divided among the k segments as evenly as
            whole numbers allow, and every key point is one of them.
        path: the interpolation of a segment: `interpolate_points`, `interpolate_spherical`, or any function of
            (p1, p2, n_steps) that includes both ends.
        ease: the easing of each segment, as in `interpolate_points`; "linear" for other functions than those two.

    Returns:
        float32 (n_steps, latent_dim). The first row is the first key point; it is not repeated at the end, and the last
        row is one step before it.

    Raises:
        ValueError: fewer than 2 key points, or fewer steps than key points.

    Example:
        >>> closed_loop([[0.0], [1.0]], 4).ravel()
        array([0. , 0.5, 1. , 0.5], dtype=float32)
    """
    points = _key_points(points)
    if n_steps < len(points):
        raise ValueError(f"a loop through {len(points)} key points needs at least as many steps, not {n_steps}")
    marks = np.arange(len(points) + 1) * n_steps // len(points)  # the step of each key point
    return _join_segments([*points, points[0]], marks, path, ease)


def walk_through(
    points: Sequence[np.ndarray], n_steps: int, path: Walk = interpolate_points, ease: str = "linear"
) -> np.ndarray:
    """Interpolate through key points in order, from the first to the last.

    Args:
        points: the key points, float (k, latent_dim), k at least 2.
        n_steps: number of points on the whole path, at least k; every key point is one of them.
        path, ease: the interpolation and easing of each segment, as in `closed_loop`.

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
    return np.concatenate([_join_segments(points, marks, path, ease), points[-1:]])


def there_and_back(path: np.ndarray) -> np.ndarray:
    """Append the reversed path to an open path, so that an animation repeats without a jump or a pause at the ends.

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
    """A circle in a random plane of the latent space.

    Args:
        latent_dim: length of a latent vector, at least 2.
        n_steps: number of points on the circle.
        seed: of the plane and the first point: int, None or a `numpy.random.Generator`.
        radius: float; None for the square root of `latent_dim`, the typical norm of a standard normal point.
        center: centre of the circle, float (latent_dim,); the origin if None.

    Returns:
        float32 (n_steps, latent_dim). The step after the last would be the first.

    Raises:
        ValueError: fewer than 2 dimensions or 1 step, or a centre of another length.

    Example:
        >>> np.linalg.norm(circle(100, 4, seed=1), axis=1)
        array([10., 10., 10., 10.], dtype=float32)
    """
    if latent_dim < 2 or n_steps < 1:
        raise ValueError(f"a circle needs 2 dimensions and 1 step or more, not {latent_dim} and {n_steps}")
    center = np.zeros(latent_dim) if center is None else np.asarray(center, float)
    if center.shape != (latent_dim,):
        raise ValueError(f"the centre of the circle is a vector of {latent_dim} values, not of shape {center.shape}")
    plane, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((latent_dim, 2)))  # two orthonormal vectors
    angles = 2 * np.pi * np.arange(n_steps)[:, None] / n_steps
    around = np.cos(angles) * plane[:, 0] + np.sin(angles) * plane[:, 1]
    return (center + (math.sqrt(latent_dim) if radius is None else radius) * around).astype(np.float32)


def noise_walk(
    latent_dim: int, n_steps: int, seed: int | np.random.Generator | None = None, turns: int = 3
) -> np.ndarray:
    """A smooth closed random path through the latent space.

    Each value is a sum of waves with random amplitudes and 1, 2 ... `turns` periods. Each single step is distributed
    like a standard normal point, as in training, so the whole path stays where the generator was trained.

    Args:
        latent_dim: length of a latent vector.
        n_steps: number of points on the path.
        seed: int, None or a `numpy.random.Generator`.
        turns: the number of periods of the shortest wave; the path varies faster with more.

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


def _join_segments(points, marks: np.ndarray, path: Walk, ease: str) -> np.ndarray:
    """Join the segments between points, each without its end; `marks` holds the step of each point."""
    if ease != "linear":
        path = partial(path, ease=ease)
    pieces = zip(points[:-1], points[1:], np.diff(marks), strict=True)
    return np.concatenate([path(start, end, int(steps) + 1)[:-1] for start, end, steps in pieces])


def _eased_ratios(n_steps: int, ease: str) -> np.ndarray:
    """The fraction of the path at each step, float64 (n_steps, 1) from 0 to 1."""
    if ease not in EASINGS:
        raise ValueError(f"no easing is called {ease!r}; there are {', '.join(EASINGS)}")
    return EASINGS[ease](np.linspace(0, 1, n_steps))[:, None]


def _checked_ends(p1, p2, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
    p1, p2 = np.asarray(p1, np.float32), np.asarray(p2, np.float32)
    if p1.ndim != 1 or p1.shape != p2.shape:
        raise ValueError(f"a path joins two vectors of one length, not shapes {p1.shape} and {p2.shape}")
    if n_steps < 2:
        raise ValueError(f"a path has 2 steps or more, its two ends, not {n_steps}")
    return p1, p2
