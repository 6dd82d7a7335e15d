"""What is written of a model that is made of two networks, and how it is read again.

`SavedNetworks` is a mixin of `keras.Model`, beside `models.engine.loop.TrainingLoop`. One of the two networks is a
generator, latent vectors -> images; the other is a GAN's critic or an autoencoder's encoder. Files are float32 and of
stock layers alone, whatever arithmetic the training used.
"""

import json
import pickle
from pathlib import Path

import numpy as np
from keras import ops

from utils import figures, files, latent, runs
from utils.files import keras_files
from utils.latent.temperature import inverse_temperature_of, set_inverse_temperature


class SavedNetworks:
    """Mixin of a `keras.Model` that is made of two networks, one of them `generator`.

    The model sets `parts` and `parameter_names`, has an attribute of each of these names, sets `ema_generator` when it
    is built (PyTorch finds no network under a name that its class has, too), and gives `_build_<part>(dtype, stock)`,
    `stock_model()`, the whole as it is saved (a float32 copy of stock layers, in which the parts are layers of their
    names), `recipe`, `steps` (a `StepCount`), `updates`, `z_dim`, `precision`, `seed` and `seed_generator`.

    Attributes:
        parts: names of the two networks, in the order in which they are drawn.
        parameter_names: names of the arguments that build it anew.
        recipe: a `Recipe`, or None where all is said by the arguments.
        pickled_parameters: whether params.pkl is written beside params.json, as the original did.
        ema_generator: a moving average of the generator that is to be looked at in its place, or None.
    """

    parts = ()
    parameter_names = ()
    recipe = None
    pickled_parameters = False
    _copy = None

    def parameters(self):
        """The arguments as a dict of plain values, in their order; what goes beyond them is in `recipe`."""
        return {name: plain(getattr(self, name)) for name in self.parameter_names}

    def saved_parameters(self):
        """What params.json holds: the arguments, and the recipe's keywords that differ from the published ones."""
        return {**self.parameters(), **(self.recipe.changed() if self.recipe else {})}

    def get_config(self):
        named = {"precision": self.precision, "seed": self.seed, "name": self.name}
        return {**self.parameters(), **(self.recipe.keywords() if self.recipe else {}), **named}

    def build(self, input_shape=None):
        """Nothing is left to make: the networks and the optimisers' variables are there."""
        self.built = True

    def stock_part(self, name):
        """A float32 copy of one of the two networks, of stock layers only, as it is saved."""
        build = getattr(self, f"_build_{name}")
        return with_weights_of(getattr(self, name), build(dtype="float32", stock=True))

    def stock_generator(self):
        """A float32 copy of the generator, of stock layers only, as it is saved."""
        return self.stock_part("generator")

    @property
    def model(self):
        """The whole as it is saved: a float32 copy of stock layers, which has the weights of the moment of asking.

        It is built once. TensorFlow gives not all the memory back that building a network takes: a training that built
        it anew with each snapshot grew by half a MiB each time.
        """
        if self._copy is None:
            self._copy = _Copy(self.stock_model())
        for name in self.parts:
            with_weights_of(getattr(self, name), self._copy.model.get_layer(name))
        return self._copy.model

    def __dir__(self):
        """All but `model`: where Keras saves weights it saves what stands here, and the copy would go with them."""
        return [name for name in super().__dir__() if name != "model"]

    def get_compile_config(self):
        return {}  # a loaded model is compiled by its own parameters

    @property
    def steps_done(self):
        """Steps so far, an int."""
        updates = int(self.updates)
        if self.steps.start is None:
            self.steps.start = (updates, updates)
        return self.steps.at(updates)

    def save_own_variables(self, store):
        """What Keras leaves out: the random state, without which a resumed training would see other noise, and
        counts."""
        store["seed"] = ops.convert_to_numpy(self.seed_generator.state)
        store["steps"] = np.array([self.steps_done, int(self.updates)])

    def load_own_variables(self, store):
        self.seed_generator.state.assign(np.asarray(store["seed"]))
        try:
            self.steps.start = tuple(int(count) for count in store["steps"])
        except KeyError:  # of a week when a step had one update: `steps_done` tells when all is read
            self.steps.start = None
        self._forget_compiled()  # it was compiled with other counts

    def save(self, folder, *args, **kwargs):
        """Write params.json, the original's params.pkl and pictures of the networks into `folder`.

        A path that ends in .keras saves the whole model as Keras does.
        """
        if str(folder).endswith(".keras"):
            return super().save(folder, *args, **kwargs)
        folder = Path(folder)
        for name in ("viz", "images", "weights"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        files.write_text(folder / "params.json", json.dumps(self.saved_parameters(), indent=2) + "\n")
        if self.pickled_parameters:
            files.write_bytes(folder / "params.pkl", pickle.dumps(list(self.parameters().values())))
        self.plot_model(folder)

    def save_model(self, folder):
        """Write model.h5 and one file for each of the two networks into `folder`: float32, stock layers, for any Keras
        3.

        With a moving average, generator_ema.h5 too.

        Returns:
            The copy that was saved as model.h5.
        """
        if self.ema_generator:
            averaged = with_weights_of(self.ema_generator, self.model.get_layer("generator"))
            runs.save_keras_model(averaged, Path(folder) / "generator_ema.h5")
        model = self.model  # after it, with the generator's own weights in the copy again
        runs.save_keras_model(model, Path(folder) / "model.h5")
        for name in self.parts:
            runs.save_keras_model(model.get_layer(name), Path(folder) / f"{name}.h5")
        return model

    def load_weights(self, path, **kwargs):
        """Read weights/weights.h5, of today or of the original under Keras 2, or a checkpoint with its optimisers."""
        if str(path).endswith(".weights.h5"):
            super().load_weights(path, **kwargs)
            self.epoch = self.steps_done
            return
        model = self.model
        keras_files.load_weights(model, path)
        for name in self.parts:
            getattr(self, name).set_weights(model.get_layer(name).get_weights())

    def plot_model(self, folder):
        """Draw the layers of the two networks and of the whole into viz/, e.g. viz/generator.png and viz/model.png."""
        whole = self.model
        for model in (whole, *map(whole.get_layer, self.parts)):
            figures.plot_layers(model, Path(folder) / "viz" / f"{model.name}.png", show=False)

    def sample_images(self, run_folder, r, c):
        """Draw r x c images into images/sample_<epoch>.png, always of the same latent vectors; gives the path."""
        z = latent.generate_latent_points(self.z_dim, r * c, seed=0)
        path = runs.sample_sheet(run_folder, self.epoch)
        generator = self.ema_generator or self.generator
        return figures.sample_grid(np.asarray(generator.predict_on_batch(z)), r, c, path)


class _Copy:
    """The copy that is saved; wrapped, so that Keras does not take it for a part of the model."""

    def __init__(self, model):
        self.model = model


def plain(value):
    """Tuples as lists, NumPy numbers as Python's: what JSON and a harmless pickle can hold."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def with_weights_of(source, copy):
    """Give the network `copy` the weights of `source`, of the same shapes, and its inverse temperature; returns
    `copy`."""
    copy.set_weights(source.get_weights())
    return set_inverse_temperature(copy, inverse_temperature_of(source))
