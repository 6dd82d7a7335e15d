"""An image knows where it came from: PNG files that carry their latent vector, generator and seed.

The text chunks of the PNG (which image viewers and `exiftool` show too) are:

    Z           the latent vector, as `utils.latent.vectors_to_text` writes it
    Generator   `utils.latent.fingerprint` of the generator that drew the image
    Seed        the seed of the points, where there was one
"""

import os
from pathlib import Path

import numpy as np

from utils.files import write_whole
from utils.images import to_uint8
from utils.latent import vectors_from_text, vectors_to_text

MAX_CHUNK = 2**20  # characters: a vector of 50,000 values; more is no provenance of ours


def save_image(
    path: str | os.PathLike,
    image: np.ndarray,
    z: np.ndarray | None = None,
    generator_fingerprint: str | None = None,
    seed: int | None = None,
) -> Path:
    """Write one image as a PNG of its own size, with what is known of its origin inside.

    Args:
        path: the file, which should end in .png.
        image: (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), uint8 or float in [-1, 1].
        z: the latent vector it was drawn from, (latent_dim,) or (1, latent_dim).
        generator_fingerprint: `fingerprint(generator)`.
        seed: the seed that gave the points.

    Returns:
        The path.

    Raises:
        ValueError: `z` holds more than one vector, or the array is no image.
    """
    from PIL.PngImagePlugin import PngInfo

    chunks = PngInfo()
    if z is not None:
        z = np.atleast_2d(z)
        if len(z) != 1:
            raise ValueError(f"one image comes from one latent vector, not from an array of shape {z.shape}")
        chunks.add_text("Z", vectors_to_text(z))
    if generator_fingerprint is not None:
        chunks.add_text("Generator", generator_fingerprint)
    if isinstance(seed, int | np.integer):  # a numpy Generator has no number that would bring the points back
        chunks.add_text("Seed", str(int(seed)))
    with write_whole(path) as temporary:
        as_picture(image).save(temporary, format="PNG", pnginfo=chunks)
    return Path(path)


def from_image(path: str | os.PathLike) -> tuple[np.ndarray, dict]:
    """Get an image's latent vector back from its file.

    Args:
        path: a PNG that `save_image` (or `plot_generated`) wrote.

    Returns:
        `(z, info)`: z of shape (1, latent_dim), the very values the image was drawn from, ready for `generate_images`;
        info a dict with `generator` (fingerprint or None) and `seed` (int or None).

    Raises:
        ValueError: the file is no PNG, carries no latent vector, or its text is damaged.

    Example:
        >>> z, info = from_image("image_00.png")
        >>> again = generate_images(generator, z)
    """
    from PIL import Image, UnidentifiedImageError

    lost = "saving it as JPEG, editing it or sending it by a messenger removes the text; take the PNG first written"
    try:
        with Image.open(path) as picture:
            if picture.format != "PNG":
                raise ValueError(f"{path} is {picture.format}, only PNG carries a latent vector: {lost}")
            picture.load()  # text may stand after the pixels
            texts = {key: picture.text.get(key) for key in ("Z", "Generator", "Seed")}
    except (UnidentifiedImageError, SyntaxError) as error:
        raise ValueError(f"{path} is not an image that can be read: {error}") from None
    if texts["Z"] is None:
        raise ValueError(f"{path} carries no latent vector: {lost}")
    if any(text is not None and len(text) > MAX_CHUNK for text in texts.values()):
        raise ValueError(f"{path} carries more than {MAX_CHUNK:,} characters of text, which is no latent vector")
    z = vectors_from_text(texts["Z"], source=f"the text in {path}")
    if len(z) != 1:
        raise ValueError(f"the text in {path} holds {len(z)} vectors, one image comes from one")
    seed = texts["Seed"]
    digits = seed is not None and seed.isascii() and seed.removeprefix("-").isdigit() and len(seed) < 50
    return z, {"generator": texts["Generator"], "seed": int(seed) if digits else None}


def as_picture(image: np.ndarray):
    """One image array, uint8 or float in [-1, 1], grey or colour, as a Pillow image."""
    from PIL import Image

    image = to_uint8(image)
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    if image.ndim != 2 and not (image.ndim == 3 and image.shape[2] in (3, 4)):
        raise ValueError(f"an image is (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), not {image.shape}")
    return Image.fromarray(np.ascontiguousarray(image))
