"""Distances between batches of images, for any data set.

Two distances between batches, both 0 up to chance for batches of one source:

- the sliced Wasserstein distance: the points of both batches are projected onto random directions, on each of which the
  distance of the sorted projections is exact; of patches of 7 x 7 for the texture, of whole images at 16 x 16 for the
  layout;
- the kernel distance: the unbiased squared maximum mean discrepancy with the polynomial kernel of the kernel inception
  distance (Binkowski et al. 2018), on features of a small convolutional network with fixed random weights in place of a
  trained one, so that nothing is downloaded and no data set is favoured.

On the same features, the coverage and density of a data set by a batch (Naeem et al. 2020, "Reliable Fidelity and
Diversity Metrics for Generative Models", who recommend random features for images that are no photographs).

Distances within a batch, and between an image and a batch, are root mean square differences at 32 x 32, in units of
full brightness.
"""

from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter

from utils.progress import tqdm
from utils.reading.shrinking import as_batch, as_rgb, shrink

SMALL = 32  # side at which single images are compared, in pixels
CLEAR_DIFFERENCE = 0.05  # distance of clearly different images: a blue line moved by 2 pixels, a white one by 1
PATCH, PATCHES = 7, 16  # side of patches, and their number per image
LAYOUT = 16  # side of whole images in the layout distance, in pixels
DIRECTIONS = 128
REFERENCE_PIECE = 4096  # reference images that are shrunk at once
NEIGHBOURS = 5  # the k of coverage and density, as in the paper
FEATURE_SIZE = 64  # side of the random network's input, in pixels
FILTERS = ((5, 32), (3, 64), (3, 128))  # kernel size and filters of its layers, each with stride 2
NETWORK_SEED, NOISE_IMAGES = 2022, 128  # of the random network and of the images that normalise its features


def small_vectors(images: np.ndarray, desc: str = "Shrinking images") -> np.ndarray:
    """Turn images into points for root mean square distances.

    Args:
        images: (n, h, w, c) or (n, h, w), uint8 or float in [-1, 1].
        desc: label of the progress bar.

    Returns:
        float32 (n, 32 * 32 * 3), scaled so that Euclidean distances are root mean squares from 0 to 1.
    """
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
    """The diversity of a batch: how different its images are from each other.

    Args:
        images: (n, h, w, c) or (n, h, w), uint8 or float in [-1, 1], at least 2.
        most: largest number of images that are compared, the first of the batch.

    Returns:
        Dict: "images", the number compared; "distance", the mean distance of two of them; "different", the number that
        a greedy selection picks, from the first on, so that each is clearly different (0.05 or more) from all others.

    Raises:
        ValueError: fewer than 2 images.
    """
    points = small_vectors(_at_least_two(images)[:most])
    distances = distances_between(points, points)
    n = len(points)
    picked: list[int] = []
    for i in range(n):
        if not picked or distances[i, picked].min() >= CLEAR_DIFFERENCE:
            picked.append(i)
    upper = distances[np.triu_indices(n, k=1)]
    return {"images": n, "distance": float(upper.mean()), "different": len(picked)}


def nearest_distances(images: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The distance of each image to the nearest reference image.

    Args:
        images: (n, h, w, c) or (n, h, w), uint8 or float in [-1, 1].
        reference: the same, of any size, or its `small_vectors`, float (m, 3072).

    Returns:
        float64 (n,).
    """
    return smallest_distances(small_vectors(images), reference, 1)[:, 0]


def smallest_distances(points: np.ndarray, reference: np.ndarray, count: int) -> np.ndarray:
    """The distances of points to their nearest reference images, which are shrunk a piece at a time.

    Args:
        points: `small_vectors` of images, float (n, 3072).
        reference: as in `nearest_distances`. Of 60,000 images, 100 MB are in memory at once rather than 2.4 GB.
        count: number of distances, at most that of the reference images.

    Returns:
        float64 (n, count), the smallest first.
    """
    smallest = np.full((len(points), count), np.inf)
    with tqdm(total=len(reference), desc="Comparing with the reference", unit="image", delay=2, leave=False) as bar:
        for start in range(0, len(reference), REFERENCE_PIECE):
            piece = reference[start : start + REFERENCE_PIECE]
            others = piece if np.ndim(piece) == 2 else small_vectors(piece)
            for i in range(0, len(points), 256):
                both = np.concatenate([smallest[i : i + 256], distances_between(points[i : i + 256], others)], axis=1)
                smallest[i : i + 256] = np.partition(both, count - 1, axis=1)[:, :count]
            bar.update(len(piece))
    return np.sort(smallest, axis=1)


def sliced_wasserstein(images: np.ndarray, reference: np.ndarray, seed: int = 0) -> dict[str, float]:
    """Measure the sliced Wasserstein distance of two batches, at two scales.

    Args:
        images: (n, h, w, c) or (n, h, w), uint8 or float in [-1, 1], at least 2.
        reference: the same; it is resized to the size of `images`.
        seed: int, of the patches and directions.

    Returns:
        Dict: "texture", of patches of 7 x 7 at the images' own size, and "layout", of whole images at 16 x 16: means
        over 128 directions, in units of full brightness.

    Raises:
        ValueError: fewer than 2 images in a batch.
    """
    images, reference = _same_shape(images, reference)
    rng = np.random.default_rng(seed)
    texture = [_patches(batch, np.random.default_rng(rng.integers(2**32))) for batch in (images, reference)]
    layout = [shrink(batch, LAYOUT).reshape(len(batch), -1) / 255 for batch in (images, reference)]
    return {"texture": _sliced(*texture, rng), "layout": _sliced(*layout, rng)}


def kernel_distance(images: np.ndarray, reference: np.ndarray, most: int = 1000) -> float:
    """Measure the kernel distance of two batches on features of the fixed random network.

    About 100 images in each batch are needed for a stable figure (benchmarks/LOG.md, "Kernel distance").

    Args:
        images: (n, h, w, c) or (n, h, w), uint8 or float in [-1, 1], at least 2; or their `random_features`, float
            (n, 736).
        reference: the same, of any size.
        most: largest number of images of each batch that are compared, the first ones.

    Returns:
        The unbiased estimate of the squared maximum mean discrepancy, a float: around 0, sometimes negative, for
        batches of one source.

    Raises:
        ValueError: fewer than 2 images in a batch.
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
    """Measure the coverage and density of a data set by a batch of images (Naeem et al. 2020).

    The neighbourhood of a reference image reaches to its fifth nearest reference image; it is covered if it contains
    one of the images. If half of the kinds of images are missing, half of the data set is covered where the kinds are
    clearly separate, and more where they overlap.

    Args:
        images: (n, h, w, c) or (n, h, w), uint8 or float in [-1, 1], at least 2; or their `random_features`, float
            (n, 736). Several hundred give stable figures.
        reference: the same, of any size.
        neighbours: size of a neighbourhood; limited by the number of reference images.
        most: largest number of images of each batch that are compared, the first ones.

    Returns:
        Dict: "share", the share of covered reference images, 0 to 1; "expected", the mean share for as many images of
        the same source, whatever the source (0.97 for as many images as references, less for fewer); "density", the
        mean number of neighbourhoods that contain an image, divided by its expectation: about 1 for images among those
        of the reference, whether they cover it or not, 0 for images far from it.

    Raises:
        ValueError: fewer than 2 images in a batch.
    """
    points, others = _features(images, most), _features(reference, most)
    n, m = len(points), len(others)
    neighbours = min(neighbours, m - 1)
    reach = np.partition(distances_between(others, others), neighbours, axis=1)[:, neighbours]  # index 0 is itself
    near = distances_between(points, others) <= reach  # (n, m)
    # A reference image is not covered if the five nearest of all n + m - 1 other images are reference images. For one
    # source all choices of five are equally probable.
    missed = np.prod([(m - 1 - i) / (n + m - 1 - i) for i in range(neighbours)])
    return {
        "share": float(near.any(axis=0).mean()),
        "expected": float(1 - missed),
        "density": float(near.sum() / (n * neighbours)),
    }


def random_features(images: np.ndarray) -> np.ndarray:
    """The features of images in a small convolutional network with fixed random weights.

    Args:
        images: (n, h, w, c) or (n, h, w), uint8 or float in [-1, 1].

    Returns:
        float32 (n, 736): the mean of each filter of the three layers over the image, and of the last layer's filters
        over its four quarters; normalised to mean 0 and standard deviation 1 on random noise.
    """
    images = as_rgb(images)
    kernels, means, deviations = _network()
    out = np.empty((len(images), len(means)), np.float32)
    with tqdm(total=len(images), desc="Looking at images", unit="image", delay=2, leave=False) as bar:
        for start in range(0, len(images), 32):
            part = shrink(images[start : start + 32], FEATURE_SIZE) / np.float32(127.5) - 1
            out[start : start + 32] = (_filter_means(part, kernels) - means) / deviations
            bar.update(len(part))
    return out


def _features(batch: np.ndarray, most: int) -> np.ndarray:
    """The features of the first `most` images of a batch; features are passed through."""
    if np.ndim(batch) == 2 and len(batch) >= 2:
        return np.asarray(batch)[:most]
    return random_features(_at_least_two(batch)[:most])


@lru_cache(maxsize=1)
def _network() -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """The kernels of the network, (c * k * k, filters) each, and the mean and standard deviation of its features."""
    rng = np.random.default_rng(NETWORK_SEED)
    kernels, channels = [], 3
    for size, filters in FILTERS:
        fan_in = channels * size * size
        kernels.append((rng.standard_normal((fan_in, filters)) * np.sqrt(2 / fan_in)).astype(np.float32))
        channels = filters
    # Noise of random brightness, colour and grain on a random background, to span images of all kinds.
    grounds, contrasts = (
        rng.uniform(-1, 1, (NOISE_IMAGES, 1, 1, 3)),
        rng.uniform(0, 1, (NOISE_IMAGES, 1, 1, 1)),
    )
    noise = [
        gaussian_filter(rng.standard_normal((FEATURE_SIZE, FEATURE_SIZE, 3)), (grain, grain, 0))
        for grain in rng.uniform(0, 8, NOISE_IMAGES)
    ]
    noise = np.stack([sample / sample.std() for sample in noise])
    features = _filter_means(np.clip(grounds + contrasts * noise, -1, 1).astype(np.float32), kernels)
    return kernels, features.mean(axis=0), features.std(axis=0)


def _filter_means(images: np.ndarray, kernels: list[np.ndarray]) -> np.ndarray:
    """The network's features before normalisation: float32 (n, 64, 64, 3) -> (n, 736)."""
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
    """The sliced Wasserstein distance of two point sets, (n, d) and (m, d)."""
    directions = rng.standard_normal((points.shape[1], DIRECTIONS)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=0)
    a, b = (np.sort(sample @ directions, axis=0) for sample in (points, others))
    if len(a) != len(b):  # interpolate the longer at as many quantiles as the shorter has
        short, long = sorted((a, b), key=len)
        positions = (np.arange(len(short)) + 0.5) / len(short) * len(long) - 0.5
        below = np.floor(positions).astype(int).clip(0, len(long) - 2)
        share = (positions - below)[:, None]
        a, b = short, long[below] * (1 - share) + long[below + 1] * share
    return float(np.abs(a - b).mean())


def _patches(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Take 16 patches from random positions of each image: float32 (n * 16, 7 * 7 * c) in 0..1."""
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


def _same_shape(images: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Resize the reference to the images' size, and convert both to colour if one is."""
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
