"""The losses of several steps fetched at once, so that a GPU or TPU need not wait for its host.

What a step gives back are numbers on the device. To look at them is to wait until the step is done, and until then the
device is handed no further work: on a fast card the waiting takes longer than a step of a small network.
"""

import time

import keras

FEW = 10  # steps


class DeferredLogs(keras.callbacks.CallbackList):
    """Callbacks that hear of up to `few` steps at once, of each in its turn and under its own number.

    A callback that looks at the weights says by `due(step)` whether it will at a step: there all that is waiting is
    handed on first, so that it finds the model as it is after that step. A callback of Keras without `due`, such as a
    user's own, may look at any step, and with it nothing waits. `due` of a callback that never looks gives False.

    The logs hold one number more, "seconds": the time a step, as the mean over those that were fetched together. A
    training that is to stop does so after what is waiting: up to `few` - 1 steps later.

    Args:
        callbacks: as `fit` takes them.
        model: whose `.epoch` one of them counts on at each step.
        few: the most steps that wait, at least 1.
    """

    def __init__(self, callbacks, model, few=FEW):
        super().__init__(callbacks, add_history=True, model=model, epochs=1, verbose=0)
        self.few, self.waiting, self.since = few, [], None

    def on_train_batch_begin(self, batch, logs=None):
        self.since = self.since or time.perf_counter()
        super().on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        self.waiting.append((batch, logs))
        step = self.model.epoch + len(self.waiting) - 1
        if len(self.waiting) >= self.few or any(looks_at(callback, step) for callback in self.callbacks):
            self.hand_on()

    def on_epoch_end(self, epoch, logs=None):
        self.hand_on()
        super().on_epoch_end(epoch, logs)

    def hand_on(self):
        """Let the callbacks hear of all that is waiting."""
        if not self.waiting:
            return
        fetched = [(batch, {name: float(value) for name, value in logs.items()}) for batch, logs in self.waiting]
        seconds = (time.perf_counter() - self.since) / len(fetched)
        self.waiting, self.since, stop = [], None, False
        *earlier, (last, logs_of_last) = fetched
        for batch, logs in earlier:
            super().on_train_batch_end(batch, {**logs, "seconds": seconds})
            stop, self.model.stop_training = stop or self.model.stop_training, False
        self.model.stop_training |= stop  # who stops a training also saves it, as it is after the last of these steps
        super().on_train_batch_end(last, {**logs_of_last, "seconds": seconds})


def looks_at(callback, step):
    """Whether a callback may look at the weights at a step."""
    if isinstance(callback, keras.callbacks.History):
        return False  # Keras adds it, and it hears of epochs alone
    return callback.due(step) if hasattr(callback, "due") else True
