"""Views of a report of `utils.reading`: a Markdown table and a figure."""

import os

import numpy as np

from lines import COLOR_NAMES, PALETTE, SIZE
from utils.figures.style import FAINT, INK, LINE, finish, in_own_style
from utils.reading.colors import NAMED_COLORS
from utils.reading.rules import Rules

RULE_NAMES = {
    "one_vertical": "exactly one vertical",
    "two_horizontals": "exactly two horizontals",
    "x": "vertical in its range",
    "y1": "first horizontal in its range",
    "y2": "second horizontal in its range",
    "palette": "colours of the palette",
    "width": "widths near 5 pixels",
    "inked": "inked over their length",
    "straight": "straight and upright",
}
RULE_COLOR = tuple(PALETTE[2] / 255)  # the red of the palette


def table(numbers: dict, drawn: dict | None = None) -> str:
    """Write a report as a Markdown table.

    Args:
        numbers: the result of `report`.
        drawn: a second report for a column beside it, of as many drawn images.

    Returns:
        The table, a string.
    """
    head = [f"{numbers['images']:,} images", "drawn by the rules"]
    return side_by_side(dict(zip(head, filter(None, (numbers, drawn)), strict=False)))


def side_by_side(reports: dict[str, dict]) -> str:
    """Write several reports as one Markdown table.

    Args:
        reports: dict, name of the column -> result of `report`.

    Returns:
        The table, a string.

    Example:
        >>> print(side_by_side({"GAN": report(ours), "VAE": report(theirs)}))
    """
    columns = [_rows(one) for one in reports.values()]
    lines = ["| " + " | ".join(["number", *reports]) + " |", "|---|" + "---:|" * len(columns)]
    for name in dict.fromkeys(name for column in columns for name in column):
        lines.append("| " + " | ".join([name, *(column.get(name, "") for column in columns)]) + " |")
    return "\n".join(lines)


def _rows(numbers: dict) -> dict[str, str]:
    """The rows of a report's table, a dict, name -> text."""
    rows = {}
    if "parameters" in numbers:
        rows |= _reader_rows(numbers)
    elif "adherence" in numbers:
        rows["keep all the rules"] = f"{numbers['adherence']['all']:.1%}"
        rows |= {f"· {RULE_NAMES[name]}": f"{share:.1%}" for name, share in numbers["adherence"]["rules"].items()}
        distance = numbers["class_distance"]
        low, high = distance["quantiles"]["5"], distance["quantiles"]["95"]
        rows["nearest drawn image, dB (5 to 95 %)"] = f"{distance['median']:.1f} ({low:.1f} to {high:.1f})"
        rows["identical to a drawn image"] = f"{distance['identical']:.1%}"
        for kind in ("lines", "verticals", "horizontals"):
            counts = numbers["census"][kind]
            rows[f"images with so many {kind}"] = ", ".join(f"{n}: {share:.1%}" for n, share in counts.items())
        rows["lines with a groove along them"] = f"{numbers['profile']['grooved']:.1%}"
        rows["images in which lines touch"] = f"{numbers['census']['touching']:.1%}"
        palette = numbers["palette"]
        rows["ink of the palette"] = ", ".join(f"{name} {palette[name]:.1%}" for name in COLOR_NAMES)
        hues = ", ".join(
            f"{name} {share:.1%}" for name, share in list(palette["new_hues"].items())[:5] if share >= 5e-4
        )
        rows["ink of new hues"] = f"{palette['new']:.1%}" + (f" ({hues})" if hues else "")
        for name, divergence in numbers["divergence"].items():
            rows[f"divergence of {name} from the rules, bits"] = f"{divergence:.3f}"
    spread = numbers["diversity"]
    rows["mean distance of two images"] = f"{spread['distance']:.3f}"
    rows["clearly different images"] = f"{spread['different']:,} of {spread['images']:,}"
    if numbers["memory"] is not None:
        memory = numbers["memory"]
        rows["distance to the nearest training image (expected)"] = (
            f"{memory['distance']:.3f} ({memory['expected']:.3f})"
        )
        rows["their ratio"] = f"{memory['ratio']:.2f}"
        rows["copies of a training image (expected)"] = f"{memory['copies']:.1%} ({memory['copies_expected']:.1%})"
    if numbers["coverage"] is not None:
        covered = numbers["coverage"]
        rows["reference images covered (expected)"] = f"{covered['share']:.1%} ({covered['expected']:.1%})"
        rows["density around reference images (expected)"] = f"{covered['density']:.2f} (1.00)"
    if numbers["sliced_wasserstein"] is not None:
        for name, value in numbers["sliced_wasserstein"].items():
            rows[f"sliced Wasserstein distance, {name}"] = f"{value:.4f}"
        rows["kernel distance"] = f"{numbers['kernel_distance']:.4f}"
    return rows


def _reader_rows(numbers: dict) -> dict[str, str]:
    """The rows of what a reader says, a dict, name -> text."""
    kept = numbers["adherence"]
    rows = {f"keep the rules (drawn images: {kept['drawn']:.0%})": f"{kept['all']:.1%}"}
    rows["distance to the nearest redraw (1: the furthest that keeps the rules)"] = f"{kept['distance']:.2f}"
    if "class_distance" in numbers:
        rows["nearest drawn image, dB"] = f"{numbers['class_distance']['median']:.1f}"
        rows["identical to a drawn image"] = f"{numbers['class_distance']['identical']:.1%}"
    for name, one in numbers["parameters"].items():
        rows[f"divergence of {name} from the rules, bits"] = f"{one['divergence']:.3f}"
        if one["outside"] >= 0.005:
            rows[f"· {name} out of its range"] = f"{one['outside']:.1%}"
    if numbers["together"]["names"]:
        names, bits = numbers["together"]["names"], numbers["together"]["bits"]
        rows["most told of each other beyond the rules, bits"] = f"{bits:.2f} ({names[0]}, {names[1]})"
    if numbers["unread"]:
        rows["not read"] = ", ".join(numbers["unread"])
    return rows


@in_own_style
def figure(numbers: dict, path: str | os.PathLike | None = None, show: bool = True):
    """Draw a report as one figure: adherence, census, hues and positions.

    For a rule set that a reader reads: adherence, and each parameter's distribution beside the rule's. For a report
    without rules: the shares of clearly different images, of covered reference images and of copies, with
    the shares that are expected of images of the reference's own source.

    Args:
        numbers: the result of `report`.
        path: where to save it as PNG.
        show: whether to show it in a notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.
    """
    from matplotlib.figure import Figure

    if "adherence" not in numbers:
        return _figure_without_rules(numbers, path, show)
    if "parameters" in numbers:
        return _figure_of_parameters(numbers, path, show)
    canvas = Figure(figsize=(12, 6.4), layout="constrained")
    canvas.get_layout_engine().set(w_pad=0.12, h_pad=0.12)
    axes = canvas.subplots(2, 3)
    _draw_rules(axes[0, 0], numbers["adherence"])
    _draw_census(axes[0, 1], numbers["census"]["lines"])
    _draw_ink(axes[0, 2], numbers["palette"])
    rules = Rules(**numbers["rules"])
    for one, (name, title) in zip(
        axes[1], {"x": "verticals", "y1": "first horizontals", "y2": "second horizontals"}.items(), strict=True
    ):
        _draw_positions(one, numbers["positions"][name], rules.distribution[name], title, numbers["divergence"][name])
    distance = numbers["class_distance"]["median"]
    canvas.suptitle(
        f"{numbers['images']:,} images: {numbers['adherence']['all']:.1%} keep all the rules, "
        f"{numbers['diversity']['different']:,} of {numbers['diversity']['images']:,} clearly different, "
        f"the nearest drawn image at {distance:.1f} dB",
        x=0.01,
        ha="left",
        fontsize=12,
        color=INK,
    )
    return finish(canvas, path, show, dpi=110)


@in_own_style
def _figure_without_rules(numbers: dict, path: str | os.PathLike | None, show: bool):
    from matplotlib.figure import Figure

    spread, covered, memory = numbers["diversity"], numbers["coverage"], numbers["memory"]
    bars = {"images clearly different from each other": (spread["different"] / spread["images"], None)}
    if covered is not None:
        bars["reference images covered"] = (covered["share"], covered["expected"])
    if memory is not None:
        bars["copies of a reference image"] = (memory["copies"], memory["copies_expected"])
    canvas = Figure(figsize=(8, 0.8 + 0.45 * len(bars)), layout="constrained")
    axes = canvas.subplots()
    positions = np.arange(len(bars))[::-1]
    axes.barh(positions, [share for share, _ in bars.values()], color=FAINT, height=0.6)
    for place, (share, expected) in zip(positions, bars.values(), strict=True):
        if expected is not None:
            axes.plot([expected] * 2, [place - 0.38, place + 0.38], color=RULE_COLOR, linewidth=2)
        suffix = "" if expected is None else f" ({expected:.0%})"
        axes.text(1.03, place, f"{share:.0%}{suffix}", va="center", fontsize=9, color=INK)
    axes.set_yticks(positions, list(bars), fontsize=9)
    axes.set_xlim(0, 1.2)
    axes.set_xticks([])
    _clean(axes, f"{numbers['images']:,} images; in red and in brackets: expected of the reference's own source")
    return finish(canvas, path, show, dpi=110)


@in_own_style
def _figure_of_parameters(numbers: dict, path: str | os.PathLike | None, show: bool):
    from matplotlib.figure import Figure

    parameters = numbers["parameters"]
    columns = min(4, len(parameters))
    rows = -(-len(parameters) // columns)
    canvas = Figure(figsize=(max(9, 3 * columns), 1 + 1.9 * rows), layout="constrained")
    canvas.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    grid = canvas.subplots(rows, columns, squeeze=False).ravel()
    for axes, (name, one) in zip(grid, parameters.items(), strict=False):
        bins = np.arange(len(one["shares"]))
        axes.bar(bins, one["shares"], color=FAINT, width=0.9)
        axes.stairs(one["drawn"], np.arange(len(bins) + 1) - 0.5, color=RULE_COLOR, linewidth=1.2)
        labels = one["values"] or ["", *(f"{one['low']:.3g}", f"{one['high']:.3g}"), ""]
        places = bins if one["values"] else [0, 1, len(bins) - 2, len(bins) - 1]
        axes.set_xticks(places, labels)
        axes.set_yticks([])
        _clean(axes, f"{name}: {one['divergence']:.2f} bits from the rules")
    for axes in grid[len(parameters) :]:
        axes.set_axis_off()
    kept = numbers["adherence"]
    canvas.suptitle(
        f"{numbers['images']:,} images: {kept['all']:.1%} keep the rules (drawn images: {kept['drawn']:.0%}); "
        "in red what the rules draw",
        x=0.01,
        ha="left",
        fontsize=11,
        color=INK,
    )
    return finish(canvas, path, show, dpi=110)


def _draw_rules(axes, adherence: dict) -> None:
    names = [*RULE_NAMES.values(), "all of them"]
    shares = [*(adherence["rules"][name] for name in RULE_NAMES), adherence["all"]]
    positions = np.arange(len(names))[::-1]
    axes.barh(positions, shares, color=[FAINT] * len(RULE_NAMES) + [INK], height=0.7)
    for place, share in zip(positions, shares, strict=True):
        axes.text(min(share + 0.02, 1.02), place, f"{share:.0%}", va="center", fontsize=8, color=INK)
    axes.set_yticks(positions, names, fontsize=8)
    axes.set_xlim(0, 1.15)
    axes.set_xticks([])
    _clean(axes, "share of images that keep the rule")


def _draw_census(axes, lines: dict[str, float]) -> None:
    counts = range(max(6, *(int(count) + 1 for count in lines)))
    shares = [lines.get(str(count), 0) for count in counts]
    axes.bar(list(counts), shares, color=[INK if count == 3 else FAINT for count in counts], width=0.7)
    for count, share in zip(counts, shares, strict=True):
        if share > 0:
            axes.text(count, share, f"{share:.0%}", ha="center", va="bottom", fontsize=8, color=INK)
    axes.set_xticks(list(counts))
    axes.set_yticks([])
    _clean(axes, "lines in an image")


def _draw_ink(axes, palette: dict) -> None:
    names = [*COLOR_NAMES, *list(palette["new_hues"])[:4]]
    shares = [palette[name] for name in COLOR_NAMES] + list(palette["new_hues"].values())[:4]
    looks = {name: tuple(np.array(color) / 255) for name, color in reversed(NAMED_COLORS)}
    colors = [looks.get(name, "none") for name in names]
    axes.bar(range(len(names)), shares, color=colors, edgecolor=FAINT, width=0.7)
    for i, share in enumerate(shares):
        axes.text(i, share, f"{share:.0%}" if share >= 0.01 else "<1%", ha="center", va="bottom", fontsize=8, color=INK)
    axes.set_xticks(range(len(names)), names, fontsize=8, rotation=30 if len(names) > 5 else 0)
    axes.set_yticks([])
    _clean(axes, "share of the ink")


def _draw_positions(axes, counts: list[int], expected: np.ndarray, title: str, divergence: float) -> None:
    width = 4 if np.count_nonzero(expected > 1e-6) > SIZE // 4 else 1  # single pixels where the range is narrow
    shares = np.asarray(counts) / max(np.sum(counts), 1)
    shares = shares[2:-2].reshape(-1, width).mean(axis=1)  # so that a bin begins with the range, at 10
    axes.bar(np.arange(2, SIZE - 2, width), shares, align="edge", color=FAINT, width=width)
    axes.step(np.arange(SIZE + 1), [*expected, 0], where="post", color=RULE_COLOR, linewidth=1.2)
    axes.set_yticks([])
    axes.set_xlim(0, SIZE)
    _clean(axes, f"{title}: {divergence:.3f} bits from the rules")


def _clean(axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(colors=INK, length=0, labelsize=8)
