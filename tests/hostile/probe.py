"""Hands hostile files to their parsers, in a process of its own, and writes down what came of each.

    python tests/hostile/probe.py FOLDER...     one line of JSON for the one file in each, <room>/<number>/<file>

For each file: the kind of error (or none), its text, the warnings, how far memory rose above what it was before, and
what was done that must not be: a canary, files outside the folder, a process or a connection started, a module loaded
by a name that the file chose.
"""

import contextlib
import io
import json
import os
import shutil
import sys
import time
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
MEMORY = 4 * 2**30  # bytes above idle at which the system stops a parser that nothing else stops
READER = HERE.parents[1] / "utils" / "files" / "keras_checks.py"  # reads HDF5 files once, in a process of its own
FORBIDDEN = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect", "pty.spawn")


def archives(path, out):
    from utils.files.archives import extract_archive

    return f"{len(extract_archive(path, out))} images"


def images(path, out):
    """As one of a data set: beside it lies a good image."""
    from PIL import Image

    from utils.loaders import load_dataset

    folder = path.parent / "set"
    folder.mkdir()
    Image.new("RGB", (8, 8)).save(folder / "0_good.png")
    path.rename(folder / path.name)
    with contextlib.redirect_stdout(io.StringIO()):
        found = load_dataset("set", 16, 1, data_folder=path.parent)
    return f"{len(found.images)} of 2 images"


def enlarged(path, out):
    from PIL import Image

    from utils.super_resolution import load_upscaler, upscale

    height, width, *channels = upscale([path], load_upscaler("nearest", 2), scale=2)[0].shape
    with Image.open(path) as image:
        count = channels[0] if channels else 1
        return f"{width / image.width:g} x {height / image.height:g} times as large, in {count} channels"


def texts(path, out):
    from utils.files.provenance import from_image

    return str(from_image(path)[1])


def params(path, out):
    from utils.files.keras_files import read_params

    return type(read_params(path)).__name__


def vectors(path, out):
    from utils.files.vectors import read_vectors

    return str(read_vectors(path).shape)


def cards(path, out):
    from utils.files.json_files import read_json

    return type(read_json(path)).__name__


def directions(path, out):
    from utils.latent import directions

    class Generator:
        input_shape = (None, 4)

    directions.fingerprint = lambda generator: "0123456789abcdef"
    return str(list(directions.read_directions(path, Generator)))


def history(path, out):
    from utils.runs import read_history

    path.rename(path.with_name("history.csv"))
    return str(list(read_history(path.parent)))


def models(path, out):
    from utils.loaders import load_generator

    return str(load_generator(path).output_shape)


def upscalers(path, out):
    from utils.super_resolution import load_upscaler

    return load_upscaler(path).name


def runs(path, out):
    import h5py

    from models.WGANGP import WGANGP
    from utils.loaders import load_model

    folder = path.parent / "run"
    (folder / "weights").mkdir(parents=True)
    path.rename(folder / "params.json")
    with h5py.File(folder / "weights" / "weights.h5", "w") as file:
        file.create_group("layers/dense/vars").create_dataset("0", data=[1.0])
    return type(load_model(WGANGP, folder)).__name__


WARM = ("models", "upscalers", "runs", "history")  # start Keras before memory is looked at


def memory(field):
    """VmRSS now, or VmHWM, the highest since the last reset, in bytes; None where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def limit_memory():
    with contextlib.suppress(ImportError, OSError, TypeError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory("VmSize") + MEMORY, resource.RLIM_INFINITY))


def look(room, case, events):
    """Hand one file over, in its folder `case`, and tell what came of it."""
    file = next(path for path in case.iterdir() if path.is_file())
    os.chdir(case)
    before, idle = set(case.parent.rglob("*")), memory("VmRSS")
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the highest is now
    events.clear()
    answer = {"file": file.name, "error": None, "said": "", "gave": ""}
    started = time.process_time()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", UserWarning)
        try:
            answer["gave"] = globals()[room](file.resolve(), case / "out")
        except BaseException as error:
            answer |= {"error": type(error).__name__, "said": str(error)}
    peak = memory("VmHWM")
    answer |= {
        "warned": [str(one.message) for one in warned if issubclass(one.category, UserWarning)],
        "seconds": round(time.process_time() - started, 2),
        "mebibytes": None if peak is None else max(0, peak - idle) // 2**20,
        "did": [str(event) for event in events],
        "wrote": sorted(str(p.relative_to(case.parent)) for p in set(case.parent.rglob("*")) - before),
    }
    return answer


def watch(events, event, arguments):
    """Write down what no file may bring about. HDF5 files are read once in a process of our own making."""
    starts = ("subprocess.Popen", "os.posix_spawn")  # from Python 3.12 on the one calls the other
    ours = event in starts and arguments[0] == sys.executable and str(READER) in arguments[1]
    if event in FORBIDDEN and not ours:
        events.append((event, *arguments[:2]))


def main(cases):
    import PIL.Image

    PIL.Image.init()
    rooms = dict.fromkeys(case.parent.name for case in cases)
    if any(room in WARM for room in rooms):
        import numpy as np

        from utils.quiet import keras

        keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])(np.zeros((1, 4), np.float32))
    for room in rooms:
        if room not in WARM:
            with contextlib.suppress(Exception):
                globals()[room](Path("nothing.here"), Path("nowhere"))  # loads what it needs
    limit_memory()
    events = []
    sys.addaudithook(lambda event, arguments: watch(events, event, arguments))
    for case in cases:
        print(json.dumps({"room": case.parent.name, **look(case.parent.name, case, events)}), flush=True)
        os.chdir(case.parent)
        shutil.rmtree(case)  # the next ones look through what is there


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parents[1]))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    main([Path(case).resolve() for case in sys.argv[1:]])
