"""How well and how fast `utils.reading` reads lines, and what images drawn by the rules score on every number.

    python benchmarks/reading.py

Lines are rendered with known truth and spoilt as generators spoil them, at three strengths each: blurred, noisy,
slanted, wavering, broken, dimmed, and all of it at once. The horizontals stand at least 10 pixels apart; what the
reader makes of lines that touch is counted on drawn images.
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

NEAR = 2  # a line is found if one of its direction is read within so many pixels
STRENGTHS = {
    "blur": ("standard deviation, pixels", (1, 2, 3)),
    "noise": ("standard deviation, of 1", (0.05, 0.1, 0.2)),
    "slant": ("drift over the length, pixels", (2, 6, 12)),
    "waver": ("amplitude, pixels", (1, 2, 3)),
    "gaps": ("share of the length", (0.2, 0.4, 0.6)),
    "dim": ("share of the brightness lost", (0.3, 0.5, 0.7)),
    "all": ("half of the first, first and second strengths", (0.5, 1, 2)),
}


def spoilt(n: int, kind: str, strength: float, seed: int = 0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Render `n` images whose lines are spoilt.

    Args:
        n: how many.
        kind: a key of `STRENGTHS`, or "none".
        strength: how much of it, in the unit that stands there.
        seed: for the same images every time.

    Returns:
        The images, uint8 (n, 128, 128, 3), and the parameters of their lines, as `lines.sample` gives them.
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
    return np.stack([_spoil({k: v[i] for k, v in parameters.items()}, amount, rng) for i in range(n)]), parameters


def _spoil(one: dict, amount: dict, rng: np.random.Generator) -> np.ndarray:
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
    """Choose the pixels of a length that are missing: stretches of 4 to 16, until they are `share` of it."""
    missing = np.zeros(lines.SIZE, bool)
    while missing.mean() < share:
        start = rng.integers(-8, lines.SIZE)
        missing[max(start, 0) : max(start + rng.integers(4, 17), 0)] = True
    return missing


def truth(parameters: dict, i: int) -> list[tuple[str, int, int]]:
    """The lines of image i as (direction, position, palette index)."""
    return [
        ("vertical" if name == "x" else "horizontal", int(parameters[name][i]), int(parameters[f"color_{name}"][i]))
        for name in lines.LINES
    ]


def score(found: list, parameters: dict) -> dict[str, float]:
    """Compare what was read with the truth: precision and recall of lines, and how exact the found ones are."""
    read = true = hit = right_color = right_count = 0
    offs, widths = [], []
    for i, group in enumerate(found):
        left = list(group)
        expected = truth(parameters, i)
        read, true, right_count = read + len(left), true + len(expected), right_count + (len(left) == len(expected))
        for direction, position, color in expected:
            near = [line for line in left if line.direction == direction and abs(line.position - position) <= NEAR]
            if near:
                best = min(near, key=lambda line: abs(line.position - position))
                left.remove(best)
                hit, right_color = hit + 1, right_color + (best.palette == color)
                offs.append(abs(best.position - position))
                widths.append(best.width)
    return {
        "precision": hit / max(read, 1),
        "recall": hit / true,
        "counts": right_count / len(found),
        "colours": right_color / max(hit, 1),
        "off": float(np.mean(offs)) if offs else float("nan"),
        "width": float(np.mean(widths)) if widths else float("nan"),
    }


def jpeg(images: np.ndarray) -> np.ndarray:
    """Send images through JPEG, quality 75, 4:2:0, as Processing saves them."""
    out = np.empty_like(images)
    for i, image in enumerate(images):
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, format="JPEG", quality=75, subsampling=2)
        out[i] = np.asarray(Image.open(buffer))
    return out


def errors(found: list, parameters: dict) -> tuple[int, int, int]:
    """Count drawn images that are misread.

    Returns:
        How many whose horizontals stand apart (a gap of two pixels or more) are misread in count, position, width or
        palette entry; how many whose horizontals touch or overlap are misread without a word, and how many those are.
        One line hidden behind the other to the last pixel cannot be told from one line, and counts as neither.
    """
    misread = unsaid = close = 0
    for i, group in enumerate(found):
        right = sorted((line.direction, line.position, line.palette) for line in group) == sorted(truth(parameters, i))
        right = right and all(line.width == lines.STROKE for line in group)
        distance = abs(parameters["y1"][i] - parameters["y2"][i])
        if distance > lines.STROKE + 1:
            misread += not right
        elif distance > 0:
            close += 1
            unsaid += not right and not any(line.touching for line in group)
    return misread, unsaid, close


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--count", type=int, default=200, help="spoilt images of each kind and strength")
    parser.add_argument("--drawn", type=int, default=2000, help="drawn images read for errors")
    arguments = parser.parse_args()

    print("Spoilt lines\n\n| kind | strength | precision | recall | right count | right colour | off by (px) | width |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for kind, (unit, strengths) in STRENGTHS.items():
        for strength in strengths:
            images, parameters = spoilt(arguments.count, kind, strength, seed=1)
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
        misread, unsaid, close = errors(found, parameters)
        print(f"| {kind} | {len(batch) / seconds:.0f} | {misread} | {close} | {unsaid} |")

    start = time.perf_counter()
    numbers = report(images[:1000])
    print(f"\n1,000 drawn images on every number ({time.perf_counter() - start:.1f} s)\n\n{table(numbers)}")


if __name__ == "__main__":
    main()
