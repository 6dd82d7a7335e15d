"""The one place where files are written: to a temporary name beside the final one, then renamed.

A reader therefore sees the old file or the new one, never half of either, even if the process is killed while it
writes. What a killed process leaves behind has `.part` in its name, and is swept away by the next write to the same
name.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def write_whole(path: str | os.PathLike, suffix: str = "") -> Iterator[Path]:
    """Give a temporary path to write to; once the block ends well, that file takes the name `path`.

    Args:
        path: the final name. Its folder is made if it is missing.
        suffix: what the temporary name ends in, for a library that can only guess the format from it (Keras).

    Yields:
        A path in the same folder, `.<name>.part<suffix>`. Where a library can be told the format in words (Pillow,
        Matplotlib), tell it so.

    Raises:
        OSError: the folder cannot be made or written to; whatever `path` held before is untouched.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part{suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_bytes(path: str | os.PathLike, content: bytes) -> Path:
    """Write `content` as the whole of the file `path` and give its path back."""
    with write_whole(path) as temporary:
        temporary.write_bytes(content)
    return Path(path)


def write_text(path: str | os.PathLike, text: str) -> Path:
    """Write `text` as UTF-8, line ends as they are, and give the path back."""
    return write_bytes(path, text.encode("utf-8"))


def write_json(path: str | os.PathLike, value) -> Path:
    """Write `value` as indented JSON that keeps accents readable, and give the path back."""
    return write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
