"""Cubes with missing edges, after Manfred Mohr's Cubic Limit of 1972 to 1975.

Mohr used the twelve edges of a cube as an alphabet: rotated and drawn without some of its edges, the cube becomes a
sign. In works of this series the cube rotates slowly from one cell of a grid to the next while its edges become fewer
by a statistical rule, towards the sides of the square or over the duration of a film.

The rules, on a background of 128 x 128, black on white or (`night` 1) white on black:

- `grid` cells per side, with a cube in each, in parallel projection;
- the first cube is rotated by `yaw` around the vertical axis, then tilted by `pitch`; each further column adds
  `yaw_step`, each further row `pitch_step`, all in degrees;
- a cube in the middle of the square has `middle` of its twelve edges, a cube at the rim has `rim`, and those between
  are interpolated; the edges are random;
- `hand` is the seed of all random decisions within the image.
"""

import numpy as np

from lines.chance import HANDS, between, chance, checked, generator, numbered
from lines.outlines import SIZE, coverage, ink

WHITE, BLACK = np.array((250, 250, 247), np.uint8), np.array((20, 20, 22), np.uint8)
PARAMETERS = {
    "grid": (1, 32),
    "yaw": (-360.0, 360.0),
    "pitch": (-360.0, 360.0),
    "yaw_step": (-360.0, 360.0),
    "pitch_step": (-360.0, 360.0),
    "middle": (0, 12),
    "rim": (0, 12),
    "night": (0, 1),
    "hand": (0, HANDS),
}
NAMES = {  # of the parameters, for people: English, French
    "grid": ("cubes a side", "cubes par côté"),
    "yaw": ("first rotation", "première rotation"),
    "pitch": ("first tilt", "première inclinaison"),
    "yaw_step": ("rotation from column to column", "rotation d’une colonne à l’autre"),
    "pitch_step": ("tilt from row to row", "inclinaison d’une rangée à l’autre"),
    "middle": ("edges in the middle", "arêtes au milieu"),
    "rim": ("edges at the rim", "arêtes au bord"),
    "night": ("night", "nuit"),
}
MARGIN = 6
VERTICES = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
EDGES = np.array(
    [(a, b) for a in range(8) for b in range(a) if np.abs(VERTICES[a] - VERTICES[b]).sum() == 2]
)  # (12, 2)
_LEFT_OUT = 0  # purpose of chance


def sample(n: int, seed: int | np.random.Generator | None = None) -> dict[str, np.ndarray]:
    """Sample the parameters of `n` random images.

    Args:
        n: number of images, at least 1.
        seed: as in `lines.sample`.

    Returns:
        Dict of nine arrays (n,): grid in 1..6, yaw in 0..90, pitch in 15..45, steps in -20..20, middle and rim in
        4..12, night in 0..1, hand.

    Example:
        >>> images = draw(sample(9, seed=1), size=512)
    """
    rng = generator(n, seed)
    return {
        "grid": rng.integers(1, 7, n),
        "yaw": between(rng, 0, 90, n),
        "pitch": between(rng, 15, 45, n),
        "yaw_step": between(rng, -20, 20, n),
        "pitch_step": between(rng, -20, 20, n),
        "middle": rng.integers(4, 13, n),
        "rim": rng.integers(4, 13, n),
        "night": rng.integers(2, size=n),
        "hand": rng.integers(HANDS, size=n),
    }


def edges(parameters: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The edges of all cubes: `(image, ends, drawn)`, their image (m,), ends (m, 12, 4), and drawn, bool (m, 12)."""
    grid = parameters["grid"]
    image, cell = numbered(grid**2)
    row, column = np.divmod(cell, grid[image])
    yaw = np.radians(parameters["yaw"][image] + parameters["yaw_step"][image] * column)
    pitch = np.radians(parameters["pitch"][image] + parameters["pitch_step"][image] * row)
    x, y, z = VERTICES.T  # (8,) each
    across = x * np.cos(yaw)[:, None] + z * np.sin(yaw)[:, None]  # (m, 8)
    deep = z * np.cos(yaw)[:, None] - x * np.sin(yaw)[:, None]
    down = y * np.cos(pitch)[:, None] + deep * np.sin(pitch)[:, None]
    side = ((SIZE - 2 * MARGIN) / grid)[image]
    points = np.stack([across, down], axis=2) * (side * 0.47 / np.sqrt(3))[:, None, None]  # fits in any rotation
    points += MARGIN + (np.stack([column, row], axis=1) + 0.5)[:, None] * side[:, None, None]
    ends = np.concatenate([points[:, EDGES[:, 0]], points[:, EDGES[:, 1]]], axis=2)

    half = np.maximum(grid - 1, 1)[image] / 2
    out = np.maximum(np.abs(row - (grid[image] - 1) / 2), np.abs(column - (grid[image] - 1) / 2))  # from the middle
    nearest = (1 - grid[image] % 2) / 2  # an even grid has no cube in the exact middle
    share = np.where(half > nearest, (out - nearest) / np.maximum(half - nearest, 0.5), 0)
    many = np.rint(parameters["middle"][image] + (parameters["rim"] - parameters["middle"])[image] * share)
    order = chance(parameters["hand"][image, None], _LEFT_OUT, cell[:, None] * 12 + np.arange(12))
    drawn = np.argsort(np.argsort(order, axis=1), axis=1) < many[:, None]
    return image, ends, drawn


def draw(parameters: dict[str, np.ndarray], size: int = SIZE) -> np.ndarray:
    """Draw images, uint8 (n, size, size, 3), antialiased; arguments and errors as in `lines.draw`."""
    parameters = checked(parameters, PARAMETERS, size)
    image, ends, drawn = edges(parameters)
    owner = np.repeat(image, drawn.sum(axis=1))
    width = 0.9 + 1.6 / parameters["grid"]  # the pen is broader for fewer cubes
    covered = coverage(ends[drawn], owner, len(parameters["hand"]), size, width[owner])
    night = parameters["night"][:, None] == 1
    return ink(covered, np.where(night, WHITE, BLACK), np.where(night, BLACK, WHITE))
