"""history.csv: the losses and seconds of a training, one line per step."""

import csv
import io
from pathlib import Path

from utils import files
from utils.files.errors import one_line

HISTORY = "history.csv"
MAX_HISTORY_BYTES = 64 * 2**20  # far above a real history: 20,000 steps take 2 million bytes


def write_history(folder, history):
    """Write history.csv, one line per step: `step`, the model's losses, `seconds`.

    Args:
        folder: the run folder.
        history: dict, column name -> list, all of equal length, as a model's `history_columns()` returns it.

    Returns:
        The file's path.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(history)
    for step, *losses, seconds in zip(*history.values(), strict=True):
        writer.writerow([step, *(f"{value:.9g}" for value in losses), f"{seconds:.4f}"])
    return files.write_text(Path(folder) / HISTORY, text.getvalue())


def read_history(folder):
    """Read history.csv.

    Returns:
        Dict, column name -> list: `step` of int, then floats.

    Raises:
        FileNotFoundError: the folder holds no history.
        ValueError: the file is damaged or no history.
    """
    path = Path(folder) / HISTORY
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist: nothing was trained in {folder} yet.")
    if path.stat().st_size > MAX_HISTORY_BYTES:
        raise ValueError(f"{path} has more than {MAX_HISTORY_BYTES:,} bytes, too many for a history: it was not read.")
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            rows = csv.reader(lines)
            names = next(rows, [])
            if names[:1] != ["step"] or len(names) > 100 or len(set(names)) != len(names):
                raise ValueError("its first line does not name the columns step, ...")
            columns = {name: [] for name in names}
            for row in rows:
                for name, value in zip(names, row, strict=True):
                    columns[name].append(int(value) if name == "step" else float(value))
    except (ValueError, csv.Error) as error:
        raise ValueError(
            f"{path} is no history of a training ({one_line(error)}): take the run folder from its source again, or "
            "remove the file and train from the start."
        ) from None
    return columns
