"""Curves over the steps of a training: the convergence graph, and any model's losses."""

import os
from collections.abc import Mapping, Sequence

import numpy as np

from utils.figures.style import FAINT, INK, LINE, finish, in_own_style

CURVE_COLORS = ("black", "#1f9d55", "#c5221f", "#f29100", "#7b61a8")  # the original's: D, real, fake, generator


def plot_losses(
    d_losses: Sequence[Sequence[float]],
    g_losses: Sequence[float],
    path: str | os.PathLike | None = None,
    show: bool = True,
):
    """Draw the convergence graph: the losses of critic and generator over the steps.

    The losses of the first steps may be in the thousands before both networks find their scale. The vertical axis is
    scaled to the other steps; values beyond it are cut off, and a line under the title states their range.

    Args:
        d_losses: list of [total, real, fake, penalty], one per step (`gan.d_losses`).
        g_losses: list of the generator's losses, one per step (`gan.g_losses`).
        path: where to save the figure, usually images/Converge.png.
        show: whether to show it in a notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.

    Raises:
        ValueError: no step has been done.

    Example:
        >>> plot_losses(gan.d_losses, gan.g_losses, "images/Converge.png")
    """
    d_losses, g_losses = np.asarray(d_losses, float), np.asarray(g_losses, float)
    if d_losses.ndim != 2 or d_losses.shape[1] < 3 or len(g_losses) == 0:
        raise ValueError("there are no losses to draw yet; d_losses holds [total, real, fake, penalty] for each step")
    curves = {
        "D, critic: total": d_losses[:, 0],
        "R, real images": d_losses[:, 1],
        "F, generated images": d_losses[:, 2],
        "G, generator": g_losses,
    }
    return plot_curves(curves, "Convergence of the losses", path, show)


@in_own_style
def plot_curves(
    curves: Mapping[str, Sequence[float]], title: str, path: str | os.PathLike | None = None, show: bool = True
):
    """Draw curves over the steps, such as the losses of any model (`model.losses_of`).

    Args:
        curves: dict, name -> one float per step.
        title: title of the figure.
        path: where to save it.
        show: whether to show it in a notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.

    Raises:
        ValueError: no step has been done.
    """
    from matplotlib.figure import Figure

    if not curves or not len(next(iter(curves.values()))):
        raise ValueError("there are no steps to draw yet")
    figure = Figure(figsize=(9, 5), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.12)
    draw_curves(figure.add_subplot(), curves, title)
    return finish(figure, path, show, dpi=110)


def draw_curves(axes, curves: Mapping[str, Sequence[float]], title: str) -> None:
    """Draw curves over the steps on Matplotlib axes, with outliers cut off; arguments as in `plot_curves`."""
    curves = {name: np.asarray(values, float) for name, values in curves.items()}
    for (name, values), color in zip(curves.items(), CURVE_COLORS, strict=False):
        axes.plot(np.arange(len(values)), values, color=color, linewidth=0.9, label=name)
    everything = np.concatenate(list(curves.values()))
    low, high, cut = _axis_range(list(curves.values()))
    axes.set_ylim(low, high)
    axes.set_xlim(0, max(len(values) for values in curves.values()) - 1 or 1)
    axes.axhline(0, color=LINE, linewidth=0.8, zorder=0)
    axes.set_title(title, loc="left", fontsize=13, color=INK, pad=22)
    if cut:
        finite = everything[np.isfinite(everything)]
        note = f"values beyond the scale are cut off: they reach {finite.min():,.0f} and {finite.max():,.0f}".replace(
            "-", "−"
        )
        axes.text(0, 1.02, note, transform=axes.transAxes, fontsize=9, color=FAINT)
    axes.set_xlabel("step", color=INK)
    axes.set_ylabel("loss", color=INK)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(color=LINE, linewidth=0.5, alpha=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LINE)
    axes.tick_params(colors=FAINT, length=0)
    # above the axes, where it covers no curve
    above = {"loc": "lower right", "bbox_to_anchor": (1.01, 1.04), "ncols": len(curves), "borderpad": 0}
    axes.legend(**above, fontsize=9, frameon=False, labelcolor=INK, handlelength=1.4, columnspacing=1.4)


def _axis_range(curves: list[np.ndarray]) -> tuple[float, float, bool]:
    """The range of the vertical axis, and whether values lie outside: `(low, high, cut)`.

    It spans the 0.5 to 99.5 % quantiles after the first tenth of the steps; all values, if their range is less than
    twice as large.
    """
    everything = np.concatenate(curves)
    everything = everything[np.isfinite(everything)]
    if len(everything) == 0:
        return -1, 1, False
    settled = np.concatenate([values[len(values) // 10 :] for values in curves])
    settled = settled[np.isfinite(settled)]
    if len(settled) == 0:
        settled = everything
    low, high = np.percentile(settled, (0.5, 99.5))
    cut = np.ptp(everything) > 2 * (high - low) and high > low
    if not cut:
        low, high = everything.min(), everything.max()
    padding = 0.08 * (high - low) or 1
    return low - padding, high + padding, bool(cut)
