"""Quality of enlarged images against the true ones: PSNR, SSIM and edge width."""

import numpy as np

from utils.images import psnr

STEP = 64  # smallest rise of a measured edge, in levels of 255
REACH = 8  # pixels on either side of an edge in which the true image must be flat
FLAT = 4  # largest difference of flat pixels, in levels of 255


def ssim(true: np.ndarray, picture: np.ndarray) -> float:
    """Structural similarity of the brightness (Wang et al. 2004), with a Gaussian window of standard deviation 1.5.

    Args:
        true, picture: uint8 (h, w, 3).

    Returns:
        A float, at most 1, which equal images have.
    """
    from scipy.ndimage import gaussian_filter

    def smooth(values: np.ndarray) -> np.ndarray:
        return gaussian_filter(values, 1.5, truncate=3.5)

    x, y = (np.asarray(image, np.float32) @ np.float32([0.299, 0.587, 0.114]) for image in (true, picture))
    mean_x, mean_y = smooth(x), smooth(y)
    variances = smooth(x * x) - mean_x**2 + smooth(y * y) - mean_y**2
    covariance = smooth(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    ratio = (2 * mean_x * mean_y + c1) * (2 * covariance + c2) / ((mean_x**2 + mean_y**2 + c1) * (variances + c2))
    return float(ratio.mean())


def edge_width(true: np.ndarray, picture: np.ndarray) -> float:
    """The width of edges that are sharp in the true image, from 10 to 90 % of the step.

    It is measured across all vertical and horizontal edges of the true image that rise by 64 levels or more within one
    pixel and are flat for 8 pixels on either side.

    Args:
        true, picture: uint8 (h, w, 3).

    Returns:
        The mean number of pixels between 10 and 90 % of the step, a float; 0 for perfectly sharp edges, NaN if the true
        image has no such edge.
    """
    widths = []
    for axes in ((0, 1, 2), (1, 0, 2)):
        x, y = (np.asarray(image).transpose(axes).astype(np.float32).max(axis=2) for image in (true, picture))
        jump = np.diff(x, axis=1)  # (h, w - 1)
        flat_steps = np.abs(jump) <= FLAT
        rows, columns = np.nonzero(np.abs(jump) >= STEP)
        inside = (columns >= REACH) & (columns < jump.shape[1] - REACH)
        rows, columns = rows[inside], columns[inside]
        offsets = np.arange(-REACH, REACH + 1)
        flat = flat_steps[rows[:, None], columns[:, None] + offsets[offsets != 0]].all(axis=1)
        rows, columns = rows[flat], columns[flat]
        window = columns[:, None] + np.arange(-REACH + 1, REACH + 1)  # half of them before the edge, half after
        before, after = x[rows, columns][:, None], x[rows, columns + 1][:, None]
        relative_rise = (y[rows[:, None], window] - before) / (after - before)
        widths.append(((relative_rise > 0.1) & (relative_rise < 0.9)).sum(axis=1))
    widths = np.concatenate(widths)
    return float(widths.mean()) if len(widths) else float("nan")


def measure_upscaler(upscaler, kind: str, n: int = 32, seed: int = 2**31) -> dict[str, float]:
    """Measure an upscaler on pairs with a known true enlargement.

    Args:
        upscaler: an `Upscaler`, of `utils.super_resolution.load_upscaler`.
        kind: a kind of pairs, see `utils.super_resolution.degradation.pairs`.
        n: number of pairs.
        seed: int, of the pairs; the default is held out from training.

    Returns:
        Dict of mean values: `psnr` in decibels (equal images count as 99), `ssim`, `edge_width` in pixels.
    """
    from utils.super_resolution.degradation import pairs
    from utils.super_resolution.upscaling import upscale

    small, large = pairs(n, kind, seed=seed)
    rows = [
        (min(psnr(true, picture), 99), ssim(true, picture), edge_width(true, picture))
        for true, picture in zip(large, upscale(small, upscaler, upscaler.scale), strict=True)
    ]
    return dict(zip(("psnr", "ssim", "edge_width"), np.nanmean(rows, axis=0).tolist(), strict=True))
