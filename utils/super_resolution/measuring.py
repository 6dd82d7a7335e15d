"""How near an enlarged picture comes to the true one: PSNR, SSIM, and how wide its edges are."""

import numpy as np

from utils.images import psnr

STEP = 64  # levels of 255 that an edge must rise by to be measured
REACH = 8  # pixels on either side of an edge in which the true picture must be flat
FLAT = 4  # levels of 255 that count as flat


def ssim(true: np.ndarray, picture: np.ndarray) -> float:
    """Structural similarity of the brightness (Wang et al. 2004), with their Gaussian window of deviation 1.5.

    Args:
        true, picture: uint8 (h, w, 3).

    Returns:
        At most 1, for equal pictures.
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
    """How many pixels a picture takes from 10 to 90 % of a step that is sharp in the true one.

    Measured across every upright and level edge of the true picture that rises by 64 levels or more at once and is
    flat for 8 pixels on either side.

    Args:
        true, picture: uint8 (h, w, 3).

    Returns:
        The mean number of pixels that lie between 10 and 90 % of the step, 0 for edges as sharp as pixels allow; NaN
        where the true picture has no such edge.
    """
    widths = []
    for axes in ((0, 1, 2), (1, 0, 2)):
        x, y = (np.asarray(image).transpose(axes).astype(np.float32).max(axis=2) for image in (true, picture))
        jump = np.diff(x, axis=1)  # (h, w - 1)
        calm = np.abs(jump) <= FLAT
        rows, columns = np.nonzero(np.abs(jump) >= STEP)
        inside = (columns >= REACH) & (columns < jump.shape[1] - REACH)
        rows, columns = rows[inside], columns[inside]
        around = np.arange(-REACH, REACH + 1)
        flat = calm[rows[:, None], columns[:, None] + around[around != 0]].all(axis=1)
        rows, columns = rows[flat], columns[flat]
        window = columns[:, None] + np.arange(-REACH + 1, REACH + 1)  # half of them before the edge, half behind
        before, behind = x[rows, columns][:, None], x[rows, columns + 1][:, None]
        risen = (y[rows[:, None], window] - before) / (behind - before)
        widths.append(((risen > 0.1) & (risen < 0.9)).sum(axis=1))
    widths = np.concatenate(widths)
    return float(widths.mean()) if len(widths) else float("nan")


def measure_upscaler(upscaler, kind: str, n: int = 32, seed: int = 2**31) -> dict[str, float]:
    """Enlarge pictures whose true enlargement is known, and say how near it comes.

    Args:
        upscaler: what `utils.super_resolution.load_upscaler` gives.
        kind: a kind of pairs, see `utils.super_resolution.degradation.pairs`.
        n: how many.
        seed: of the pairs; the default is held out from training.

    Returns:
        Dict of the means: `psnr` in decibels (a picture that is equal counts as 99), `ssim`, `edge_width` in pixels.
    """
    from utils.super_resolution.degradation import pairs
    from utils.super_resolution.upscaling import upscale

    small, large = pairs(n, kind, seed=seed)
    rows = [
        (min(psnr(true, picture), 99), ssim(true, picture), edge_width(true, picture))
        for true, picture in zip(large, upscale(small, upscaler, upscaler.scale), strict=True)
    ]
    return dict(zip(("psnr", "ssim", "edge_width"), np.nanmean(rows, axis=0).tolist(), strict=True))
