"""Diagrams of a network's layers: one card for each layer with weights, with its output shape drawn to scale.

Graphviz is not needed. Layers without weights and batch normalisation are short lines on the card of the layer before.
Where two branches join, the card of the first one names the other; side branches of more than one card have rows of
their own.
"""

import itertools
import math
import os

from utils.figures.style import FAINT, INK, LINE, TEXT_SIZE, finish, in_own_style
from utils.figures.texts import TEXTS
from utils.speech import number, say, seen

COLUMNS = 7  # cards in a row
JOINS = {"Multiply": "×", "Add": "+"}
COLORS = {"Input": "#9aa3ad", "Conv": "#364fb3", "ConvTranspose": "#b92113", "Dense": "#c79f00", "other": "#5b6470"}


@in_own_style
def plot_layers(model, path: str | os.PathLike | None = None, show: bool = True):
    """Draw a Keras model's layers from left to right, with name, kernel, stride and output shape of each.

    Args:
        model: a built functional or sequential Keras model.
        path: where to save the diagram as PNG.
        show: whether to show it in a notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.

    Raises:
        ValueError: the model is not built, so that its shapes are unknown.

    Example:
        >>> plot_layers(gan.generator, "viz/generator.png")
    """
    from matplotlib.figure import Figure

    branches = _rows_of_cards(model)
    rows = [branch[i : i + COLUMNS] for branch in branches for i in range(0, len(branch), COLUMNS)]
    width = 1.55  # inches of a card with the space beside it
    heights = [2.25 + 0.165 * max(len(card["lines"]) for card in row) for row in rows]  # with the space below
    columns = max(map(len, rows))
    figure = Figure(figsize=(width * columns + 0.02, sum(heights) + 0.55))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-0.1, width * columns - 0.08)
    axes.set_ylim(-sum(heights), 0.55)
    axes.axis("off")
    axes.text(0.05, 0.26, _names(model)[0], fontsize=13, fontweight="bold", color=INK, va="center")
    total = say(TEXTS, "weights", count=number(model.count_params(), ",d"))
    axes.text(width * columns - 0.2, 0.26, total, fontsize=TEXT_SIZE, color=INK, ha="right", va="center")
    largest = max(max(card["shape"][:-1], default=1) for row in rows for card in row)
    y = 0
    for row, height in zip(rows, heights, strict=True):
        for i, card in enumerate(row):
            _draw_card(axes, card, i * width, y, width - 0.18, height - 0.12, largest)
            if i and card["follows"]:
                arrow = {"arrowstyle": "->", "color": FAINT}
                axes.annotate("", (i * width, y - 0.85), (i * width - 0.18, y - 0.85), arrowprops=arrow)
        y -= height
    return finish(figure, path, show, seen=layers_seen(model))


def layers_seen(model) -> tuple[str, str]:
    """What is said of a network's diagram, (alternative text, caption)."""
    cards = sum(map(len, _rows_of_cards(model)))
    return seen(TEXTS, "layers", name=_names(model)[1], cards=cards, weights=number(model.count_params(), ",d"))


def _names(model) -> tuple[str, str]:
    """What a network is called, in a heading and in a sentence."""
    if f"the {model.name}" in TEXTS:
        return say(TEXTS, model.name), say(TEXTS, f"the {model.name}")
    return model.name, say(TEXTS, "the network", name=model.name)


def _rows_of_cards(model) -> list[list[dict]]:
    """The cards of a network: those of the main branch from input to output, then those of each side branch.

    A side branch of a single card is not drawn, but named where it starts.
    """
    shapes = {layer: _output_shape(layer) for layer in model.layers}
    made_by = {id(layer.output): layer for layer in model.layers if not hasattr(layer, "layers")}

    def sources(layer):
        """The layers whose outputs are a layer's inputs; none for the input layer, or if they are unknown."""
        if type(layer).__name__ == "InputLayer":
            return []
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        return [made_by[id(tensor)] for tensor in inputs if id(tensor) in made_by]

    source = {layer: next(iter(sources(layer)), None) for layer in model.layers}  # of the first input

    def chain_to_input(layer):
        """Yield a layer and its predecessors, following the first input."""
        while layer is not None:
            yield layer
            layer = source.get(layer)

    main = list(chain_to_input(made_by.get(id(model.outputs[0]))))
    joined = {layer: [other for other in sources(layer)[1:] if other not in main] for layer in model.layers}
    ends = {other for others in joined.values() for other in others}  # the last layers of side branches
    side_layers, queue = set(), list(ends)
    while queue:
        layer = queue.pop()
        if layer not in main and layer not in side_layers and type(layer).__name__ != "InputLayer":
            side_layers.add(layer)
            queue += sources(layer)
    sides = {}  # {first layer: layers of its branch}
    for layer in model.layers:
        if layer in side_layers:
            *_, first = itertools.takewhile(side_layers.__contains__, chain_to_input(layer))
            sides.setdefault(first, []).append(layer)
    joins = {
        layer: [_with_weights(chain_to_input(other)).name.removeprefix(f"{model.name}_") for other in others]
        for layer, others in joined.items()
    }
    starts = {}  # {layer: names of the branches that start there}
    for first in sides:
        if first.weights and first not in ends:
            starts.setdefault(source[first], []).append(first.name)
    branches = [[layer for layer in branch if layer not in ends or joins[layer]] for branch in sides.values()]
    order = {layer: i for i, layer in enumerate(model.layers)}
    for branch in branches:  # depth first where a branch divides
        branch.sort(key=lambda layer: [order[other] for other in chain_to_input(layer)][::-1])
    drawn = [_cards(branch, shapes, source, joins, starts) for branch in branches]
    first = _cards([layer for layer in model.layers if layer not in side_layers], shapes, source, joins, starts)
    return [first, *(cards for cards in drawn if len(cards) > 1)]


def _with_weights(layers):
    """The first layer that has weights, else the first layer."""
    layers = list(layers)
    return next((layer for layer in layers if layer.weights), layers[0])


def _cards(layers, shapes, source, joins, starts) -> list[dict]:
    """Group layers into cards.

    Args:
        layers: list of layers, in order.
        shapes: {layer: output shape}.
        source: {layer: the layer of its first input, None if unknown}.
        joins: {layer: names of the branches that join there}.
        starts: {layer: names of the branches that start there}.

    Returns:
        List of dicts: "title", "name", "shape", "lines" of text, and "follows", whether an arrow leads to the card from
        the one before.
    """
    cards, before = [], []
    for previous, layer in zip([None, *layers], layers, strict=False):
        kind, text = type(layer).__name__, _describe(layer)
        if joins[layer] and cards:
            cards[-1]["lines"] += [f"{JOINS.get(kind, kind)} {name}" for name in joins[layer]]
        elif kind.startswith("UpSampling"):  # belongs to the next layer
            before.append(say(TEXTS, "after layer", name=kind))
        elif not cards or kind == "InputLayer" or (layer.weights and "Normalization" not in kind):
            title = kind.removesuffix("Layer")
            card = {"title": title, "name": layer.name, "shape": shapes[layer], "lines": [*before, *text]}
            cards.append(card | {"follows": source[layer] in (None, previous)})
            before = []
        else:
            cards[-1]["lines"].append(" ".join([kind, *text]))
            if kind != "Flatten":  # the shape before flattening is more informative
                cards[-1]["shape"] = shapes[layer]
        if cards:
            cards[-1]["lines"] += [say(TEXTS, "and layer", name=name) for name in starts.get(layer, ())]
    return cards


def _output_shape(layer) -> tuple[int, ...]:
    """The output shape of a layer, without the batch axis."""
    try:
        output = layer.output
        shape = (output[0] if isinstance(output, list) else output).shape  # of the first of several outputs
    except (AttributeError, ValueError):
        raise ValueError(
            f"layer {layer.name} has no shape yet: build the model, or call it once, before drawing"
        ) from None
    return tuple(shape)[1:]


def _describe(layer) -> list[str]:
    """The settings of a layer, as a list of short lines."""
    values = layer.get_config()
    text = []
    if "kernel_size" in values:
        text.append(say(TEXTS, "kernel", size=" × ".join(map(str, values["kernel_size"]))))
    if "strides" in values:
        text.append(say(TEXTS, "stride", size=" × ".join(map(str, values["strides"]))))
    if "units" in values:
        text.append(say(TEXTS, "unit" if values["units"] == 1 else "units", count=number(values["units"], ",d")))
    text += [number(values[name], ".2g") for name in ("negative_slope", "rate", "momentum") if name in values]
    activation = values.get("activation")
    if isinstance(activation, str) and activation != "linear":
        text.append(activation)
    return text


def _draw_card(axes, card: dict, x: float, y: float, width: float, height: float, largest: int) -> None:
    from matplotlib.patches import FancyBboxPatch

    kind = card["title"]
    family = (
        "ConvTranspose" if "Transpose" in kind else next((name for name in COLORS if kind.startswith(name)), "other")
    )
    frame = {"boxstyle": "round,pad=0,rounding_size=0.06", "facecolor": "white", "edgecolor": LINE, "linewidth": 1}
    axes.add_patch(FancyBboxPatch((x, y - height), width, height, **frame))
    _draw_shape(axes, card["shape"], x + width / 2, y - 0.72, COLORS[family], largest)
    middle = x + width / 2
    shape = " × ".join("?" if side is None else number(side, ",d") for side in card["shape"])
    axes.text(middle, y - 1.5, shape, fontsize=8.5, color=INK, ha="center", va="center")
    name = say(TEXTS, kind) if kind in TEXTS else kind
    axes.text(middle, y - 1.74, name, fontsize=8.5, fontweight="bold", color=COLORS[family], ha="center", va="center")
    axes.text(middle, y - 1.91, card["name"], fontsize=7, color=FAINT, ha="center", va="center")
    for k, line in enumerate(card["lines"]):
        axes.text(middle, y - 2.12 - 0.165 * k, line, fontsize=7.5, color=INK, ha="center", va="center")


def _draw_shape(axes, shape: tuple, x: float, y: float, color: str, largest: int) -> None:
    """Draw a shape as a block, its depth by the number of channels; a vector is a thin column."""
    from matplotlib.patches import Polygon

    sides = [side or 1 for side in shape]
    if len(sides) == 3:
        block_height = 0.16 + 0.84 * sides[0] / max(largest, 1)
        block_depth = 0.05 + 0.05 * math.log2(sides[2] + 1)
    else:  # a vector
        block_height, block_depth = 0.2 + 0.045 * math.log2(math.prod(sides) + 1), 0.07
    slant = 0.22 * block_height
    left, right, bottom, top = (
        x - (block_depth + slant) / 2,
        x + (block_depth - slant) / 2,
        y - (block_height + slant) / 2,
        y + (block_height - slant) / 2,
    )
    faces = (
        ([(left, bottom), (right, bottom), (right, top), (left, top)], 0.55),
        ([(left, top), (right, top), (right + slant, top + slant), (left + slant, top + slant)], 0.3),
        ([(right, bottom), (right + slant, bottom + slant), (right + slant, top + slant), (right, top)], 0.8),
    )
    for corners, strength in faces:
        axes.add_patch(Polygon(corners, facecolor=color, alpha=strength, edgecolor="white", linewidth=0.8))
