"""The images of latent vectors, and animations of them."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from utils.files.image_files import image_suffixes
from utils.files.provenance import fingerprint
from utils.files.typed import whole_number
from utils.images import to_uint8

OTHER_FILMS = (".mov", ".webm", ".avi", ".mkv", ".m4v", ".wmv")


def generate_images(generator, Z: np.ndarray, batch_size: int = 64) -> np.ndarray:
    """Generate the images of latent vectors, with a progress bar after two seconds.

    Args:
        generator: a Keras model, or any function, from float32 (n, latent_dim) to images (n, h, w, c) in [-1, 1].
        Z: the vectors, float (n, latent_dim).
        batch_size: images per batch; it bounds the memory and does not change the result.

    Returns:
        uint8 (n, h, w, c), 0 to 255.

    Raises:
        ValueError: Z is not an array of vectors of the generator's length, or the generator gives NaN or infinity.

    Example:
        >>> images = generate_images(generator, generate_latent_points(100, 25, seed=1))
    """
    from utils.progress import tqdm

    Z = _checked_vectors(generator, Z)
    images = None
    with tqdm(total=len(Z), desc="Images", unit="image", delay=2) as progress:
        for start, batch in _batches(generator, Z, batch_size):
            if images is None:
                images = np.empty((len(Z), *batch.shape[1:]), np.uint8)
            images[start : start + len(batch)] = batch
            progress.update(len(batch))
    return images


def film(
    generator,
    vectors: np.ndarray,
    path: str | os.PathLike,
    fps: float = 20,
    scale: int = 1,
    heatmap: bool = False,
    limits: tuple[float, float] | None = (-3, 3),
    frame_type: str = "png",
    generator_fingerprint: str | None = None,
    seed: int | None = None,
    batch_size: int = 32,
) -> Path:
    """Make an animation of a path: generate the image of each vector and write the frames, a few in memory at a time.

    Args:
        generator: a Keras model, or any function, from float32 (n, latent_dim) to images (n, h, w, c) in [-1, 1].
        vectors: the path, float (n, latent_dim). A closed one (`closed_loop`, `circle`, `noise_walk`) or one of
            `there_and_back` repeats without a jump.
        path: a name in .gif or .mp4 for an animation; any other name is a folder for numbered images, image_000.png and
            so on, each with its vector as metadata (see `utils.files.provenance`). Frames that exist already with the
            same vector, generator and options are kept, so that an interrupted call can be repeated.
        fps: frames per second of an animation.
        scale: enlarge each pixel to scale x scale pixels.
        heatmap: show the vector's heat map beside the image, 880 x 416 pixels.
        limits: the values at both ends of the heat map's colours; None scales each frame by its own minimum and
            maximum, so that one colour stands for different values in different frames.
        frame_type: "png" or "jpg", of numbered images.
        generator_fingerprint: the generator's fingerprint in the metadata of numbered images; a Keras model's own if
            None.
        seed: the seed of the path in the metadata of numbered images.
        batch_size: images per batch; it bounds the memory and does not change the result.

    Returns:
        The path of the animation or folder.

    Raises:
        ValueError: the vectors do not fit the generator, `frame_type` is unknown, or the name is that of another kind
            of film or of an image.

    Example:
        >>> film(generator, noise_walk(100, 600, seed=1), "run/walk.mp4", fps=30, scale=4)
    """
    from utils.figures.animations import animate

    path, Z = Path(path), _checked_vectors(generator, vectors)

    def frames(Z):
        return _frames(generator, Z, batch_size, heatmap, limits)

    if path.suffix.lower() in (".gif", ".mp4"):
        return animate(frames(Z), path, fps=fps, scale=scale, total=len(Z))
    if path.suffix.lower() in OTHER_FILMS or path.suffix.lower() in image_suffixes():
        raise ValueError(f"{path}: a film ends in .gif or .mp4; a name without a suffix is a folder of numbered images")
    if frame_type not in ("png", "jpg"):
        raise ValueError(f"frame_type is {frame_type!r}; numbered images are 'png' or 'jpg'")
    scale = whole_number(scale, "scale", 1)
    if generator_fingerprint is None and hasattr(generator, "get_weights"):
        generator_fingerprint = fingerprint(generator)
    drawn = f"{scale} times as large" + (f", beside a heat map of {limits}" if heatmap else "")
    return _write_numbered(frames, Z, path, frame_type, scale, generator_fingerprint, seed, drawn)


def _frames(generator, Z: np.ndarray, batch_size: int, heatmap: bool, limits) -> Iterator[np.ndarray]:
    """Yield the frames of a film one by one, uint8 (h, w, c)."""
    from utils.figures.heatmaps import HeatMapFrames, heatmap_beside_image

    heat_maps = HeatMapFrames(Z.shape[1], limits) if heatmap and limits is not None else None
    for start, batch in _batches(generator, Z, batch_size):
        for z, image in zip(Z[start:], batch, strict=False):
            if heat_maps is not None:
                yield heat_maps.draw(z, image)
            else:
                yield heatmap_beside_image(z, image, None) if heatmap else image


def _write_numbered(frames, Z: np.ndarray, folder: Path, frame_type: str, scale: int, drawn_by, seed, drawn) -> Path:
    """Write numbered images with metadata into a folder, and keep those that exist already; returns the folder."""
    from utils.files import sweep
    from utils.files.provenance import origin, says, write_picture
    from utils.images import as_picture
    from utils.progress import tqdm

    digits = max(3, len(str(len(Z) - 1)))  # so that the names sort in the order of the frames
    paths = [folder / f"image_{i:0{digits}d}.{frame_type}" for i in range(len(Z))]
    texts = [{**origin(z, drawn_by, seed), "Drawn": drawn} for z in Z]
    sweep(folder)
    named = {path.name for path in paths}
    there = [path.name for path in sorted(folder.glob(f"image_*.{frame_type}")) if path.stem[len("image_") :].isdigit()]
    if others := [name for name in there if name not in named]:
        print(f"{folder} also holds {len(others)} frames of another film, from {others[0]} on: they stay.")
    # without a generator's fingerprint, existing frames cannot be recognised
    to_do = [i for i in range(len(Z)) if drawn_by is None or not says(paths[i], texts[i])]
    if len(to_do) < len(Z):
        print(f"{folder}: {len(Z) - len(to_do)} of {len(Z)} frames are there already; {len(to_do)} are drawn.")
    with tqdm(total=len(Z), initial=len(Z) - len(to_do), desc=folder.name, unit="frame", delay=2) as progress:
        for i, frame in zip(to_do, frames(Z[to_do]), strict=True):
            frame = frame.repeat(scale, axis=0).repeat(scale, axis=1)
            write_picture(paths[i], as_picture(frame), texts[i])
            progress.update()
    return folder


def _checked_vectors(generator, Z) -> np.ndarray:
    """Vectors as float32 (n, latent_dim); raises ValueError if they do not fit the generator."""
    Z = np.asarray(Z, np.float32)
    if Z.ndim != 2 or len(Z) == 0:
        raise ValueError(f"Z must be an array of vectors, (n, latent_dim) with n of 1 or more, not of shape {Z.shape}")
    expected = _latent_dim(generator)
    if expected is not None and Z.shape[1] != expected:
        raise ValueError(
            f"the vectors have {Z.shape[1]} values, this generator reads {expected}: "
            f"draw them with generate_latent_points({expected}, {len(Z)}), or load the generator they were made for"
        )
    return Z


def _batches(generator, Z: np.ndarray, batch_size: int):
    """Yield (index of the first image, images), uint8 (batch, h, w, c), of one batch after the other."""
    draw = getattr(generator, "predict_on_batch", generator)
    for start in range(0, len(Z), batch_size):
        batch = np.asarray(draw(Z[start : start + batch_size]), np.float32)
        if not np.isfinite(batch).all():
            raise ValueError("the generator draws NaN or infinity: its weights are damaged, load an earlier file")
        yield start, to_uint8(batch)


def _latent_dim(generator) -> int | None:
    """The length of a Keras generator's latent vectors; None for a plain function."""
    shape = getattr(generator, "input_shape", None)
    return shape[-1] if isinstance(shape, tuple) and isinstance(shape[-1], int) else None
