"""An image knows where it came from: PNG and JPEG files that carry their latent vector, generator and seed.

The text chunks of a PNG (which image viewers and `exiftool` show too) are:

    Z           the latent vector, as `utils.files.vectors.vectors_to_text` writes it
    Generator   `utils.latent.fingerprint` of the generator that drew the image
    Seed        the seed of the points, where there was one

A JPEG has one comment instead; it holds the same three as JSON.
"""

import hashlib
import json
import os
import warnings
from pathlib import Path

import numpy as np

from utils.files.image_files import open_one_image
from utils.files.vectors import vectors_from_text, vectors_to_text
from utils.files.whole import write_whole
from utils.images import as_picture

MAX_CHUNK = 2**20  # characters: a vector of 50,000 values; more is no provenance of ours
MAX_COMMENT = 65_533  # bytes of a JPEG's comment: its length is written with 16 bits, themselves counted
KEYS = ("Z", "Generator", "Seed")


def save_image(
    path: str | os.PathLike,
    image: np.ndarray,
    z: np.ndarray | None = None,
    generator_fingerprint: str | None = None,
    seed: int | None = None,
) -> Path:
    """Write one image at its own size, with what is known of its origin inside.

    Args:
        path: the file; a name in .jpg or .jpeg gives a JPEG (quality 95), any other a PNG.
        image: (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), uint8 or float in [-1, 1]. A JPEG has no transparency: the
            fourth channel is left out.
        z: the latent vector it was drawn from, (latent_dim,) or (1, latent_dim).
        generator_fingerprint: `fingerprint(generator)`.
        seed: the seed that gave the points.

    Returns:
        The path.

    Raises:
        ValueError: `z` holds more than one vector, or more values than a JPEG's comment has room for, or the array is
            no image.
    """
    return write_picture(path, as_picture(image), origin(z, generator_fingerprint, seed))


def origin(z: np.ndarray | None, generator_fingerprint: str | None, seed: int | None) -> dict[str, str]:
    """The texts that tell where an image came from, of what `save_image` is told."""
    texts = {}
    if z is not None:
        z = np.atleast_2d(z)
        if len(z) != 1:
            raise ValueError(f"one image comes from one latent vector, not from an array of shape {z.shape}")
        texts["Z"] = vectors_to_text(z)
    if generator_fingerprint is not None:
        texts["Generator"] = generator_fingerprint
    if isinstance(seed, int | np.integer):  # a numpy Generator has no number that would bring the points back
        texts["Seed"] = str(int(seed))
    return texts


def write_picture(path: str | os.PathLike, picture, texts: dict[str, str]) -> Path:
    """Write a Pillow image with texts inside.

    Args:
        path: the file; a name in .jpg or .jpeg gives a JPEG (quality 95, full chroma), any other a PNG.
        picture: a Pillow image. A JPEG has no transparency: a fourth channel is left out.
        texts: what to write into it, by keys: `KEYS`, or others.

    Returns:
        The path.

    Raises:
        ValueError: a JPEG's comment has no room for the texts.
    """
    path = Path(path)
    if path.suffix.lower() in (".jpg", ".jpeg"):
        comment = json.dumps(texts).encode() if texts else b""
        if len(comment) > MAX_COMMENT:
            raise ValueError(
                f"{path}: the vector is too long for a JPEG's comment ({len(comment):,} bytes); write a PNG"
            )
        # 4:4:4: halved chroma would blur the edges of red and blue lines
        options = {"format": "JPEG", "quality": 95, "subsampling": 0, "comment": comment}
        picture = picture.convert("RGB") if picture.mode == "RGBA" else picture
    else:
        options = {"format": "PNG", "pnginfo": _chunks(texts)}
    with write_whole(path) as temporary:
        picture.save(temporary, **options)
    return path


def from_image(path: str | os.PathLike, generator=None) -> tuple[np.ndarray, dict]:
    """Get an image's latent vector back from its file.

    Args:
        path: a PNG or JPEG that `save_image` (or `plot_generated`, or `film`) wrote.
        generator: the Keras model that is to draw the vector, or its fingerprint. Where the image was drawn by another
            one, a warning says so: the same vector then gives another image.

    Returns:
        `(z, info)`: z of shape (1, latent_dim), the very values the image was drawn from, ready for `generate_images`;
        info a dict with `generator` (fingerprint or None) and `seed` (int or None).

    Raises:
        ValueError: the file is no PNG or JPEG, carries no latent vector, or its text is damaged.

    Example:
        >>> z, info = from_image("image_00.png", generator)
        >>> again = generate_images(generator, z)
    """
    texts = read_texts(path)
    lost = "editing it, converting it or sending it by a messenger removes the text; take the file first written"
    if texts.get("Z") is None:
        raise ValueError(f"{path} carries no latent vector: {lost}")
    z = vectors_from_text(texts["Z"], source=f"the text in {path}")
    if len(z) != 1:
        raise ValueError(f"the text in {path} holds {len(z)} vectors, one image comes from one")
    if generator is not None:
        _compare(path, z, texts.get("Generator"), generator)
    seed = texts.get("Seed")
    digits = seed is not None and seed.isascii() and seed.removeprefix("-").isdigit() and len(seed) < 50
    return z, {"generator": texts.get("Generator"), "seed": int(seed) if digits else None}


def read_texts(path: str | os.PathLike, keys: tuple[str, ...] = KEYS) -> dict[str, str]:
    """What a PNG's chunks or a JPEG's comment say, those of `keys` alone.

    Raises:
        ValueError: the file is no PNG or JPEG that can be read, or carries more text than any origin of ours.
    """
    with open_one_image(path) as picture:
        if picture.format == "PNG":
            picture.load()  # text may stand after the pixels
            found = picture.text
        elif picture.format == "JPEG":
            found = _comment(picture.info.get("comment", b""))
        else:
            raise ValueError(f"{path} is {picture.format}; PNG and JPEG alone carry a latent vector")
    found = {key: found[key] for key in keys if isinstance(found.get(key), str)}
    if any(len(text) > MAX_CHUNK for text in found.values()):
        raise ValueError(
            f"{path} carries more than {MAX_CHUNK:,} characters of text, which is no latent vector; "
            "take the file first written"
        )
    return found


def says(path: str | os.PathLike, texts: dict[str, str]) -> bool:
    """Whether a file is there that says these texts of itself: the same work, done already."""
    try:
        return Path(path).is_file() and read_texts(path, (*KEYS, *texts)) == texts
    except (OSError, ValueError):  # half a file of somebody else's making
        return False


def _comment(comment: bytes) -> dict:
    """The JSON object in a JPEG's comment, an empty one where it says something else."""
    try:
        found = json.loads(comment)
    except (ValueError, RecursionError):  # cameras and editors write comments too
        return {}
    return found if isinstance(found, dict) else {}


def _chunks(texts: dict[str, str]):
    from PIL.PngImagePlugin import PngInfo

    chunks = PngInfo()
    for key, text in texts.items():
        chunks.add_text(key, text)
    return chunks


def _compare(path, z: np.ndarray, drawn_by: str | None, generator) -> None:
    """Warn where an image was drawn by another generator than the one at hand."""
    from utils.files.provenance import fingerprint

    ours = generator if isinstance(generator, str) else fingerprint(generator)
    if drawn_by is not None and drawn_by != ours:
        warnings.warn(
            f"{path} was drawn by another generator ({drawn_by}, this one is {ours}): "
            f"its vector of {z.shape[1]} values gives another image here",
            stacklevel=3,
        )


def fingerprint(generator) -> str:
    """Name a generator by what it learnt, so that an image can say which generator drew it.

    Args:
        generator: a Keras model.

    Returns:
        16 hexadecimal digits of a SHA-256 over the weights' shapes and float32 values: the same before saving and
        after loading, on any machine, and different after any training step.

    Raises:
        TypeError: it has no weights to read.
    """
    if not hasattr(generator, "get_weights"):
        raise TypeError(f"a fingerprint is made from a Keras model's weights; {type(generator).__name__} has none")
    digest = hashlib.sha256()
    for weight in generator.get_weights():
        digest.update(repr(tuple(weight.shape)).encode())
        digest.update(np.ascontiguousarray(weight, "<f4").tobytes())
    return digest.hexdigest()[:16]
