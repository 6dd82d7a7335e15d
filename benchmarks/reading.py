"""Accuracy and speed of `utils.reading`, and the report of images drawn by the rules.

    python benchmarks/reading.py

Lines with known truth are rendered with the faults of generators, at three strengths each: blurred, noisy, slanted,
wavering, broken, dimmed, and all of these at once. The horizontals are at least 10 pixels apart; the reading of lines
that touch is counted on drawn images.
"""

import argparse
import io
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import lines
from utils.reading import read_lines, report, table

NEAR = 2  # largest distance of a found line from the true one, in pixels
STRENGTHS = {
    "blur": ("standard deviation, pixels", (1, 2, 3)),
    "noise": ("standard deviation, of 1", (0.05, 0.1, 0.2)),
    "slant": ("drift over the length, pixels", (2, 6, 12)),
    "waver": ("amplitude, pixels", (1, 2, 3)),
    "gaps": ("share of the length", (0.2, 0.4, 0.6)),
    "dim": ("share of the brightness lost", (0.3, 0.5, 0.7)),
    "all": ("half of the first, first and second strengths", (0.5, 1, 2)),
}


def degraded(n: int, kind: str, strength: float, seed: int = 0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Render images of degraded lines.

    Args:
        n: number of images.
        kind: a key of `STRENGTHS`, or "none".
        strength: strength of the degradation, in the unit of `STRENGTHS`.
        seed: int, for reproducible images.

    Returns:
        `(images, parameters)`: uint8 (n, 128, 128, 3), and the parameters of their lines as of `lines.sample`.
    """
    rng = np.random.default_rng(seed)
    parameters = lines.sample(4 * n, rng)
    apart = np.flatnonzero(np.abs(parameters["y1"] - parameters["y2"]) >= 10)[:n]
    parameters = {name: values[apart] for name, values in parameters.items()}
    if kind == "all":
        amount = {
            name: float(np.interp(strength, (0, 1, 2), (0, *values[:2]))) for name, (_, values) in STRENGTHS.items()
        }
    else:
        amount = dict.fromkeys(STRENGTHS, 0) | {kind: strength}
    return np.stack([_degrade({k: v[i] for k, v in parameters.items()}, amount, rng) for i in range(n)]), parameters


def _degrade(one: dict, amount: dict, rng: np.random.Generator) -> np.ndarray:
    size, time_ = lines.SIZE, (np.arange(lines.SIZE) + 0.5) / lines.SIZE - 0.5
    image = np.zeros((size, size, 3))
    for name in lines.LINES:
        color = lines.PALETTE[one[f"color_{name}"]] / 255 * (1 - amount["dim"])
        path = one[name] + rng.choice((-1, 1)) * amount["slant"] * time_
        path = path + amount["waver"] * np.sin(2 * np.pi * (rng.uniform(1, 2.5) * time_ + rng.uniform()))
        covered = np.clip(lines.STROKE / 2 + 0.5 - np.abs(np.arange(size) - path[:, None]), 0, 1)  # (along, across)
        covered[_gaps(amount["gaps"], rng)] = 0
        covered = (covered if name == "x" else covered.T)[..., None]
        image = image * (1 - covered) + covered * color
    image = gaussian_filter(image, (amount["blur"], amount["blur"], 0))
    image += amount["noise"] * rng.standard_normal(image.shape)
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _gaps(share: float, rng: np.random.Generator) -> np.ndarray:
    """The missing pixels of a line, bool (128,): random gaps of 4 to 16 pixels, until their share is `share`."""
    missing = np.zeros(lines.SIZE, bool)
    while missing.mean() < share:
        start = rng.integers(-8, lines.SIZE)
        missing[max(start, 0) : max(start + rng.integers(4, 17), 0)] = True
    return missing


def truth(parameters: dict, i: int) -> list[tuple[str, int, int]]:
    """The true lines of image i, a list of (direction, position, palette index)."""
    return [
        ("vertical" if name == "x" else "horizontal", int(parameters[name][i]), int(parameters[f"color_{name}"][i]))
        for name in lines.LINES
    ]


def score(found: list, parameters: dict) -> dict[str, float]:
    """Compare found lines with the truth: precision, recall, and the accuracy of found lines, a dict of floats."""
    read = true = hit = right_color = right_count = 0
    offsets, widths = [], []
    for i, group in enumerate(found):
        rest = list(group)
        expected = truth(parameters, i)
        read, true, right_count = (
            read + len(rest),
            true + len(expected),
            right_count + (len(rest) == len(expected)),
        )
        for direction, position, color in expected:
            near = [line for line in rest if line.direction == direction and abs(line.position - position) <= NEAR]
            if near:
                best = min(near, key=lambda line: abs(line.position - position))
                rest.remove(best)
                hit, right_color = hit + 1, right_color + (best.palette == color)
                offsets.append(abs(best.position - position))
                widths.append(best.width)
    return {
        "precision": hit / max(read, 1),
        "recall": hit / true,
        "counts": right_count / len(found),
        "colours": right_color / max(hit, 1),
        "off": float(np.mean(offsets)) if offsets else float("nan"),
        "width": float(np.mean(widths)) if widths else float("nan"),
    }


def jpeg(images: np.ndarray) -> np.ndarray:
    """Encode and decode images as JPEG, quality 75, 4:2:0: coarser than the data set's 90."""
    out = np.empty_like(images)
    for i, image in enumerate(images):
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, format="JPEG", quality=75, subsampling=2)
        out[i] = np.asarray(Image.open(buffer))
    return out


def errors(found: list, parameters: dict) -> tuple[int, int, int]:
    """Count drawn images that are misread.

    Args:
        found: the lines of each image.
        parameters: of the images, as of `lines.sample`.

    Returns:
        `(misread, unflagged, close)`: the number of images with separate horizontals (a gap of two pixels or more) that
        are misread in number, position, width or colour; the number of images with touching or overlapping horizontals
        that are misread and not marked as touching; and the number of these images. Images in which one horizontal
        hides the other completely count nowhere.
    """
    misread = unflagged = close = 0
    for i, group in enumerate(found):
        right = sorted((line.direction, line.position, line.palette) for line in group) == sorted(truth(parameters, i))
        right = right and all(line.width == lines.STROKE for line in group)
        distance = abs(parameters["y1"][i] - parameters["y2"][i])
        if distance > lines.STROKE + 1:
            misread += not right
        elif distance > 0:
            close += 1
            unflagged += not right and not any(line.touching for line in group)
    return misread, unflagged, close


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--count", type=int, default=200, help="spoilt images of each kind and strength")
    parser.add_argument("--drawn", type=int, default=2000, help="drawn images read for errors")
    arguments = parser.parse_args()

    print("Spoilt lines\n\n| kind | strength | precision | recall | right count | right colour | off by (px) | width |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for kind, (unit, strengths) in STRENGTHS.items():
        for strength in strengths:
            images, parameters = degraded(arguments.count, kind, strength, seed=1)
            s = score(read_lines(images), parameters)
            print(
                f"| {kind}: {unit} | {strength} | {s['precision']:.1%} | {s['recall']:.1%} | {s['counts']:.1%} "
                f"| {s['colours']:.1%} | {s['off']:.2f} | {s['width']:.2f} |"
            )

    parameters = lines.sample(arguments.drawn, seed=2)
    images = lines.draw(parameters)
    print("\nDrawn images\n\n| saved as | images a second | misread | touching | misread without saying so |")
    print("|---|---:|---:|---:|---:|")
    for kind, batch in (("PNG", images), ("JPEG", jpeg(images))):
        start = time.process_time()
        found = read_lines(batch)
        seconds = time.process_time() - start
        misread, unflagged, close = errors(found, parameters)
        print(f"| {kind} | {len(batch) / seconds:.0f} | {misread} | {close} | {unflagged} |")

    start = time.perf_counter()
    numbers = report(images[:1000])
    print(f"\n1,000 drawn images on every number ({time.perf_counter() - start:.1f} s)\n\n{table(numbers)}")


if __name__ == "__main__":
    main()
