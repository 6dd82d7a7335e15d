"""The latent space: points in it, paths between them, patterns, the images along the way, and vectors kept as files.

A latent vector Z is what the generator turns into one image. Points are drawn from a standard normal distribution, as
in training; a path is an array of points, one row a step; `generate_images` draws any array of points, `film` films it.

One story a file: `paths` (points and ways between them), `patterns` (rows, blocks, constants, halves), `generating`
(images and films), `vectors` (.txt, .npy, .json), `provenance` (images that carry their vector). All of it is at hand
here. Directions to walk in stand in `utils.latent.directions`, the way from an image back to its vector in
`utils.latent.projection`.
"""

from utils.files.provenance import fingerprint, from_image
from utils.files.vectors import read_vectors, vectors_from_text, vectors_to_text, write_vectors
from utils.latent.generating import film, generate_images
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
    "write_vectors",
]
