"""Colour distances in CIELAB, which follow perception, and a short table of plain colour names.

Distances are CIE76, Euclidean in CIELAB: about 2 is just noticeable side by side; the palette's four colours are at
least 74 apart. Newer formulas differ for small distances only, which do not matter here.
"""

import numpy as np

from lines import COLOR_NAMES, PALETTE

WHITE_POINT = np.array([0.95047, 1.0, 1.08883])  # D65, the white of sRGB
SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)

# The palette, then one or two representatives of each plain name; a colour has the name of the nearest of all.
NAMED_COLORS = [(name, tuple(map(int, color))) for name, color in zip(COLOR_NAMES, PALETTE, strict=True)] + [
    ("black", (0, 0, 0)),
    ("grey", (70, 70, 70)),
    ("grey", (128, 128, 128)),
    ("light grey", (190, 190, 190)),
    ("yellow", (255, 235, 60)),
    ("light yellow", (255, 248, 160)),
    ("olive", (120, 110, 20)),
    ("orange", (240, 130, 20)),
    ("orange", (205, 105, 20)),
    ("brown", (110, 65, 25)),
    ("beige", (225, 205, 165)),
    ("beige", (185, 160, 125)),
    ("salmon", (235, 135, 110)),
    ("pink", (250, 180, 190)),
    ("red", (235, 40, 40)),
    ("dark red", (100, 15, 10)),
    ("magenta", (200, 40, 140)),
    ("purple", (120, 40, 130)),
    ("lilac", (180, 145, 215)),
    ("dark blue", (25, 35, 90)),
    ("blue", (40, 60, 230)),
    ("light blue", (110, 140, 215)),
    ("light blue", (170, 200, 245)),
    ("turquoise", (50, 180, 180)),
    ("green", (50, 150, 50)),
    ("dark green", (20, 70, 25)),
    ("light green", (150, 215, 130)),
]


def to_lab(colors: np.ndarray) -> np.ndarray:
    """Convert sRGB colours to CIELAB.

    Args:
        colors: (..., 3), 0 to 255.

    Returns:
        float64 of the same shape: L* 0 to 100, a* from green to red, b* from blue to yellow.
    """
    encoded = np.asarray(colors, float) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    xyz = linear @ SRGB_TO_XYZ.T / WHITE_POINT
    bent = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = np.moveaxis(bent, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


PALETTE_LAB = to_lab(PALETTE)
NAMED_LAB = to_lab([color for _, color in NAMED_COLORS])


def nearest_in_palette(colors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the palette colour nearest to each colour.

    Args:
        colors: (n, 3), 0 to 255.

    Returns:
        `(index, distance)`: int (n,), and the distance in CIELAB (CIE76), float (n,).
    """
    distances = np.linalg.norm(to_lab(colors)[:, None] - PALETTE_LAB, axis=-1)  # (n, 4)
    return distances.argmin(axis=1), distances.min(axis=1)


def color_names(colors: np.ndarray) -> list[str]:
    """The plain names of colours (n, 3), 0 to 255: a list of n strings, each the nearest in `NAMED_COLORS`."""
    distances = np.linalg.norm(to_lab(colors)[:, None] - NAMED_LAB, axis=-1)
    return [NAMED_COLORS[i][0] for i in distances.argmin(axis=1)]


def flat_share(images: np.ndarray, near: float = 30, samples: int = 200) -> float:
    """How much of what images show is in few flat colours.

    Args:
        images: uint8 (n, h, w, channels).
        near: largest Euclidean distance of a pixel and its flat colour, of values from 0 to 255.
        samples: number of images that are looked at, at equal steps.

    Returns:
        The share of pixels near one of `flat_colors(images)`, of those that are not near the first, the background; 1
        where all are. Of the lines as JPEG files 0.83, of emoji 0.29, of photographs of food 0.31, of garments 0.65.
    """
    images = images[:: -(-len(images) // samples)]
    pixels = images.reshape(-1, images.shape[-1])[:: max(1, images.size // images.shape[-1] // 200_000)].astype(float)
    distances = np.stack([np.linalg.norm(pixels - color, axis=1) for color in np.array(flat_colors(images), float)])
    shown = distances[0] > near
    return float((distances[:, shown].min(axis=0) <= near).mean()) if shown.any() else 1.0


def flat_colors(images: np.ndarray, least: float = 0.005, apart: float = 90) -> list[list[int]]:
    """Find the flat colours of images, as the initial palette of a generator.

    Each colour is the mean of a frequent colour and of the rarer ones near it.

    Args:
        images: uint8 (n, h, w, channels); of more than 500, about 500 at equal steps are used.
        least: smallest share of all pixels that a colour has, together with those near it.
        apart: largest Euclidean distance of near colours, of values from 0 to 255.

    Returns:
        List of colours, the most frequent first, each a list of ints from 0 to 255; at least one. For images of the
        three lines: black, then the palette's four.
    """
    weights = 256 ** np.arange(images.shape[-1])
    pixels = images[:: -(-len(images) // 500)].reshape(-1, images.shape[-1]).astype(np.int64) @ weights
    codes, counts = np.unique(pixels, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:5000]
    colors = codes[order][:, None] // weights % 256  # (colours, channels), the most frequent first
    found, shares, sums = [], [], []
    for color, share in zip(colors, counts[order] / len(pixels), strict=True):
        distances = [np.linalg.norm(color - other) for other in found] or [np.inf]
        nearest = int(np.argmin(distances))
        if distances[nearest] > apart:
            nearest = len(found)
            found, shares, sums = [*found, color], [*shares, 0.0], [*sums, 0.0]
        shares[nearest] += share
        sums[nearest] += share * color
    inks = [np.rint(total / share) for total, share in zip(sums, shares, strict=True)]
    return [ink.astype(int).tolist() for i, ink in enumerate(inks) if shares[i] >= least or i == 0]


def pens(images: np.ndarray, most: int = 8, least: float = 0.0005, near: float = 40) -> list[list[int]]:
    """Find the colours of which antialiased images are made: the ground and the pens, without their mixtures.

    The first is the most frequent colour. Each further one is the colour that lies furthest from every mixture of two
    colours found so far, among those with enough pixels near them. Thin pens count, however few of their pixels are
    pure; the greys of antialiasing lie between two pens and do not. What is left of a flat colour that happens to lie
    between two others is found by `flat_colors`.

    Args:
        images: uint8 (n, h, w, channels); of more than 150, about 150 at equal steps are used.
        most: largest number of colours.
        least: smallest share of all pixels within `near` of a pen.
        near: Euclidean distance, of values from 0 to 255, within which a colour counts as a mixture or as the same.

    Returns:
        List of colours, the ground first, each a list of ints from 0 to 255; at least one. For images of the three
        lines: black, then the palette's four in another order.
    """
    channels = images.shape[-1]
    pixels = images[:: -(-len(images) // 150)].reshape(-1, channels)
    weights = 64 ** np.arange(channels)
    codes, counts = np.unique(pixels.astype(np.int64) // 4 @ weights, return_counts=True)
    colors = codes[:, None] // weights % 64 * 4 + 2.0  # (colours, channels)
    common = np.argsort(-counts)[:4000]
    common = common[counts[common] >= 2e-5 * len(pixels)]
    colors, shares = colors[common], counts[common] / len(pixels)

    def share_near(center):
        return shares[np.linalg.norm(colors - center, axis=1) <= near].sum()

    found, left = [colors[0]], np.linalg.norm(colors - colors[0], axis=1)
    while len(found) < most:
        far = np.where(left > near)[0]
        candidates = far[np.argsort(-left[far])]
        newest = next((colors[i] for i in candidates if share_near(colors[i]) >= least), None)
        if newest is None:
            break
        left = np.minimum(left, np.linalg.norm(colors - newest, axis=1))
        for other in found:
            left = np.minimum(left, _distance_to_segment(colors, other, newest))
        found.append(newest)
    return [_commonest(pixels, center) for center in found]


def _distance_to_segment(points, start, end):
    """Distances of points (n, channels) to the segment between two: (n,)."""
    along = end - start
    share = np.clip((points - start) @ along / max(along @ along, 1e-9), 0, 1)
    return np.linalg.norm(points - start - share[:, None] * along, axis=1)


def _commonest(pixels, center, near=6):
    """The most frequent colour within `near` levels of one, a list of ints."""
    members = pixels[np.abs(pixels - center).max(axis=1) <= near]
    colors, counts = np.unique(members, axis=0, return_counts=True)
    return colors[counts.argmax()].tolist()
