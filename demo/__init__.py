"""The demonstration: what the project does, in a quarter of an hour, and one page that shows it.

    python -m demo [--minutes 6]

draws the data set; trains a generator of strokes for 1,500 steps, after which most images keep the rules; trains the
published networks for six minutes, at 64 x 64 pixels; walks the latent space, draws latent vectors as heat maps,
enlarges the images. The notebooks do all of it, with their own parameters. What they leave lies in run/demo/: the two
runs, the notebooks as they ran, and index.html, which shows everything and opens by itself where there is a screen.
Called again, the demonstration goes on training. `make demo` installs what it needs and calls it.
"""

import argparse
import io
import logging
import os
import re
import shutil
import sys
import time
import webbrowser
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from utils import speech
from utils.files.command_line import from_on

ROOT = Path(__file__).resolve().parents[1]
LEFT = ROOT / "run" / "demo"
MINUTES = 6  # of training the published networks
STROKES_STEPS, STROKES_MINUTES = 1500, 4  # of the generator of strokes: steps, and the minutes that it takes at most
IMAGE_SIZE = 64  # of the published networks: in the same minutes, several times the steps that 128 allows
STROKES, PUBLISHED = "0001_lines", "0002_lines"  # the two runs
SAID = {  # key -> (English, French)
    "part": ("{number} of {count}, {what} ...", "{number} sur {count}, {what} …"),
    "left": ("    about {minutes:.0f} min more after this", "    encore {minutes:.0f} min environ après cela"),
    "page": ("The page that shows everything: {page}", "La page qui montre tout : {page}"),
    "strokes": (
        "10,000 images, then a generator of strokes; at most {minutes:g} minutes",
        "10 000 images, puis un générateur de traits ; {minutes:g} minutes au plus",
    ),
    "published": (
        "{minutes:g} minutes for the published networks, at {size} × {size} pixels",
        "{minutes:g} minutes pour les réseaux publiés, en {size} × {size} pixels",
    ),
    "walk": (
        "from one latent point to another; the images enlarged",
        "d’un point de l’espace latent à un autre ; les images agrandies",
    ),
    "vectors": ("heat maps, patterns, directions", "cartes de chaleur, motifs, directions"),
    "show": ("the page", "la page"),
}


@dataclass(frozen=True)
class Part:
    """A notebook that the demonstration runs.

    Attributes:
        notebook: its name.
        left: the name of its file in run/demo/ once it ran.
        what: the key of `SAID` that tells what it does.
        minutes: what it takes on two cores, about.
        parameters: what is changed of its parameters.
    """

    notebook: str
    left: str
    what: str
    minutes: float
    parameters: dict = field(default_factory=dict)


def parts(minutes: float) -> tuple[Part, ...]:
    """The parts of a demonstration that trains the published networks for so many minutes."""
    strokes = min(STROKES_MINUTES, minutes)
    walked = {"GENERATOR": f"run/demo/{PUBLISHED}/generator.h5"}

    def training(run, recipe, trained, **more):
        resumed = {"MODE": "load"} if (LEFT / run / "history.csv").exists() else {}
        named = {"SECTION": "demo", "RUN_ID": run.partition("_")[0], "MODEL": "WGANGP", "RECIPE": recipe}
        return {**named, "MINUTES": trained, **more, **resumed}

    return (
        Part(
            "Training",
            "Training_strokes",
            "strokes",
            strokes,
            training(STROKES, "three_lines", strokes, EPOCHS=STROKES_STEPS, IMAGE_SIZE=128),
        ),
        Part(
            "Training",
            "Training",
            "published",
            minutes + 1,
            training(PUBLISHED, "published", minutes, IMAGE_SIZE=IMAGE_SIZE),
        ),
        Part("Inference", "Inference", "walk", 0.5, {**walked, "FOLDER": "run/demo/inference"}),
        Part("Inference+", "Inference+", "vectors", 1, {**walked, "FOLDER": "run/demo/inference+"}),
    )


def say(key: str, **values) -> str:
    """A line for the terminal, in the visitor's language."""
    return speech.say(SAID, key, speech.of_system(), **values)


def has_screen() -> bool:
    """Whether somebody sits before a screen on which a browser can open."""
    displayed = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(displayed) and sys.stdout.isatty()


class OneLine(io.TextIOBase):
    """A stream that shows progress bars on one line of the terminal, and keeps all else in a file.

    Args:
        terminal: where the bars go; those that are complete alone, a line each, where it is no terminal.
        kept: the file for whatever else is written.
    """

    def __init__(self, terminal, kept: Path):
        self.terminal, self.kept, self.width = terminal, kept, 0

    def write(self, text: str) -> int:
        for piece in filter(str.strip, re.split(r"[\r\n]+", text)):
            if "%|" not in piece:
                with self.kept.open("a", encoding="utf-8") as file:
                    print(piece, file=file)
            elif self.terminal.isatty():
                line = piece.strip()[: shutil.get_terminal_size().columns - 1]
                self.terminal.write("\r" + line.ljust(self.width))
                self.width = len(line)
            elif "100%|" in piece:
                print(piece.strip(), file=self.terminal)
        self.terminal.flush()
        return len(text)

    def finish(self):
        """Free the line."""
        if self.width:
            self.terminal.write("\r" + " " * self.width + "\r")
            self.width = 0


@contextmanager
def own_terminal(kept: Path):
    """Meanwhile, what other processes write to the error stream goes into a file; gives the stream as it was.

    A kernel inherits the stream, and warns there before a notebook has any say.
    """
    with kept.open("ab") as file, os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace") as terminal:
        os.dup2(file.fileno(), 2)
        try:
            yield terminal
        finally:
            os.dup2(terminal.fileno(), 2)


def run(minutes: float = MINUTES) -> Path:
    """Run the notebooks, their progress on the terminal, and write the page.

    Args:
        minutes: how long the published networks are trained, and at most how long the generator of strokes.

    Returns:
        The path of the page.
    """
    import papermill

    logging.getLogger("papermill").setLevel(logging.ERROR)  # it warns of parameters that stand in the folded cell
    LEFT.mkdir(parents=True, exist_ok=True)
    os.environ["PROGRESS_BAR"] = "text"  # bars belong on the terminal, not into the notebooks
    told, spent = parts(minutes), {}
    notebooks = ROOT / "notebooks" / "fr" if speech.of_system() == "fr" else ROOT / "notebooks"
    for number, part in enumerate(told, start=1):
        what = say(part.what, minutes=part.parameters.get("MINUTES"), size=IMAGE_SIZE)
        print(say("part", number=number, count=len(told) + 1, what=what), flush=True)
        started, kept = time.monotonic(), LEFT / f"{part.left}.log"
        kept.unlink(missing_ok=True)
        with own_terminal(kept) as terminal:
            bars = OneLine(terminal, kept)
            papermill.execute_notebook(
                notebooks / f"{part.notebook}.ipynb",
                LEFT / f"{part.left}.ipynb",
                parameters={"LANGUAGE": speech.of_system(), **part.parameters},
                kernel_name="python3",
                cwd=ROOT,
                progress_bar=False,
                stderr_file=bars,
            )
            bars.finish()
        spent[part.left] = (time.monotonic() - started) / 60
        if rest := sum(one.minutes for one in told[number:]):
            print(say("left", minutes=max(1, rest)), flush=True)
    print(say("part", number=len(told) + 1, count=len(told) + 1, what=say("show")), flush=True)
    from demo.page import write

    page = write(LEFT, STROKES, PUBLISHED, spent)
    print(say("page", page=page.relative_to(ROOT)))
    if has_screen():
        webbrowser.open(page.as_uri())
    return page


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__.split("\n")[0])
    words = f"how long to train the published networks ({MINUTES})"
    parser.add_argument("--minutes", type=from_on(0, float), default=MINUTES, help=words)
    minutes = parser.parse_args(arguments).minutes
    speech.speak(speech.of_system())  # the words in the page's figures
    run(minutes)
