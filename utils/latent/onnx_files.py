"""Networks for other programs: ONNX files, checked against Keras after writing.

ONNX is what TouchDesigner, Unity, Max, openFrameworks and ONNX Runtime read; docs/en/elsewhere.md says how. The file is
Keras' own export with names that a person can use: the input `z` or `image`, the output `images`. What the generator's
card says travels as metadata.
"""

import json
import os
from pathlib import Path

import numpy as np

from utils.files.json_files import read_json
from utils.files.provenance import fingerprint
from utils.files.whole import write_whole

NEEDED = "pip install onnx onnxruntime tf2onnx"
TRIED = 4  # inputs on which the file is checked
MOST_OFF = 1 / 127.5  # one grey level, in [-1, 1]


def export_onnx(network, path: str | os.PathLike) -> Path:
    """Write a generator, or a network that enlarges, as an ONNX file, and check that it gives the same images.

    Args:
        network: a Keras model of one input and one output: vectors (n, latent_dim) -> images (n, h, w, c) in [-1, 1],
            or images (n, h, w, c) -> larger images; or the path of such a generator, whose card (the .json beside it)
            then travels in the file.
        path: the file, by custom in .onnx.

    Returns:
        The path.

    Raises:
        ImportError: a package is missing; the message says which to install.
        ValueError: what was written gives other images than Keras, by more than a grey level; nothing is left behind.

    Example:
        >>> export_onnx("data/generators/three_lines_128.h5", "generator.onnx")
    """
    onnx, runtime = _packages()
    card = {}
    if isinstance(network, str | os.PathLike):
        from utils.loaders import load_generator

        source = Path(network)
        network = load_generator(source)
        beside = source.with_suffix(".json")
        card = read_json(beside) if beside.is_file() else {}
    inputs = _examples(network)
    images = np.asarray(network.predict_on_batch(inputs))  # Keras exports models that have been called
    with write_whole(path, suffix=".onnx") as temporary:
        _export(network, temporary)
        model = onnx.load(temporary)
        _rename(model.graph, "z" if inputs.ndim == 2 else "image", "images")
        onnx.helper.set_model_props(model, _facts(network, card))
        onnx.checker.check_model(model)
        onnx.save(model, temporary)
        session = runtime.InferenceSession(temporary, providers=["CPUExecutionProvider"])
        (written,) = session.run(None, {session.get_inputs()[0].name: inputs})
        off = np.abs(written - images).max() if written.shape == images.shape else np.inf
        if not off <= MOST_OFF:
            raise ValueError(f"{path} would give other images than Keras does, by {off:.2g} of 2; nothing was written")
    return Path(path)


def _packages():
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise ImportError(f"ONNX files need {error.name}: {NEEDED}") from error
    return onnx, onnxruntime


def _export(network, path: Path) -> None:
    """Keras' own export, whose need for a further package is said in words."""
    try:
        network.export(path, format="onnx", verbose=False)
    except ImportError as error:
        raise ImportError(f"Keras needs {error.name or error} to write ONNX: {NEEDED}") from error


def _examples(network) -> np.ndarray:
    """Inputs to check with: normal vectors, or images of 32 x 32 where the network takes any size."""
    shape = [side or 32 for side in network.input_shape[1:]]
    return np.random.default_rng(0).standard_normal((TRIED, *shape), dtype=np.float32)


def _rename(graph, input_name: str, output_name: str) -> None:
    """Give the graph's only input and output other names."""
    names = {graph.input[0].name: input_name, graph.output[0].name: output_name}
    for values in (graph.input, graph.output):
        for value in values:
            value.name = names.get(value.name, value.name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]


def _facts(network, card: dict) -> dict[str, str]:
    """What the file says of itself."""
    kind = "latent vectors (n, length), standard normal" if len(network.input_shape) == 2 else "images (n, h, w, c)"
    return {
        "fingerprint": fingerprint(network),
        "input": f"{kind}, float32",
        "output": "images (n, h, w, c), float32 in [-1, 1]: (x + 1) / 2 gives 0 to 1",
        **{key: str(value) for key, value in card.items() if isinstance(value, str | int | float)},
        **({"card": json.dumps(card, ensure_ascii=False)} if card else {}),
    }
