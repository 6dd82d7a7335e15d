"""The files of a model of two networks: how they are written and read.

`SavedNetworks` is a mixin of `keras.Model`, beside `models.engine.loop.TrainingLoop`. One of the two networks is a
generator, latent vectors -> images; the other is a GAN's critic or an autoencoder's encoder. Files hold float32 weights
and stock layers only, whatever precision the training used.
"""

import json
import pickle
from contextlib import suppress
from pathlib import Path

import numpy as np
from keras import ops

from utils import figures, files, latent, runs
from utils.files import keras_files
from utils.files.hdf5 import without_locks
from utils.files.in_progress import writing
from utils.latent.temperature import inverse_temperature_of, set_inverse_temperature
from utils.loaders import load_generator
from utils.runs.checkpoints import make_way


class SavedNetworks:
    """Mixin of a `keras.Model` of two networks, one of them `generator`.

    The model sets `parts` and `parameter_names` and has an attribute of each of these names. In its constructor it sets
    `ema_generator` (PyTorch does not find a network under a name that the class has too). It provides
    `_build_<part>(dtype, stock)`; `stock_model()`, the float32 model of stock layers that is saved, in which the parts
    are layers under their own names; and `recipe`, `steps` (a `StepCount`), `updates`, `z_dim`, `precision`, `seed`
    and `seed_generator`.

    Attributes:
        parts: names of the two networks, in the order in which they are drawn.
        parameter_names: names of the constructor's arguments.
        recipe: a `Recipe`, or None where the arguments say everything.
        data_facts: what the training images are, `ImageBatches.facts`, or None; it goes into generators' files.
        new_vectors: whether each sample sheet shows the images of other latent vectors.
        pickled_parameters: whether params.pkl is written beside params.json, as the original did.
        ema_generator: the moving average of the generator, which sample images are drawn with, or None.
    """

    parts = ()
    parameter_names = ()
    recipe = None
    pickled_parameters = False
    data_facts = None
    new_vectors = False
    _copy = None

    def parameters(self):
        """The arguments as a dict of plain values, in order; the keywords beyond them are in `recipe`."""
        return {name: plain_value(getattr(self, name)) for name in self.parameter_names}

    def saved_parameters(self):
        """The content of params.json: the arguments, and the recipe's keywords that differ from the published ones."""
        return {**self.parameters(), **(self.recipe.changed() if self.recipe else {})}

    def get_config(self):
        named = {"precision": self.precision, "seed": self.seed, "name": self.name}
        return {**self.parameters(), **(self.recipe.keywords() if self.recipe else {}), **named}

    def build(self, input_shape=None):
        """Mark the model as built: its networks and the optimisers' variables exist already."""
        self.built = True

    def stock_part(self, name):
        """A float32 copy of the network `name`, of stock layers only, as it is saved."""
        build = getattr(self, f"_build_{name}")
        return with_weights_of(getattr(self, name), build(dtype="float32", stock=True))

    def stock_generator(self):
        """A float32 copy of the generator, of stock layers only, as it is saved."""
        return self.stock_part("generator")

    @property
    def model(self):
        """The whole model as it is saved: a float32 copy of stock layers with the current weights.

        It is built once, because TensorFlow does not free all the memory that building a network takes
        (benchmarks/LOG.md, "Memory over time").
        """
        if self._copy is None:
            self._copy = _StockCopy(self.stock_model())
        for name in self.parts:
            with_weights_of(getattr(self, name), self._copy.model.get_layer(name))
        return self._copy.model

    def __dir__(self):
        """All names but `model`: Keras saves the weights of all attributes listed here, the copy's among them."""
        return [name for name in super().__dir__() if name != "model"]

    def get_compile_config(self):
        return {}  # a loaded model compiles itself from its own arguments

    @property
    def steps_done(self):
        """Steps so far, an int."""
        updates = int(self.updates)
        if self.steps.start is None:
            self.steps.start = (updates, updates)
        return self.steps.at(updates)

    def save_own_variables(self, store):
        """Save what Keras leaves out: counts, and the random states, so that a resumed run draws as a whole one."""
        store["seed"] = ops.convert_to_numpy(self.seed_generator.state)
        store["steps"] = np.array([self.steps_done, int(self.updates)])
        for i, state in enumerate(self._layers_seeds()):
            store[f"seed_{i}"] = ops.convert_to_numpy(state)

    def _layers_seeds(self):
        """The random states of the networks' layers, such as Dropout's, in their order."""
        layers = (layer for name in self.parts for layer in getattr(self, name).layers)
        return [layer.seed_generator.state for layer in layers if hasattr(layer, "seed_generator")]

    def load_own_variables(self, store):
        self.seed_generator.state.assign(np.asarray(store["seed"]))
        with suppress(KeyError):  # an older file
            for i, state in enumerate(self._layers_seeds()):
                state.assign(np.asarray(store[f"seed_{i}"]))
        try:
            self.steps.start = tuple(int(count) for count in store["steps"])
        except KeyError:  # an older file, of one update per step: `steps_done` sets it once all is loaded
            self.steps.start = None
        self._forget_compiled()  # the compiled step holds the previous counts

    def save(self, folder, *args, replace=False, **kwargs):
        """Write params.json, the original's params.pkl and diagrams of the networks into `folder`.

        A path that ends in .keras saves the whole model as Keras does.

        Args:
            folder: the run folder; created with viz/, images/ and weights/ if missing.
            replace: remove what an earlier training left there; the next one begins anew.
            *args, **kwargs: of `keras.Model.save`, for a .keras path only.

        Raises:
            FileExistsError: the folder holds a training with other parameters; nothing was written.
            FolderInUse: another process holds the folder; nothing was written.
        """
        if str(folder).endswith(".keras"):
            return super().save(folder, *args, **kwargs)
        folder = Path(folder)
        with writing(folder, "saving"):
            make_way(folder, self.saved_parameters(), replace)
            for name in ("viz", "images", "weights"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            files.write_text(folder / "params.json", json.dumps(self.saved_parameters(), indent=2) + "\n")
            if self.pickled_parameters:
                files.write_bytes(folder / "params.pkl", pickle.dumps(list(self.parameters().values())))
            self.plot_model(folder)

    def save_model(self, folder):
        """Write model.h5 and one file per network into `folder`: float32, stock layers, for any Keras 3.

        With a moving average, generator_ema.h5 is written too.

        Returns:
            The Keras model that was saved as model.h5.

        Raises:
            FolderInUse: another process holds the folder.
        """
        with writing(folder, "saving"):
            if self.ema_generator:
                averaged = with_weights_of(self.ema_generator, self.model.get_layer("generator"))
                runs.save_keras_model(averaged, Path(folder) / "generator_ema.h5", self.data_facts)
            model = self.model  # asked for again: the generator's own weights return to the copy
            runs.save_keras_model(model, Path(folder) / "model.h5")
            for name in self.parts:
                facts = self.data_facts if name == "generator" else None
                runs.save_keras_model(model.get_layer(name), Path(folder) / f"{name}.h5", facts)
            return model

    def load_weights(self, path, **kwargs):
        """Load weights/weights.h5, current or of the original under Keras 2, or a checkpoint with its optimisers.

        The moving average, which weights.h5 has not, comes from generator_ema.h5 of the same run; where that is missing
        it begins at the generator.

        Raises:
            ValueError: the checkpoint's optimisers are of another kind, or scale losses where this model's do not.
        """
        if str(path).endswith(".weights.h5"):
            with without_locks():
                super().load_weights(path, **kwargs)
            # Keras passes over an optimiser that does not fit
            if self.steps.start and self.steps.start[1] != int(self.updates):
                raise ValueError(
                    f"{path} was written by a training of another precision or optimiser, whose counts do not fit this "
                    "one: go on with the precision (PRECISION) and the optimiser that run.json and params.json of its "
                    "run name. The files are as they were."
                )
            self.epoch = self.steps_done
            return
        model = self.model
        keras_files.load_weights(model, path)
        for name in self.parts:
            getattr(self, name).set_weights(model.get_layer(name).get_weights())
        if self.ema_generator:
            averaged = Path(path).parent.parent / "generator_ema.h5"
            source = load_generator(averaged) if averaged.is_file() else self.generator
            self.ema_generator.set_weights(source.get_weights())

    def plot_model(self, folder):
        """Draw diagrams of the two networks and of the whole model into viz/: viz/generator.png, viz/model.png ..."""
        whole = self.model
        for model in (whole, *map(whole.get_layer, self.parts)):
            figures.plot_layers(model, Path(folder) / "viz" / f"{model.name}.png", show=False)

    def sample_images(self, run_folder, r, c):
        """Draw r x c images of latent vectors, the same on each sheet unless `new_vectors`; returns the path.

        They go to images/sample_<epoch>.png.
        """
        z = latent.generate_latent_points(self.z_dim, r * c, seed=self.epoch if self.new_vectors else 0)
        path = runs.sample_sheet(run_folder, self.epoch)
        generator = self.ema_generator or self.generator
        return figures.sample_grid(np.asarray(generator.predict_on_batch(z)), r, c, path)


class _StockCopy:
    """The copy that is saved; wrapped, so that Keras does not track it as a part of the model."""

    def __init__(self, model):
        self.model = model


def plain_value(value):
    """Turn tuples into lists and NumPy scalars into Python's, for JSON and a pickle of plain values."""
    if isinstance(value, (list, tuple)):
        return [plain_value(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def with_weights_of(source, copy):
    """Copy weights and inverse temperature of `source` into `copy`, a network of the same shapes; returns `copy`."""
    copy.set_weights(source.get_weights())
    return set_inverse_temperature(copy, inverse_temperature_of(source))
