"""What is written whole or not at all, and what is read with suspicion.

One story a file: `whole` (written to a temporary name, then renamed), `in_progress` (a folder is held by one process),
`names` (as other systems write them), `image_files`, `color_profiles`, `vectors`, `json_files`, `archives`,
`keras_files` (models of any era, checked by `keras_checks`, pickles by `plain_pickle`, made `portable`), `provenance`
(images that carry their vector). Writing is at hand here.
"""

from utils.files.whole import in_words, is_running, start_anew, sweep, write_bytes, write_json, write_text, write_whole

__all__ = [
    "in_words",
    "is_running",
    "start_anew",
    "sweep",
    "write_bytes",
    "write_json",
    "write_text",
    "write_whole",
]
