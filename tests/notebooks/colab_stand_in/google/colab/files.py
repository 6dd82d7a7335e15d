"""Uploads come from the folder COLAB_UPLOADS, downloads go to COLAB_DOWNLOADS."""

import os
import shutil
from pathlib import Path


def upload():
    """Every file of the folder, as if the visitor had chosen it; a taken one is gone, as after Colab's button."""
    chosen = {}
    for path in sorted(Path(os.environ["COLAB_UPLOADS"]).iterdir()):
        chosen[path.name] = path.read_bytes()
        shutil.move(path, path.name)
    return chosen


def download(name):
    folder = Path(os.environ["COLAB_DOWNLOADS"])
    folder.mkdir(exist_ok=True)
    shutil.copy(name, folder)
