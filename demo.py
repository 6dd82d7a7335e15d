"""The demonstration: three notebooks, one after the other, with their own parameters.

    python -m demo [--minutes 7]

draws the data set, trains, walks the latent space and enlarges the images. `make demo` installs what this needs and
calls it.
"""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
MINUTES = 7  # of training
LEFT = ROOT / "run" / "demo"  # where the notebooks go that did it
NOTEBOOKS = {
    "Training": "draws the data set, trains for {minutes:g} minutes",
    "Inference": "walks from one latent point to another, enlarges the images",
    "Inference+": "heat maps, patterns, vectors by hand",
}


def run(minutes: float) -> None:
    """Run the notebooks, their progress on the terminal.

    Args:
        minutes: how long to train.
    """
    import papermill

    LEFT.mkdir(parents=True, exist_ok=True)
    training = {"MINUTES": minutes}
    if (ROOT / "run" / "gan" / "0001_lines" / "history.csv").exists():
        training["MODE"] = "load"  # an earlier demonstration is gone on with
    os.environ["PROGRESS_BAR"] = "text"  # bars belong on the terminal, not into the notebooks
    for number, (name, what) in enumerate(NOTEBOOKS.items(), start=1):
        print(f"{number} of {len(NOTEBOOKS)}, {name}.ipynb: {what.format(minutes=minutes)} ...", flush=True)
        papermill.execute_notebook(
            ROOT / "notebooks" / f"{name}.ipynb",
            LEFT / f"{name}.ipynb",
            parameters=training if name == "Training" else {},
            kernel_name="python3",
            cwd=ROOT,
            progress_bar=False,
            stderr_file=sys.stderr,
        )
    pictures = "run/gan/0001_lines/images/, run/inference/, run/inference+/"
    print(f"The pictures: {pictures}. The notebooks that made them: run/demo/.")


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"how long to train ({MINUTES})")
    run(parser.parse_args(arguments).minutes)


if __name__ == "__main__":
    main()
