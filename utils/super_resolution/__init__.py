"""Super-resolution: images four times larger, by the embedded network, by ESRGAN, by any network, or by a filter.

- "lines": the network in data/upscalers/, trained on drawn lines (`models.SuperResolution`); always available;
- "esrgan", an address or a folder: third-party networks, trained on photographs (`utils.super_resolution.hub`). If one
  is unavailable, "lines" replaces it; a message and the files' names say so;
- a .keras or .h5 file: a network of your own;
- "lanczos", "bicubic", "nearest": filters.

Images are processed in batches, large ones in overlapping tiles, so that memory is bounded for any number and size. An
enlarged file carries the latent vector of its source file.
"""

from utils.super_resolution.upscaling import (
    LINES,
    Upscaler,
    choose,
    compare,
    enlarged_frames,
    liveliest_square,
    load_upscaler,
    upscale,
)

__all__ = [
    "LINES",
    "Upscaler",
    "choose",
    "compare",
    "enlarged_frames",
    "liveliest_square",
    "load_upscaler",
    "upscale",
]
