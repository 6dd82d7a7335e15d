"""Whether images keep the rules of a rule set, any rule set, on a scale that drawn images set.

Each image is drawn again from the parameters read, by several other hands. The image keeps the rules if it is as near
to its nearest redraw, in the reader's own features, as 95 % of drawn images are to theirs. Differences of features are
weighed by how much they vary between drawn images and their redraws (a Mahalanobis distance, with one variance for all
that hardly varies), so that what another hand changes anyway counts little, and what no hand changes counts much.

The same is asked of its colours, that of the ground and that of the ink, and of its strokes, by patterns of a few
pixels (are outlines closed, edges clean?), which would hardly count among so many features.

Drawn images pass 95 % by construction, those of other seeds but for chance. That share is the scale for others.
"""

import numpy as np
from PIL import Image

from lines.registry import drawn as draw_checked
from utils.images import IDENTICAL, psnr_each
from utils.loaders.decoding import fit_picture
from utils.progress import tqdm
from utils.reading.reader import SIDE, Reader, Reading, as_sampled, colors_and_strokes, draw_many
from utils.reading.relations import jensen_shannon, mutual_information
from utils.reading.shrinking import as_batch, as_rgb

PASSED = 0.95  # share of drawn images that keep the rules
FORM = (SIDE, SIDE, 3)  # of the images that set the scale
COMPARED = 200  # drawn images that say what share keeps the rules in another form
HANDS = 6  # redraws of an image
CALIBRATED = 2_000  # drawn images that set the scale: half of them the metric, half the threshold
LEVELS = 8.0  # of 255: what a colour may differ by where drawn images' colours never do; hardly seen
RARE = 0.3  # the same of the logarithm of how often a pattern of strokes is there: a third more or less
FAINTEST = 1e-4  # variance of a feature, in units of drawn images' own: where redraws are equal to what they redraw
SMALLEST = 0.05  # threshold of a distance: where drawn images and their redraws are equal
DIRECTIONS = 48  # in which differences are weighed one by one
BINS = 16  # of numbers, of equal width


def differences(
    reader: Reader, reading: Reading, rules, seed: int = 0, desc: str = "Drawing again", form: tuple = FORM
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How each image differs from its nearest redraw, in the features, the colours and the strokes.

    Args:
        reader: of the rule set, with the scale of its features.
        reading: of n images.
        rules: the rule set.
        seed: of the hands.
        desc: what the progress bar says.
        form: (height, width, channels) of the images.

    Returns:
        `(features, colors, strokes)`, each of the redraw that is nearest in it: float32 (n, features), in units of
        drawn images' deviation; (n, 6), see `ground_and_ink`; (n, 1024), see `stroke_patterns`.
    """
    scale = reader.calibration["scale"]
    rng = np.random.default_rng(seed)
    n = len(reading.features)
    own = (reading.features, reading.colors, reading.strokes)
    nearest, found = np.full((3, n), np.inf), [np.empty_like(one) for one in own]
    with tqdm(total=HANDS, desc=desc, unit="hand", delay=2, leave=False) as bar:
        for _ in range(HANDS):
            redraws = framed(reader.redraws(reading, rules, rng), form)
            looks = reader.features(redraws), *colors_and_strokes(redraws)
            for least, kept, mine, theirs, unit in zip(nearest, found, own, looks, (scale, 1, 1), strict=True):
                difference = (mine - theirs) / unit
                length = (difference**2).mean(axis=1)
                nearer = length < least
                least[nearer], kept[nearer] = length[nearer], difference[nearer]
            bar.update()
    return tuple(found)


def framed(drawn: np.ndarray, form: tuple[int, int, int]) -> np.ndarray:
    """What rules draw, uint8 (n, side, side, 3), as the loaders bring it to images of another size, shape or of grey.

    Args:
        drawn: the squares.
        form: (height, width, channels) of the images.

    Returns:
        uint8 (n, height, width, channels): the square covers the image, and its middle is seen.
    """
    if drawn.shape[1:] == tuple(form):
        return drawn
    return np.stack([fit_picture(Image.fromarray(image), form[:2], form[2]) for image in as_rgb(drawn)])


def distances(reader: Reader, difference: np.ndarray) -> np.ndarray:
    """The weighed length of differences (n, features): float64 (n,), about 1 for drawn images."""
    directions, variances, rest = (reader.calibration[name] for name in ("directions", "variances", "rest"))
    along = difference.astype(np.float64) @ directions.T  # (n, directions)
    remaining = np.maximum((difference.astype(np.float64) ** 2).sum(axis=1) - (along**2).sum(axis=1), 0)
    count = difference.shape[1] - len(directions)
    weighed = (along**2 / variances).sum(axis=1) + remaining / rest
    return np.sqrt(weighed / (len(directions) + count))


def color_distances(reader: Reader, colors: np.ndarray) -> np.ndarray:
    """The largest difference of each image's colours (n, 6), in units of drawn images' deviation: (n,)."""
    return np.abs(colors / reader.calibration["color_scale"]).max(axis=1)


def stroke_distances(reader: Reader, strokes: np.ndarray) -> np.ndarray:
    """The length of each image's difference of strokes (n, 1024), in units of drawn images' deviation: (n,)."""
    return np.sqrt(((strokes / reader.calibration["stroke_scale"]) ** 2).mean(axis=1))


DISTANCES = {"features": distances, "colors": color_distances, "strokes": stroke_distances}


def scores(reader: Reader, found: tuple) -> np.ndarray:
    """What `differences` gives as one number: (n,), up to 1 for an image that keeps the rules.

    It is the largest of the three distances: each in units of what 95 % of drawn images keep, then all together
    likewise. Among so many features, colours and the ends of strokes would hardly count.
    """
    each = [
        distance(reader, difference) / reader.calibration[f"threshold_{kind}"]
        for (kind, distance), difference in zip(DISTANCES.items(), found, strict=True)
    ]
    return np.max(each, axis=0) / reader.calibration["threshold"]


def calibrate(reader: Reader, rules, seed: int = 2) -> None:
    """Set a reader's scale by drawn images: the metric by one half, the distance that 95 % keep by the other.

    Args:
        reader: just taught, or loaded; its `calibration` is written.
        rules: the rule set.
        seed: of the drawn images; reports draw others.
    """
    rng = np.random.default_rng(seed)
    _, images = draw_many(rules, CALIBRATED, rng, "Drawing images to calibrate by")
    reading = reader.read(images)
    scale = reading.features.std(axis=0)
    reader.calibration["scale"] = np.maximum(scale, 0.05 * scale.mean()).astype(np.float32)
    found = differences(reader, reading, rules, rng)
    half = CALIBRATED // 2
    first, second = ([one[part] for one in found] for part in (slice(half), slice(half, None)))
    centred = first[0].astype(np.float64)
    variances, directions = np.linalg.eigh(centred.T @ centred / half)  # ascending
    count = min(DIRECTIONS, len(variances) // 2)
    rest = max(variances[:-count].mean(), FAINTEST)
    reader.calibration |= {
        "directions": directions[:, -count:].T.astype(np.float32),
        "variances": np.maximum(variances[-count:], rest).astype(np.float32),
        "rest": np.float32(rest),
        "color_scale": np.sqrt((first[1] ** 2).mean(axis=0) + LEVELS**2).astype(np.float32),
        "stroke_scale": np.sqrt((first[2] ** 2).mean(axis=0) + RARE**2).astype(np.float32),
        "threshold": np.float32(1),
        "closed": np.float32(1),  # the last bin of a number holds its greatest value
    }
    for (kind, distance), difference in zip(DISTANCES.items(), second, strict=True):
        reader.calibration[f"threshold_{kind}"] = np.float32(
            max(np.quantile(distance(reader, difference), PASSED), SMALLEST)
        )
    reader.calibration["threshold"] = np.float32(max(np.quantile(scores(reader, second), PASSED), SMALLEST))
    reader.calibration |= {f"drawn_{name}": shares for name, shares in histograms(reader, reading).items()}
    reader.calibration["drawn_together"] = dependence(reader, reading).astype(np.float32)


# How parameters are spread, and what they tell of each other ------------------------------------------------------


def binned(reader: Reader, reading: Reading) -> dict[str, np.ndarray]:
    """Readings as numbers of bins, {name: int (n,)}: one a class; sixteen a number, and one on either side."""
    found = {}
    for one in reader.read_parameters:
        if not one.readable:
            continue
        values = reading.values[one.name]
        if one.kind == "class":
            found[one.name] = np.searchsorted(one.values, values)
        else:
            edges = one.low + (one.high - one.low) * np.linspace(0, 1, BINS + 1)
            if "closed" in reader.calibration:  # readers from before this counted the greatest value as beyond
                edges[-1] = np.nextafter(one.high, np.inf)
            found[one.name] = np.digitize(values, edges)
    return found


def bins_of(one) -> int:
    """How many bins a parameter has."""
    return len(one.values) if one.kind == "class" else BINS + 2


def outside(one, values: np.ndarray) -> float:
    """The share of a number's readings that lie beyond what `sample` gives; 0 for a class."""
    return float(np.mean((values < one.low) | (values > one.high))) if one.kind == "number" else 0.0


def histograms(reader: Reader, reading: Reading) -> dict[str, np.ndarray]:
    """The share of images in each bin, {name: float32 (bins,)}."""
    sizes = {one.name: bins_of(one) for one in reader.read_parameters}
    return {
        name: (np.bincount(bins, minlength=sizes[name]) / len(bins)).astype(np.float32)
        for name, bins in binned(reader, reading).items()
    }


def dependence(reader: Reader, reading: Reading) -> np.ndarray:
    """Bits that each two readable parameters tell of each other, float (p, p), zero on the diagonal.

    Finite samples tell some bits by chance; the expectation of that, (a - 1)(b - 1) / (2 n ln 2), is taken away.
    """
    many = {one.name for one in reader.read_parameters if bins_of(one) > 11}
    coarse = {name: bins // 3 if name in many else bins for name, bins in binned(reader, reading).items()}
    names, n = list(coarse), len(reading.features)
    told = np.zeros((len(names), len(names)))
    for i, one in enumerate(names):
        for j in range(i):
            a, b = coarse[one], coarse[names[j]]
            bits, used = mutual_information(a, b), (len(np.unique(a)) - 1) * (len(np.unique(b)) - 1)
            told[i, j] = told[j, i] = max(0.0, bits - used / (2 * n * np.log(2)))
    return told


# The report ----------------------------------------------------------------------------------------------------------


def against_reader(images: np.ndarray, rules, reader: Reader, seed: int = 0) -> dict:
    """Hold images against a rule set by its reader.

    Args:
        images: (n, h, w, c) or (n, h, w), uint8 or float in [-1, 1].
        rules: the rule set.
        reader: its reader, calibrated.
        seed: of the redraws.

    Returns:
        Dict of plain values:

        - "adherence": "all", the share of images that keep the rules; "drawn", that of drawn images, 0.95, measured on
          200 where the images have another form than the reader was calibrated on, 128 x 128 in colour; "distance", the
          median distance to the nearest redraw in units of the greatest that still keeps the rules.
        - "parameters": for each readable one "score", the reader's on held-out images; "values" of a class, "low" and
          "high" of a number; "divergence" in bits (0 to 1) between what is read on these images and on drawn ones;
          "outside", the share of numbers that lie beyond what `sample` gives; "shares" and "drawn", the histograms.
        - "unread": names of the parameters that cannot be read, and of those that are pure chance.
        - "together": the pair of parameters that tell most more of each other than by the rules, "names" and "bits".
        - "class_distance", where every parameter can be read and none is chance: "median", the peak signal-to-noise
          ratio in decibels of each image and the nearest that the rules draw, see `nearness`; "identical", the share of
          equal ones.
    """
    images, reading = as_batch(images), reader.read(images)
    form = images.shape[1:]
    found = scores(reader, differences(reader, reading, rules, seed, form=form))
    shares = histograms(reader, reading)
    parameters = {}
    for one in reader.read_parameters:
        if not one.readable:
            continue
        drawn = reader.calibration[f"drawn_{one.name}"]
        own = shares[one.name]
        parameters[one.name] = {
            "score": one.score,
            "values": list(one.values),
            "low": one.low,
            "high": one.high,
            "divergence": jensen_shannon(own.astype(float), drawn.astype(float)),
            "outside": outside(one, reading.values[one.name]),
            "shares": own.tolist(),
            "drawn": drawn.tolist(),
        }
    names = list(parameters)
    excess = dependence(reader, reading) - reader.calibration["drawn_together"]
    together = {"names": [], "bits": 0.0}
    if len(names) > 1:
        i, j = np.unravel_index(np.argmax(excess), excess.shape)
        together = {"names": [names[j], names[i]], "bits": float(max(0.0, excess[i, j]))}
    whole = all(one.readable for one in reader.parameters)
    return {
        "adherence": {
            "all": float(np.mean(found <= 1)),
            "drawn": PASSED if form == FORM else _share_of_drawn(reader, rules, form, seed),
            "distance": float(np.median(found)),
        },
        "parameters": parameters,
        "unread": [one.name for one in reader.parameters if not one.readable],
        "together": together,
        **({"class_distance": nearness(images, rules, reader, reading)} if whole else {}),
    }


def _share_of_drawn(reader: Reader, rules, form: tuple[int, int, int], seed: int) -> float:
    """The share of drawn images that keep the rules in another form than the reader was calibrated on."""
    _, images = draw_many(rules, COMPARED, np.random.default_rng(seed + 1), "Drawing images to compare with")
    reading = reader.read(framed(images, form))
    return float(np.mean(scores(reader, differences(reader, reading, rules, seed, form=form)) <= 1))


def nearness(images: np.ndarray, rules, reader: Reader, reading: Reading) -> dict:
    """How near images are to the nearest one that rules without chance can draw, as far as it is found.

    The search begins at what was read and tries, for one parameter after the other, the neighbouring values of a number
    and all values of a class, twice over.

    Returns:
        Dict: "median", the peak signal-to-noise ratio in decibels; "identical", the share of equal images.
    """
    images = as_rgb(images)
    best = {
        one.name: np.clip(reading.values[one.name], one.low, one.high).astype(reading.values[one.name].dtype)
        for one in reader.read_parameters  # a reading may lie beyond what the rules can draw
    }

    def errors(values):
        drawn = framed(draw_checked(rules, as_sampled(rules, values), images.shape[1]), images.shape[1:])
        return ((drawn.astype(np.float32) - images) ** 2).mean(axis=(1, 2, 3)), drawn

    least, nearest = errors(best)
    for one in 2 * [one for one in reader.read_parameters if one.readable]:
        for value in _alternatives(one, best[one.name], reading.deviations.get(one.name)):
            error, drawn = errors(best | {one.name: value})
            better = error < least
            least, nearest[better] = np.where(better, error, least), drawn[better]
            best[one.name] = np.where(better, value, best[one.name])
    ratios = psnr_each(images, nearest)
    return {"median": float(np.median(ratios)), "identical": float(np.mean(ratios >= IDENTICAL))}


def _alternatives(one, values, deviations):
    """Other values (n,) of a parameter to try beside those given."""
    if one.kind == "class":
        return [np.full_like(values, value) for value in one.values]
    steps = np.ones(len(values), values.dtype) if one.whole else deviations / 2
    return [np.clip(values + count * steps, one.low, one.high).astype(values.dtype) for count in (-2, -1, 1, 2)]
