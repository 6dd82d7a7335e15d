"""What the rule sets share: antialiased pen strokes, and chance that can be written down as one number.

A stroke is a straight piece of line with round ends, on the canvas of 128 x 128 on which every rule counts. A pixel
takes as much ink as a window of one pixel around its centre, laid across the line, holds of it: the distance from the
centre to the line says so. Where strokes meet or cross, the darker one counts, so that the corners of a polygon close.
Only the pixels that a stroke can reach are looked at.
"""

import numpy as np

SIZE = 128  # width and height of the canvas on which positions and widths are counted
_BLOCK = 4096  # strokes drawn at once: what they need stays in the processor's cache


def coverage(strokes: np.ndarray, sheets: np.ndarray, count: int, size: int, width: float | np.ndarray) -> np.ndarray:
    """Draw strokes onto sheets and say how much of each pixel they cover.

    Args:
        strokes: float (m, 4), the two ends x0, y0, x1, y1 of each, counted from the top left corner of the canvas
            (0 to 128, whatever the size). What lies outside of the canvas is cut off.
        sheets: int (m,), the sheet, 0 to count - 1, on which each is drawn.
        count: how many sheets there are.
        size: width and height of a sheet in pixels.
        width: of the strokes, on the canvas: one for all, or one each, (m,).

    Returns:
        float32 (count, size, size) in 0..1.
    """
    covered = np.zeros(count * size * size, np.float32)
    ends = np.asarray(strokes, np.float64).reshape(-1, 4) * (size / SIZE)
    widths = np.broadcast_to(np.asarray(width, np.float64) * (size / SIZE), len(ends))
    for start in range(0, len(ends), _BLOCK):
        block = slice(start, start + _BLOCK)
        _draw(covered, ends[block], np.asarray(sheets)[block] * size * size, size, widths[block])
    return covered.reshape(count, size, size)


def _draw(covered: np.ndarray, ends: np.ndarray, offsets: np.ndarray, size: int, widths: np.ndarray) -> None:
    """Draw strokes, in pixels, into the flat array of all sheets."""
    # Along u, the direction in which a stroke goes further, it is walked pixel by pixel; v lies across.
    steep = np.abs(ends[:, 3] - ends[:, 1]) > np.abs(ends[:, 2] - ends[:, 0])
    u0, v0, u1, v1 = np.where(steep[:, None], ends[:, [1, 0, 3, 2]], ends).T
    backwards = u1 < u0
    u0, u1 = np.where(backwards, u1, u0), np.where(backwards, u0, u1)
    v0, v1 = np.where(backwards, v1, v0), np.where(backwards, v0, v1)
    length = np.hypot(u1 - u0, v1 - v0)
    along_u = np.where(length > 0, (u1 - u0) / np.maximum(length, 1e-12), 1.0)  # the direction, of length 1
    along_v = (v1 - v0) / np.maximum(length, 1e-12)

    reach = widths / 2 + 0.5  # from the middle of the stroke to the centre of the last pixel that it touches
    first = np.clip(np.floor(u0 - reach), 0, size).astype(np.int64)
    steps = np.clip(np.ceil(u1 + reach), 0, size).astype(np.int64) - first
    steps = np.maximum(steps, 0)
    one = np.repeat(np.arange(len(ends)), steps)  # which stroke, for each of its pixels along u: (e,)
    u = np.arange(len(one)) - np.repeat(np.cumsum(steps) - steps, steps) + first[one]

    from_start = u + 0.5 - u0[one]
    middle = v0[one] + np.clip(from_start, 0, (u1 - u0)[one]) * (along_v / along_u)[one]
    across = reach / along_u  # how far a stroke reaches in the direction of v; at most reach * sqrt(2)
    low = np.ceil(middle - across[one] - 0.5).astype(np.int64)
    window = int(np.ceil(2 * across.max(initial=0))) + 1

    v = low[:, None] + np.arange(window)  # (e, window)
    beside = (low + 0.5 - v0[one])[:, None] + np.arange(window)
    beside, from_start = beside.astype(np.float32), from_start.astype(np.float32)[:, None]
    along_u, along_v, length, reach, most = (
        values.astype(np.float32)[one, None] for values in (along_u, along_v, length, reach, np.minimum(widths, 1))
    )
    apart = along_u * beside - along_v * from_start  # distance from the endless line
    gone = along_u * from_start + along_v * beside  # how far along the stroke
    beyond = gone - np.clip(gone, 0, length)  # how far past one of its ends
    ink = np.minimum(reach - np.sqrt(apart * apart + beyond * beyond), most)

    place = np.where(steep, size, 1)[one] * u + offsets[one]
    place = place[:, None] + np.where(steep, 1, size)[one, None] * v
    there = (ink > 0) & (v >= 0) & (v < size)
    np.maximum.at(covered, place[there], ink[there])


def outlines(corners: np.ndarray) -> np.ndarray:
    """Give closed polygons, float (m, corners, 2), as strokes: (m, corners, 4), each from a corner to the next one."""
    return np.concatenate([corners, np.roll(corners, -1, axis=1)], axis=2)


def ink(covered: np.ndarray, color: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Lay ink on paper, or on what is drawn there already.

    Args:
        covered: float (n, size, size) in 0..1, as `coverage` gives it.
        color: of the ink, 0..255: (3,) for all images, or (n, 3).
        paper: its colour, (3,) or (n, 3), or images to draw on, (n, size, size, 3).

    Returns:
        uint8 (n, size, size, 3).
    """
    n, size, _ = covered.shape
    colors = np.broadcast_to(np.asarray(color, np.float32), (n, 3))
    papers = paper if np.ndim(paper) == 4 else np.broadcast_to(paper, (n, 3))
    images = np.empty((n, size, size, 3), np.uint8)
    for image, cover, one, ground in zip(images, covered, colors, papers, strict=True):
        ground = ground.astype(np.float32)
        image[:] = np.rint(ground + (one - ground) * cover[..., None])
    return images
