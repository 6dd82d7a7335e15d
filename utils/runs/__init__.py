"""What a training leaves behind: the run folder, and the Keras callbacks that fill it while `fit` goes on.

    run/gan/0001_lines/
        run.json            what was trained on what, with which versions, on which machine
        params.json .pkl    the network's 21 arguments
        history.csv         one line a step: step, d_loss, d_real, d_fake, d_penalty, g_loss, seconds
        generator.h5 critic.h5 model.h5, and generator_ema.h5 where a moving average was asked for; an autoencoder
                            leaves encoder.h5 in the critic's place, and its decoder as generator.h5
        weights/            weights.h5, and to go on from checkpoint.weights.h5 and data.json, the data set's digest
        .in_progress.json   while a training goes on, or after one was cut off: which process, since when
        images/             sample_0.png, sample_100.png ..., Converge.png
        viz/                drawings of the networks

Every file is written whole or not at all (`utils.files`).
"""

from utils.runs.checkpoints import CHECKPOINT, DATA, save_keras_model, save_weights
from utils.runs.folder import describe, files_to_share, new_run, processor_name, sample_sheet, sample_sheets
from utils.runs.history import HISTORY, read_history, write_history
from utils.runs.shipping import (
    SHIPPED_DECODER,
    SHIPPED_GENERATORS,
    any_generator,
    encoder_beside,
    latest_generator,
    ship,
    shipped_generator,
)

__all__ = [
    "CHECKPOINT",
    "DATA",
    "HISTORY",
    "SHIPPED_DECODER",
    "SHIPPED_GENERATORS",
    "any_generator",
    "describe",
    "encoder_beside",
    "files_to_share",
    "latest_generator",
    "new_run",
    "processor_name",
    "read_history",
    "sample_sheet",
    "sample_sheets",
    "save_keras_model",
    "save_weights",
    "ship",
    "shipped_generator",
    "write_history",
]
