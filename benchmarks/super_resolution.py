"""Quality and speed of the upscalers, in numbers and side by side.

    python benchmarks/super_resolution.py
    python benchmarks/super_resolution.py --model a_folder_with_a_saved_model --model my_network.keras

Quality is measured on pairs with a known true enlargement (`utils.super_resolution.degradation`), held out from
training: lines by the rules of the data set, the same as JPEG of quality 75, and imperfect lines as generators draw
them. Each model runs in a process of its own, with its own loading time and peak memory. A sheet shows the same detail
of each at 100 %, of a generator's images too.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.measuring import machine, peak_memory
from utils import super_resolution
from utils.figures.animations import animate
from utils.files import write_whole
from utils.reading.shrinking import as_rgb
from utils.super_resolution import measuring
from utils.super_resolution.degradation import KINDS, pairs

MODELS = ("lines", "lanczos", "bicubic", "nearest")
DETAIL = 40  # side of the details on the sheet, in small pixels
MARGIN, HEAD = 4, 16  # pixels


def measure_model(model: str, count: int, frames: int, film: int) -> dict:
    """Measure one model: seconds, memory, quality; in a process that has done nothing else."""
    small, _ = pairs(frames, seed=1)
    started = time.perf_counter()
    upscaler = super_resolution.load_upscaler(model)
    super_resolution.upscale(small, upscaler)
    result = {"first": time.perf_counter() - started}  # start of Keras if needed, loading, and all frames
    passes = []
    for _ in range(3):
        started = time.perf_counter()
        super_resolution.upscale(small, upscaler)
        passes.append(time.perf_counter() - started)
    result["frame"] = float(np.median(passes)) / frames
    if film:
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            walk = (small[i % frames] for i in range(film))
            large = super_resolution.enlarged_frames(walk, upscaler)
            animate(large, Path(folder) / "film.mp4", fps=30, total=film)
            result["film"] = time.perf_counter() - started
    result["memory"] = peak_memory()
    result["quality"] = {kind: measuring.measure_upscaler(upscaler, kind, count) for kind in KINDS}
    return result


def sheet(models: list[str], generator: Path | None, path: Path) -> None:
    """Write one PNG with a row for each image and a column for each model, the same detail of each, pixel for pixel."""
    from PIL import Image, ImageDraw

    rows = []  # (small, large or None)
    for kind, n in zip(KINDS, (1, 1, 3), strict=True):
        small, large = pairs(n, kind, seed=7)
        rows += zip(small, large, strict=True)
    if generator is not None:
        from utils.latent import generate_images, generate_latent_points
        from utils.loaders import load_generator

        network = load_generator(generator)
        drawn = generate_images(network, generate_latent_points(network.input_shape[-1], 4, seed=1))
        rows += [(image, None) for image in as_rgb(drawn)]
    columns = [(model, super_resolution.upscale([small for small, _ in rows], model)) for model in models]
    side, step = 4 * DETAIL, 4 * DETAIL + MARGIN
    paper = Image.new("RGB", (MARGIN + step * (len(columns) + 1), HEAD + step * len(rows)), (225, 225, 225))
    pen = ImageDraw.Draw(paper)
    for j, name in enumerate([*(Path(model).name for model in models), "truth"]):
        pen.text((MARGIN + j * step, 2), name, fill=(34, 38, 43))
    for i, (small, large) in enumerate(rows):
        y, x, _ = super_resolution.liveliest_square(small)
        y, x = (max(0, min(at - 4, length - DETAIL)) for at, length in zip((y, x), small.shape, strict=False))
        for j, picture in enumerate([*(enlarged[i] for _, enlarged in columns), large]):
            if picture is not None:
                detail = picture[4 * y : 4 * y + side, 4 * x : 4 * x + side]
                paper.paste(Image.fromarray(detail), (MARGIN + j * step, HEAD + i * step))
    with write_whole(path) as temporary:
        paper.save(temporary, format="PNG")


def in_a_process(model: str, arguments: argparse.Namespace) -> dict:
    numbers = [f"--{name}={getattr(arguments, name)}" for name in ("count", "frames", "film")]
    command = [sys.executable, __file__, *numbers, "--only", model]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--model", action="append", default=[], help="a SavedModel's folder, or a .keras or .h5 file")
    parser.add_argument("--count", type=int, default=32, help="pairs of each kind")
    parser.add_argument("--frames", type=int, default=20, help="frames of 128 x 128 for the time")
    parser.add_argument("--film", type=int, default=600, help="frames of a film at 512 x 512; 0 for none")
    parser.add_argument("--generator", type=Path, help="a generator for the sheet; default: the last one trained")
    parser.add_argument("--sheet", type=Path, default=Path("run/benchmarks/super_resolution.png"))
    parser.add_argument("--only", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(measure_model(arguments.only, arguments.count, arguments.frames, arguments.film)))
        return

    if arguments.generator and not arguments.generator.is_file():
        parser.error(f"there is no file {arguments.generator}")
    models = [*MODELS, *arguments.model]
    print(f"{machine()}\n")
    results = {model: in_a_process(model, arguments) for model in models}
    first, film = f"start, load and {arguments.frames} frames (s)", f"{arguments.film} frames to MP4 (s)"
    print(f"| model | {first} | a frame (s) | {film} | peak (MiB) |")
    print("|---|---:|---:|---:|---:|")
    for model, result in results.items():
        film, memory = (f"{result[key]:.0f}" if result.get(key) else "" for key in ("film", "memory"))
        print(f"| {Path(model).name} | {result['first']:.2f} | {result['frame']:.4f} | {film} | {memory} |")
    print("\n| pairs | model | PSNR (dB) | above Lanczos | SSIM | edge width (px) |\n|---|---|---:|---:|---:|---:|")
    for kind in KINDS:
        base = results["lanczos"]["quality"][kind]["psnr"]
        for model, result in results.items():
            q = result["quality"][kind]
            psnr = "equal" if q["psnr"] >= 99 else f"{q['psnr']:.2f}"
            gain = "" if q["psnr"] >= 99 else f"{q['psnr'] - base:+.2f}"
            name = Path(model).name
            print(f"| {kind} | {name} | {psnr} | {gain} | {q['ssim']:.4f} | {q['edge_width']:.2f} |")
    from utils.runs import latest_generator  # not before: it starts Keras, and a process inherits its parent's peak

    sheet(models, arguments.generator or latest_generator(), arguments.sheet)
    print(f"\nThe same details side by side: {arguments.sheet}")


if __name__ == "__main__":
    main()
