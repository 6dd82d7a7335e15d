"""Deferred logs: the losses of several steps are fetched at once, so that a GPU or TPU does not wait for its host.

A step returns its losses as numbers on the device. Reading them blocks the host until the step is done, and meanwhile
the device receives no further work: on a fast card that wait takes longer than a step of a small network.
"""

import time

import keras

FEW = 10  # steps whose losses are fetched at once


class DeferredLogs(keras.callbacks.CallbackList):
    """A callback list that is called for up to `few` steps at once, for each step in order and under its own index.

    A callback that reads the weights declares by `due(step)` at which steps it does: there the list is flushed, so that
    the callback finds the model as it is after that step. A callback without `due`, such as a user's own, may read them
    at any step, so with it nothing is deferred. A callback that never reads them has a `due` that returns False.

    The logs have one more entry, "seconds": the duration of a step, as the mean over the steps fetched together. When a
    callback stops the training, it ends after the pending steps, up to `few` - 1 steps later.

    Args:
        callbacks: list of callbacks, as for `fit`.
        model: the model that trains; one of the callbacks increments its `.epoch` at each step.
        few: largest number of pending steps, at least 1.
    """

    def __init__(self, callbacks, model, few=FEW):
        super().__init__(callbacks, add_history=True, model=model, epochs=1, verbose=0)
        self.few, self.pending, self.started = few, [], None

    def on_train_batch_begin(self, batch, logs=None):
        self.started = self.started or time.perf_counter()
        super().on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        self.pending.append((batch, logs))
        step = self.model.epoch + len(self.pending) - 1
        if len(self.pending) >= self.few or any(reads_weights(callback, step) for callback in self.callbacks):
            self.flush()

    def on_epoch_end(self, epoch, logs=None):
        self.flush()
        super().on_epoch_end(epoch, logs)

    def flush(self):
        """Fetch the losses of all pending steps and call the callbacks for each."""
        if not self.pending:
            return
        fetched = [(batch, {name: float(value) for name, value in logs.items()}) for batch, logs in self.pending]
        seconds = (time.perf_counter() - self.started) / len(fetched)
        self.pending, self.started, stop = [], None, False
        *earlier, (last, logs_of_last) = fetched
        for batch, logs in earlier:
            super().on_train_batch_end(batch, {**logs, "seconds": seconds})
            stop, self.model.stop_training = stop or self.model.stop_training, False
        # The callback that stops a training also saves it, in the state after the last of these steps.
        self.model.stop_training |= stop
        super().on_train_batch_end(last, {**logs_of_last, "seconds": seconds})


def reads_weights(callback, step):
    """Whether a callback may read the weights at a step."""
    if isinstance(callback, keras.callbacks.History):
        return False  # added by Keras, records epochs only
    return callback.due(step) if hasattr(callback, "due") else True
