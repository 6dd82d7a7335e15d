"""The run folder of a training, and the Keras callbacks that write it during `fit`.

    run/gan/0001_lines/
        run.json            the model, the data set, the versions and the machine
        params.json .pkl    the network's 21 arguments
        history.csv         one line per step: step, d_loss, d_real, d_fake, d_penalty, g_loss, seconds
        generator.h5 critic.h5 model.h5, and generator_ema.h5 with a moving average; an autoencoder has encoder.h5 in
                            place of critic.h5, and its decoder as generator.h5
        weights/            weights.h5; for resuming, checkpoint.weights.h5 and data.json, the data set's digest
        .in_progress.json   the folder lock: the process that trains here, or that was killed, and since when
        generators/         generator_000100.h5 ..., those that drew the sheets; as many as are kept
        images/             sample_0.png, sample_100.png ..., Converge.png
        viz/                diagrams of the networks

Every file is written whole or not at all (`utils.files`).
"""

from utils.runs.checkpoints import CHECKPOINT, DATA, save_keras_model, save_weights
from utils.runs.data_set import DataSet, data_of
from utils.runs.folder import (
    describe,
    files_to_share,
    new_run,
    processor_name,
    record_of,
    sample_sheet,
    sample_sheets,
)
from utils.runs.going_on import files_to_go_on, unpack_run
from utils.runs.history import HISTORY, read_history, write_history
from utils.runs.keeping import KeepGenerators, film_of_sheets, kept_generators
from utils.runs.opening import open_generator
from utils.runs.shipping import (
    SHIPPED_DECODER,
    SHIPPED_GENERATORS,
    any_generator,
    encoder_beside,
    known_generators,
    latest_generator,
    latest_of,
    pair_to_compare,
    ship,
    shipped_generator,
)

__all__ = [
    "CHECKPOINT",
    "DATA",
    "HISTORY",
    "SHIPPED_DECODER",
    "SHIPPED_GENERATORS",
    "DataSet",
    "KeepGenerators",
    "any_generator",
    "data_of",
    "describe",
    "encoder_beside",
    "files_to_go_on",
    "files_to_share",
    "film_of_sheets",
    "kept_generators",
    "known_generators",
    "latest_generator",
    "latest_of",
    "new_run",
    "open_generator",
    "pair_to_compare",
    "processor_name",
    "read_history",
    "record_of",
    "sample_sheet",
    "sample_sheets",
    "save_keras_model",
    "save_weights",
    "ship",
    "shipped_generator",
    "unpack_run",
    "write_history",
]
