"""What is written of a model that is made of two networks, and how it is read again.

`SavedNetworks` is a mixin of `keras.Model`, beside `models.training.TrainingLoop`. One of the two networks is a
generator, latent vectors -> images; the other is a GAN's critic or an autoencoder's encoder. Files are float32 and of
stock layers alone, whatever arithmetic the training used.
"""

import json
from pathlib import Path

import numpy as np
from keras import ops

from models.networks import build_generator, with_weights_of


class SavedNetworks:
    """Mixin of a `keras.Model` that is made of two networks, one of them `generator`.

    The model sets `parts`, has an attribute of each of these names, sets `ema_generator` when it is built (PyTorch
    finds no network under a name that its class has, too), and gives `stock_model()`, the whole as it is saved (a
    float32 copy of stock layers, in which the parts are layers of their names), `saved_parameters()`, a dict of plain
    values that builds it anew, the generator's arguments by name, `steps_done`, `z_dim`, `seed` and `seed_generator`.

    Attributes:
        parts: names of the two networks, in the order in which they are drawn.
        ema_generator: a moving average of the generator that is to be looked at in its place, or None.
    """

    parts = ()
    _copy = None

    def _build_generator(self, **making):
        return build_generator(
            self.z_dim,
            self.generator_initial_dense_layer_size,
            self.generator_upsample,
            self.generator_conv_filters,
            self.generator_conv_kernel_size,
            self.generator_conv_strides,
            self.generator_batch_norm_momentum,
            self.generator_activation,
            self.generator_dropout_rate,
            seed=None if self.seed is None else self.seed + 1,
            **making,
        )

    def stock_generator(self, source=None):
        """A float32 copy of the generator, or of the averaged one, of stock layers only, as it is saved."""
        return with_weights_of(source or self.generator, self._build_generator(dtype="float32", stock=True))

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

    def save_own_variables(self, store):
        """The random state, which Keras leaves out: without it a resumed training would see other noise."""
        store["seed"] = ops.convert_to_numpy(self.seed_generator.state)

    def load_own_variables(self, store):
        self.seed_generator.state.assign(np.asarray(store["seed"]))

    def save(self, folder, *args, **kwargs):
        """Write params.json and pictures of the networks into `folder`.

        A path that ends in .keras saves the whole model as Keras does.
        """
        if str(folder).endswith(".keras"):
            return super().save(folder, *args, **kwargs)
        from utils import files

        folder = Path(folder)
        for name in ("viz", "images", "weights"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        files.write_text(folder / "params.json", json.dumps(self.saved_parameters(), indent=2) + "\n")
        self.plot_model(folder)

    def save_model(self, folder):
        """Write model.h5 and one file for each of the two networks into `folder`: float32, stock layers.

        Returns:
            The copy that was saved as model.h5.
        """
        from utils import runs

        model = self.model
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
        from utils import old_files

        model = self.model
        old_files.load_weights(model, path)
        for name in self.parts:
            getattr(self, name).set_weights(model.get_layer(name).get_weights())

    def plot_model(self, folder):
        """Draw the layers of the two networks and of the whole into viz/, e.g. viz/generator.png and viz/model.png."""
        from utils import figures

        whole = self.model
        for model in (whole, *map(whole.get_layer, self.parts)):
            figures.plot_layers(model, Path(folder) / "viz" / f"{model.name}.png", show=False)

    def sample_images(self, run_folder, r, c):
        """Draw r x c images into images/sample_<epoch>.png, always of the same latent vectors; gives the path."""
        from utils import figures, latent, runs

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
