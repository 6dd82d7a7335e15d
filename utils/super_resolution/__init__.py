"""Images four times larger: by the embedded network, by ESRGAN, by any network given by path, or by a filter.

- "lines": the network in data/upscalers/, trained on drawn lines (`models.SuperResolution`); always there;
- "esrgan", an address or a folder: networks of other people, trained on photographs (`utils.super_resolution.hub`).
  Where one cannot be had, "lines" steps in; the screen and the files' names say so;
- a .keras or .h5 file: a network of one's own;
- "lanczos", "bicubic", "nearest": filters.

Images go through in batches, large ones in tiles that overlap, so that memory stays within bounds however many or
large they are. An enlarged file carries the latent vector of the file it was made of.
"""

from utils.super_resolution.upscaling import (
    LINES,
    Upscaler,
    compare,
    enlarged_frames,
    liveliest_square,
    load_upscaler,
    upscale,
)

__all__ = [
    "LINES",
    "Upscaler",
    "compare",
    "enlarged_frames",
    "liveliest_square",
    "load_upscaler",
    "upscale",
]
