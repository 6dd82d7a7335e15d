"""Views of a report of `utils.reading`: a Markdown table and a figure."""

import os

import numpy as np

from lines import COLOR_NAMES, PALETTE, SIZE
from utils.figures.style import FAINT, INK, LINE, TEXT_SIZE, TITLE_SIZE, finish, in_own_style
from utils.reading.colors import NAMED_COLORS
from utils.reading.rules import Rules
from utils.reading.texts import TEXTS
from utils.speech import listed, number, percent, roughly, say, seen

RULE_NAMES = ("one_vertical", "two_horizontals", "x", "y1", "y2", "palette", "width", "inked", "straight")
ROWS = 6  # of a folded table
SMALL = 10  # points, of numbers on bars
LEAST_INK = 0.005  # share from which a new hue has a bar
OTHERS = "other hues"
RULE_COLOR = tuple(PALETTE[2] / 255)  # the red of the palette


def table(numbers: dict, drawn: dict | None = None) -> str:
    """Write a report as a Markdown table.

    Args:
        numbers: the result of `report`.
        drawn: a second report for a column beside it, of as many drawn images.

    Returns:
        The table, a string.
    """
    head = [_say("count images", count=number(numbers["images"], ",d")), _say("by the rules")]
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
    lines = ["| " + " | ".join([_say("number"), *reports]) + " |", "|---|" + "---:|" * len(columns)]
    for name in dict.fromkeys(name for column in columns for name in column):
        lines.append("| " + " | ".join([name, *(column.get(name, "") for column in columns)]) + " |")
    return "\n".join(lines)


def folded(table: str, rows: int = ROWS) -> str:
    """A Markdown table of which the first rows are seen, and the others after a click.

    Args:
        table: the table.
        rows: how many are seen.

    Returns:
        Markdown, the table itself if it has no more rows.
    """
    head, rule, *lines = table.splitlines()
    if len(lines) <= rows:
        return table
    seen, rest = ("\n".join([head, rule, *part]) for part in (lines[:rows], lines[rows:]))
    summary = _say("more rows", count=len(lines) - rows)
    return f"{seen}\n\n<details><summary>{summary}</summary>\n\n{rest}\n\n</details>"


def _say(key: str, **values) -> str:
    return say(TEXTS, key, **values)


def _rows(numbers: dict) -> dict[str, str]:
    """The rows of a report's table, a dict, name -> text."""
    rows = {}
    if "parameters" in numbers:
        rows |= _reader_rows(numbers)
    elif "adherence" in numbers:
        rows[_say("keep all")] = percent(numbers["adherence"]["all"], 1)
        rows |= {f"· {_say(name)}": percent(share, 1) for name, share in numbers["adherence"]["rules"].items()}
        distance = numbers["class_distance"]
        values = {"median": distance["median"], "low": distance["quantiles"]["5"], "high": distance["quantiles"]["95"]}
        rows[_say("class distance")] = _say("from to", **{name: number(one, ".1f") for name, one in values.items()})
        rows[_say("identical")] = percent(distance["identical"], 1)
        for kind in ("lines", "verticals", "horizontals"):
            counts = numbers["census"][kind]
            shares = (_say("count", n=n, share=percent(share, 1)) for n, share in counts.items())
            rows[_say(f"so many {kind}")] = listed(shares)
        rows[_say("grooved")] = percent(numbers["profile"]["grooved"], 1)
        rows[_say("touching")] = percent(numbers["census"]["touching"], 1)
        palette = numbers["palette"]
        rows[_say("ink")] = listed(f"{_say(name)} {percent(palette[name], 1)}" for name in COLOR_NAMES)
        hues = listed(
            f"{_say(name)} {percent(share, 1)}"
            for name, share in list(palette["new_hues"].items())[:5]
            if share >= 5e-4
        )
        rows[_say("new ink")] = percent(palette["new"], 1) + (f" ({hues})" if hues else "")
        for name, divergence in numbers["divergence"].items():
            rows[_say("lines divergence", name=_say(f"of {name}"))] = number(divergence, ".3f")
    spread = numbers["diversity"]
    rows[_say("distance")] = number(spread["distance"], ".3f")
    rows[_say("different")] = _say("of", some=number(spread["different"], ",d"), all=number(spread["images"], ",d"))
    if numbers["memory"] is not None:
        memory = numbers["memory"]
        rows[_say("nearest")] = f"{number(memory['distance'], '.3f')} ({number(memory['expected'], '.3f')})"
        rows[_say("ratio")] = number(memory["ratio"])
        rows[_say("copies")] = f"{percent(memory['copies'], 1)} ({percent(memory['copies_expected'], 1)})"
    if numbers["coverage"] is not None:
        covered = numbers["coverage"]
        rows[_say("covered")] = f"{percent(covered['share'], 1)} ({percent(covered['expected'], 1)})"
        rows[_say("density")] = f"{number(covered['density'])} ({number(1)})"
    if numbers["sliced_wasserstein"] is not None:
        for name, value in numbers["sliced_wasserstein"].items():
            rows[_say("sliced", name=_say(name))] = number(value, ".4f")
        rows[_say("kernel")] = number(numbers["kernel_distance"], ".4f")
    return rows


def _reader_rows(numbers: dict) -> dict[str, str]:
    """The rows of what a reader says, a dict, name -> text."""
    kept = numbers["adherence"]
    rows = {_say("reader keep", drawn=percent(kept["drawn"])): percent(kept["all"], 1)}
    rows[_say("redraw")] = number(kept["distance"])
    if "class_distance" in numbers:
        rows[_say("nearest drawn")] = number(numbers["class_distance"]["median"], ".1f")
        rows[_say("identical")] = percent(numbers["class_distance"]["identical"], 1)
    for name, one in numbers["parameters"].items():
        rows[_say("divergence", name=name)] = number(one["divergence"], ".3f")
        if one["outside"] >= 0.005:
            rows[_say("outside", name=name)] = percent(one["outside"], 1)
    if numbers["together"]["names"]:
        names, bits = numbers["together"]["names"], numbers["together"]["bits"]
        rows[_say("together")] = f"{number(bits)} ({names[0]}, {names[1]})"
    if numbers["unread"]:
        rows[_say("unread")] = ", ".join(numbers["unread"])
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

    if "adherence" not in numbers or numbers.get("parameters") == {}:
        return _figure_without_rules(numbers, path, show)
    if "parameters" in numbers:
        return _figure_of_parameters(numbers, path, show)
    canvas = Figure(figsize=(9.4, 6.6), layout="constrained")
    canvas.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    axes = canvas.subplots(2, 3, width_ratios=(0.85, 1.1, 1.2))
    _draw_rules(axes[0, 0], numbers["adherence"])
    _draw_census(axes[0, 1], numbers["census"]["lines"])
    _draw_ink(axes[0, 2], numbers["palette"])
    rules = Rules(**numbers["rules"])
    for one, name in zip(axes[1], ("x", "y1", "y2"), strict=True):
        title = _say(f"place {name}")
        _draw_positions(one, numbers["positions"][name], rules.distribution[name], title, numbers["divergence"][name])
    spread = numbers["diversity"]
    facts = {
        "count": number(numbers["images"], ",d"),
        "kept": percent(numbers["adherence"]["all"], 1),
        "three": percent(numbers["census"]["lines"].get("3", 0)),
        "different": percent(spread["different"] / spread["images"]),
    }
    canvas.suptitle(_say("report title", **facts), x=0.01, ha="left", fontsize=TITLE_SIZE, color=INK)
    return finish(canvas, path, show, seen=seen(TEXTS, "report", **facts))


@in_own_style
def _figure_without_rules(numbers: dict, path: str | os.PathLike | None, show: bool):
    from matplotlib.figure import Figure

    spread, covered, memory = numbers["diversity"], numbers["coverage"], numbers["memory"]
    bars = {_say("plain different"): (spread["different"] / spread["images"], None)}
    if covered is not None:
        bars[_say("plain covered")] = (covered["share"], covered["expected"])
    if memory is not None:
        bars[_say("plain copies")] = (memory["copies"], memory["copies_expected"])
    canvas = Figure(figsize=(7.6, 0.9 + 0.55 * len(bars)), layout="constrained")
    axes = canvas.subplots()
    positions = np.arange(len(bars))[::-1]
    axes.barh(positions, [share for share, _ in bars.values()], color=FAINT, height=0.6)
    for place, (share, expected) in zip(positions, bars.values(), strict=True):
        if expected is not None:
            axes.plot([expected] * 2, [place - 0.38, place + 0.38], color=RULE_COLOR, linewidth=2)
        suffix = "" if expected is None else f" ({percent(expected)})"
        axes.text(1.03, place, f"{percent(share)}{suffix}", va="center", fontsize=TEXT_SIZE, color=INK)
    axes.set_yticks(positions, list(bars))
    axes.set_xlim(0, 1.25)
    axes.set_xticks([])
    facts = {"count": number(numbers["images"], ",d"), "different": percent(spread["different"] / spread["images"])}
    _clean(axes, _say("plain title", **facts))
    return finish(canvas, path, show, seen=seen(TEXTS, "plain", **facts))


@in_own_style
def _figure_of_parameters(numbers: dict, path: str | os.PathLike | None, show: bool):
    from matplotlib.figure import Figure

    parameters = numbers["parameters"]
    columns = min(4, len(parameters))
    rows = -(-len(parameters) // columns)
    canvas = Figure(figsize=(max(7.6, 2.4 * columns), 1.1 + 2.1 * rows), layout="constrained")
    canvas.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    grid = canvas.subplots(rows, columns, squeeze=False).ravel()
    for axes, (name, one) in zip(grid, parameters.items(), strict=False):
        bins = np.arange(len(one["shares"]))
        axes.bar(bins, one["shares"], color=FAINT, width=0.9)
        axes.stairs(one["drawn"], np.arange(len(bins) + 1) - 0.5, color=RULE_COLOR, linewidth=1.2)
        labels = one["values"] or ["", *(roughly(one[end], 3) for end in ("low", "high")), ""]
        places = bins if one["values"] else [0, 1, len(bins) - 2, len(bins) - 1]
        axes.set_xticks(places, labels)
        axes.set_yticks([])
        _clean(axes, f"{name}\n{_say('bits', bits=number(one['divergence']))}")
    for axes in grid[len(parameters) :]:
        axes.set_axis_off()
    kept = numbers["adherence"]
    facts = {
        "count": number(numbers["images"], ",d"),
        "kept": percent(kept["all"], 1),
        "drawn": percent(kept["drawn"]),
        "parameters": len(parameters),
    }
    canvas.suptitle(_say("parameters title", **facts), x=0.01, ha="left", fontsize=TITLE_SIZE, color=INK)
    return finish(canvas, path, show, seen=seen(TEXTS, "parameters", **facts))


def _draw_rules(axes, adherence: dict) -> None:
    names = [*map(_say, RULE_NAMES), _say("all")]
    shares = [*(adherence["rules"][name] for name in RULE_NAMES), adherence["all"]]
    positions = np.arange(len(names))[::-1]
    axes.barh(positions, shares, color=[FAINT] * len(RULE_NAMES) + [INK], height=0.7)
    for place, share in zip(positions, shares, strict=True):
        axes.text(min(share + 0.03, 1.03), place, number(100 * share, ".0f"), va="center", fontsize=SMALL, color=INK)
    axes.set_yticks(positions, names)
    axes.set_xlim(0, 1.25)
    axes.set_xticks([])
    _clean(axes, _say("rules kept"))


def _draw_census(axes, lines: dict[str, float]) -> None:
    counts = range(max(6, *(int(count) + 1 for count in lines)))
    shares = [lines.get(str(count), 0) for count in counts]
    axes.bar(list(counts), shares, color=[INK if count == 3 else FAINT for count in counts], width=0.7)
    for count, share in zip(counts, shares, strict=True):
        if share >= 0.005:
            axes.text(count, share, number(100 * share, ".0f"), ha="center", va="bottom", fontsize=SMALL, color=INK)
    axes.set_xticks(counts[:: 1 if len(counts) < 11 else 2])
    axes.set_yticks([])
    axes.margins(y=0.12)
    _clean(axes, _say("census"))


def _draw_ink(axes, palette: dict) -> None:
    """Bars of the palette's hues, the four most frequent others and the rest, on a ground that shows white ones too."""
    new = [name for name, share in list(palette["new_hues"].items())[:4] if share >= LEAST_INK]
    names = [*COLOR_NAMES, *new]
    shares = [palette[name] for name in COLOR_NAMES] + [palette["new_hues"][name] for name in new]
    if (rest := 1 - sum(shares)) >= LEAST_INK:
        names, shares = [*names, OTHERS], [*shares, rest]
    axes.set_facecolor(LINE)
    axes.bar(range(len(names)), shares, color=list(map(_look, names)), edgecolor=INK, linewidth=0.5, width=0.7)
    for i, share in enumerate(shares):
        axes.text(i, share, number(100 * share, ".0f"), ha="center", va="bottom", fontsize=SMALL, color=INK)
    turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if new else {}
    axes.set_xticks(range(len(names)), list(map(_say, names)), **turned)
    axes.set_yticks([])
    axes.margins(y=0.12)
    _clean(axes, _say("ink shares"))


def _look(name: str):
    """How a hue looks, a colour for Matplotlib; an "other blue" lies half-way from the palette's to grey."""
    if name == OTHERS:
        return FAINT
    looks = {one: np.array(color) / 255 for one, color in reversed(NAMED_COLORS)}
    looks |= {one: color / 255 for one, color in zip(COLOR_NAMES, PALETTE, strict=True)}
    near = {"off-white": "white"}.get(name, name.removeprefix("other "))
    return tuple(looks[name] if name in looks else (looks[near] + 0.72) / 2)


def _draw_positions(axes, counts: list[int], expected: np.ndarray, title: str, divergence: float) -> None:
    width = 4 if np.count_nonzero(expected > 1e-6) > SIZE // 4 else 1  # single pixels where the range is narrow
    shares = np.asarray(counts) / max(np.sum(counts), 1)
    shares = shares[2:-2].reshape(-1, width).mean(axis=1)  # so that a bin begins with the range, at 10
    axes.bar(np.arange(2, SIZE - 2, width), shares, align="edge", color=FAINT, width=width)
    axes.step(np.arange(SIZE + 1), [*expected, 0], where="post", color=RULE_COLOR, linewidth=1.6)
    axes.set_yticks([])
    axes.set_xlim(0, SIZE)
    _clean(axes, f"{title}\n{_say('bits', bits=number(divergence, '.3f'))}")


def _clean(axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=TEXT_SIZE, color=INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(colors=INK, length=0, labelsize=SMALL)
