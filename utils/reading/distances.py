"""How far batches of images are from each other, for any data set: nothing here knows what a line is.

Two distances between batches, both of them 0 for batches from one source but for chance:

- the sliced Wasserstein distance: batches seen as clouds of points, thrown onto lines in random directions; on each
  the distance of the sorted points is exact. Of patches of 7 x 7 for the texture, of whole images at 16 x 16 for the
  layout.
- the kernel distance: the squared maximum mean discrepancy with the polynomial kernel of the kernel inception distance
  (Binkowski et al. 2018), in its unbiased form, on features of a small convolutional network with fixed random weights
  instead of a trained one, so that nothing is downloaded and no data set is favoured.

On the same features, the coverage of one batch by another: how much of what a data set holds is met by a network, and
how densely (Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative Models"; features of random
weights are among those that they advise where images are no photographs).

Within a batch, and between an image and a batch: root mean square differences at 32 x 32, in parts of full brightness.
"""

from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter

from utils.progress import tqdm
from utils.reading.shrinking import as_batch, as_rgb, shrink

SMALL = 32  # pixels a side at which images are compared one by one
CLEARLY = (
    0.05  # difference from which two images are clearly different: a blue line moved by 2 pixels, a white one by 1
)
PATCH, PATCHES = 7, 16  # side and number of patches taken from an image
LAYOUT = 16  # pixels a side of whole images
DIRECTIONS = 128
NEIGHBOURS = 5  # the k of coverage and density, as in their paper
SIGHT = 64  # pixels a side that the random network sees
FILTERS = ((5, 32), (3, 64), (3, 128))  # kernel size and filters of its layers, each with stride 2
NETWORK_SEED, CLOUDS = 2022, 128  # the network is the same everywhere, and so are the images that set its scale


def small_vectors(images: np.ndarray, desc: str = "Shrinking images") -> np.ndarray:
    """Give images as points: float32 (n, 32 * 32 * 3), scaled so that distances are root mean squares in 0..1."""
    images = as_rgb(images)
    out = np.empty((len(images), SMALL * SMALL * 3), np.float32)
    with tqdm(total=len(images), desc=desc, unit="image", delay=2, leave=False) as bar:
        for start in range(0, len(images), 256):
            part = shrink(images[start : start + 256], SMALL)
            out[start : start + 256] = part.reshape(len(part), -1)
            bar.update(len(part))
    return out / np.float32(255 * np.sqrt(out.shape[1]))


def distances_between(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Euclidean distances of points (n, d) to others (m, d): float64 (n, m)."""
    squared = (points**2).sum(axis=1, dtype=np.float64)[:, None] + (others**2).sum(axis=1, dtype=np.float64)
    return np.sqrt(np.maximum(squared - 2 * (points @ others.T).astype(np.float64), 0))


def diversity(images: np.ndarray, most: int = 1000) -> dict[str, float]:
    """Say how different the images of a batch are from each other.

    Args:
        images: (n, h, w, c) or (n, h, w), uint8 or float in [-1, 1], at least 2; of more than `most` the first.
        most: how many are compared.

    Returns:
        "images", how many were compared; "distance", the mean distance of two of them; "different", how many can be
        picked, from the first on, so that each is clearly different (0.05 or more) from all picked before.
    """
    points = small_vectors(_at_least_two(images)[:most])
    distances = distances_between(points, points)
    n = len(points)
    picked: list[int] = []
    for i in range(n):
        if not picked or distances[i, picked].min() >= CLEARLY:
            picked.append(i)
    upper = distances[np.triu_indices(n, k=1)]
    return {"images": n, "distance": float(upper.mean()), "different": len(picked)}


def nearest_distances(images: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The distance of each image to the nearest of the reference, as float64 (n,); their sizes may differ.

    Args:
        images: (n, h, w, c) or (n, h, w), uint8 or float in [-1, 1].
        reference: the same, or points of it that `small_vectors` gave, float (m, 3072).
    """
    points = small_vectors(images)
    others = reference if np.ndim(reference) == 2 else small_vectors(reference, "Shrinking the reference")
    return np.concatenate(
        [distances_between(points[i : i + 256], others).min(axis=1) for i in range(0, len(points), 256)]
    )


def sliced_wasserstein(images: np.ndarray, reference: np.ndarray, seed: int = 0) -> dict[str, float]:
    """Measure the sliced Wasserstein distance of two batches, at two scales.

    Args:
        images: (n, h, w, c) or (n, h, w), uint8 or float in [-1, 1], at least 2.
        reference: the same; brought to the size of `images`, grey or colour as it may be.
        seed: for the patches and directions.

    Returns:
        "texture", of patches of 7 x 7 at the images' own size, and "layout", of whole images at 16 x 16: means over 128
        directions, in parts of full brightness.
    """
    images, reference = _alike(images, reference)
    rng = np.random.default_rng(seed)
    texture = [_patches(batch, np.random.default_rng(rng.integers(2**32))) for batch in (images, reference)]
    layout = [shrink(batch, LAYOUT).reshape(len(batch), -1) / 255 for batch in (images, reference)]
    return {"texture": _sliced(*texture, rng), "layout": _sliced(*layout, rng)}


def kernel_distance(images: np.ndarray, reference: np.ndarray, most: int = 1000) -> float:
    """Measure the kernel distance of two batches on features of the fixed random network.

    It needs some 100 images in each batch to hold still. Two batches of three lines, drawn by the same rules, are at 0
    give or take (standard deviation of 60 pairs) 1.1 with 10 images each, 0.24 with 30, 0.08 with 100, 0.03 with 300,
    0.01 with 1,000; the same lines with red and blue exchanged are at 0.75.

    Args:
        images: (n, h, w, c) or (n, h, w), uint8 or float in [-1, 1], at least 2; of more than `most` the first. Or
            features of them that `random_features` gave, float (n, 736).
        reference: the same; sizes may differ.
        most: how many of each are compared.

    Returns:
        The unbiased estimate of the squared maximum mean discrepancy: around 0, now and then below it by chance, for
        batches from one source.
    """
    x, y = (_features(batch, most).astype(np.float64) for batch in (images, reference))

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a @ b.T / a.shape[1] + 1) ** 3

    def without_itself(a: np.ndarray) -> float:
        values = kernel(a, a)
        return (values.sum() - np.trace(values)) / (len(a) * (len(a) - 1))

    return float(without_itself(x) + without_itself(y) - 2 * kernel(x, y).mean())


def coverage(
    images: np.ndarray, reference: np.ndarray, neighbours: int = NEIGHBOURS, most: int = 1000
) -> dict[str, float]:
    """Say how much of a data set a batch of images meets (Naeem et al. 2020).

    Around each reference image lies its neighbourhood, which reaches as far as its fifth nearest fellow. It is covered
    if one of the images falls into it. Half the kinds of images missing, half is covered, if the kinds are clearly
    apart; where one goes over into the other, more is.

    Args:
        images: (n, h, w, c) or (n, h, w), uint8 or float in [-1, 1], at least 2; of more than `most` the first. Or
            features of them that `random_features` gave, float (n, 736). Several hundred for figures that hold still.
        reference: the same; sizes may differ.
        neighbours: the size of a neighbourhood; fewer where the reference has not so many.
        most: how many of each are compared.

    Returns:
        "share", that of reference images which are covered, 0 to 1; "expected", what a batch of that many
        images from the same source covers in the mean, whatever the source (0.97 for as many images as references,
        less for fewer); "density", in how many neighbourhoods an image lies, in parts of what is expected: about 1
        for images that lie among those of the reference, whether they cover it or not, 0 for images that lie apart.
    """
    points, others = _features(images, most), _features(reference, most)
    n, m = len(points), len(others)
    neighbours = min(neighbours, m - 1)
    reach = np.partition(distances_between(others, others), neighbours, axis=1)[:, neighbours]  # itself comes first
    near = distances_between(points, others) <= reach  # (n, m)
    # A reference image is missed if, of all n + m - 1 others, the five nearest are reference images. From one source
    # any five are as likely as any others.
    missed = np.prod([(m - 1 - i) / (n + m - 1 - i) for i in range(neighbours)])
    return {
        "share": float(near.any(axis=0).mean()),
        "expected": float(1 - missed),
        "density": float(near.sum() / (n * neighbours)),
    }


def random_features(images: np.ndarray) -> np.ndarray:
    """Describe images by a small convolutional network with fixed random weights.

    Args:
        images: (n, h, w, c) or (n, h, w), uint8 or float in [-1, 1].

    Returns:
        float32 (n, 736): the mean of each filter of the three layers over the image, and those of the last layer in its
        four quarters. On random clouds of any brightness and grain each has mean 0 and deviation 1.
    """
    images = as_rgb(images)
    kernels, means, deviations = _network()
    out = np.empty((len(images), len(means)), np.float32)
    with tqdm(total=len(images), desc="Looking at images", unit="image", delay=2, leave=False) as bar:
        for start in range(0, len(images), 32):
            part = shrink(images[start : start + 32], SIGHT) / np.float32(127.5) - 1
            out[start : start + 32] = (_see(part, kernels) - means) / deviations
            bar.update(len(part))
    return out


def _features(batch: np.ndarray, most: int) -> np.ndarray:
    """The features of the first images of a batch, or the first of features that are there already."""
    if np.ndim(batch) == 2 and len(batch) >= 2:
        return np.asarray(batch)[:most]
    return random_features(_at_least_two(batch)[:most])


@lru_cache(maxsize=1)
def _network() -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """The kernels of the network, (c * k * k, filters) each, and the mean and deviation of its features."""
    rng = np.random.default_rng(NETWORK_SEED)
    kernels, channels = [], 3
    for size, filters in FILTERS:
        fan_in = channels * size * size
        kernels.append((rng.standard_normal((fan_in, filters)) * np.sqrt(2 / fan_in)).astype(np.float32))
        channels = filters
    # Clouds of any brightness, colour and grain, on any ground from black to white: what images of all kinds span.
    grounds, contrasts = rng.uniform(-1, 1, (CLOUDS, 1, 1, 3)), rng.uniform(0, 1, (CLOUDS, 1, 1, 1))
    clouds = [
        gaussian_filter(rng.standard_normal((SIGHT, SIGHT, 3)), (grain, grain, 0))
        for grain in rng.uniform(0, 8, CLOUDS)
    ]
    clouds = np.stack([cloud / cloud.std() for cloud in clouds])
    features = _see(np.clip(grounds + contrasts * clouds, -1, 1).astype(np.float32), kernels)
    return kernels, features.mean(axis=0), features.std(axis=0)


def _see(images: np.ndarray, kernels: list[np.ndarray]) -> np.ndarray:
    """Send float32 (n, 64, 64, 3) through the network: its features as they come, (n, 736)."""
    features = []
    values = images
    for kernel, (size, filters) in zip(kernels, FILTERS, strict=True):
        padded = np.pad(values, ((0, 0), (size // 2, size // 2), (size // 2, size // 2), (0, 0)), mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))[:, ::2, ::2]
        n, height, width = windows.shape[:3]
        values = windows.reshape(n * height * width, -1) @ kernel
        values = np.maximum(values, 0.2 * values).reshape(n, height, width, filters)
        features.append(values.mean(axis=(1, 2)))
    half = values.shape[1] // 2
    for rows in (slice(None, half), slice(half, None)):
        for columns in (slice(None, half), slice(half, None)):
            features.append(values[:, rows, columns].mean(axis=(1, 2)))
    return np.concatenate(features, axis=1)


def _sliced(points: np.ndarray, others: np.ndarray, rng: np.random.Generator) -> float:
    """The sliced Wasserstein distance of two clouds, (n, d) and (m, d)."""
    directions = rng.standard_normal((points.shape[1], DIRECTIONS)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=0)
    a, b = (np.sort(cloud @ directions, axis=0) for cloud in (points, others))
    if len(a) != len(b):  # read the longer at as many places as the shorter has
        short, long = sorted((a, b), key=len)
        places = (np.arange(len(short)) + 0.5) / len(short) * len(long) - 0.5
        below = np.floor(places).astype(int).clip(0, len(long) - 2)
        share = (places - below)[:, None]
        a, b = short, long[below] * (1 - share) + long[below + 1] * share
    return float(np.abs(a - b).mean())


def _patches(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Take 16 patches from random places of each image: float32 (n * 16, 7 * 7 * c) in 0..1."""
    n, height, width, _ = images.shape
    side = min(PATCH, height, width)
    rows = rng.integers(0, height - side + 1, (n, PATCHES))
    columns = rng.integers(0, width - side + 1, (n, PATCHES))
    steps = np.arange(side)
    patches = images[
        np.arange(n)[:, None, None, None],
        (rows[..., None] + steps)[..., :, None],
        (columns[..., None] + steps)[..., None, :],
    ]
    return patches.reshape(n * PATCHES, -1).astype(np.float32) / 255


def _alike(images: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bring the reference to the images' size, and both to colour if one is."""
    images, reference = _at_least_two(images), _at_least_two(reference)
    if images.shape[-1] != reference.shape[-1]:
        images, reference = as_rgb(images), as_rgb(reference)
    if images.shape[1:] != reference.shape[1:]:
        reference = np.rint(shrink(reference, *images.shape[1:3])).astype(np.uint8)
    return images, reference


def _at_least_two(images: np.ndarray) -> np.ndarray:
    images = as_batch(images)
    if len(images) < 2:
        raise ValueError(f"there is {len(images)} image; distances within and between batches need at least 2 in each")
    return images
