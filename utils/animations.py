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
        ImportError: MP4 needs imageio and imageio-ffmpeg, which are not installed.

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

    palette = _shared_palette(pictures)
    indexed = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    timing = {"duration": max(20, round(100 / fps) * 10), "loop": loop}  # viewers slow down what is under 20 ms
    with write_whole(path) as temporary:
        indexed[0].save(temporary, format="GIF", save_all=True, append_images=indexed[1:], disposal=1, **timing)


def _shared_palette(pictures: list):
    """A Pillow image whose palette serves all frames."""
    from PIL import Image

    pixels = np.concatenate([np.asarray(picture).reshape(-1, 3) for picture in pictures])
    pixels = pixels[:: max(1, len(pixels) // PALETTE_PIXELS)].astype(np.uint32)
    colors, counts = np.unique(pixels @ np.uint32([65536, 256, 1]), return_counts=True)  # a colour is one number
    # each colour counts with the square root of its pixels: a black ground would else take colours from the lines
    sample = np.repeat(colors, np.ceil(np.sqrt(counts)).astype(int))
    sample = np.stack([sample >> 16, sample >> 8 & 255, sample & 255], axis=-1).astype(np.uint8)
    return Image.fromarray(sample[None]).quantize(256, Image.Quantize.MEDIANCUT, kmeans=1)


def _write_mp4(pictures: list, path: Path, fps: float, loop: int) -> None:
    try:
        import imageio.v2 as imageio
        import imageio_ffmpeg  # noqa: F401
    except ImportError:
        raise ImportError(
            f"{path}: an MP4 needs two more packages, pip install imageio imageio-ffmpeg; a name in .gif needs none"
        ) from None
    from tqdm.auto import tqdm

    width, height = (side - side % 2 for side in pictures[0].size)  # H.264 in its common form wants even sides
    # the temporary name tells ffmpeg nothing: the format is given in words
    settings = {"format": "FFMPEG", "codec": "libx264", "macro_block_size": 1, "output_params": ["-f", "mp4"]}
    with write_whole(path) as temporary, imageio.get_writer(temporary, fps=fps, quality=8, **settings) as movie:
        for picture in tqdm(pictures, desc=path.name, unit="frame", delay=2):
            movie.append_data(np.asarray(picture)[:height, :width])
