"""Results of the shipped generators: the table and pictures of docs/fr/results.md and docs/en/results.md.

    python -m benchmarks.results [--generator PATH ...] [--count 1000] [--out docs]

For each generator, 1,000 images of latent vectors with a fixed seed are compared with the rules and the 10,000 images
of the data set; the share that keeps the rules is taken of 10,000. The command prints a table, and writes for each
generator, into `out`:

- samples_<name>.png, its first 25 images;
- results_<name>.png, census, adherence, hues and positions, as one figure;
- results_<name>_images.png, above the images nearest to the rules, below those furthest from them;
- results_<name>.json, all numbers.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

import lines
from utils import figures, files, reading, runs
from utils.latent.comparison import show_rows
from utils.reading.rules import rules_kept
from utils.runs.shipping import READ, SEED, measure_generator, measure_images

DATA_COUNT, DATA_SEED = 10_000, 1
SHOWN = 8  # images of each kind
NAMES = ("fidèles · faithful", "inventives · inventive")  # of a figure that both languages show
SIDE = 5  # rows and columns of a sheet
ROWS = {  # rows of the table, {name: number of a report}
    "keep all the rules": lambda n: n["read"]["adherence"]["all"],
    "one vertical": lambda n: n["read"]["adherence"]["rules"]["one_vertical"],
    "two horizontals": lambda n: n["read"]["adherence"]["rules"]["two_horizontals"],
    "colours of the palette": lambda n: n["read"]["adherence"]["rules"]["palette"],
    "1 line": lambda n: n["read"]["census"]["lines"].get("1", 0),
    "2 lines": lambda n: n["read"]["census"]["lines"].get("2", 0),
    "3 lines": lambda n: n["read"]["census"]["lines"].get("3", 0),
    "4 lines": lambda n: n["read"]["census"]["lines"].get("4", 0),
    "5 lines or more": lambda n: sum(share for count, share in n["read"]["census"]["lines"].items() if int(count) > 4),
    "ink of new hues": lambda n: n["palette"]["new"],
    "clearly different from each other": lambda n: n["diversity"]["different"] / n["diversity"]["images"],
    "copies of a training image": lambda n: n["memory"]["copies"],
    "training images covered": lambda n: n["coverage"]["share"],
}
OTHER_ROWS = {
    "second horizontal over the vertical": lambda n: f"{n['together']['order']:.1%}",
    "nearest image that the rules can draw, median": lambda n: f"{n['class_distance']['median']:.1f} dB",
    "what colours tell of each other, at most": lambda n: f"{n['together']['colors']:.2f} bits",
    "correlation of the vertical and the first horizontal": lambda n: f"{n['together']['positions']:.2f}",
}


def extremes(images: np.ndarray, count: int = SHOWN) -> tuple[np.ndarray, np.ndarray]:
    """Find the images nearest to and furthest from images that the rules can draw.

    Args:
        images: uint8 (n, h, w, 3).
        count: number of images of each kind.

    Returns:
        `(nearest, furthest)`: indices (count,), of the nearest first those that keep all the rules; images without
        lines are in neither.
    """
    found = reading.read_lines(images)
    with_lines = np.flatnonzero([len(group) > 0 for group in found])
    _, decibels = reading.nearest_drawn(images[with_lines])
    kept = np.array([all(rules_kept(found[i], reading.THREE_LINES).values()) for i in with_lines])
    return with_lines[np.lexsort((-decibels, ~kept))][:count], with_lines[np.argsort(decibels)][:count]


def table(reports):
    """A Markdown table with a row for each number and a column for each generator, the first for the data set."""
    heads = list(reports)
    text = [f"| share of images | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    for name, number in ROWS.items():
        text.append(f"| {name} | {' | '.join(f'{number(reports[head]):.1%}' for head in heads)} |")
    for name, number in OTHER_ROWS.items():
        text.append(f"| {name} | {' | '.join(number(reports[head]) for head in heads)} |")
    return "\n".join(text)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.results", description=__doc__.splitlines()[0])
    parser.add_argument("--generator", nargs="+", type=Path, help="paths; the shipped ones if none is given")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    a = parser.parse_args()
    paths = a.generator or [path for path in runs.SHIPPED_GENERATORS if path.exists()]
    if not paths:
        sys.exit("There is no generator in data/generators; give one with --generator run/gan/0001_lines/generator.h5")
    reference = lines.draw(lines.sample(DATA_COUNT, seed=DATA_SEED))
    fresh = lines.draw(lines.sample(max(a.count, READ), seed=SEED))
    reports = {"drawn by the rules": measure_images(fresh, a.count, reference)}
    for path in paths:
        images, numbers = measure_generator(path, a.count, reference)
        reports[path.stem] = numbers
        figures.sample_grid(images, SIDE, SIDE, a.out / f"samples_{path.stem}.png")
        reading.figure(numbers, a.out / f"results_{path.stem}.png", show=False)
        rows = {name: images[found] for name, found in zip(NAMES, extremes(images), strict=True)}
        show_rows(rows, a.out / f"results_{path.stem}_images.png", show=False)
        files.write_json(a.out / f"results_{path.stem}.json", numbers)
    print(table(reports))


if __name__ == "__main__":
    main()
