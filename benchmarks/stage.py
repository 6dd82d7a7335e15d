"""Size and speed of the page in one file, in a headless Chromium: TensorFlow.js, and ONNX Runtime Web for comparison.

    python -m benchmarks.stage [--seconds 4] [--onnxruntime-web FOLDER]

FOLDER is the unpacked npm package (`npm pack onnxruntime-web@1.30.0`, then tar): its runtime is compared with ours on
the same networks, which needs `pip install onnx onnxruntime tf2onnx` too. Needs playwright and a Chromium.

- `file`: the page, or for ONNX Runtime Web its script, its WebAssembly and the network, packed by gzip, as base64;
- `first picture`: seconds from opening the file; of ONNX Runtime Web, from its script to its first picture;
- `one worker`: pictures a second by one thread of WebAssembly, random vectors, one after the other;
- `page`: pictures a second that the page shows while it drifts, on all its workers.
"""

import argparse
import functools
import gzip
import http.server
import shutil
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import machine

MIB = 2**20
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SPEED = """async (seconds) => {
    const { engine } = document.getElementById("stage").page;
    const z = () => Float32Array.from({ length: engine.description.latent_dim }, () => 2 * Math.random() - 1);
    await engine.hands[0].ask("draw", { z: z(), bends: [] });
    const began = performance.now();
    let pictures = 0;
    for (; performance.now() - began < 1000 * seconds; pictures++)
      await engine.hands[0].ask("draw", { z: z(), bends: [] });
    return (1000 * pictures) / (performance.now() - began);
}"""
OTHER = """async ([network, seconds]) => {
    const began = performance.now();
    ort.env.wasm.wasmPaths = "/dist/";
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(network, { executionProviders: ["wasm"] });
    const [name] = session.inputNames;
    const run = () => {
        const z = Float32Array.from({ length: 100 }, () => 2 * Math.random() - 1);
        return session.run({ [name]: new ort.Tensor("float32", z, [1, 100]) });
    };
    await run();
    const ready = (performance.now() - began) / 1000;
    const start = performance.now();
    let pictures = 0;
    for (; performance.now() - start < 1000 * seconds; pictures++) await run();
    return [ready, (1000 * pictures) / (performance.now() - start)];
}"""


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stage", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4, help="of each measurement")
    parser.add_argument("--onnxruntime-web", type=Path, help="the unpacked npm package, to compare with")
    options = parser.parse_args(arguments)
    from playwright.sync_api import sync_playwright

    from utils import loaders
    from utils.runs.shipping import SHIPPED_GENERATORS

    print(machine())
    print("| runtime | generator | file | first picture | one worker | page |\n|---|---|---|---|---|---|")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for path in SHIPPED_GENERATORS:
            generator = loaders.load_generator(path)
            print_row("TensorFlow.js", path.stem, *ours(chromium, generator, Path(folder), options.seconds))
            if options.onnxruntime_web:
                facts = other(chromium, generator, options.onnxruntime_web, Path(folder), options.seconds)
                print_row("ONNX Runtime Web", path.stem, *facts)
        chromium.close()


def print_row(runtime, name, size, first, one, page):
    shown = "" if page is None else f"{page:.0f}"
    print(f"| {runtime} | {name} | {size / MIB:.1f} MiB | {first:.1f} s | {one:.0f} | {shown} |", flush=True)


def ours(chromium, generator, folder, seconds):
    """(bytes, seconds to the first picture, pictures a second by one worker, pictures a second of the page)."""
    from utils.explorer.one_file import export_page

    file = export_page(generator, folder / "walk.html")
    with chromium.new_context(offline=True) as window:
        page = window.new_page()
        began = time.perf_counter()
        page.goto(file.as_uri())
        page.wait_for_selector(".s-root[data-drawn]", state="attached")
        first = time.perf_counter() - began
        page.wait_for_timeout(4000)  # until the other workers are there
        before = int(page.get_attribute(".s-root", "data-drawn"))
        began = time.perf_counter()
        page.wait_for_timeout(1000 * seconds)
        shown = (int(page.get_attribute(".s-root", "data-drawn")) - before) / (time.perf_counter() - began)
        page.keyboard.press("Space")
        page.wait_for_timeout(1000)
        return file.stat().st_size, first, page.evaluate(SPEED, seconds), shown


def other(chromium, generator, package, folder, seconds):
    """The same of ONNX Runtime Web; it has no page."""
    from utils.latent import export_onnx

    network = export_onnx(generator, folder / "generator.onnx")
    parts = [package / "dist" / "ort.wasm.min.js", package / "dist" / "ort-wasm-simd-threaded.wasm", network]
    size = sum(len(gzip.compress(part.read_bytes())) for part in parts) * 4 // 3
    (folder / "index.html").write_text('<script src="dist/ort.wasm.min.js"></script>')
    if not (folder / "dist").exists():
        shutil.copytree(package / "dist", folder / "dist")
    with served(folder) as address, chromium.new_context() as window:
        page = window.new_page()
        page.goto(f"{address}/index.html")
        return size, *page.evaluate(OTHER, [f"/{network.name}", seconds]), None


@contextmanager
def served(folder):
    """A server of a folder on this machine; gives its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


if __name__ == "__main__":
    main()
