"""The pictures of the notebooks, in one style: grids, curves, heat maps, animations, drawings of layers."""

from utils.figures.animations import animate
from utils.figures.curves import draw_curves, plot_curves, plot_losses
from utils.figures.grids import images_of_sheet, plot_generated, sample_grid, show_images
from utils.figures.heatmaps import HeatMapFrames, heatmap_beside_image, printZ, show_vectors
from utils.figures.layers import plot_layers
from utils.figures.style import show_file, show_film
from utils.files.provenance import save_image

__all__ = [
    "HeatMapFrames",
    "animate",
    "draw_curves",
    "heatmap_beside_image",
    "images_of_sheet",
    "plot_curves",
    "plot_generated",
    "plot_layers",
    "plot_losses",
    "printZ",
    "sample_grid",
    "save_image",
    "show_file",
    "show_film",
    "show_images",
    "show_vectors",
]
