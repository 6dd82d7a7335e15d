"""A coverage-guided search for files that bring down a parser: hours of it, outside `make test`.

    pip install atheris                                       Linux or macOS, Python 3.11 or 3.12
    python tests/hostile/fuzz_atheris.py vectors.txt 600      one parser for 600 seconds
    python tests/hostile/fuzz_atheris.py all 600              each of them, one after the other

The parsers are those of `parsers.py`. The search starts from the corpus' small files and follows what is new in our own
code, in Pillow's, tarfile's and zipfile's Python. A file that brings anything but a ValueError that names it,
takes more than 60 seconds or 4 GiB, is kept in run/fuzz/<parser>/ (crash-*, timeout-*, oom-*); what the search has
learnt stays there in corpus/, so that the next run goes on. Findings are noted in README.md beside this file.
"""

import contextlib
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDER = ROOT / "run" / "fuzz"
LARGEST = 20_000  # bytes of a file to start from
FOLLOWED = ["utils", "PIL", "zipfile", "tarfile", "gzip", "pickletools"]


def seed(name: str, folder: Path) -> None:
    """The corpus' files that this parser may meet, the small ones."""
    from corpus import CASES
    from parsers import ROOMS

    folder.mkdir(parents=True, exist_ok=True)
    suffix = name[name.index(".") :]
    for case in CASES:
        if case.room != ROOMS[name.split(".")[0]] or (case.room in ("models", "vectors") and suffix not in case.file):
            continue
        if any(word in case.file for word in ("bomb", "million", "thousand", "too_l", "far_too")):
            continue  # they take seconds to make
        path = folder / case.file
        with contextlib.suppress(OSError):
            case.make(path)
            if path.stat().st_size > LARGEST:
                path.unlink()


def read_by_parsers() -> list[str]:
    """Our own modules that the parsers of `parsers.py` call, which the search is to follow."""
    return sorted(set(re.findall(r"from (utils[\w.]*) import", (HERE / "parsers.py").read_text())))


def fuzz(name: str, arguments: list[str]) -> None:
    import atheris

    with atheris.instrument_imports(include=FOLLOWED):
        import pickletools  # noqa: F401
        import tarfile  # noqa: F401
        import zipfile  # noqa: F401

        import PIL.Image
        import PIL.PngImagePlugin

        for module in read_by_parsers():
            importlib.import_module(module)
    from parsers import PARSERS

    PIL.Image.init()
    for path in sorted((FOLDER / name / "corpus").glob("good*")) or [Path(os.devnull)]:
        PARSERS[name](path.read_bytes())  # starts what it needs (Keras), before the search and its clock
    atheris.Setup([sys.argv[0], *arguments], PARSERS[name])
    atheris.Fuzz()


def main(name: str, seconds: int) -> None:
    """Run one search in a process of its own, and print a line for the table."""
    folder = FOLDER / name
    seed(name, folder / "corpus")
    log = folder / "log.txt"
    limits = [
        f"-max_total_time={seconds}",
        "-timeout=60",
        "-rss_limit_mb=4096",
        f"-max_len={LARGEST}",
        "-print_final_stats=1",
    ]
    command = [
        sys.executable,
        __file__,
        "--search",
        name,
        f"-artifact_prefix={folder}/",
        *limits,
        str(folder / "corpus"),
    ]
    with open(log, "w") as file:
        subprocess.run(command, stdout=file, stderr=file, cwd=folder, check=False)
    text = log.read_text(errors="replace")
    runs = re.findall(r"stat::number_of_executed_units: (\d+)", text) or re.findall(r"^#(\d+)", text, re.MULTILINE)
    found = sorted(path.name for path in folder.iterdir() if path.name.startswith(("crash-", "timeout-", "oom-")))
    minutes = int((re.findall(r"Done \d+ runs in (\d+) second", text) or [0])[-1]) / 60
    print(f"| {name} | {int(runs[-1]) if runs else 0:,} | {minutes:.1f} | {', '.join(found) or 'none'} |", flush=True)


if __name__ == "__main__":
    sys.path[:0] = [str(HERE), str(ROOT)]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    if sys.argv[1] == "--search":
        fuzz(sys.argv[2], sys.argv[3:])
    else:
        from parsers import PARSERS

        for one in PARSERS if sys.argv[1] == "all" else [sys.argv[1]]:
            main(one, int(sys.argv[2]))
