"""Curves over the steps of a training: the convergence graph, and any model's losses."""

import os
from collections.abc import Mapping, Sequence

import numpy as np

from utils.figures.style import LINE, finish, in_own_style, style_axes
from utils.figures.texts import TEXTS
from utils.speech import listed, number, roughly, say, seen

# One colour for each loss, wherever it is drawn, and those that the texts name; they differ in lightness too, for who
# does not see red beside green. The original's: black D, green R, red F, orange the generator.
LOSS_COLORS = {
    "d_loss": "#1b1e23",
    "d_real": "#2f9e77",
    "d_fake": "#b3201c",
    "d_penalty": "#7b61a8",
    "g_loss": "#f0a01e",
    "loss": "#1b1e23",
    "reconstruction": "#2f7fb8",
    "divergence": "#f0a01e",
}
OTHER_COLORS = ("#1b1e23", "#2f7fb8", "#f0a01e", "#b3201c", "#7b61a8")  # of curves with other names
AS_ORIGINAL = ("d_loss", "d_real", "d_fake", "g_loss")  # the penalty lies near 0 and has no curve
SMOOTHED = 60  # points of a running mean, which is a few of them wide


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
    curves = dict(zip(AS_ORIGINAL, [*d_losses.T[:3], g_losses], strict=True))
    return plot_curves(curves, say(TEXTS, "convergence"), path, show)


@in_own_style
def plot_curves(
    curves: Mapping[str, Sequence[float]], title: str, path: str | os.PathLike | None = None, show: bool = True
):
    """Draw curves over the steps, such as the losses of any model (`model.losses_of`).

    Args:
        curves: dict, name -> one float per step. A loss of a model has its own colour and its name in words.
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
    figure = Figure(figsize=(7.6, 4.3), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    draw_curves(figure.add_subplot(), curves, title)
    return finish(figure, path, show, seen=_seen(curves))


def _seen(curves) -> tuple[str, str]:
    """What is said of curves: how many steps, what they are, and where they end."""
    last = {name: np.asarray(values, float)[-1 - len(values) // 20 :] for name, values in curves.items()}
    ends = listed(roughly(np.mean(values), 3) for values in last.values())
    names = listed(map(loss_name, curves))
    return seen(TEXTS, "curves", steps=number(len(next(iter(curves.values()))), ",d"), names=names, ends=ends)


def loss_name(name: str) -> str:
    """A loss in words, such as "R, real images" for d_real; another name as it is."""
    return say(TEXTS, name) if name in LOSS_COLORS and name in TEXTS else name


def draw_curves(axes, curves: Mapping[str, Sequence[float]], title: str) -> None:
    """Draw curves over the steps on Matplotlib axes, with outliers cut off; arguments as in `plot_curves`.

    Each is drawn thin as it is, and thick as a running mean. Of a GAN's losses the penalty has no curve.
    """
    shown = AS_ORIGINAL if set(AS_ORIGINAL) <= set(curves) else curves
    curves = {name: np.asarray(curves[name], float) for name in shown}
    for i, (name, values) in enumerate(curves.items()):
        color = LOSS_COLORS.get(name, OTHER_COLORS[i % len(OTHER_COLORS)])
        width = max(1, len(values) // SMOOTHED)
        axes.plot(np.arange(len(values)), values, color=color, linewidth=0.6, alpha=0.35 if width > 1 else 1)
        means = np.convolve(values, np.ones(width) / width, mode="valid")
        axes.plot(np.arange(len(means)) + (width - 1) / 2, means, color=color, linewidth=2, label=loss_name(name))
    everything = np.concatenate(list(curves.values()))
    low, high, cut = _axis_range(list(curves.values()))
    axes.set_ylim(low, high)
    axes.set_xlim(0, max(len(values) for values in curves.values()) - 1 or 1)
    axes.axhline(0, color=LINE, linewidth=0.8, zorder=0)
    label = say(TEXTS, "step")
    if cut:
        finite = everything[np.isfinite(everything)]
        ends = {"low": number(finite.min(), ",.0f"), "high": number(finite.max(), ",.0f")}
        label = say(TEXTS, "cut", **ends)
    style_axes(axes, title, label, say(TEXTS, "loss"), legend=len(curves))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.xaxis.set_major_formatter(lambda value, _: number(value, ",g"))
    axes.yaxis.set_major_formatter(lambda value, _: number(value, ",g"))


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
