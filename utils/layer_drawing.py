"""A network drawn as its layers: one card for each layer that computes, with the shape it gives drawn to scale.

Needs no graphviz. Layers without weights and batch normalisation stand as short lines on the card of the layer before.
Where two ways meet, the card is that of the first; the layers of the other are named where they begin and end.
"""

import math
import os

from utils.drawing import FAINT, INK, LINE, finish

COLUMNS = 7  # cards in a row
JOINS = {"Multiply": "×", "Add": "+"}
COLORS = {"Input": "#9aa3ad", "Conv": "#364fb3", "ConvTranspose": "#b92113", "Dense": "#c79f00", "other": "#5b6470"}


def plot_layers(model, path: str | os.PathLike | None = None, show: bool = True):
    """Draw a Keras model's layers from left to right, with name, kernel, stride and the shape each gives.

    Args:
        model: a built Keras model whose layers follow one another.
        path: where to save the drawing as PNG.
        show: show it in the notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.

    Raises:
        ValueError: the model is not built, so that its shapes are not known.

    Example:
        >>> plot_layers(gan.generator, "viz/generator.png")
    """
    from matplotlib.figure import Figure

    cards = _cards(model)
    rows, columns = math.ceil(len(cards) / COLUMNS), min(len(cards), COLUMNS)
    lines = max(len(card["lines"]) for card in cards)
    width, height = 1.55, 2.25 + 0.165 * lines  # inches of a card with the space around it
    figure = Figure(figsize=(width * columns + 0.02, height * rows + 0.55))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-0.1, width * columns - 0.08)
    axes.set_ylim(-height * rows, 0.55)
    axes.axis("off")
    axes.text(0.05, 0.26, model.name, fontsize=13, fontweight="bold", color=INK, va="center")
    total = f"{model.count_params():,} parameters"
    axes.text(width * columns - 0.2, 0.26, total, fontsize=9, color=FAINT, ha="right", va="center")
    largest = max(max(card["shape"][:-1], default=1) for card in cards)
    for i, card in enumerate(cards):
        x, y = i % COLUMNS * width, -(i // COLUMNS) * height
        _draw_card(axes, card, x, y, width - 0.18, height - 0.12, largest)
        if i % COLUMNS and i:
            axes.annotate("", (x, y - 0.85), (x - 0.18, y - 0.85), arrowprops={"arrowstyle": "->", "color": FAINT})
    return finish(figure, path, show, dpi=110)


def _cards(model) -> list[dict]:
    """The layers gathered into cards: a title, a name, a shape and lines of text."""
    cards, before = [], []
    shapes = [_output_shape(layer) for layer in model.layers]
    joined, beside = _side_ways(model)
    for layer, shape in zip(model.layers, shapes, strict=True):
        if layer in beside:
            continue
        kind, text = type(layer).__name__, _describe(layer)
        if layer in joined:
            cards[-1]["lines"].append(f"{JOINS.get(kind, kind)} {joined[layer].name}")
        elif kind.startswith("UpSampling"):  # enlarges what the next layer reads
            before.append(f"after {kind}")
        elif not cards or kind == "InputLayer" or (layer.weights and "Normalization" not in kind):
            title = kind.removesuffix("Layer")
            if kind == "InputLayer":
                text += [f"and {other.name}" for other in beside if other.weights and other not in joined.values()]
            cards.append({"title": title, "name": layer.name, "shape": shape, "lines": [*before, *text]})
            before = []
        else:
            cards[-1]["lines"].append(" ".join([kind, *text]))
            if kind != "Flatten":  # the block of images says more than their number of values
                cards[-1]["shape"] = shape
    return cards


def _side_ways(model) -> tuple[dict, list]:
    """Where a second way joins the first: {joining layer: last layer of that way}, and all layers on such ways."""
    made_by = {id(layer.output): layer for layer in model.layers if not hasattr(layer, "layers")}

    def before(layer, which=0):
        """The layer that gives a layer's input, or one of its inputs; None where that is no single layer."""
        if type(layer).__name__ == "InputLayer":
            return None
        return made_by.get(id(layer.input[which] if isinstance(layer.input, list) else layer.input))

    first, layer = [], made_by.get(id(model.outputs[0]))
    while layer is not None:
        first.append(layer)
        layer = before(layer)
    joined, beside = {}, []
    for layer in first:
        other = before(layer, 1) if isinstance(layer.input, list) and len(layer.input) > 1 else None
        if other is not None:
            joined[layer] = other
        while other is not None and other not in [*first, *beside]:
            beside.append(other)
            other = before(other)
    return joined, beside


def _output_shape(layer) -> tuple[int, ...]:
    """The shape of what a layer gives, without the batch."""
    try:
        output = layer.output
        shape = (output[0] if isinstance(output, list) else output).shape  # several outputs: of the first
    except (AttributeError, ValueError):
        raise ValueError(
            f"layer {layer.name} has no shape yet: build the model, or call it once, before drawing"
        ) from None
    return tuple(shape)[1:]


def _describe(layer) -> list[str]:
    """What there is to say of a layer, in short lines."""
    values = layer.get_config()
    text = []
    if "kernel_size" in values:
        text.append("kernel " + " × ".join(map(str, values["kernel_size"])))
    if "strides" in values:
        text.append("stride " + " × ".join(map(str, values["strides"])))
    if "units" in values:
        text.append(f"{values['units']:,} unit" + "s" * (values["units"] != 1))
    text += [f"{values[name]:.2g}" for name in ("negative_slope", "rate", "momentum") if name in values]
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
    shape = " × ".join("?" if side is None else f"{side:,}" for side in card["shape"])
    axes.text(middle, y - 1.5, shape, fontsize=8.5, color=INK, ha="center", va="center")
    axes.text(middle, y - 1.74, kind, fontsize=8.5, fontweight="bold", color=COLORS[family], ha="center", va="center")
    axes.text(middle, y - 1.91, card["name"], fontsize=7, color=FAINT, ha="center", va="center")
    for k, line in enumerate(card["lines"]):
        axes.text(middle, y - 2.12 - 0.165 * k, line, fontsize=7.5, color=INK, ha="center", va="center")


def _draw_shape(axes, shape: tuple, x: float, y: float, color: str, largest: int) -> None:
    """Draw the shape as a block: as tall as the image is, as deep as it has channels; a vector is a thin column."""
    from matplotlib.patches import Polygon

    sides = [side or 1 for side in shape]
    if len(sides) == 3:
        tall = 0.16 + 0.84 * sides[0] / max(largest, 1)
        deep = 0.05 + 0.05 * math.log2(sides[2] + 1)
    else:  # a vector
        tall, deep = 0.2 + 0.045 * math.log2(math.prod(sides) + 1), 0.07
    slant = 0.22 * tall
    left, right, bottom, top = (
        x - (deep + slant) / 2,
        x + (deep - slant) / 2,
        y - (tall + slant) / 2,
        y + (tall - slant) / 2,
    )
    faces = (
        ([(left, bottom), (right, bottom), (right, top), (left, top)], 0.55),
        ([(left, top), (right, top), (right + slant, top + slant), (left + slant, top + slant)], 0.3),
        ([(right, bottom), (right + slant, bottom + slant), (right + slant, top + slant), (right, top)], 0.8),
    )
    for corners, strength in faces:
        axes.add_patch(Polygon(corners, facecolor=color, alpha=strength, edgecolor="white", linewidth=0.8))
