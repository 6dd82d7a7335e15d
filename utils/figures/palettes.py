"""Pictures and animations of at most 256 colours: about a third of the bytes, and the same look.

The colours are chosen from the pixels and used without dithering, so that nothing flickers where nothing moves. A
notebook stores its pictures in its file, and the repository's history keeps every version of them, so figures are
light from the start. Images whose exact pixels matter, and those that carry their vector, are written elsewhere
(`utils.files.provenance`, `utils.figures.sample_grid`) and stay exact.
"""

import io
from collections.abc import Iterable

import numpy as np

from utils.images import psnr

COLORS = 256  # the most that a GIF or a PNG with a palette holds
FLAT = 0.01  # a colour of more than this share of the pixels enters the palette unchanged
GROUND = 0.05  # a colour of more than this share is a ground: generated black is full of noise that nobody sees
NEAR_GROUND = 6  # levels of 255 in each channel; a colour this close to a ground's becomes the ground's
GRAIN = 2  # levels; of two grounds as close as this, the smaller one is noise of the other
SAMPLE = 40_000  # pixels for choosing the other colours; four times as many take four times as long and give 0.1 dB
LEAST_PSNR = 36  # decibels; below, a picture keeps its own colours (generated lines on black reach 37 to 39)
NOTEBOOK_BYTES = 90_000  # the most that one picture or animation should add to a notebook's file
PLAIN_TEXTS = {"Software"}  # texts in a PNG that say nothing of its pixels (Matplotlib writes its name)


class Palette:
    """The colours of a picture, or of all frames of an animation.

    Args:
        pixels: the pixels to choose from, as whole numbers 0xRRGGBB (see `numbers`), uint32 (n,).
        seen: all colours that will be looked up, bool (2^24,); None for those of `pixels`.
        places: the most colours to choose, at most 256. Pictures with no more colours than this keep them all.

    Attributes:
        colors: uint8 (n, 3).
    """

    def __init__(self, pixels: np.ndarray, seen: np.ndarray | None = None, places: int = COLORS):
        if seen is None:
            seen = np.zeros(2**24, bool)
            seen[pixels] = True
        asked = np.flatnonzero(seen)
        grounds = asked[:0]
        if len(asked) <= places:
            self.colors = split(asked)
        else:
            colors, counts = np.unique(pixels, return_counts=True)
            grounds = _grounds(colors, counts)
            others = ~_near(colors, grounds, NEAR_GROUND)
            self.colors = _chosen(grounds, colors[others], counts[others], places)
        self._place = np.zeros(2**24, np.uint8)  # place in the palette of each colour 0xRRGGBB
        for part in np.array_split(asked, 1 + len(asked) // 10_000):  # 10 MB a part
            self._place[part] = self._nearest(split(part))
        of_grounds = self._place[grounds]
        for ground, place in zip(grounds, of_grounds, strict=True):
            self._place[asked[_near(asked, [ground], NEAR_GROUND)]] = place
        self._place[grounds] = of_grounds  # two grounds may be near each other

    def indices(self, numbers: np.ndarray) -> np.ndarray:
        """The place of each pixel's colour in the palette: uint32 of any shape to uint8 of the same."""
        return self._place[numbers]

    def _nearest(self, colors: np.ndarray) -> np.ndarray:
        """Places of the nearest colours, uint8 (n, 3) to (n,).

        Pillow's own search is slightly faster but rounds: a white ground comes out bluish.
        """
        palette = self.colors.astype(np.float32)
        distances = (palette**2).sum(axis=1) - 2 * colors.astype(np.float32) @ palette.T  # (n, palette)
        return distances.argmin(axis=1)


def _near(colors: np.ndarray, others: Iterable[int], levels: int) -> np.ndarray:
    """Whether each colour lies within so many levels, in each channel, of one of the others: bool (n,)."""
    near = np.zeros(len(colors), bool)
    for other in others:
        near |= np.abs(split(colors).astype(np.int16) - split(np.array([other]))).max(axis=1) <= levels
    return near


def _grounds(colors: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The colours of the grounds, uint32 (n,)."""
    grounds = []
    for i in np.argsort(-counts):
        if counts[i] <= GROUND * counts.sum():
            break
        if not _near(colors[i : i + 1], grounds, GRAIN):
            grounds.append(colors[i])
    return np.array(grounds, colors.dtype)


def _chosen(grounds: np.ndarray, colors: np.ndarray, counts: np.ndarray, places: int) -> np.ndarray:
    """Choose at most `places` colours, uint8 (n, 3): the grounds, and the best for the other colours."""
    from PIL import Image

    flat = counts > FLAT * counts.sum()
    palette, rest = split(np.concatenate([grounds, colors[flat]])), colors[~flat]
    if len(rest) and len(palette) < places:
        # each other colour counts with the square root of its pixels, so that many dark ones leave room for the lines
        sample = split(np.repeat(rest, np.ceil(np.sqrt(counts[~flat])).astype(int)))
        sample = sample[:: 1 + len(sample) // SAMPLE]
        mixed = Image.fromarray(sample[None]).quantize(places - len(palette), Image.Quantize.MEDIANCUT, kmeans=1)
        palette = np.concatenate([palette, np.reshape(mixed.getpalette("RGB"), (-1, 3)).astype(np.uint8)])
    return palette[:places]


def numbers(frame: np.ndarray) -> np.ndarray:
    """The colours of a frame as whole numbers 0xRRGGBB: uint8 (h, w, 3) to uint32 (h, w)."""
    return frame.astype(np.uint32) @ np.uint32([65536, 256, 1])


def split(colors: np.ndarray) -> np.ndarray:
    """Colours as whole numbers 0xRRGGBB become uint8 (n, 3)."""
    return np.stack([colors >> 16, colors >> 8 & 255, colors & 255], axis=-1).astype(np.uint8)


def lighter_png(png: bytes, width: int | None = None) -> bytes:
    """Reduce a PNG to a palette of 256 colours if it looks the same.

    Args:
        png: the bytes of a PNG.
        width: width at which a notebook shows it, in pixels of the page. A picture still heavier than `NOTEBOOK_BYTES`
            with a palette is reduced to this width. None for the picture's own.

    Returns:
        The bytes of the lighter PNG, with the same dots per inch. `png` itself if it already has a palette, is grey,
        transparent or animated, carries texts (a latent vector: its exact pixels matter), would fall below
        `LEAST_PSNR`, or would not be lighter.
    """
    from PIL import Image

    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        if picture.is_animated:
            return png
        picture.load()  # texts may follow the pixels
        transparent = "transparency" in picture.info or (picture.mode == "RGBA" and picture.getextrema()[3][0] < 255)
        if picture.mode not in ("RGB", "RGBA") or transparent or set(picture.text) - PLAIN_TEXTS:
            return png
        picture = picture.convert("RGB")  # which keeps the dots per inch
    light = min(png, _with_palette(picture) or png, key=len)
    if width and width < picture.width and len(light) > NOTEBOOK_BYTES:
        small = picture.resize((width, round(width * picture.height / picture.width)), Image.Resampling.LANCZOS)
        light = min(light, _with_palette(small) or light, key=len)
    return light


def within_notebook(png: bytes, most: int | None = None) -> bytes:
    """Reduce the colours of a PNG that is too heavy for a notebook's file, even if it looks a little different.

    Args:
        png: the bytes of a PNG.
        most: bytes; None for `NOTEBOOK_BYTES`.

    Returns:
        `png` itself if it is light enough or animated; otherwise the same picture with the first number of colours of
        256, 128 and 64 that makes it light enough, or with 64: with fewer, small things lose their colour.
    """
    from PIL import Image

    most = NOTEBOOK_BYTES if most is None else most
    if len(png) <= most:
        return png
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        if picture.is_animated:
            return png
        picture = picture.convert("RGB")
    for colors in (256, 128, 64):
        light = _with_palette(picture, colors, least=0)
        if len(light) <= most:
            break
    return light


def _with_palette(picture, colors: int = COLORS, least: float = LEAST_PSNR) -> bytes | None:
    """Encode a Pillow image in RGB as a PNG with a palette; None if it looks less alike than `least`, in decibels."""
    from PIL import Image

    pixels = np.asarray(picture)
    places = numbers(pixels)
    palette = Palette(places.ravel(), places=colors)
    indices = palette.indices(places)
    if psnr(pixels, palette.colors[indices]) < least:
        return None
    reduced, buffer = Image.fromarray(indices), io.BytesIO()
    reduced.putpalette(palette.colors.tobytes())
    reduced.save(buffer, format="PNG", optimize=True, dpi=picture.info.get("dpi"))
    return buffer.getvalue()
