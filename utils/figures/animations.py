"""Frames become an animation: GIF, which plays everywhere, or MP4, which is smaller and keeps every colour.

Frames are taken one by one and never all in memory, so that a film may be as long as one likes. An MP4 is written by
ffmpeg, which is asked how it ended, and whose file is read again and its frames counted before it takes its name.
"""

import io
import math
import operator
import os
import struct
import subprocess
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile, gettempdir

import numpy as np

from utils.figures.palettes import COLORS, NOTEBOOK_BYTES, Palette, numbers
from utils.files import in_words, start_anew, write_whole
from utils.files.errors import FULL, one_line
from utils.images import as_picture

PALETTE_PIXELS = 400_000  # the palette is chosen from a sample of this many pixels of all frames, twice at most
UNCHANGED = 255  # the place in a GIF's palette that stands for "as in the frame before"
GIF_MOST = 2**16 - 1  # repeats, pixels a side, and hundredths of a second a frame: a GIF has two bytes for each
MP4_FPS = (1 / 3600, 1000)
FEWEST_FRAMES = 10  # that a reduced animation keeps


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
        fps: frames a second. A GIF counts time in hundredths of a second, its nearest is taken, from 1/655 to 50; an
            MP4 may have from 1/3600 to 1000.
        loop: how often a GIF repeats, up to 65535, 0 for ever.
        scale: enlarge each pixel to scale x scale pixels. An MP4 has even sides: where one is odd, its last row or
            column is shown twice.
        total: how many frames there will be, for the progress bar, where `frames` has no length.

    Returns:
        The path.

    Raises:
        ValueError: no frame, frames of different sizes, a name that ends in neither .gif nor .mp4, or a speed, a
            number of repeats or a size that the format cannot hold.
        ImportError: MP4 needs imageio-ffmpeg, which is not installed.
        OSError: the disk is full; or ffmpeg is missing, has no H.264, or failed, and the message says what it said.
            A film that was there before is as it was.

    Example:
        >>> animate(generate_images(generator, interpolate_points(Z[0], Z[1], 20)), "images/walk.gif", scale=2)
    """
    path, writers = Path(path), {".gif": _write_gif, ".mp4": _write_mp4}
    if path.suffix.lower() not in writers:
        raise ValueError(f"{path} must end in .gif or .mp4")
    fps, loop, scale = _checked_settings(path, fps, loop, scale)
    start_anew(path)
    writers[path.suffix.lower()](_checked(frames, path, total), path, fps, loop, scale)
    return path


def _checked_settings(path: Path, fps: float, loop: int, scale: int) -> tuple[float, int, int]:
    """Give fps, loop and scale as Python's own numbers; refuse what the format cannot hold, before a frame is drawn."""
    gif = path.suffix.lower() == ".gif"
    slowest, fastest = (100 / GIF_MOST, math.inf) if gif else MP4_FPS
    try:
        possible = math.isfinite(fps) and 0 < slowest <= fps <= fastest
    except TypeError:
        possible = False
    if not possible:
        seconds = f"{1 / slowest:.0f} seconds"
        raise ValueError(
            f"{path}: fps is {fps!r}, and {'a GIF' if gif else 'an MP4'} shows a frame for {seconds} at most: choose "
            f"{1 / math.floor(1 / slowest):.2g} frames a second or more{'' if gif else f', up to {fastest}'}"
        )
    for name, value, least, most in (("loop", loop, 0, GIF_MOST), ("scale", scale, 1, GIF_MOST)):
        try:
            possible = least <= operator.index(value) <= most
        except TypeError:
            possible = False
        if not possible:
            forever = ", 0 for ever" if name == "loop" else ""
            raise ValueError(f"{path}: {name} is {value!r}; choose a whole number from {least} to {most}{forever}")
    return float(fps), operator.index(loop), operator.index(scale)


def film_png(gif: bytes, width: int | None = None) -> bytes:
    """An animated GIF as an animated PNG for a notebook's file, half as heavy and reduced where that is not enough.

    Args:
        gif: the bytes of an animated GIF, which stays as it is.
        width: width at which the page shows it, in pixels; None for its own.

    Returns:
        The bytes of an animated PNG that repeats for ever: the first of these of at most `NOTEBOOK_BYTES`, at the same
        speed: the whole film, then at the page's width; the same with every second frame, every third, every fourth;
        half as wide with all frames, every second, every fourth, and so on. The last of them if none is as light.
    """
    from PIL import Image, ImageSequence

    with Image.open(io.BytesIO(gif), formats=["GIF"]) as film:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]
        size, milliseconds = film.size, film.info.get("duration") or 100
    shown, png = min(width or size[0], size[0]), b""
    tried = [(every, across) for every in (1, 2, 3, 4) for across in dict.fromkeys((size[0], shown))]
    for every, across in tried + [(2**k, shown // 2) for k in range(10)]:
        if every > 1 and len(frames) < FEWEST_FRAMES * every:
            continue
        place = max(1, across), max(1, round(across * size[1] / size[0]))
        fewer = frames[::every]
        if place != size:
            fewer = [np.asarray(Image.fromarray(frame).resize(place, Image.Resampling.LANCZOS)) for frame in fewer]
        png = _animated_png(fewer, milliseconds * every)
        if len(png) <= NOTEBOOK_BYTES:
            break
    return png


def _animated_png(frames: Sequence[np.ndarray], milliseconds: int) -> bytes:
    """Encode frames, uint8 (h, w, 3), as an animated PNG with one palette; each frame holds what has changed."""
    pixels = np.concatenate([numbers(frame).ravel() for frame in frames])
    seen = np.zeros(2**24, bool)
    seen[pixels] = True
    palette = Palette(pixels[:: 1 + len(pixels) // PALETTE_PIXELS], seen, places=UNCHANGED)
    unchanged = len(palette.colors)  # the place after the last colour, transparent
    indexed = [palette.indices(numbers(frame)) for frame in frames]
    height, width = indexed[0].shape
    blocks = [
        _block(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        _block(b"acTL", struct.pack(">II", len(indexed), 0)),
        _block(b"PLTE", palette.colors.tobytes() + bytes(3)),
        _block(b"tRNS", b"\xff" * unchanged + b"\0"),
    ]
    number, before = 0, None
    for frame in indexed:
        top, left, parts = 0, 0, [frame]
        if before is not None:
            changed, (top, left), box = _what_changed(before, frame)
            parts = [frame[box], np.where(changed, frame[box], np.uint8(unchanged))]
        data, over = min(((_packed(part), i) for i, part in enumerate(parts)), key=lambda packed: len(packed[0]))
        place = (parts[0].shape[1], parts[0].shape[0], left, top)
        blocks.append(_block(b"fcTL", struct.pack(">IIIIIHHBB", number, *place, milliseconds, 1000, 0, over)))
        blocks.append(
            _block(b"IDAT", data) if before is None else _block(b"fdAT", struct.pack(">I", number + 1) + data)
        )
        number += 1 if before is None else 2
        before = frame
    return b"\x89PNG\r\n\x1a\n" + b"".join(blocks) + _block(b"IEND", b"")


def _block(kind: bytes, data: bytes) -> bytes:
    """A block of a PNG: its length, its kind, what it holds, and its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _packed(part: np.ndarray) -> bytes:
    """Rows of palette places, uint8 (h, w), as a PNG packs them: each after a 0, which says that it is as it is."""
    return zlib.compress(np.hstack([np.zeros((len(part), 1), np.uint8), part]).tobytes(), 9)


def _what_changed(before: np.ndarray, frame: np.ndarray):
    """Where a frame differs from the one before: (bool array of the box, (top, left), the box as slices).

    Of an unchanged frame the box is a single pixel, which keeps the time.
    """
    changed = frame != before
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if len(rows) == 0:
        rows = columns = np.zeros(1, int)
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return changed[box], (int(rows[0]), int(columns[0])), box


def _checked(frames: Iterable, path: Path, total: int | None) -> Iterator[np.ndarray]:
    """Yield the frames as uint8 (h, w, 3) of one size, with a progress bar."""
    from utils.progress import tqdm

    shape = None
    total = len(frames) if total is None and hasattr(frames, "__len__") else total
    for frame in tqdm(frames, total=total, desc=path.name, unit="frame", delay=2):
        if 0 in np.shape(frame):
            raise ValueError(f"{path}: a frame of shape {np.shape(frame)} has no pixel to show")
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
    with _waiting_room() as waiting:
        sample, seen, shape = _Sample(), np.zeros(2**24, bool), None
        for frame in frames:
            if shape is None:
                _check_sides(path, frame, scale)
            shape = frame.shape
            with _waiting_for(path):
                waiting.write(frame.tobytes())
            colors = numbers(frame)
            sample.add(colors.ravel())
            seen[colors] = True
        palette = Palette(sample.pixels(), seen, places=UNCHANGED)
        with _waiting_for(path):
            waiting.seek(0)  # writes what is still to be written
        indexed = (
            palette.indices(numbers(np.frombuffer(frame, np.uint8).reshape(shape)))
            for frame in iter(lambda: waiting.read(int(np.prod(shape))), b"")
        )
        with write_whole(path) as temporary, open(temporary, "wb") as file:
            _write_gif_blocks(file, indexed, palette.colors, (shape[0] * scale, shape[1] * scale), fps, loop, scale)


@contextmanager
def _waiting_room():
    """A temporary file. After an error it closes without another: what a full disk refused it refuses again then."""
    waiting = TemporaryFile()  # noqa: SIM115  (it closes in two ways)
    try:
        yield waiting
    except BaseException:
        with suppress(OSError):
            waiting.close()
        raise
    waiting.close()


def _check_sides(path: Path, frame: np.ndarray, scale: int) -> None:
    height, width = (side * scale for side in frame.shape[:2])
    if max(height, width) > GIF_MOST:
        raise ValueError(
            f"{path}: {width} x {height} pixels are too large for a GIF, whose sides have at most {GIF_MOST}: choose a "
            "smaller scale"
        )


@contextmanager
def _waiting_for(path: Path):
    """Say whose disk is full where the frames of `path` wait: that of temporary files."""
    try:
        yield
    except OSError as error:
        waiting = Path(gettempdir()) / f"frames of {path.name}"
        raise in_words(error, waiting, waiting) or error from error


def _write_gif_blocks(file, indexed: Iterator[np.ndarray], palette, size, fps: float, loop: int, scale: int) -> None:
    """Write the blocks of a GIF one after the other (Pillow would keep all frames): each holds what has changed."""
    from PIL import Image
    from PIL.GifImagePlugin import getdata

    colors = np.zeros((COLORS, 3), np.uint8)
    colors[: len(palette)] = palette
    timing = {"duration": max(20, round(100 / fps) * 10), "disposal": 1}  # viewers slow down what is under 20 ms
    file.write(b"GIF89a" + struct.pack("<HHBBB", size[1], size[0], 0xF7, 0, 0) + colors.tobytes())
    file.write(b"!\xff\x0bNETSCAPE2.0" + struct.pack("<BBHB", 3, 1, loop, 0))
    before = None
    for frame in indexed:
        top, left, part = 0, 0, frame
        if before is not None:
            changed, (top, left), box = _what_changed(before, frame)
            part = np.where(changed, frame[box], np.uint8(UNCHANGED))
        before = frame
        picture = Image.fromarray(part.repeat(scale, axis=0).repeat(scale, axis=1))
        picture.putpalette(colors.tobytes())
        for block in getdata(picture, (left * scale, top * scale), transparency=UNCHANGED, **timing):
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


def _write_mp4(frames: Iterator[np.ndarray], path: Path, fps: float, loop: int, scale: int) -> None:
    try:
        import imageio_ffmpeg
    except ImportError:
        raise ImportError(
            f"{path}: an MP4 needs one more package, pip install imageio-ffmpeg; a name in .gif needs none"
        ) from None
    first = next(frames)
    height, width = (side * scale + side * scale % 2 for side in first.shape[:2])  # H.264 commonly wants even sides
    if (height, width) != tuple(side * scale for side in first.shape[:2]):
        print(f"{path}: an MP4 has even sides, so its last row or column is shown twice, {width} x {height} pixels.")
    with write_whole(path) as temporary:
        with (
            TemporaryFile() as said,  # and no pipe, which somebody would have to empty meanwhile
            _Ffmpeg(imageio_ffmpeg, (width, height), fps, path, temporary, said) as ffmpeg,
        ):
            for frame in chain([first], frames):
                ffmpeg.write(_enlarged(frame, scale, height, width).tobytes())
            ffmpeg.finish()
        try:
            found, _ = imageio_ffmpeg.count_frames_and_secs(_in_ffmpegs_words(temporary))
        except (RuntimeError, OSError):
            found = "none that can be read"
        if found != ffmpeg.frames:
            raise OSError(
                f"{path} could not be written: {ffmpeg.frames} frames went in, and the file holds {found}. What was "
                "there before is as it was; start again, or give a name in .gif"
            )


class _Ffmpeg:
    """ffmpeg at work, asked how it ended.

    Args:
        imageio_ffmpeg: the module, which knows where ffmpeg lies.
        size: (width, height), both even.
        fps: frames a second.
        path: what errors call the film.
        temporary: where it is written.
        said: an open file that takes what ffmpeg says.

    Attributes:
        frames: how many it was handed.

    Raises:
        OSError: there is no ffmpeg.
    """

    def __init__(self, imageio_ffmpeg, size: tuple[int, int], fps: float, path: Path, temporary: Path, said):
        self.path, self.temporary, self.said = path, temporary, said
        self.exe, self.frames = "", 0
        rate, sides = str(Fraction(fps).limit_denominator()), "x".join(map(str, size))
        taken = ["-f", "rawvideo", "-s", sides, "-pix_fmt", "rgb24", "-r", rate, "-i", "-"]
        # crf 10 shows no loss; the temporary name tells ffmpeg nothing, so that the format is given in words
        given = ["-an", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "10", "-f", "mp4"]
        try:
            self.exe = imageio_ffmpeg.get_ffmpeg_exe()
            command = [self.exe, "-y", "-v", "error", *taken, *given, _in_ffmpegs_words(temporary)]
            streams = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": self.said}
            no_window = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # which Windows would open for it
            self.process = subprocess.Popen(command, **streams, creationflags=no_window)
        except (RuntimeError, OSError) as error:
            raise OSError(
                f"{path}: no ffmpeg can be started ({one_line(error, 150)}). Reinstall imageio-ffmpeg, which brings "
                "one, or correct IMAGEIO_FFMPEG_EXE where it is set; a name in .gif needs none"
            ) from None

    def __enter__(self):
        return self

    def write(self, pixels: bytes) -> None:
        """Hand over one frame, uint8 RGB."""
        try:
            self.process.stdin.write(pixels)
        except OSError:  # the pipe is broken, because ffmpeg has ended: it has said why
            self._fail()
        self.frames += 1

    def finish(self) -> None:
        """Wait until ffmpeg has written everything.

        Raises:
            OSError: it failed.
        """
        try:
            self.process.stdin.close()
        except OSError:
            self._fail()
        if self.process.wait():
            self._fail()

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        with suppress(OSError):
            self.process.stdin.close()

    def _fail(self):
        code = self.process.wait()
        self.said.seek(0)
        words = self.said.read().decode(errors="replace")
        for number in FULL:
            if os.strerror(number) in words:
                raise OSError(number, os.strerror(number), os.fspath(self.temporary))
        if "Unknown encoder" in words:
            raise OSError(
                f"{self.path}: the ffmpeg at {self.exe} cannot write H.264, since it has no libx264. Unset "
                "IMAGEIO_FFMPEG_EXE, so that imageio-ffmpeg's own is taken, or give a name in .gif"
            )
        said = f"said: {one_line(ValueError(words), 200)}" if words.strip() else "said nothing"
        raise OSError(
            f"{self.path} could not be written: ffmpeg ended with {code} and {said}. What was there before is as it "
            "was; start again, or give a name in .gif"
        )


def _in_ffmpegs_words(path: Path) -> str:
    """A file's name as ffmpeg takes it, which would see a protocol before a colon and an option behind a dash."""
    return f"file:{path}"


def _enlarged(frame: np.ndarray, scale: int, height: int, width: int) -> np.ndarray:
    """The frame with each pixel scale x scale times, and its last row or column once more where a side is odd."""
    frame = frame if scale == 1 else frame.repeat(scale, axis=0).repeat(scale, axis=1)
    missing = (height - frame.shape[0], width - frame.shape[1])
    return np.pad(frame, [(0, missing[0]), (0, missing[1]), (0, 0)], "edge") if any(missing) else frame
