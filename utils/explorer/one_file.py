"""The page in one file: `python -m utils.explorer --export walk.html`.

The file holds the network, the runtime that draws it, the page and its texts. It needs no server and no network; a
policy inside it forbids the browser to reach for one. Its scripts are the modules in stage/, put one after the other;
whoever exports needs neither node nor a bundler. The page of notebooks and of `make explore` is made of the same
modules (see `utils.explorer.page`).
"""

import base64
import functools
import gzip
import html
import json
import lzma
import os
import re
from pathlib import Path

from utils.explorer.steering import Directions, as_directions
from utils.explorer.texts import LANGUAGES, TEXTS
from utils.figures.heatmaps import BLUE, RED, WHITE
from utils.figures.style import FRAME, STAGE
from utils.files import write_text
from utils.latent import fingerprint
from utils.latent.texts import DIRECTION_ENDS

STAGE_FOLDER = Path(__file__).with_name("stage")
RUNTIME_FOLDER = Path(__file__).with_name("runtime")
RUNTIME, WASM = "tf.js", "tfjs-backend-wasm-simd.wasm"  # TensorFlow.js 4.22.0, see runtime/build.mjs
IMPORT = re.compile(r'^import \{[^}]*\} from "(\.{1,2}/[\w.]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?:default [^\n]*\n|(?=(?:async )?(?:function|class|const|let)\b))", re.MULTILINE)


def export_page(
    generator,
    path: str | os.PathLike,
    directions: Directions | None = None,
    name: str = "",
    language: str | None = None,
    network: tuple[dict, bytes] | None = None,
) -> Path:
    """Write the page of a generator as one HTML file.

    Args:
        generator: a functional or sequential Keras model, vectors (n, latent_dim) -> images (n, h, w, c) in [-1, 1].
        path: the file, by custom in .html.
        directions: as in `utils.explorer.steering.as_directions`.
        name: what the page calls the generator.
        language: "en" or "fr"; None for the browser's.
        network: what `utils.explorer.network.pack` gives of the generator, where it is known.

    Returns:
        The path.

    Raises:
        UnknownLayer: a layer that the browser does not know; the message names it.

    Example:
        >>> from utils import explorer
        >>> explorer.export(generator, "walk.html")
    """
    see_language(language)
    if network is None:
        from utils.explorer.network import pack  # starts Keras

        network = pack(generator)
    description, weights = network
    facts = page_facts(name, fingerprint(generator), as_directions(generator, directions), language)
    facts |= {"latent_dim": description["latent_dim"], "shape": description["shape"], "network": description}
    return write_text(path, _filled(facts, weights))


def see_language(language: str | None) -> None:
    """Raise ValueError for a language that the page does not speak; None is the browser's."""
    if language not in (None, *LANGUAGES):
        raise ValueError(f"the page speaks {' and '.join(LANGUAGES)}, not {language!r}; None asks the browser")


def page_facts(name: str, fingerprint: str, directions: dict, language: str | None) -> dict:
    """What each page is told, wherever its images come from: see stage/page.js."""
    return {
        "name": name,
        "fingerprint": fingerprint,
        "language": language,
        "directions": {key: vector.tolist() for key, vector in directions.items()},
        "direction_ends": DIRECTION_ENDS,
        "texts": TEXTS,
        "stops": [list(BLUE), list(WHITE), list(RED)],
    }


def page_style() -> str:
    """The page's style sheet."""
    return f".s-root {{ --frame: {FRAME}; --stage: {STAGE}; }}\n{_read('stage.css')}"


@functools.cache
def packed_runtime() -> list[bytes]:
    """What draws in the browser: TensorFlow.js, its WebAssembly, and the worker's script, each as gzip."""
    return [_gzip(_unpacked(RUNTIME)), _gzip(_unpacked(WASM)), _gzip(bundle("worker.js").encode())]


def _filled(facts: dict, weights: bytes) -> str:
    """The template with everything in its place."""
    runtime, wasm, worker = packed_runtime()
    parts = {
        "title": html.escape(TEXTS[facts["language"] or LANGUAGES[0]]["title"]),
        "style": page_style(),
        "facts": json.dumps(facts, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/"),
        "page": bundle("main.js"),
        **{
            name: base64.b64encode(content).decode()
            for name, content in {
                "runtime": runtime,
                "wasm": wasm,
                "worker": worker,
                "weights": _gzip(weights),
            }.items()
        },
    }
    return re.sub(r"<!-- (\w+) -->", lambda match: parts[match[1]], _read("page.html"))


def bundle(entry: str) -> str:
    """The modules that an entry of stage/ imports, and the entry, as one script, each module once."""
    done: list[str] = []

    def add(module: str) -> str:
        if module in done:
            return ""
        done.append(module)
        text = _read(module)
        before = "".join(add(other.removeprefix("./")) for other in IMPORT.findall(text))
        return f"{before}\n// {module}\n{EXPORT.sub('', IMPORT.sub('', text))}"

    return add(entry)


def _gzip(content: bytes) -> bytes:
    """Bytes as gzip, which every browser of today unpacks by itself."""
    return gzip.compress(content, mtime=0)


def _unpacked(name: str) -> bytes:
    return lzma.decompress((RUNTIME_FOLDER / f"{name}.xz").read_bytes())


def _read(name: str) -> str:
    return (STAGE_FOLDER / name).read_text(encoding="utf-8")
