"""Learning curves of the rules: adherence and census of sample images during a training, beside the losses.

`ReadAlong` is a Keras callback for `.train`: at regular intervals it generates the images of fixed latent vectors,
reads them and appends a row to readings.csv in the run folder. `plot_learning` draws the readings over the steps, on
one axis with the losses. The lines of `lines.lines` are read one by one (`measure_rules`); other rule sets have a
reader (`rule_measure`); data sets without rules have losses and sample sheets only.
"""

import csv
import io
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

import lines
from utils import files, reading
from utils.figures import animate, draw_curves, images_of_sheet, plot_curves, plot_losses, show_file, show_film
from utils.figures.grids import sheet_of
from utils.figures.layers import layers_seen
from utils.figures.style import FAINT, INK, TEXT_SIZE, finish, in_own_style, style_axes
from utils.figures.texts import TEXTS as FIGURES
from utils.images import to_uint8
from utils.latent import comparison
from utils.latent.generating import generate_images
from utils.latent.paths import generate_latent_points
from utils.quiet import keras
from utils.runs import telling
from utils.runs.folder import sheets_alike
from utils.runs.keeping import KeepGenerators
from utils.speech import number, percent, say

READINGS, HELD_OUT = "readings.csv", "held_out.csv"
MAPPED = 1000  # real images on a map
HELD_OUT_PIXELS, FEWEST_HELD_OUT = 2000 * 28 * 28, 200  # of the bound: 2,000 small images, a second at each sheet
READ_LINES = 200  # images a reading
READ_BY_READER = 60  # images a reading; each is drawn again six times
# How each rule is drawn, by colour and by mark; none is a loss's colour
RULES_DRAWN = {"one_vertical": ("#2f7fb8", "o"), "two_horizontals": ("#7ab8d9", "s"), "palette": ("#a2559c", "^")}
SHEETS_SHOWN = (0, 50, 100, 200, 400)  # steps, and the last: most happens at the start
IN_A_ROW, IN_THE_FILM = 5, 3  # images of a sheet that are shown
FILM_WIDTH = 576  # pixels on the page
CENSUS_COLORS = ("#d7dade", "#b9d3ea", "#7fb0d8", "#202124", "#f3b562", "#e2773a", "#b5312a")  # 0 to 6 lines, 3 black


def measure_rules(images: np.ndarray) -> dict[str, float]:
    """The measures to follow during a training, as one flat row.

    Args:
        images: (n, h, w, 3), uint8 or float in [-1, 1], at least 2.

    Returns:
        Dict of floats: "adherence", the share of images that keep all the rules; the share for each single rule, by its
        name; "lines_0" to "lines_6", the shares of images with that number of lines (6: or more); "divergence_x",
        "_y1", "_y2" and "_colors", the divergence of positions and colours from the rules' distribution, in bits;
        "different", the share of clearly different images.
    """
    numbers = reading.against_rules(images)
    lines = {int(count): share for count, share in numbers["census"]["lines"].items()}
    census = {f"lines_{count}": lines.get(count, 0.0) for count in range(6)}
    spread = reading.diversity(images)
    return {
        "adherence": numbers["adherence"]["all"],
        **numbers["adherence"]["rules"],
        **census,
        "lines_6": sum(share for count, share in lines.items() if count > 5),
        **{f"divergence_{name}": value for name, value in numbers["divergence"].items()},
        "different": spread["different"] / spread["images"],
    }


def rule_measure(rules: str | os.PathLike | ModuleType) -> Callable:
    """The measures to follow for any rule set, as `measure_rules` for three lines.

    Args:
        rules: a rule set, its name, or its file. Its reader is made now if there is none.

    Returns:
        A function of images (n, h, w, c), at least 2, which returns a dict of floats: "adherence"; "divergence_<name>"
        of each readable parameter, in bits; "different", the share of clearly different images.
    """
    from utils.reading.adherence import against_reader
    from utils.reading.readers import reader_of

    rules = rules if isinstance(rules, ModuleType) else lines.rules(rules)
    reader = reader_of(rules)

    def measure(images: np.ndarray) -> dict[str, float]:
        numbers, spread = against_reader(images, rules, reader), reading.diversity(images)
        divergences = {f"divergence_{name}": one["divergence"] for name, one in numbers["parameters"].items()}
        different = spread["different"] / spread["images"]
        return {"adherence": numbers["adherence"]["all"], **divergences, "different": different}

    return measure


class _Along(keras.callbacks.Callback):
    """A callback that appends a row of numbers to a table of the run folder every `every` steps and at the end.

    Args:
        folder: the run folder. A resumed run keeps the earlier rows up to the step that it resumes from.
        every: steps between two rows.
    """

    table = ""

    def __init__(self, folder, every):
        super().__init__()
        self.folder, self.every = Path(folder), every
        self.rows = None

    def numbers(self, model) -> dict[str, float]:
        """The numbers of a row, of a model as it is now."""
        raise NotImplementedError

    def on_train_begin(self, logs=None):
        if self.rows is None:
            path = self.folder / self.table
            self.rows = [row for row in _rows(path) if row["step"] < self.model.epoch] if path.exists() else []

    def due(self, step):
        """Whether a step has a row."""
        return step % self.every == 0

    def on_train_batch_end(self, batch, logs=None):
        model = self.model
        if not (self.due(model.epoch) or model.stop_training):
            return
        model.synchronise()
        row = {"step": model.epoch, "minutes": sum(model.step_seconds) / 60, **self.numbers(model)}
        self.rows.append(row)
        text = io.StringIO()
        writer = csv.DictWriter(text, row, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.5g}" for name, value in one.items()} for one in self.rows)
        files.write_text(self.folder / self.table, text.getvalue())


class ReadAlong(_Along):
    """Reads sample images every `every` steps and at the end, into readings.csv.

    Args:
        folder: the run folder. A resumed run keeps the earlier rows up to the step that it resumes from.
        every: steps between two readings.
        count: images per reading; a share of 200 images has a standard error of up to 3.5 %.
        seed: of their latent vectors, the same for each reading.
        measure: function of images that returns one flat row, such as that of `rule_measure`; None for `measure_rules`.
    """

    table = READINGS

    def __init__(self, folder, every=100, count=200, seed=1, measure=None):
        super().__init__(folder, every)
        self.count, self.seed, self.measure = count, seed, measure or measure_rules

    def numbers(self, model):
        Z = generate_latent_points(model.z_dim, self.count, seed=self.seed)
        return self.measure(generate_images(model.ema_generator or model.generator, Z))


class HeldOut(_Along):
    """Measures an autoencoder's evidence lower bound on images that the training does not see, into held_out.csv.

    Args:
        folder: the run folder.
        images: uint8 (n, h, w, c), never seen in training.
        count: number of the training images, for the passes.
        every: steps between two measurements.
    """

    table = HELD_OUT

    def __init__(self, folder, images, count, every=100):
        super().__init__(folder, every)
        self.images, self.count = images, count

    def numbers(self, model):
        passes = (model.epoch + 1) * model.batch_size / self.count
        return {"passes": passes, **model.evidence(self.images, seed=0)}


def read_readings(folder: str | os.PathLike) -> dict[str, np.ndarray]:
    """Read readings.csv of a run folder.

    Returns:
        Dict, column name of `ReadAlong` -> float array, one value per reading.

    Raises:
        FileNotFoundError: the run was trained without `ReadAlong`.
    """
    path = Path(folder) / READINGS
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist: train with callbacks=[learning.ReadAlong({str(folder)!r})]")
    rows = _rows(path)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]} if rows else {}


def _rows(path):
    with path.open(newline="", encoding="utf-8") as lines:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(lines)]


def reading_along(data) -> tuple[Callable, int] | None:
    """How the images of a training are read on the way: the measure and the number of images; None without rules."""
    if data.of_lines:
        return measure_rules, READ_LINES
    return (rule_measure(data.rules), READ_BY_READER) if data.rules else None


def watching(
    data, folder: str | os.PathLike, every: int, last: int, keep: int | None = None, encoder: bool = False
) -> list:
    """The callbacks of a training in a notebook: `ReadAlong` where there are rules, `HeldOut`, and `KeepGenerators`.

    Args:
        data: `utils.runs.DataSet`.
        folder: the run folder.
        every: steps between two sheets, and two readings.
        last: number of steps at which the training ends.
        keep: how many of the sheets' generators are kept; None for as many as a gibibyte holds.
        encoder: whether the model is an autoencoder, which is then measured on images that it does not see, where there
            are some: those that rules draw, or the test images of a set of Keras.
    """
    read = reading_along(data)
    along = [ReadAlong(folder, every, read[1], measure=read[0])] if read else []
    height, width, _ = data.shape
    count = min(2000, max(FEWEST_HELD_OUT, HELD_OUT_PIXELS // (height * width)))
    if encoder and (unseen := data.unseen(count)) is not None:
        along.append(HeldOut(folder, unseen, len(data.x_train.images), every))
    return [*along, KeepGenerators(folder, every, last, keep)]


def show_sheets(folder: str | os.PathLike, r: int, c: int) -> None:
    """Show what became of the same latent vectors during a training: rows of images, then a film.

    Args:
        folder: the run folder, with its sample sheets; those of another size than the last are left out.
        r, c: their rows and columns.
    """
    sheets = dict(sheets_alike(folder))
    if not sheets:
        raise FileNotFoundError(f"{folder} has no sample sheet yet: run the cell that trains first")
    steps = [step for step in SHEETS_SHOWN if step in sheets]
    if len(steps) < min(len(SHEETS_SHOWN), len(sheets) - 1):  # they came at other steps
        steps = [list(sheets)[i] for i in np.linspace(0, len(sheets) - 1, len(SHEETS_SHOWN) + 1).astype(int)]
    steps = sorted({*steps, max(sheets)})
    shown = {step: images_of_sheet(sheets[step], r, c)[:IN_A_ROW] for step in steps}
    said = ", ".join(number(one, ",d") for one in steps)
    facts = {"rows": len(steps), "columns": min(r * c, IN_A_ROW), "steps": said}
    rows = {telling.text("after", step=number(step, ",d")): images for step, images in shown.items()}
    seen = telling.picture("sheets", **facts)
    comparison.show_rows(rows, Path(folder) / "images" / "Sheets.png", seen=seen, inches=1.0)  # noise is heavy
    frames = [_side_by_side(images_of_sheet(sheet, r, c)[:IN_THE_FILM]) for sheet in sheets.values()]
    film = animate([*frames, *frames[-1:] * 4], Path(folder) / "images" / "Row.gif", fps=4)
    ends = {"first": number(min(sheets), ",d"), "last": number(max(sheets), ",d")}
    told = telling.picture("training film", count=min(r * c, IN_THE_FILM), **ends)
    show_film(film, told, width=FILM_WIDTH)


def _side_by_side(images):
    """Images (n, h, w, c), uint8, in one row with white gaps between them."""
    gap = max(1, images.shape[1] // 32)
    return sheet_of(images, 1, len(images), gap, 255)[gap:-gap, gap:-gap]


def show_networks(model, folder: str | os.PathLike) -> None:
    """Show the diagrams of a model's networks, from the run folder."""
    for name in model.parts:
        show_file(Path(folder) / "viz" / f"{name}.png", layers_seen(getattr(model, name)))


def plot_convergence(model, path: str | os.PathLike, language: str | None = None):
    """Draw the losses of a training, as the original drew a GAN's, and tell how to read them.

    Args:
        model: a WGANGP or a CVAE that was trained.
        path: where to save the figure as PNG.
        language: of the text.

    Returns:
        The path.
    """
    telling.convergence(model, language)
    if "critic" in model.parts:
        return plot_losses(model.d_losses, model.g_losses, path)
    return plot_curves(model.losses_of, say(FIGURES, "convergence"), path)


def show_learning(
    data, folder: str | os.PathLike, losses: Mapping[str, Sequence[float]], language: str | None = None
) -> None:
    """Draw what was measured on the way, where something was, into images/Learning.png and images/Held_out.png.

    Args:
        data: `utils.runs.DataSet`.
        folder: the run folder.
        losses: as in `plot_learning`.
        language: of the text above it.
    """
    if data.rules and (Path(folder) / READINGS).exists():
        telling.tell("learnt lines" if data.of_lines else "learnt rules", language)
        plot_learning(folder, losses, Path(folder) / "images" / "Learning.png")
    if (Path(folder) / HELD_OUT).exists():
        telling.tell("held out", language)
        plot_held_out(folder, losses, Path(folder) / "images" / "Held_out.png")


def show_latent(
    model, data, folder: str | os.PathLike, side: int = 20, seed: int = 1, language: str | None = None
) -> None:
    """Show the latent space of an autoencoder: a square of its images, and where its encoder puts real ones.

    Args:
        model: a CVAE; a model without an encoder shows nothing.
        data: `utils.runs.DataSet`.
        folder: where manifold.png and map.png go.
        side: images per row and column of the square. It is the whole space where z_dim is 2, else the plane of the two
            directions in which real images spread most.
        seed: of the real images.
        language: of the text.
    """
    if "encoder" not in model.parts:
        return
    sample = data.real(MAPPED, seed)
    means = model.encode(sample.images)[0]
    plane = comparison.whole_plane() if model.z_dim == 2 else comparison.principal_plane(means)
    telling.tell("latent square" if model.z_dim == 2 else "latent plane", language, side=side, z_dim=model.z_dim)
    comparison.show_manifolds({"": model.decode}, {"": plane}, side, Path(folder) / "manifold.png")
    telling.tell("latent map", language)
    known = comparison.attributes(sample.images, sample.known, sample.names)
    comparison.show_maps({"": means}, {"": plane}, known, Path(folder) / "map.png")


def show_report(
    data,
    generator,
    count: int = 500,
    seed: int | None = 1,
    path: str | os.PathLike | None = None,
    language: str | None = None,
) -> dict:
    """Measure what a generator draws against what it was trained on, and show it: a figure, a table, and in words.

    Args:
        data: `utils.runs.DataSet`.
        generator: a Keras model.
        count: how many images are measured.
        seed: of their latent vectors.
        path: where to save the figure as PNG.
        language: of the words.

    Returns:
        The report, a dict.
    """
    telling.about("report", data, language, count=count)
    points = generate_latent_points(generator.input_shape[-1], count, seed)
    numbers = data.report(generate_images(generator, points))
    reading.figure(numbers, path)
    telling.show(reading.in_words(numbers, language))
    telling.show(reading.folded(reading.table(numbers)))
    return numbers


def show_comparison(data, drawn: Mapping[str, np.ndarray], seed: int = 0, language: str | None = None) -> dict:
    """Measure rows of images side by side and show the table, the data last.

    Args:
        data: `utils.runs.DataSet`.
        drawn: name -> images (n, h, w, c); "data" are the real ones.
        seed: of the measures.
        language: of the words.

    Returns:
        The reports, a dict, name -> dict.
    """
    last = {name: images for name, images in drawn.items() if name != "data"} | {"data": drawn["data"]}
    reports = {comparison.named(name): data.report(to_uint8(images), seed=seed) for name, images in last.items()}
    telling.show(reading.folded(reading.side_by_side(reports)))
    telling.about("compare numbers", data, language)
    return reports


@in_own_style
def plot_held_out(
    folder: str | os.PathLike,
    losses: Mapping[str, Sequence[float]],
    path: str | os.PathLike | None = None,
    show: bool = True,
):
    """Draw the evidence lower bound on images never seen beside that of the training images, by steps and passes.

    Args:
        folder: the run folder with held_out.csv.
        losses: `model.losses_of` of an autoencoder.
        path: where to save the figure as PNG.
        show: whether to show it in a notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.
    """
    from matplotlib.figure import Figure

    rows = _rows(Path(folder) / HELD_OUT)
    steps, bound, passes = (np.array([row[name] for row in rows]) for name in ("step", "bound", "passes"))
    seen = -np.asarray(losses["loss"], float)
    width = max(1, len(seen) // 50)
    means = np.convolve(seen, np.ones(width) / width, mode="valid")
    figure = Figure(figsize=(7.6, 4.3), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(np.arange(len(means)) + width / 2, means, color=FAINT, linewidth=1.5, label=telling.text("training mean"))
    axes.plot(steps, bound, color=INK, marker=".", linewidth=2, label=telling.text("never seen"))
    settled = np.concatenate([means[len(means) // 20 :], bound[1:] if len(bound) > 1 else bound])
    axes.set_ylim(np.min(settled) - 0.05 * np.ptp(settled) - 1, np.max(settled) + 0.05 * np.ptp(settled) + 1)
    rate = passes[-1] / (steps[-1] + 1)
    style_axes(axes, telling.text("held out title"), telling.text("step"))
    above = axes.secondary_xaxis("top", functions=(lambda step: step * rate, lambda times: times / rate))
    above.set_xlabel(telling.text("passes"), color=INK, fontsize=TEXT_SIZE)
    axes.legend(loc="lower right", frameon=False, fontsize=TEXT_SIZE, labelcolor=INK)
    said = telling.picture("held out", steps=number(int(steps[-1]), ",d"), bound=number(bound[-1], ",.0f"))
    return finish(figure, path, show, seen=said)


@in_own_style
def plot_learning(
    folder: str | os.PathLike,
    losses: Mapping[str, Sequence[float]],
    path: str | os.PathLike | None = None,
    show: bool = True,
):
    """Draw adherence, and census or divergences, over the steps, above the losses.

    Args:
        folder: the run folder with its readings.
        losses: dict, name -> one float per step, `model.losses_of`.
        path: where to save the figure as PNG.
        show: whether to show it in a notebook.

    Returns:
        The path, or the Matplotlib figure where there is none.

    Raises:
        FileNotFoundError: the run was trained without `ReadAlong`.
    """
    from matplotlib.figure import Figure

    readings = read_readings(folder)
    canvas = Figure(figsize=(7.6, 9), layout="constrained")
    canvas.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    kept, below, losses_below = canvas.subplots(3, 1, sharex=True)
    steps = readings["step"]
    drawn = [name for name in RULES_DRAWN if name in readings]
    for name in drawn:
        color, mark = RULES_DRAWN[name]
        style = {"color": color, "marker": mark, "markersize": 4, "linewidth": 1.5}
        kept.plot(steps, 100 * readings[name], **style, label=telling.text(name))
    label = telling.text("all the rules")
    kept.plot(steps, 100 * readings["adherence"], color=INK, linewidth=2.5, marker=".", label=label)
    style_axes(kept, telling.text("rules kept"), "", legend=len(drawn) + 1)
    if "lines_0" in readings:
        shares = [100 * readings[f"lines_{count}"] for count in range(7)]
        labels = [*map(str, range(6)), telling.text("or more", count=6)]
        below.stackplot(steps, shares, labels=labels, colors=CENSUS_COLORS)
        style_axes(below, telling.text("census"), "", legend=7)
    else:
        parameters = [name for name in readings if name.startswith("divergence_")]
        for name in parameters:
            below.plot(steps, readings[name], linewidth=1.5, marker=".", label=name.removeprefix("divergence_"))
        style_axes(below, telling.text("divergences"), "", legend=len(parameters), columns=4)
    kept.set_ylim(0, 100)
    below.set_ylim(0, 100 if "lines_0" in readings else 1)
    draw_curves(losses_below, losses, say(FIGURES, "losses"))
    facts = {"steps": number(int(steps[-1]), ",d"), "kept": percent(readings["adherence"][-1], 1)}
    return finish(canvas, path, show, seen=telling.picture("learning", **facts))
