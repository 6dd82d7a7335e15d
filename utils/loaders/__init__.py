"""Data sets, generators and trained models, from the disk into memory. Nothing here starts Keras before it must.

One story a file: `loading` (what notebooks call), `sources` (which files make a data set), `decoding` (from a file to
pixels of one size), `store` (in memory or mapped from the disk), `batches`, `augmentation`, `check` (a look at a set
before training).
"""

from utils.files.archives import data_name, extract_archive
from utils.loaders.batches import ImageBatches
from utils.loaders.check import check_dataset
from utils.loaders.loading import load_dataset, load_generator, load_model

__all__ = [
    "ImageBatches",
    "check_dataset",
    "data_name",
    "extract_archive",
    "load_dataset",
    "load_generator",
    "load_model",
]
