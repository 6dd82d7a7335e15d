"""Line detection: candidates from a ridge filter, each of which is straightened and measured.

1. A ridge filter finds pixels that are brighter than their surroundings on both sides. A horizontal line is as bright
   on both sides as in its middle, so the filter for verticals does not respond to it.
2. Ridges are summed along straight paths, upright and slanted; the best path is a candidate, its ridges are erased, and
   so on until no path has a sufficient sum.
3. Each candidate is straightened: cut out along its path into a patch whose columns run across the line. Rows in which
   another line crosses are left out. The median over the drawn rows is the profile of the line, which gives its width,
   position and colour; the patch gives the drawn share of its length and the deviation of the ridge.

Horizontals are the verticals of the transposed image. Everything is computed on the canvas of 128 x 128 on which the
rules define positions; images of other sizes are resized first. The thresholds below state their reasons.
"""

from dataclasses import asdict, dataclass, field
from itertools import pairwise

import numpy as np
from scipy.ndimage import uniform_filter1d

from lines import COLOR_NAMES, SIZE, STROKE
from utils.progress import tqdm
from utils.reading.colors import color_names, nearest_in_palette, to_lab
from utils.reading.shrinking import as_rgb, shrink

BATCH = 64  # images per batch: few enough for the CPU's cache, many enough to amortise Python's overhead
BANDS = 16  # bands of 8 rows in which ridges are averaged
REACH = 12  # columns of a patch on either side of its path
SURROUNDINGS = (5, 6)  # distances at which the surroundings of a line of width 5 are sampled, sharp or blurred
SLANTS = np.array(sorted(range(-16, 17, 2), key=abs))  # pixels of drift from end to end; the upright path first
MIN_CONTRAST = 0.15  # of a line, in units of full brightness; JPEG's ringing beside white has 0.06
# square roots of contrast from which a ridge counts, and from which it counts in full
RIDGE_MIN, RIDGE_FULL = 0.08, 0.35
ROOT = np.rint(np.sqrt(np.arange(256) * 255)).astype(np.int16)  # of brightness, so that red and blue count beside white
MIN_LENGTH = 0.3  # smallest drawn share of a line's length
MAX_CANDIDATES = 10  # of one direction in an image
MIN_WIDTH = 1.5  # pixels; anything thinner is the edge of an area
MAX_WIDTH = 3 * STROKE  # pixels; anything wider is an area
COLOR_STEP = 30  # difference in CIELAB between touching lines of different colours
LUMA = np.array([0.299, 0.587, 0.114])  # of JPEG
RIM_BRIGHTNESS = 0.55  # share of the brightest column; a darker column is the rim of a glowing line, not another line
SAME_COLOR = 20  # difference in CIELAB below which the depth order of two lines cannot be seen


@dataclass
class Line:
    """One line of an image, on the canvas of 128 x 128.

    Attributes:
        direction: "vertical" or "horizontal".
        position: column or row of its centre line, at the middle of the image if it slants. Whole numbers (or halves,
            for even widths) for sharp edges, fractions for blurred ones.
        width: in pixels, between the points of half contrast.
        color: (red, green, blue), 0 to 255, the median of its drawn core.
        palette: index into `lines.PALETTE` of the nearest of the four colours.
        palette_name: that colour's name.
        palette_distance: distance to that colour in CIELAB (CIE76). Below 20 the line looks like that colour.
        color_name: a plain name for its colour, from the table in `utils.reading.colors`.
        brightness: largest of the three channels, 0 to 1.
        inked: drawn share of its length, 0 to 1, without crossings.
        slant: drift from the first row (or column) to the last, in pixels.
        deviation: deviation of its ridge from a straight line, root mean square in pixels.
        groove: depth of the darkest column within it, relative to the darker of the brightest columns on either side
            of that: 0 for a profile without a valley, 0.2 for a column that is 20 % darker.
        over: indices, in the image's list, of the lines that it crosses and covers.
        under: indices of the lines that it crosses and that cover it. A crossing of two lines of the same colour, or
            of a third colour, is in neither list.
        touching: whether it touches or hides a parallel line, or may do so, because it is wider than 5.75 or separated
            by a gap of one pixel: number and width of lines are uncertain.
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
    groove: float = 0.0
    over: list[int] = field(default_factory=list)
    under: list[int] = field(default_factory=list)
    touching: bool = False

    def as_dict(self) -> dict:
        """The line as a dict of plain values, for JSON."""
        return asdict(self)


def read_lines(images: np.ndarray) -> list[list[Line]]:
    """Read the lines of each image.

    Args:
        images: (n, h, w, 3), (n, h, w, 1) or (n, h, w), uint8 or float in [-1, 1], light lines on a dark background.
            Other sizes than 128 x 128 are resized to it; below 64 the gaps between lines are lost.

    Returns:
        A list of `Line` for each image: verticals from left to right, then horizontals from top to bottom.

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
    """Convert images of any size, grey or colour, to uint8 (n, 128, 128, 3)."""
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
        """The column of each path at the given rows, float (m, rows)."""
        return self.at[:, None] + self.slant[:, None] * ((rows + 0.5) / SIZE - 0.5)


def _read(images: np.ndarray) -> list[list[Line]]:
    """The lines of each image of a batch, uint8 (n, 128, 128, 3)."""
    upright = {"vertical": images, "horizontal": np.ascontiguousarray(images.swapaxes(1, 2))}
    brightnesses = {direction: _brightness(view) for direction, view in upright.items()}  # uint8 (n, 128, 128)
    paths = {direction: _fit_paths(ink, _candidates(_ridges(ink))) for direction, ink in brightnesses.items()}
    found = [[] for _ in images]
    for direction, other in (("vertical", "horizontal"), ("horizontal", "vertical")):
        for i, group in _measure_paths(upright[direction], paths[direction], paths[other], direction).items():
            found[i].extend(_without_duplicates(group))
    return [_with_depth_order(image, group) for image, group in zip(images, found, strict=True)]


def _brightness(colors: np.ndarray) -> np.ndarray:
    """The largest of the three channels; faster than `max` over so short an axis."""
    return np.maximum(np.maximum(colors[..., 0], colors[..., 1]), colors[..., 2])


def _ridges(ink: np.ndarray) -> np.ndarray:
    """The strength of vertical ridges in bands of 8 rows: brightness, uint8 (n, 128, 128) -> float32 (n, 16, 128).

    0 is no ridge, 1 a ridge of contrast `RIDGE_FULL` or more in each of its rows.
    """
    n, height, width = ink.shape
    near, far = SURROUNDINGS
    padded = ROOT[np.pad(ink, ((0, 0), (0, 0), (far, far)), mode="edge")]

    def column(shift: int) -> np.ndarray:
        return padded[:, :, far + shift : far + shift + width]

    middle = column(-1) + column(0) + column(1)  # three columns of weight 4 against four columns of weight 3
    sides = column(-near) + column(-far) + column(near) + column(far)
    ridge = 4 * middle - 3 * sides
    unit = 12 * 255
    np.clip(ridge, int(RIDGE_MIN * unit), int(RIDGE_FULL * unit), out=ridge)
    bands = ridge.reshape(n, BANDS, height // BANDS, width).mean(axis=2, dtype=np.float32)
    return (bands / unit - RIDGE_MIN) / (RIDGE_FULL - RIDGE_MIN)


def _candidates(ridges: np.ndarray) -> _Paths:
    """Find the straight paths with the largest sums of ridges (n, 16, 128), the best of each image first."""
    n, bands, width = ridges.shape
    margin = int(np.abs(SLANTS).max() // 2 + STROKE)
    padded = np.pad(ridges, ((0, 0), (0, 0), (margin, margin)))
    middles = (np.arange(bands) + 0.5) / bands - 0.5
    shifts = np.rint(SLANTS[:, None] * middles).astype(int)  # (slants, bands)
    active, found = np.arange(n), []
    for _ in range(MAX_CANDIDATES):
        sums = np.empty((len(active), len(SLANTS), width), np.float32)
        left = padded[active]
        for s, shift in enumerate(shifts):
            np.sum([left[:, b, margin + d : margin + d + width] for b, d in enumerate(shift)], axis=0, out=sums[:, s])
        sums *= (1 / bands - 0.0005 * np.abs(SLANTS))[:, None]  # of equal paths the more upright one wins
        best = sums.reshape(len(active), -1).argmax(axis=1)
        good = np.take_along_axis(sums.reshape(len(active), -1), best[:, None], axis=1)[:, 0] >= MIN_LENGTH
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


def _straighten(image: np.ndarray, paths: _Paths) -> np.ndarray:
    """Cut out each path and straighten it: (n, 128, 128, ...) -> (m, 128, 2 * REACH + 1, ...)."""
    padding = [(0, 0), (0, 0), (2 * REACH, 2 * REACH)] + [(0, 0)] * (image.ndim - 3)
    rows = np.arange(image.shape[1])
    start = np.rint(paths.columns(rows)).astype(int) + REACH  # the left end of each row, in the padded image
    start = np.clip(start, 0, image.shape[2] + 2 * REACH - 1)
    columns = start[:, :, None] + np.arange(2 * REACH + 1)
    return np.pad(image, padding)[paths.image[:, None, None], rows[:, None], columns]


def _fit_paths(ink: np.ndarray, paths: _Paths) -> _Paths:
    """Fit each path to its ridge: locate the ridge in each band, then fit a straight line."""
    if len(paths.image) == 0:
        return paths
    rows = np.arange(SIZE).reshape(BANDS, -1).mean(axis=1)
    offsets = np.arange(-REACH, REACH + 1)
    for _ in range(2):  # the second fit starts near the ridge
        patch = ROOT[_straighten(ink, paths)]
        bands = patch.reshape(len(patch), BANDS, -1, patch.shape[-1]).mean(axis=2, dtype=np.float32)  # (m, 16, 25)
        bands -= np.partition(bands, 6, axis=-1)[..., 6:7]  # subtracts the background, and crossing lines with it
        smooth = uniform_filter1d(bands, STROKE, axis=-1, mode="constant")
        near = slice(REACH - 4, REACH + 5)
        nearer = 1 - 0.05 * np.abs(offsets[near])  # prefers the path's own ridge to a brighter neighbour
        peak = (smooth[..., near] * nearer).argmax(axis=-1) + near.start  # (m, 16)
        weight = np.clip(bands, 0, None) * (np.abs(offsets - offsets[peak][..., None]) <= 3)
        mass = weight.sum(axis=-1)
        offsets_of_ridge = (weight * offsets).sum(axis=-1) / np.maximum(mass, 1e-6)  # (m, 16)
        weights = np.clip(mass / np.maximum(np.quantile(mass, 0.7, axis=1, keepdims=True), 1e-6), 0, 1)
        weights = np.where(weights > 0.5, weights, 0)
        # straight line by weighted least squares; `time` runs from -1/2 to 1/2 over the length
        time = (rows + 0.5) / SIZE - 0.5
        path = np.rint(paths.columns(rows)) + offsets_of_ridge
        total = np.maximum(weights.sum(axis=1), 1e-6)  # the sum is 0 between broad areas, which leave no ridge
        mean_time, mean = (weights * time).sum(axis=1) / total, (weights * path).sum(axis=1) / total
        spread = (weights * (time - mean_time[:, None]) ** 2).sum(axis=1)
        slant = (weights * (time - mean_time[:, None]) * (path - mean[:, None])).sum(axis=1) / np.maximum(spread, 1e-6)
        slant = np.clip(slant, -1.5 * SLANTS.max(), 1.5 * SLANTS.max())
        at = mean - slant * mean_time
        straight = at[:, None] + slant[:, None] * time
        deviation = np.sqrt((weights * (path - straight) ** 2).sum(axis=1) / total)
        left = weights.any(axis=1)
        at = np.clip(at, 0, SIZE - 1)
        paths = _Paths(paths.image[left], at[left], slant[left], deviation[left])
    return paths


def _crossings(paths: _Paths, others: _Paths, n: int) -> np.ndarray:
    """The rows of each path that a line of the other direction crosses, with a margin of 2 pixels: bool (m, 128)."""
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


def _measure_paths(images: np.ndarray, paths: _Paths, others: _Paths, direction: str) -> dict[int, list[Line]]:
    """Measure every path of one direction: {index of the image: lines}.

    Args:
        images: uint8 (n, 128, 128, 3), transposed for horizontals.
        paths, others: the paths of this and of the other direction.
        direction: "vertical" or "horizontal".
    """
    found: dict[int, list[Line]] = {}
    if len(paths.image) == 0:
        return found
    upright = np.abs(paths.slant) < 1
    # upright paths are rounded to whole columns, so that sharp edges stay sharp
    pixel_paths = _Paths(
        paths.image, np.where(upright, np.rint(paths.at), paths.at), np.where(upright, 0, paths.slant), paths.deviation
    )
    patches = _straighten(images, pixel_paths)  # uint8 (m, 128, 25, 3)
    free = ~_crossings(paths, others, len(images))  # (m, 128)
    stands_out, ground, inked = _inked_rows(_brightness(patches), free)
    profiles = _median_over(patches, inked)  # uint8 (m, 25, 3)
    share = inked.sum(axis=1) / np.maximum(free.sum(axis=1), 1)
    # the colour at full brightness, which is constant across a blurred line
    labs = to_lab(profiles * (255 / np.maximum(profiles.max(axis=-1, keepdims=True), 1)))
    segments, sources = [], []
    for i in np.flatnonzero(stands_out & (share >= MIN_LENGTH)):
        for segment in _split_profile(profiles[i].astype(float), labs[i], ground[i], bool(upright[i])):
            segments.append(segment)
            sources.append(i)
    if not segments:
        return found
    colors = np.stack([_core_color(profiles[i], segment) for i, segment in zip(sources, segments, strict=True)])
    nearest, distances = nearest_in_palette(colors)
    names = color_names(colors)
    for i, segment, color, entry, distance, name in zip(
        sources, segments, colors, nearest, distances, names, strict=True
    ):
        line = Line(
            direction=direction,
            position=float(pixel_paths.at[i] + segment.middle),
            width=float(segment.width),
            color=tuple(int(channel) for channel in color),
            palette=int(entry),
            palette_name=COLOR_NAMES[entry],
            palette_distance=round(float(distance), 2),
            color_name=name,
            brightness=round(float(color.max()) / 255, 3),
            inked=round(float(share[i]), 3),
            slant=round(float(paths.slant[i]), 2),
            deviation=round(float(paths.deviation[i]), 2),
            touching=segment.shared,
            groove=round(_groove(profiles[i], segment), 3),
        )
        there = line.brightness >= MIN_CONTRAST and line.width >= MIN_WIDTH
        if there and -0.5 <= line.position <= SIZE - 0.5:
            found.setdefault(int(paths.image[i]), []).append(line)
    return found


def _inked_rows(ink: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the drawn rows of each patch.

    Args:
        ink: brightness, uint8 (m, 128, 25).
        free: rows without a crossing, bool (m, 128).

    Returns:
        `(stands_out, ground, inked)`: whether the line stands out from the background and its noise, bool (m,); the
        brightness of the background, float (m,), 0 to 255; and which free rows are drawn, bool (m, 128).
    """
    ink = ink.astype(np.float32)
    share = (free / np.maximum(free.sum(axis=1, keepdims=True), 1)).astype(np.float32)[:, None]
    mean, square = (share @ ink)[:, 0], (share @ ink**2)[:, 0]  # (m, 25)
    ground = np.partition(mean, 6, axis=1)[:, 6]
    noise = np.partition(np.sqrt(np.maximum(square - mean**2, 0)), 6, axis=1)[:, 6]
    smooth = uniform_filter1d(ink[..., REACH - 4 : REACH + 5], 3, axis=2)[..., 1:-1]
    ridge = smooth.max(axis=2)  # (m, 128), the largest value within three pixels of the path
    level = np.quantile(np.where(free, ridge, ground[:, None]), 0.85, axis=1)
    raised = (share @ smooth)[:, 0].max(axis=1) - ground
    # The best of a hundred random paths exceeds the mean by about three standard deviations; six is significant.
    chance = 6 * noise / np.sqrt(3 * np.maximum(free.sum(axis=1), 1))
    stands_out = (level - ground >= MIN_CONTRAST * 255) & (
        raised >= np.maximum(chance, MIN_LENGTH * MIN_CONTRAST * 255)
    )
    return stands_out, ground, free & (ridge > (ground + 0.45 * (level - ground))[:, None])


def _median_over(patches: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The median colour of each column of each patch over the given rows: uint8 (m, 128, 25, 3) -> (m, 25, 3)."""
    values = np.where(rows[:, :, None, None], patches, 255).transpose(0, 2, 3, 1)  # other rows sort to the end
    values = np.sort(values, axis=-1)
    middle = np.maximum(rows.sum(axis=1) - 1, 0) // 2
    return np.take_along_axis(values, middle[:, None, None, None], axis=-1)[..., 0]


@dataclass
class _Segment:
    """A segment of a profile that is one line: columns first..last, its middle and width between half contrasts."""

    first: int
    last: int
    middle: float  # from the middle of the patch
    width: float
    shared: bool


def _split_profile(profile: np.ndarray, lab: np.ndarray, ground: float, upright: bool) -> list[_Segment]:
    """Split the profile of a line and of the lines that touch it into segments: profile float (25, 3), lab (25, 3)."""
    ink = profile.max(axis=1)
    smooth = (ink[:-2] + ink[1:-1] + ink[2:]) / 3
    top = REACH - 4 + int(smooth[REACH - 4 : REACH + 3].argmax())
    while 0 < top < len(smooth) - 1 and max(smooth[top - 1], smooth[top + 1]) > smooth[top]:
        top += 1 if smooth[top + 1] > smooth[top - 1] else -1  # up to the local maximum, also another path's
    top += 1  # `smooth` begins one column later
    # JPEG stores the luma of each pixel but the chroma of every second, so that edges are sharper in luma. The square
    # root raises the luma of red and blue above half of white's, so that a darker touching line is included.
    luma = profile @ LUMA
    root = np.sqrt(luma)
    half = 0.55 * np.sqrt(ground) + 0.45 * root[top]
    first = last = top
    while first > 0 and root[first - 1] > half:
        first -= 1
    while last < len(ink) - 1 and root[last + 1] > half:
        last += 1
    if last - first + 1 > MAX_WIDTH or first == 0 or last == len(ink) - 1:
        return []  # an area
    cuts = _color_cuts(lab, ink, first, last)
    if cuts:
        edges = [first, *cuts, last + 1]
        return [_Segment(a, b - 1, (a + b - 1) / 2 - REACH, b - a, True) for a, b in pairwise(edges)]
    if upright and _has_sharp_edges(luma, first, last, ground):
        left, right = first - 0.5, last + 0.5
    else:
        left, right = _half_contrast(ink, first, last, top, ground)
    shared = right - left > STROKE + 0.75 or _has_sliver(luma, first, last)
    return [_Segment(first, last, (left + right) / 2 - REACH, right - left, shared)]


def _has_sliver(luma: np.ndarray, first: int, last: int) -> bool:
    """Whether one or two pixels of a darker line with a sharp edge are visible beside a full line."""
    full = np.median(luma[first : last + 1])
    if last - first < STROKE:
        return False
    for inwards in (luma[first - 1 :], luma[: last + 2][::-1]):  # inwards from the pixel outside each edge
        outside, edge, second, third = inwards[:4]
        thin = second > 0.85 * full or (third > 0.85 * full and 0.8 * edge < second < 1.25 * edge)
        if thin and edge < 0.75 * full and outside < 0.3 * edge:
            return True
    return False


def _has_sharp_edges(luma: np.ndarray, first: int, last: int, ground: float) -> bool:
    """Whether the line has its full contrast in its outermost columns and nearly none in the next."""
    full = (luma - ground) / max(np.median(luma[first : last + 1]) - ground, 1)
    return bool(min(full[first], full[last]) > 0.75 and max(full[first - 1], full[last + 1]) < 0.3)


def _half_contrast(ink: np.ndarray, first: int, last: int, top: int, ground: float) -> tuple[float, float]:
    """The (left, right) positions, between columns, at which the brightness falls to half of its contrast."""
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
    """The columns within first..last at which a line of another colour begins.

    Columns two apart are compared, because one of mixed colour may lie between, and the outermost columns are left out,
    because JPEG and blur change their colour. `lab` is each column's colour at full brightness.
    """
    if last - first + 1 <= STROKE:
        return []
    steps = np.zeros(len(lab))  # steps[c]: the change of colour around column c
    inside = np.arange(first + 2, last - 1)
    steps[inside] = np.linalg.norm(lab[inside + 1] - lab[inside - 1], axis=1)
    steps *= np.minimum(ink / 100, 1)  # the colour of darker columns is less certain
    dim = np.minimum(ink[inside - 1], ink[inside + 1]) < RIM_BRIGHTNESS * ink[first : last + 1].max()
    steps[inside[dim]] = 0
    cuts = []
    while steps.max() > COLOR_STEP:
        top = int(steps.argmax())
        # The change lies between top - 1 and top + 1; column top belongs to the side with the nearer colour.
        before, after = np.linalg.norm(lab[[top - 1, top + 1]] - lab[top], axis=1)
        cuts.append(top if after < before else top + 1)
        steps[max(top - 2, 0) : top + 3] = 0
    cuts.sort()
    if len(cuts) == 2 and max(cuts[0] - first, last + 1 - cuts[1]) < STROKE // 2 + 1:
        return []  # thin rims on both sides are those of a glowing line
    return cuts


def _core_color(profile: np.ndarray, segment: _Segment) -> np.ndarray:
    """The median colour (3,) of a segment without its edges, which mix with their surroundings."""
    trim = (segment.last - segment.first) // 4
    return np.median(profile[segment.first + trim : segment.last + 1 - trim], axis=0)


def _groove(profile: np.ndarray, segment: _Segment) -> float:
    """The depth of the deepest valley of a segment's brightness (see `Line.groove`): profile uint8 (25, 3)."""
    ink = profile[segment.first : segment.last + 1].max(axis=1).astype(float)
    sides = np.minimum(np.maximum.accumulate(ink), np.maximum.accumulate(ink[::-1])[::-1])
    return float((1 - ink / np.maximum(sides, 1)).max())


def _without_duplicates(group: list[Line]) -> list[Line]:
    """Remove duplicates of lines, and mark lines with a parallel neighbour a pixel away as touching."""
    kept: list[Line] = []
    for line in sorted(group, key=lambda line: (line.deviation, line.position)):
        if all(abs(line.position - other.position) >= max(1.5, (line.width + other.width) / 2 - 1) for other in kept):
            kept.append(line)
    kept.sort(key=lambda line: line.position)
    for line, below in pairwise(kept):
        if below.position - line.position - (line.width + below.width) / 2 < 1.5:
            line.touching = below.touching = True
    return kept


def _with_depth_order(image: np.ndarray, lines: list[Line]) -> list[Line]:
    """Fill in `over` and `under` of an image's lines; returns the list."""
    for i, upright in enumerate(lines):
        for j, across in enumerate(lines):
            if upright.direction == "vertical" and across.direction == "horizontal":
                over = _is_over(image, upright, across)
                if over is not None:
                    (upright.over if over else upright.under).append(j)
                    (across.under if over else across.over).append(i)
    return lines


def _is_over(image: np.ndarray, upright: Line, across: Line) -> bool | None:
    """Whether the vertical covers the horizontal; None where the colour of the crossing does not decide it."""
    if min(upright.width, across.width) < 3:
        return None  # too thin for a colour of its own at the crossing
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
