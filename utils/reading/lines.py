"""How lines are read from an image: candidates by ridges, then each one straightened and measured.

1. A ridge filter looks across the image for what is brighter than its surroundings on both sides. A line that runs
   along the rows is as bright on both sides as in its middle, so the filter for verticals passes over horizontals
   without knowing of them.
2. The ridges are added up along straight paths, upright and slanted; the best path is a candidate, its ridges are
   erased, and so on until no path has enough.
3. Each candidate is straightened: cut out along its path into a patch whose columns run across the line. Where another
   line crosses, the rows are left out. The median of what is inked gives the profile of the line, and the profile its
   width, position and colour; the patch tells how much of the length is inked and how far the ridge strays.

Horizontals are the verticals of the transposed image. All of it works on the canvas of 128 x 128 that the rule counts
its positions on; images of other sizes are brought to it first. Thresholds stand below, each with its reason.
"""

from dataclasses import asdict, dataclass, field
from itertools import pairwise

import numpy as np
from scipy.ndimage import uniform_filter1d

from lines import COLOR_NAMES, SIZE, STROKE
from utils.progress import tqdm
from utils.reading.colors import color_names, nearest_in_palette, to_lab
from utils.reading.shrinking import as_rgb, shrink

BATCH = 64  # images read at once: fits the processor's cache, and Python's own cost is spread over enough of them
BANDS = 16  # strips of 8 rows in which ridges are followed
REACH = 12  # columns of a patch on either side of its path
SIDES = (5, 6)  # how far from a line of width 5 its surroundings begin, blurred or not
SLANTS = np.array(sorted(range(-16, 17, 2), key=abs))  # pixels of drift from end to end; the upright path first
FAINTEST = 0.15  # contrast of the faintest line, in parts of full brightness: JPEG rings by 0.06 beside white
NOISE, CLEAR = 0.08, 0.35  # roots of contrast from which a ridge counts, and counts in full whatever its brightness
ROOT = np.rint(np.sqrt(np.arange(256) * 255)).astype(np.int16)  # of ink: red or blue beside white still stands out
SHORTEST = 0.3  # share of the length that a line must ink
MOST = 10  # candidates of one direction in an image
THINNEST = 1.5  # pixels across: what is thinner is the edge of something
WIDEST = 3 * STROKE  # what is wider is an area
COLOR_STEP = 30  # difference in CIELAB where one line ends and a touching one of another colour begins
LUMA = np.array([0.299, 0.587, 0.114])  # of JPEG
RIM = 0.55  # share of the brightest column below which a column is the rim of a glowing line, not another line
SAME_COLOR = 20  # difference in CIELAB below which nothing says which of two lines lies over the other


@dataclass
class Line:
    """One line of an image, on the canvas of 128 x 128.

    Attributes:
        direction: "vertical" or "horizontal".
        position: column or row of its centre line, counted at the middle of the image if it slants. Whole numbers
            (or halves, for even widths) where its edges are sharp, fractions where they are blurred.
        width: pixels across, between the points of half contrast.
        color: (red, green, blue), 0 to 255, the median of its inked middle.
        palette: index into `lines.PALETTE` of the nearest of the four colours.
        palette_name: that colour's name.
        palette_distance: how far it is, in CIELAB (CIE76). Below 20 it looks like that colour.
        color_name: a plain name for its colour, from the table in `utils.reading.colors`.
        brightness: largest of the three channels, 0 to 1.
        inked: share of its length that is inked, 0 to 1, crossings left out.
        slant: pixels of drift from the first row (or column) to the last.
        deviation: how far its ridge strays from a straight line, root mean square in pixels.
        over: indices, in the image's list, of the lines that it crosses and covers.
        under: indices of the lines that it crosses and that cover it. A crossing of two lines of one colour, or of a
            colour that is neither's, is in neither.
        touching: it touches or hides a parallel neighbour, or is so wide (over 5.75) or so close to one (a gap of one
            pixel) that it may: count and width are uncertain.
    """

    direction: str
    position: float
    width: float
    color: tuple[int, int, int]
    palette: int
    palette_name: str
    palette_distance: float
    color_name: str
    brightness: float
    inked: float
    slant: float
    deviation: float
    over: list[int] = field(default_factory=list)
    under: list[int] = field(default_factory=list)
    touching: bool = False

    def as_dict(self) -> dict:
        """Give the line as plain values for JSON."""
        return asdict(self)


def read_lines(images: np.ndarray) -> list[list[Line]]:
    """Read the lines of each image.

    Args:
        images: (n, h, w, 3), (n, h, w, 1) or (n, h, w), uint8 or float in [-1, 1], light lines on a dark ground. Other
            sizes than 128 x 128 are brought to it; below 64 the gaps between lines get lost.

    Returns:
        A list of lines for each image: verticals from left to right, then horizontals from top to bottom.

    Raises:
        ValueError: the array is no batch of images, or an empty one.

    Example:
        >>> images = lines.draw(lines.sample(10, seed=1))
        >>> [line.position for line in read_lines(images)[0]]
    """
    images = on_canvas(images)
    found = []
    with tqdm(total=len(images), desc="Reading lines", unit="image", delay=2, leave=False) as bar:
        for start in range(0, len(images), BATCH):
            found.extend(_read(images[start : start + BATCH]))
            bar.update(len(found) - start)
    return found


def on_canvas(images: np.ndarray) -> np.ndarray:
    """Bring images of any size, grey or colour, to uint8 (n, 128, 128, 3)."""
    images = as_rgb(images)
    return images if images.shape[1:3] == (SIZE, SIZE) else np.rint(shrink(images, SIZE)).astype(np.uint8)


# ---------------------------------------------------------------------------------------------- from images to lines


@dataclass
class _Paths:
    """Candidates of one direction: path p runs through image[p], at column at[p] + slant[p] * (row / height - 1/2)."""

    image: np.ndarray  # int (m,)
    at: np.ndarray  # float (m,)
    slant: np.ndarray  # float (m,)
    deviation: np.ndarray  # float (m,)

    def columns(self, rows: np.ndarray) -> np.ndarray:
        """Where each path stands at the given rows, (m, rows)."""
        return self.at[:, None] + self.slant[:, None] * ((rows + 0.5) / SIZE - 0.5)


def _read(images: np.ndarray) -> list[list[Line]]:
    """Read a batch uint8 (n, 128, 128, 3)."""
    upright = {"vertical": images, "horizontal": np.ascontiguousarray(images.swapaxes(1, 2))}
    inks = {direction: _ink(view) for direction, view in upright.items()}  # uint8 (n, 128, 128)
    paths = {direction: _follow(ink, _candidates(_ridges(ink))) for direction, ink in inks.items()}
    found = [[] for _ in images]
    for direction, other in (("vertical", "horizontal"), ("horizontal", "vertical")):
        for i, group in _measure(upright[direction], paths[direction], paths[other], direction).items():
            found[i].extend(_distinct(group))
    return [_ordered(image, group) for image, group in zip(images, found, strict=True)]


def _ink(colors: np.ndarray) -> np.ndarray:
    """The largest of the three channels; several times as quick as `max` over so short an axis."""
    return np.maximum(np.maximum(colors[..., 0], colors[..., 1]), colors[..., 2])


def _ridges(ink: np.ndarray) -> np.ndarray:
    """Say in bands of 8 rows how clearly a vertical ridge passes: ink uint8 (n, 128, 128) to float32 (n, 16, 128).

    0 is no ridge, 1 one of contrast `CLEAR` or more in each of its rows.
    """
    n, height, width = ink.shape
    near, far = SIDES
    padded = ROOT[np.pad(ink, ((0, 0), (0, 0), (far, far)), mode="edge")]

    def column(shift: int) -> np.ndarray:
        return padded[:, :, far + shift : far + shift + width]

    middle = column(-1) + column(0) + column(1)  # three columns, so weighed by 4 against the three of the sides' four
    sides = column(-near) + column(-far) + column(near) + column(far)
    ridge = 4 * middle - 3 * sides
    unit = 12 * 255
    np.clip(ridge, int(NOISE * unit), int(CLEAR * unit), out=ridge)
    bands = ridge.reshape(n, BANDS, height // BANDS, width).mean(axis=2, dtype=np.float32)
    return (bands / unit - NOISE) / (CLEAR - NOISE)


def _candidates(ridges: np.ndarray) -> _Paths:
    """Find the straight paths along which ridges add up, the best of each image first: ridges (n, 16, 128)."""
    n, bands, width = ridges.shape
    margin = int(np.abs(SLANTS).max() // 2 + STROKE)
    padded = np.pad(ridges, ((0, 0), (0, 0), (margin, margin)))
    middles = (np.arange(bands) + 0.5) / bands - 0.5
    shifts = np.rint(SLANTS[:, None] * middles).astype(int)  # (slants, bands)
    active, found = np.arange(n), []
    for _ in range(MOST):
        sums = np.empty((len(active), len(SLANTS), width), np.float32)
        left = padded[active]
        for s, shift in enumerate(shifts):
            np.sum([left[:, b, margin + d : margin + d + width] for b, d in enumerate(shift)], axis=0, out=sums[:, s])
        sums *= (1 / bands - 0.0005 * np.abs(SLANTS))[:, None]  # where paths are as good, the more upright
        best = sums.reshape(len(active), -1).argmax(axis=1)
        good = np.take_along_axis(sums.reshape(len(active), -1), best[:, None], axis=1)[:, 0] >= SHORTEST
        active, best = active[good], best[good]
        if len(active) == 0:
            break
        slant, at = best // width, best % width
        found.append((active, at, SLANTS[slant]))
        around = np.arange(-STROKE + 1, STROKE)
        columns = margin + at[:, None, None] + shifts[slant][:, :, None] + around
        padded[active[:, None, None], np.arange(bands)[:, None], columns] = 0
    image, at, slant = (np.concatenate(parts) for parts in zip(*found, strict=True)) if found else np.empty((3, 0))
    return _Paths(image.astype(int), at.astype(float), slant.astype(float), np.zeros(len(image)))


def _cut(image: np.ndarray, paths: _Paths) -> np.ndarray:
    """Cut each path out and straighten it: from (n, 128, 128, ...) to (m, 128, 2 * REACH + 1, ...)."""
    padding = [(0, 0), (0, 0), (2 * REACH, 2 * REACH)] + [(0, 0)] * (image.ndim - 3)
    rows = np.arange(image.shape[1])
    start = np.rint(paths.columns(rows)).astype(int) + REACH  # the left end of each row, in the padded image
    start = np.clip(start, 0, image.shape[2] + 2 * REACH - 1)
    columns = start[:, :, None] + np.arange(2 * REACH + 1)
    return np.pad(image, padding)[paths.image[:, None, None], rows[:, None], columns]


def _follow(ink: np.ndarray, paths: _Paths) -> _Paths:
    """Move each path onto its ridge: find the ridge band by band, and lay the straight line through it."""
    if len(paths.image) == 0:
        return paths
    rows = np.arange(SIZE).reshape(BANDS, -1).mean(axis=1)
    offsets = np.arange(-REACH, REACH + 1)
    for _ in range(2):  # the second time from nearby
        patch = ROOT[_cut(ink, paths)]
        bands = patch.reshape(len(patch), BANDS, -1, patch.shape[-1]).mean(axis=2, dtype=np.float32)  # (m, 16, 25)
        bands -= np.partition(bands, 6, axis=-1)[..., 6:7]  # crossing lines go with the ground
        smooth = uniform_filter1d(bands, STROKE, axis=-1, mode="constant")
        near = slice(REACH - 4, REACH + 5)
        nearer = 1 - 0.05 * np.abs(offsets[near])  # a neighbour may be brighter
        peak = (smooth[..., near] * nearer).argmax(axis=-1) + near.start  # (m, 16)
        weight = np.clip(bands, 0, None) * (np.abs(offsets - offsets[peak][..., None]) <= 3)
        mass = weight.sum(axis=-1)
        strays = (weight * offsets).sum(axis=-1) / np.maximum(mass, 1e-6)  # (m, 16)
        trust = np.clip(mass / np.maximum(np.quantile(mass, 0.7, axis=1, keepdims=True), 1e-6), 0, 1)
        trust = np.where(trust > 0.5, trust, 0)
        # Straight line by weighted least squares; the time runs from -1/2 to 1/2 over the length.
        time = (rows + 0.5) / SIZE - 0.5
        path = np.rint(paths.columns(rows)) + strays
        total = np.maximum(trust.sum(axis=1), 1e-6)  # 0 between broad areas, where no ridge is left
        mean_time, mean = (trust * time).sum(axis=1) / total, (trust * path).sum(axis=1) / total
        spread = (trust * (time - mean_time[:, None]) ** 2).sum(axis=1)
        slant = (trust * (time - mean_time[:, None]) * (path - mean[:, None])).sum(axis=1) / np.maximum(spread, 1e-6)
        slant = np.clip(slant, -1.5 * SLANTS.max(), 1.5 * SLANTS.max())
        at = mean - slant * mean_time
        straight = at[:, None] + slant[:, None] * time
        deviation = np.sqrt((trust * (path - straight) ** 2).sum(axis=1) / total)
        left = trust.any(axis=1)
        at = np.clip(at, 0, SIZE - 1)
        paths = _Paths(paths.image[left], at[left], slant[left], deviation[left])
    return paths


def _crossings(paths: _Paths, others: _Paths, n: int) -> np.ndarray:
    """Say which rows of each path a line of the other direction crosses: bool (m, 128), with a margin of two pixels."""
    most = np.bincount(others.image, minlength=n).max(initial=0)
    crossing = np.full((n, most), -1e6)
    drift = np.zeros((n, most))
    order = np.argsort(others.image, kind="stable")
    rank = np.arange(len(order)) - np.searchsorted(others.image[order], others.image[order])
    crossing[others.image[order], rank] = others.at[order]
    drift[others.image[order], rank] = others.slant[order]
    across = crossing[paths.image] + drift[paths.image] * ((paths.at[:, None] + 0.5) / SIZE - 0.5)  # (m, most)
    reach = STROKE // 2 + 2.5 + np.abs(drift[paths.image]) * STROKE / SIZE
    return (np.abs(np.arange(SIZE)[:, None] - across[:, None]) <= reach[:, None]).any(axis=2)


def _measure(images: np.ndarray, paths: _Paths, others: _Paths, direction: str) -> dict[int, list[Line]]:
    """Measure every path of one direction: images uint8 (n, 128, 128, 3), in which it is upright."""
    found: dict[int, list[Line]] = {}
    if len(paths.image) == 0:
        return found
    upright = np.abs(paths.slant) < 1
    # a path through whole columns, so that sharp edges stay sharp
    laid = _Paths(
        paths.image, np.where(upright, np.rint(paths.at), paths.at), np.where(upright, 0, paths.slant), paths.deviation
    )
    patches = _cut(images, laid)  # uint8 (m, 128, 25, 3)
    free = ~_crossings(paths, others, len(images))  # (m, 128)
    stands_out, ground, inked = _inked_rows(_ink(patches), free)
    profiles = _median_over(patches, inked)  # uint8 (m, 25, 3)
    share = inked.sum(axis=1) / np.maximum(free.sum(axis=1), 1)
    # The colour without its brightness: what a blurred line keeps from its middle to its edge.
    labs = to_lab(profiles * (255 / np.maximum(profiles.max(axis=-1, keepdims=True), 1)))
    pieces, owners = [], []
    for i in np.flatnonzero(stands_out & (share >= SHORTEST)):
        for piece in _pieces(profiles[i].astype(float), labs[i], ground[i], bool(upright[i])):
            pieces.append(piece)
            owners.append(i)
    if not pieces:
        return found
    colors = np.stack([_inner_color(profiles[i], piece) for i, piece in zip(owners, pieces, strict=True)])
    nearest, distances = nearest_in_palette(colors)
    names = color_names(colors)
    for i, piece, color, entry, distance, name in zip(owners, pieces, colors, nearest, distances, names, strict=True):
        line = Line(
            direction=direction,
            position=float(laid.at[i] + piece.middle),
            width=float(piece.width),
            color=tuple(int(channel) for channel in color),
            palette=int(entry),
            palette_name=COLOR_NAMES[entry],
            palette_distance=round(float(distance), 2),
            color_name=name,
            brightness=round(float(color.max()) / 255, 3),
            inked=round(float(share[i]), 3),
            slant=round(float(paths.slant[i]), 2),
            deviation=round(float(paths.deviation[i]), 2),
            touching=piece.shared,
        )
        there = line.brightness >= FAINTEST and line.width >= THINNEST
        if there and -0.5 <= line.position <= SIZE - 0.5:
            found.setdefault(int(paths.image[i]), []).append(line)
    return found


def _inked_rows(ink: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tell the inked rows of each patch from the bare ones: ink uint8 (m, 128, 25), free bool (m, 128).

    Returns:
        Whether the line stands out from the ground and its noise, bool (m,); the brightness of the ground, float (m,)
        in 0..255; and which free rows are inked, bool (m, 128).
    """
    ink = ink.astype(np.float32)
    share = (free / np.maximum(free.sum(axis=1, keepdims=True), 1)).astype(np.float32)[:, None]
    mean, square = (share @ ink)[:, 0], (share @ ink**2)[:, 0]  # (m, 25)
    ground = np.partition(mean, 6, axis=1)[:, 6]
    noise = np.partition(np.sqrt(np.maximum(square - mean**2, 0)), 6, axis=1)[:, 6]
    smooth = uniform_filter1d(ink[..., REACH - 4 : REACH + 5], 3, axis=2)[..., 1:-1]
    ridge = smooth.max(axis=2)  # (m, 128), wherever the ridge strays within three pixels
    level = np.quantile(np.where(free, ridge, ground[:, None]), 0.85, axis=1)
    raised = (share @ smooth)[:, 0].max(axis=1) - ground
    # Among a hundred paths chance alone raises the best by three of its standard deviations; six is no chance.
    chance = 6 * noise / np.sqrt(3 * np.maximum(free.sum(axis=1), 1))
    stands_out = (level - ground >= FAINTEST * 255) & (raised >= np.maximum(chance, SHORTEST * FAINTEST * 255))
    return stands_out, ground, free & (ridge > (ground + 0.45 * (level - ground))[:, None])


def _median_over(patches: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The median colour of each column of each patch over the chosen rows: uint8 (m, 128, 25, 3) to (m, 25, 3)."""
    values = np.where(rows[:, :, None, None], patches, 255).transpose(0, 2, 3, 1)  # those left out sort to the end
    values = np.sort(values, axis=-1)
    middle = np.maximum(rows.sum(axis=1) - 1, 0) // 2
    return np.take_along_axis(values, middle[:, None, None, None], axis=-1)[..., 0]


@dataclass
class _Piece:
    """A stretch of a profile that is one line: columns first..last, its middle and width between half contrasts."""

    first: int
    last: int
    middle: float  # from the middle of the patch
    width: float
    shared: bool


def _pieces(profile: np.ndarray, lab: np.ndarray, ground: float, upright: bool) -> list[_Piece]:
    """Cut the profile of one line, and of what touches it, into lines: profile float (25, 3), lab (25, 3)."""
    ink = profile.max(axis=1)
    smooth = (ink[:-2] + ink[1:-1] + ink[2:]) / 3
    top = REACH - 4 + int(smooth[REACH - 4 : REACH + 3].argmax())
    while 0 < top < len(smooth) - 1 and max(smooth[top - 1], smooth[top + 1]) > smooth[top]:
        top += 1 if smooth[top + 1] > smooth[top - 1] else -1  # up to the summit, which may be another path's too
    top += 1  # `smooth` begins one column later
    # JPEG keeps the luma of each pixel but the colour of every second, so that ink leaks at edges and luma does not.
    # The root brings the luma of red and blue above half of white's: a darker neighbour belongs to what touches.
    luma = profile @ LUMA
    root = np.sqrt(luma)
    half = 0.55 * np.sqrt(ground) + 0.45 * root[top]
    first = last = top
    while first > 0 and root[first - 1] > half:
        first -= 1
    while last < len(ink) - 1 and root[last + 1] > half:
        last += 1
    if last - first + 1 > WIDEST or first == 0 or last == len(ink) - 1:
        return []  # an area, not a line
    cuts = _color_cuts(lab, ink, first, last)
    if cuts:
        edges = [first, *cuts, last + 1]
        return [_Piece(a, b - 1, (a + b - 1) / 2 - REACH, b - a, True) for a, b in pairwise(edges)]
    if upright and _sharp(luma, first, last, ground):
        left, right = first - 0.5, last + 0.5
    else:
        left, right = _half_contrast(ink, first, last, top, ground)
    shared = right - left > STROKE + 0.75 or _has_sliver(luma, first, last)
    return [_Piece(first, last, (left + right) / 2 - REACH, right - left, shared)]


def _has_sliver(luma: np.ndarray, first: int, last: int) -> bool:
    """Whether one or two pixels of a darker line, with a sharp edge of its own, stand beside a full one."""
    full = np.median(luma[first : last + 1])
    if last - first < STROKE:
        return False
    for inwards in (luma[first - 1 :], luma[: last + 2][::-1]):  # from the pixel outside of either edge
        outside, edge, second, third = inwards[:4]
        thin = second > 0.85 * full or (third > 0.85 * full and 0.8 * edge < second < 1.25 * edge)
        if thin and edge < 0.75 * full and outside < 0.3 * edge:
            return True
    return False


def _sharp(luma: np.ndarray, first: int, last: int, ground: float) -> bool:
    """Whether the line is all there in its outermost columns, and gone in the next."""
    full = (luma - ground) / max(np.median(luma[first : last + 1]) - ground, 1)
    return bool(min(full[first], full[last]) > 0.75 and max(full[first - 1], full[last + 1]) < 0.3)


def _half_contrast(ink: np.ndarray, first: int, last: int, top: int, ground: float) -> tuple[float, float]:
    """Where, between columns, the ink falls to half of its contrast."""
    half = (ground + np.median(ink[max(top - 1, first) : min(top + 1, last) + 1])) / 2
    left, right = top, top
    while left > first and ink[left - 1] > half:
        left -= 1
    while right < last and ink[right + 1] > half:
        right += 1
    return (
        left - (ink[left] - half) / max(ink[left] - ink[left - 1], 1),
        right + (ink[right] - half) / max(ink[right] - ink[right + 1], 1),
    )


def _color_cuts(lab: np.ndarray, ink: np.ndarray, first: int, last: int) -> list[int]:
    """Where, within columns first..last, a line of another colour begins.

    Columns two apart are compared, so that one of mixed colour may lie between, and the outermost columns are left out:
    JPEG and blur change their colour. `lab` is that of each column's colour at full brightness.
    """
    if last - first + 1 <= STROKE:
        return []
    steps = np.zeros(len(lab))  # steps[c]: how much the colour changes around column c
    inside = np.arange(first + 2, last - 1)
    steps[inside] = np.linalg.norm(lab[inside + 1] - lab[inside - 1], axis=1)
    steps *= np.minimum(ink / 100, 1)  # the darker, the less sure the colour
    dim = np.minimum(ink[inside - 1], ink[inside + 1]) < RIM * ink[first : last + 1].max()
    steps[inside[dim]] = 0
    cuts = []
    while steps.max() > COLOR_STEP:
        top = int(steps.argmax())
        # The change lies between top - 1 and top + 1: column top goes with the side that it is nearer to.
        before, after = np.linalg.norm(lab[[top - 1, top + 1]] - lab[top], axis=1)
        cuts.append(top if after < before else top + 1)
        steps[max(top - 2, 0) : top + 3] = 0
    cuts.sort()
    if len(cuts) == 2 and max(cuts[0] - first, last + 1 - cuts[1]) < STROKE // 2 + 1:
        return []  # a thin rim on both sides is a line that glows
    return cuts


def _inner_color(profile: np.ndarray, piece: _Piece) -> np.ndarray:
    """The colour in the middle of a piece, (3,): its edges, where it has room, mix with what is beside."""
    trim = (piece.last - piece.first) // 4
    return np.median(profile[piece.first + trim : piece.last + 1 - trim], axis=0)


def _distinct(group: list[Line]) -> list[Line]:
    """Keep one of lines that were found twice, and mark those with a parallel neighbour a pixel away."""
    kept: list[Line] = []
    for line in sorted(group, key=lambda line: (line.deviation, line.position)):
        if all(abs(line.position - other.position) >= max(1.5, (line.width + other.width) / 2 - 1) for other in kept):
            kept.append(line)
    kept.sort(key=lambda line: line.position)
    for line, below in pairwise(kept):
        if below.position - line.position - (line.width + below.width) / 2 < 1.5:
            line.touching = below.touching = True
    return kept


def _ordered(image: np.ndarray, lines: list[Line]) -> list[Line]:
    """Say at each crossing which of the two lines lies over the other."""
    for i, upright in enumerate(lines):
        for j, across in enumerate(lines):
            if upright.direction == "vertical" and across.direction == "horizontal":
                over = _over(image, upright, across)
                if over is not None:
                    (upright.over if over else upright.under).append(j)
                    (across.under if over else across.over).append(i)
    return lines


def _over(image: np.ndarray, upright: Line, across: Line) -> bool | None:
    """Whether the vertical lies over the horizontal; None where the colour of the crossing does not tell."""
    if min(upright.width, across.width) < 3:
        return None  # what shows of a line behind another is too thin to have a colour of its own at the crossing
    x, y = upright.position, across.position
    for _ in range(2):
        x = upright.position + upright.slant * ((y + 0.5) / SIZE - 0.5)
        y = across.position + across.slant * ((x + 0.5) / SIZE - 0.5)
    row, column = (int(np.clip(round(value), 1, SIZE - 2)) for value in (y, x))
    center = np.median(image[row - 1 : row + 2, column - 1 : column + 2].reshape(-1, 3), axis=0)
    lab_center, lab_upright, lab_across = to_lab([center, upright.color, across.color])
    to_upright, to_across = (np.linalg.norm(lab_center - lab) for lab in (lab_upright, lab_across))
    if np.linalg.norm(lab_upright - lab_across) < SAME_COLOR or min(to_upright, to_across) > 1.5 * SAME_COLOR:
        return None
    return bool(to_upright < to_across)
