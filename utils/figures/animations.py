"""Frames become an animation: GIF, which plays everywhere, or MP4, which is smaller and keeps every colour.

Frames are taken one by one and never all in memory, so that a film may be as long as one likes.
"""

import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np

from utils.files import start_anew, write_whole
from utils.images import as_picture

PALETTE_PIXELS = 400_000  # the palette is chosen from a sample of this many pixels of all frames, twice at most
UNCHANGED = 255  # the place in a GIF's palette that stands for "as in the frame before"


def animate(
    frames: Iterable[np.ndarray],
    path: str | os.PathLike,
    fps: float = 10,
    loop: int = 0,
    scale: int = 1,
    total: int | None = None,
) -> Path:
    """Write frames as an animated GIF, or as an MP4 if the name ends in .mp4.

    A GIF has 256 colours. They are chosen once for all frames and used without dithering, so that nothing flickers
    where nothing moves.

    Args:
        frames: images of one size, (h, w), (h, w, 1) or (h, w, 3), uint8 or float in [-1, 1]. They may come from a
            generator function: each is taken once.
        path: the file, .gif or .mp4.
        fps: frames a second. A GIF counts time in hundredths of a second, its nearest is taken.
        loop: how often a GIF repeats, 0 for ever.
        scale: enlarge each pixel to scale x scale pixels.
        total: how many frames there will be, for the progress bar, where `frames` has no length.

    Returns:
        The path.

    Raises:
        ValueError: no frame, frames of different sizes, or a name that ends in neither .gif nor .mp4.
        ImportError: MP4 needs imageio-ffmpeg, which is not installed.

    Example:
        >>> animate(generate_images(generator, interpolate_points(Z[0], Z[1], 20)), "images/walk.gif", scale=2)
    """
    path, writers = Path(path), {".gif": _write_gif, ".mp4": _write_mp4}
    if path.suffix.lower() not in writers:
        raise ValueError(f"{path} must end in .gif or .mp4")
    start_anew(path)
    writers[path.suffix.lower()](_checked(frames, path, total), path, fps, loop, scale)
    return path


def _checked(frames: Iterable, path: Path, total: int | None) -> Iterator[np.ndarray]:
    """Yield the frames as uint8 (h, w, 3) of one size, with a progress bar."""
    from utils.progress import tqdm

    shape = None
    total = len(frames) if total is None and hasattr(frames, "__len__") else total
    for frame in tqdm(frames, total=total, desc=path.name, unit="frame", delay=2):
        frame = np.asarray(as_picture(frame).convert("RGB"))
        shape = shape or frame.shape
        if frame.shape != shape:
            sizes = [shape[1::-1], frame.shape[1::-1]]
            raise ValueError(f"{path}: the frames of an animation have one size, these have {sizes}")
        yield frame
    if shape is None:
        raise ValueError(f"{path}: there is no frame to write")


def _write_gif(frames: Iterator[np.ndarray], path: Path, fps: float, loop: int, scale: int) -> None:
    """Write a GIF in two passes, since its palette depends on all frames: they wait on the disk in the meantime."""
    with TemporaryFile() as waiting:
        sample, seen, shape = _Sample(), np.zeros(2**24, bool), None
        for frame in frames:
            waiting.write(frame.tobytes())
            numbers = _numbers(frame)
            sample.add(numbers.ravel())
            seen[numbers] = True
            shape = frame.shape
        palette = _shared_palette(sample.pixels())
        nearest = _nearest(seen, palette)
        waiting.seek(0)
        indexed = (
            nearest[_numbers(np.frombuffer(frame, np.uint8).reshape(shape))]
            for frame in iter(lambda: waiting.read(int(np.prod(shape))), b"")
        )
        with write_whole(path) as temporary, open(temporary, "wb") as file:
            _write_gif_blocks(file, indexed, palette, (shape[0] * scale, shape[1] * scale), fps, loop, scale)


def _write_gif_blocks(file, indexed: Iterator[np.ndarray], palette, size, fps: float, loop: int, scale: int) -> None:
    """Write the blocks of a GIF one after the other (Pillow would keep all frames): each holds what has changed."""
    from PIL import Image
    from PIL.GifImagePlugin import getdata

    colors = np.zeros((256, 3), np.uint8)
    colors[: len(palette)] = palette
    timing = {"duration": max(20, round(100 / fps) * 10), "disposal": 1}  # viewers slow down what is under 20 ms
    file.write(b"GIF89a" + struct.pack("<HHBBB", size[1], size[0], 0xF7, 0, 0) + colors.tobytes())
    file.write(b"!\xff\x0bNETSCAPE2.0" + struct.pack("<BBHB", 3, 1, loop, 0))
    before = None
    for frame in indexed:
        top, left, part = 0, 0, frame
        if before is not None:
            changed = frame != before
            rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
            if len(rows) == 0:  # a single unchanged pixel keeps the time
                rows = columns = np.zeros(1, int)
            top, left = rows[0], columns[0]
            box = (slice(top, rows[-1] + 1), slice(left, columns[-1] + 1))
            part = np.where(changed[box], frame[box], np.uint8(UNCHANGED))
        before = frame
        picture = Image.fromarray(part.repeat(scale, axis=0).repeat(scale, axis=1))
        picture.putpalette(colors.tobytes())
        for block in getdata(picture, (int(left) * scale, int(top) * scale), transparency=UNCHANGED, **timing):
            file.write(block)
    file.write(b";")


class _Sample:
    """Every k-th pixel of frames that come one by one, with k doubled whenever there are too many."""

    def __init__(self):
        self._parts, self._stride, self._count = [], 1, 0

    def add(self, pixels: np.ndarray) -> None:
        self._parts.append(pixels[:: self._stride].copy())
        self._count += len(self._parts[-1])
        if self._count > 2 * PALETTE_PIXELS:
            self._parts = [self.pixels()[::2].copy()]
            self._stride, self._count = 2 * self._stride, len(self._parts[0])

    def pixels(self) -> np.ndarray:
        return np.concatenate(self._parts)


def _shared_palette(pixels: np.ndarray) -> np.ndarray:
    """The colours that serve all frames, uint8 (255 or fewer, 3); one place is left for `UNCHANGED`."""
    from PIL import Image

    colors, counts = np.unique(pixels, return_counts=True)
    flat = counts > 0.01 * len(pixels)  # grounds and other large areas keep their very colour
    palette, rest = _split(colors[flat]), colors[~flat]
    if len(rest):
        # each other colour counts with the square root of its pixels, so that many dark ones leave room for the lines
        sample = _split(np.repeat(rest, np.ceil(np.sqrt(counts[~flat])).astype(int)))
        mixed = Image.fromarray(sample[None]).quantize(UNCHANGED - len(palette), Image.Quantize.MEDIANCUT, kmeans=1)
        palette = np.concatenate([palette, np.reshape(mixed.getpalette("RGB"), (-1, 3)).astype(np.uint8)])
    return palette[:UNCHANGED]


def _nearest(seen: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """For every colour seen in the frames the place of the nearest in the palette: a table with 2^24 entries.

    Pillow's own search is quicker by a blink, but rounds: a white ground comes out bluish.
    """
    table = np.zeros(2**24, np.uint8)
    palette = palette.astype(np.float32)
    for colors in np.array_split(np.flatnonzero(seen), 1 + np.count_nonzero(seen) // 10_000):  # 10 MB a part
        distances = (palette**2).sum(axis=1) - 2 * _split(colors).astype(np.float32) @ palette.T  # (colours, palette)
        table[colors] = distances.argmin(axis=1)
    return table


def _numbers(frame: np.ndarray) -> np.ndarray:
    """The colours of a frame as whole numbers 0xRRGGBB: uint8 (h, w, 3) to uint32 (h, w)."""
    return frame.astype(np.uint32) @ np.uint32([65536, 256, 1])


def _split(colors: np.ndarray) -> np.ndarray:
    """Colours as whole numbers 0xRRGGBB become uint8 (n, 3)."""
    return np.stack([colors >> 16, colors >> 8 & 255, colors & 255], axis=-1).astype(np.uint8)


def _write_mp4(frames: Iterator[np.ndarray], path: Path, fps: float, loop: int, scale: int) -> None:
    try:
        from imageio_ffmpeg import write_frames
    except ImportError:
        raise ImportError(
            f"{path}: an MP4 needs one more package, pip install imageio-ffmpeg; a name in .gif needs none"
        ) from None
    # the temporary name tells ffmpeg nothing: the format is given in words
    settings = {"codec": "libx264", "quality": 8, "macro_block_size": 1, "output_params": ["-f", "mp4"]}
    first = next(frames)
    height, width = (side * scale - side * scale % 2 for side in first.shape[:2])  # H.264 commonly wants even sides
    with (
        write_whole(path) as temporary,
        closing(write_frames(str(temporary), (width, height), fps=fps, **settings)) as movie,
    ):
        movie.send(None)  # starts ffmpeg
        movie.send(_enlarged(first, scale)[:height, :width].tobytes())
        for frame in frames:
            movie.send(_enlarged(frame, scale)[:height, :width].tobytes())


def _enlarged(frame: np.ndarray, scale: int) -> np.ndarray:
    return frame if scale == 1 else frame.repeat(scale, axis=0).repeat(scale, axis=1)
