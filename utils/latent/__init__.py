"""The latent space: points, paths between them, patterns, the images along a path, and vectors in files.

A generator turns a latent vector Z into one image. Points are drawn from a standard normal distribution, as in
training; a path is an array of points, one row per step; `generate_images` draws the images of an array of points,
`film` makes an animation of them.

The package exports `paths` (points and paths), `patterns` (rows, blocks, constants, halves), `generating` (images and
animations), `pairs` (vectors with their images, in files), `onnx_files` (networks for other programs), and of
`utils.files` `vectors` (.txt, .npy, .json) and `provenance` (images that carry their vector).
Import directly: `utils.latent.directions` (directions of change), `utils.latent.projection` (the latent vector of an
image), `utils.latent.comparison` (figures of two models) and `utils.latent.temperature`.
"""

from utils.files.provenance import fingerprint, from_image
from utils.files.vectors import read_vectors, vectors_from_text, vectors_to_text, write_vectors
from utils.latent.generating import film, generate_images
from utils.latent.onnx_files import export_onnx
from utils.latent.pairs import write_pairs
from utils.latent.paths import (
    EASINGS,
    circle,
    closed_loop,
    generate_latent_points,
    interpolate_points,
    interpolate_spherical,
    noise_walk,
    there_and_back,
    walk_through,
)
from utils.latent.patterns import PATTERNS, grid_shape, pattern

__all__ = [
    "EASINGS",
    "PATTERNS",
    "circle",
    "closed_loop",
    "export_onnx",
    "film",
    "fingerprint",
    "from_image",
    "generate_images",
    "generate_latent_points",
    "grid_shape",
    "interpolate_points",
    "interpolate_spherical",
    "noise_walk",
    "pattern",
    "read_vectors",
    "there_and_back",
    "vectors_from_text",
    "vectors_to_text",
    "walk_through",
    "write_pairs",
    "write_vectors",
]
