"""Antialiased pen strokes, shared by the rule sets.

A stroke is a line segment with round ends, on the canvas of 128 x 128 on which all rules define positions. The coverage
of a pixel is the overlap of the stroke with a window of one pixel across the line, computed from the distance of the
pixel's centre to the segment. Where strokes meet or cross, the larger coverage counts, so that the corners of a polygon
are closed. Only pixels near a stroke are computed.
"""

import numpy as np

SIZE = 128  # width and height of the canvas on which positions and widths are counted
_BLOCK = 4096  # strokes drawn at once, few enough for the CPU's cache


def coverage(strokes: np.ndarray, sheets: np.ndarray, count: int, size: int, width: float | np.ndarray) -> np.ndarray:
    """The coverage of the pixels of sheets by strokes.

    Args:
        strokes: float (m, 4), the ends x0, y0, x1, y1 of each stroke, from the top left corner of the canvas (0 to 128,
            whatever the size). Parts outside of the canvas are cut off.
        sheets: int (m,), the sheet of each stroke, 0 to count - 1.
        count: number of sheets.
        size: width and height of a sheet, in pixels.
        width: width of the strokes on the canvas: a float, or one for each stroke, (m,).

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
    """Draw strokes, in pixels, into the flat coverage array of all sheets."""
    # u is the axis along which a stroke extends further, and is sampled pixel by pixel; v is the other axis.
    steep = np.abs(ends[:, 3] - ends[:, 1]) > np.abs(ends[:, 2] - ends[:, 0])
    u0, v0, u1, v1 = np.where(steep[:, None], ends[:, [1, 0, 3, 2]], ends).T
    backwards = u1 < u0
    u0, u1 = np.where(backwards, u1, u0), np.where(backwards, u0, u1)
    v0, v1 = np.where(backwards, v1, v0), np.where(backwards, v0, v1)
    length = np.hypot(u1 - u0, v1 - v0)
    along_u = np.where(length > 0, (u1 - u0) / np.maximum(length, 1e-12), 1.0)  # the direction, of length 1
    along_v = (v1 - v0) / np.maximum(length, 1e-12)

    reach = widths / 2 + 0.5  # from the stroke's middle line to the centre of the last pixel that it touches
    first = np.clip(np.floor(u0 - reach), 0, size).astype(np.int64)
    steps = np.clip(np.ceil(u1 + reach), 0, size).astype(np.int64) - first
    steps = np.maximum(steps, 0)
    stroke = np.repeat(np.arange(len(ends)), steps)  # index of the stroke, for each of its pixels along u: (e,)
    u = np.arange(len(stroke)) - np.repeat(np.cumsum(steps) - steps, steps) + first[stroke]

    from_start = u + 0.5 - u0[stroke]
    middle = v0[stroke] + np.clip(from_start, 0, (u1 - u0)[stroke]) * (along_v / along_u)[stroke]
    across = reach / along_u  # half extent of a stroke along v; at most reach * sqrt(2)
    low = np.ceil(middle - across[stroke] - 0.5).astype(np.int64)
    window = int(np.ceil(2 * across.max(initial=0))) + 1

    v = low[:, None] + np.arange(window)  # (e, window)
    offset_v = (low + 0.5 - v0[stroke])[:, None] + np.arange(window)
    offset_v, from_start = offset_v.astype(np.float32), from_start.astype(np.float32)[:, None]
    along_u, along_v, length, reach, most = (
        values.astype(np.float32)[stroke, None] for values in (along_u, along_v, length, reach, np.minimum(widths, 1))
    )
    distance = along_u * offset_v - along_v * from_start  # distance from the infinite line
    along = along_u * from_start + along_v * offset_v  # position along the stroke
    past_end = along - np.clip(along, 0, length)  # distance past the nearer end
    ink = np.minimum(reach - np.sqrt(distance * distance + past_end * past_end), most)

    place = np.where(steep, size, 1)[stroke] * u + offsets[stroke]
    place = place[:, None] + np.where(steep, 1, size)[stroke, None] * v
    inside = (ink > 0) & (v >= 0) & (v < size)
    np.maximum.at(covered, place[inside], ink[inside])


def outlines(corners: np.ndarray) -> np.ndarray:
    """The sides of closed polygons as strokes: float (m, corners, 2) -> (m, corners, 4)."""
    return np.concatenate([corners, np.roll(corners, -1, axis=1)], axis=2)


def ink(covered: np.ndarray, color: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Blend a colour into paper, or into existing images, by the coverage of pixels.

    Args:
        covered: float (n, size, size) in 0..1, of `coverage`.
        color: colour of the strokes, 0..255: (3,) for all images, or (n, 3).
        paper: colour of the paper, (3,) or (n, 3), or images to draw on, (n, size, size, 3).

    Returns:
        uint8 (n, size, size, 3).
    """
    n, size, _ = covered.shape
    colors = np.broadcast_to(np.asarray(color, np.float32), (n, 3))
    papers = paper if np.ndim(paper) == 4 else np.broadcast_to(paper, (n, 3))
    images = np.empty((n, size, size, 3), np.uint8)
    for image, cover, stroke, ground in zip(images, covered, colors, papers, strict=True):
        ground = ground.astype(np.float32)
        image[:] = np.rint(ground + (stroke - ground) * cover[..., None])
    return images
