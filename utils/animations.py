"""Frames become an animation: GIF, which plays everywhere, or MP4, which is smaller and keeps every colour."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from utils.files import write_whole
from utils.provenance import as_picture

PALETTE_PIXELS = 400_000  # the palette is chosen from a sample of this many pixels of all frames


def animate(
    frames: Iterable[np.ndarray], path: str | os.PathLike, fps: float = 10, loop: int = 0, scale: int = 1
) -> Path:
    """Write frames as an animated GIF, or as an MP4 if the name ends in .mp4.

    A GIF has 256 colours. They are chosen once for all frames and used without dithering, so that nothing flickers
    where nothing moves.

    Args:
        frames: images of one size, (h, w), (h, w, 1) or (h, w, 3), uint8 or float in [-1, 1].
        path: the file, .gif or .mp4.
        fps: frames a second. A GIF counts time in hundredths of a second, its nearest is taken.
        loop: how often a GIF repeats, 0 for ever.
        scale: enlarge each pixel to scale x scale pixels.

    Returns:
        The path.

    Raises:
        ValueError: no frame, frames of different sizes, or a name that ends in neither .gif nor .mp4.
        ImportError: MP4 needs imageio-ffmpeg, which is not installed.

    Example:
        >>> animate(generate_images(generator, interpolate_points(Z[0], Z[1], 20)), "images/walk.gif", scale=2)
    """
    from PIL import Image

    path, writers = Path(path), {".gif": _write_gif, ".mp4": _write_mp4}
    if path.suffix.lower() not in writers:
        raise ValueError(f"{path} must end in .gif or .mp4")
    pictures = [as_picture(frame).convert("RGB") for frame in frames]
    if not pictures:
        raise ValueError(f"{path}: there is no frame to write")
    sizes = {picture.size for picture in pictures}
    if len(sizes) > 1:
        raise ValueError(f"{path}: the frames of an animation have one size, these have {sorted(sizes)}")
    if scale != 1:
        pictures = [
            picture.resize([side * scale for side in picture.size], Image.Resampling.NEAREST) for picture in pictures
        ]
    writers[path.suffix.lower()](pictures, path, fps, loop)
    return path


def _write_gif(pictures: list, path: Path, fps: float, loop: int) -> None:
    from PIL import Image

    frames = [np.asarray(picture).astype(np.uint32) @ np.uint32([65536, 256, 1]) for picture in pictures]  # 0xRRGGBB
    palette = _shared_palette(frames)
    nearest = _nearest(frames, palette)
    indexed = [Image.fromarray(nearest[frame]) for frame in frames]
    for picture in indexed:
        picture.putpalette(palette.tobytes())
    timing = {"duration": max(20, round(100 / fps) * 10), "loop": loop}  # viewers slow down what is under 20 ms
    with write_whole(path) as temporary:
        indexed[0].save(temporary, format="GIF", save_all=True, append_images=indexed[1:], disposal=1, **timing)


def _shared_palette(frames: list[np.ndarray]) -> np.ndarray:
    """The colours that serve all frames, uint8 (256 or fewer, 3)."""
    from PIL import Image

    pixels = np.concatenate([frame.ravel() for frame in frames])
    pixels = pixels[:: max(1, len(pixels) // PALETTE_PIXELS)]
    colors, counts = np.unique(pixels, return_counts=True)
    flat = counts > 0.01 * len(pixels)  # grounds and other large areas keep their very colour
    palette, rest = _split(colors[flat]), colors[~flat]
    if len(rest):
        # each other colour counts with the square root of its pixels, so that many dark ones leave room for the lines
        sample = _split(np.repeat(rest, np.ceil(np.sqrt(counts[~flat])).astype(int)))
        mixed = Image.fromarray(sample[None]).quantize(256 - len(palette), Image.Quantize.MEDIANCUT, kmeans=1)
        palette = np.concatenate([palette, np.reshape(mixed.getpalette("RGB"), (-1, 3)).astype(np.uint8)])
    return palette


def _nearest(frames: list[np.ndarray], palette: np.ndarray) -> np.ndarray:
    """For every colour of the frames the place of the nearest in the palette: a table with 2^24 entries.

    Pillow's own search is quicker by a blink, but rounds: a white ground comes out bluish.
    """
    seen = np.zeros(2**24, bool)
    for frame in frames:
        seen[frame] = True
    table = np.zeros(2**24, np.uint8)
    palette = palette.astype(np.float32)
    for colors in np.array_split(np.flatnonzero(seen), 1 + np.count_nonzero(seen) // 10_000):  # 10 MB a part
        distances = (palette**2).sum(axis=1) - 2 * _split(colors).astype(np.float32) @ palette.T  # (colours, palette)
        table[colors] = distances.argmin(axis=1)
    return table


def _split(colors: np.ndarray) -> np.ndarray:
    """Colours as whole numbers 0xRRGGBB become uint8 (n, 3)."""
    return np.stack([colors >> 16, colors >> 8 & 255, colors & 255], axis=-1).astype(np.uint8)


def _write_mp4(pictures: list, path: Path, fps: float, loop: int) -> None:
    try:
        from imageio_ffmpeg import write_frames
    except ImportError:
        raise ImportError(
            f"{path}: an MP4 needs one more package, pip install imageio-ffmpeg; a name in .gif needs none"
        ) from None
    from utils.progress import tqdm

    width, height = (side - side % 2 for side in pictures[0].size)  # H.264 in its common form wants even sides
    # the temporary name tells ffmpeg nothing: the format is given in words
    settings = {"codec": "libx264", "quality": 8, "macro_block_size": 1, "output_params": ["-f", "mp4"]}
    with write_whole(path) as temporary:
        movie = write_frames(str(temporary), (width, height), fps=fps, **settings)
        movie.send(None)  # starts ffmpeg
        for picture in tqdm(pictures, desc=path.name, unit="frame", delay=2):
            movie.send(np.asarray(picture)[:height, :width].tobytes())
        movie.close()
