"""A convolutional variational autoencoder: the other way to learn a generator, beside `models.WGANGP`.

After Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), with the weight `beta` of Higgins et al., "beta-VAE"
(2017). What is notable here:

- the encoder is the critic's convolutions with another end, the decoder is the GAN's generator, layer for layer: what
  opens one opens the other;
- the first part of the loss is half the squared error, summed over an image's values, which lie in [-1, 1], and over
  its averages of 2 x 2, 4 x 4 and so on up to 32 x 32 pixels. It is the likelihood of a normal distribution, less its
  constant, whose noise has deviation 1 in what is fine and less in what is coarse. Thin lines ask for it: two that lie
  side by side have no pixel in common, and pixels alone do not say which way to move one;
- `beta` weighs the second part, the divergence from the prior, in the same unit (nats an image). Noise s times as
  strong would be the same training as beta times s * s: one dial, not two;
- training, run folder, resuming and precision are the GAN's.
"""

import inspect
from pathlib import Path

import keras
import numpy as np
from keras import ops

from models.critic import build_encoder
from models.engine.backend import TrainStep, descend
from models.engine.layers import check_layers
from models.engine.loop import TrainingLoop, to_range
from models.engine.optimizers import StepCount, make_optimizer, ready, set_learning_rates
from models.engine.precision import jit_pays, resolve_precision
from models.engine.saving import SavedNetworks
from models.generators import check_images, generator_of
from utils import loaders, runs
from utils.files import keras_files
from utils.files.json_files import read_json

COARSEST = 32  # pixels a side of the largest average in the likelihood
BATCH = 64  # images that `encode`, `decode` and the rest look at together


@keras.saving.register_keras_serializable(package="trois_lignes")
class CVAE(TrainStep, TrainingLoop, SavedNetworks, keras.Model):
    """A convolutional variational autoencoder.

    Args:
        input_dim: (height, width, channels) of the images, e.g. (128, 128, 3).
        encoder_conv_filters, encoder_conv_kernel_size, encoder_conv_strides: lists of int, one a layer.
        encoder_batch_norm_momentum: float, or None for no batch normalisation.
        encoder_activation: `leaky_relu` (slope 0.2) or any name that Keras knows.
        encoder_dropout_rate: float, or None.
        generator_initial_dense_layer_size, generator_upsample, generator_conv_filters, generator_conv_kernel_size,
            generator_conv_strides, generator_batch_norm_momentum, generator_activation, generator_dropout_rate: the
            decoder, as in `WGANGP`.
        learning_rate: float, of both networks.
        optimiser: `adam` or `rmsprop`.
        beta: weight of the divergence from the prior. Small: faithful reconstructions, but latent vectors that the
            prior seldom draws; large: the other way round.
        z_dim: length of the latent vector.
        batch_size: images a step looks at.
        beta_1, beta_2: Adam's.
        decay_steps: in how many steps the learning rate falls to 0 along half a cosine; None leaves it as it is.
        warm_up_steps: in how many steps beta grows from 0 to its value; None for its value from the start. With a
            large beta a network may otherwise settle on leaving a line out before it has learnt to place it.
        precision: `auto`, `float32`, `mixed_bfloat16` or `mixed_float16` (see `models.engine.precision`).
        seed: int for the same weights, noise and shuffling each time; None for others each time.

    Attributes:
        encoder: Keras model, images -> [mean, log-variance], each (n, z_dim).
        generator: the decoder, a Keras model, latent vectors -> images; `decoder` is another name for it.
        losses_of: dict of lists of floats, one a step: `loss` = `reconstruction` + beta * `divergence`.
        step_seconds: list of floats, how long each step took.
        epoch: number of steps done, one batch each.

    Raises:
        ValueError: lists of unequal length, layers that do not lead to `input_dim`, an unknown optimiser or precision,
            or a beta below 0.

    Example:
        >>> vae = CVAE(**cvae(128))
        >>> vae.train(5, 5, x_train, batch_size=16, epochs=3000, run_folder="run/vae/0001_lines")
        >>> images = vae.reconstruct(x_train[0][0])
    """

    parts = ("encoder", "generator")
    loss_names = ("loss", "reconstruction", "divergence")

    def __init__(
        self,
        input_dim,
        encoder_conv_filters,
        encoder_conv_kernel_size,
        encoder_conv_strides,
        encoder_batch_norm_momentum,
        encoder_activation,
        encoder_dropout_rate,
        generator_initial_dense_layer_size,
        generator_upsample,
        generator_conv_filters,
        generator_conv_kernel_size,
        generator_conv_strides,
        generator_batch_norm_momentum,
        generator_activation,
        generator_dropout_rate,
        learning_rate,
        optimiser,
        beta,
        z_dim,
        batch_size,
        *,
        beta_1=0.9,
        beta_2=0.999,
        decay_steps=None,
        warm_up_steps=None,
        precision="auto",
        seed=None,
        name="cvae",
    ):
        super().__init__(name=name)
        self.input_dim = input_dim
        self.encoder_conv_filters = encoder_conv_filters
        self.encoder_conv_kernel_size = encoder_conv_kernel_size
        self.encoder_conv_strides = encoder_conv_strides
        self.encoder_batch_norm_momentum = encoder_batch_norm_momentum
        self.encoder_activation = encoder_activation
        self.encoder_dropout_rate = encoder_dropout_rate
        self.generator_initial_dense_layer_size = generator_initial_dense_layer_size
        self.generator_upsample = generator_upsample
        self.generator_conv_filters = generator_conv_filters
        self.generator_conv_kernel_size = generator_conv_kernel_size
        self.generator_conv_strides = generator_conv_strides
        self.generator_batch_norm_momentum = generator_batch_norm_momentum
        self.generator_activation = generator_activation
        self.generator_dropout_rate = generator_dropout_rate
        self.learning_rate = learning_rate
        self.optimiser = optimiser
        self.beta = beta
        self.z_dim = z_dim
        self.batch_size = batch_size
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.decay_steps = decay_steps
        self.warm_up_steps = warm_up_steps
        self.precision = resolve_precision(precision)
        self.seed = seed
        check_layers("encoder", encoder_conv_filters, encoder_conv_kernel_size, encoder_conv_strides)
        check_layers(
            "generator", generator_conv_filters, generator_conv_kernel_size, generator_conv_strides, generator_upsample
        )
        if not beta >= 0:
            raise ValueError(f"beta is {beta!r}; it weighs the divergence from the prior: 0 or more.")

        self.encoder = self._build_encoder(dtype=self.precision, stock=False)
        self.generator = self._build_generator(dtype=self.precision, stock=False)
        check_images(self.generator, input_dim)
        self.ema_generator = None
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.steps = StepCount()
        self.compile()
        self.build((None, *input_dim))
        self._start_history()

    # The two networks, and the whole made of them -----------------------------------------------------------------

    def _build_encoder(self, **layer_options):
        return build_encoder(
            self.input_dim,
            self.z_dim,
            self.encoder_conv_filters,
            self.encoder_conv_kernel_size,
            self.encoder_conv_strides,
            self.encoder_batch_norm_momentum,
            self.encoder_activation,
            self.encoder_dropout_rate,
            seed=self.seed,
            **layer_options,
        )

    def _build_generator(self, **layer_options):
        return generator_of(self, **layer_options)

    @property
    def decoder(self):
        """The generator by the name that it has in a variational autoencoder."""
        return self.generator

    def stock_model(self):
        """The whole, image -> reconstruction from its mean: a float32 copy of stock layers."""
        encoder, generator = self.stock_part("encoder"), self.stock_part("generator")
        image = keras.layers.Input(tuple(self.input_dim), name="model_input")
        mean, _ = encoder(image)
        return keras.Model(image, generator(mean), name="model")

    def call(self, images, training=False):
        """Images (n, height, width, channels) in [-1, 1] -> their reconstructions from the mean, likewise."""
        mean, _ = self.encoder(images, training=training)
        return self.generator(mean, training=training)

    def encode(self, images):
        """Find where images lie in the latent space.

        Args:
            images: (n, height, width, channels), uint8 or float in [-1, 1].

        Returns:
            `(mean, log_variance)`, each float32 (n, z_dim), of the normal distribution that the encoder gives.
        """
        images = np.asarray(images)
        if images.shape[1:] != tuple(self.input_dim):
            raise ValueError(f"The images have the shape {images.shape}; this network reads {('n', *self.input_dim)}.")
        batches = [_run(self.encoder, _in_range(batch)) for batch in _batches(images)]
        mean, log_variance = (np.concatenate(part) for part in zip(*batches, strict=True))
        return mean, log_variance

    def decode(self, z):
        """Draw latent vectors (n, z_dim): float32 images (n, height, width, channels) in [-1, 1]."""
        return np.concatenate([_run(self.generator, batch) for batch in _batches(np.asarray(z, "float32"))])

    def reconstruct(self, images):
        """Encode images and decode their means: float32 images of the same shape in [-1, 1].

        Args:
            images: (n, height, width, channels), uint8 or float in [-1, 1].
        """
        return self.decode(self.encode(images)[0])

    def generate(self, n, seed=None):
        """Draw n images of random latent vectors: float32 (n, height, width, channels) in [-1, 1].

        Args:
            n: how many.
            seed: int, None or a `numpy.random.Generator`.
        """
        return self.decode(np.random.default_rng(seed).normal(size=(n, self.z_dim)))

    def log_line(self):
        """The last step in one line, as it is printed while training."""
        loss, reconstruction, divergence = (self.losses_of[name][-1] for name in self.loss_names)
        return f"{self.epoch} [loss: {loss:.1f}] [reconstruction {reconstruction:.1f}, divergence {divergence:.2f}]"

    # One step ------------------------------------------------------------------------------------------------------

    def compile(self, optimizer=None, **kwargs):
        """Set the optimiser; without arguments, the one that the parameters name.

        Args:
            optimizer: `keras.optimizers.Optimizer`.
            **kwargs: as for any Keras model, e.g. `run_eagerly=True`.
        """
        kwargs.setdefault("jit_compile", jit_pays())
        optimizer = optimizer or make_optimizer(self.optimiser, self.learning_rate, self.beta_1, self.beta_2)
        optimizer = ready(optimizer, self.trainable_variables, self.precision)
        super().compile(optimizer=optimizer, auto_scale_loss=False, **kwargs)

    @property
    def updates(self):
        """Updates so far, a variable."""
        return self.optimizer.iterations

    def step(self, images):
        """Teach both networks one batch: what `fit` compiles into one call.

        Args:
            images: (n, height, width, channels), uint8 or float in [-1, 1].

        Returns:
            Dict of float32 scalars: `loss` and its parts `reconstruction` and `divergence`, in nats an image;
            loss = reconstruction + beta * divergence, the negative evidence lower bound (ELBO) where beta is 1. While
            beta warms up, its part counts.
        """
        images = self.images_of(images)
        noise = self._noise(ops.shape(images)[0])
        set_learning_rates([(self.optimizer, self.learning_rate)], self.updates, self.decay_steps)
        beta = self.beta
        if self.warm_up_steps is not None:
            beta = beta * ops.minimum(ops.cast(self.updates, "float32") / self.warm_up_steps, 1.0)

        def loss():
            mean, log_variance = self.encoder(images, training=True)
            drawn = self.generator(sample_posterior(mean, log_variance, noise), training=True)
            reconstruction = reconstruction_error(images, drawn)
            divergence = prior_divergence(mean, log_variance)
            total = reconstruction + beta * divergence
            logs = {"loss": total, "reconstruction": reconstruction, "divergence": divergence}
            return total, logs

        return descend(self.optimizer, loss, self.trainable_variables)

    @classmethod
    def from_files(cls, path, precision="float32"):
        """Open an autoencoder that ships: its decoder, the encoder and the card beside it.

        Args:
            path: the decoder's file, e.g. `data/generators/cvae_128.h5`, as `utils.runs.ship` wrote it.
            precision: as above.

        Returns:
            A `CVAE`.

        Raises:
            FileNotFoundError: one of the three is missing.
            ValueError: they do not belong together.
        """
        card = Path(path).with_suffix(".json")
        if not card.exists():
            raise FileNotFoundError(f"There is no {card}, which says how {path} was built: it ships beside it.")
        model = cls(**read_json(card)["parameters"], precision=precision)
        model.generator.set_weights(loaders.load_generator(path).get_weights())
        model.encoder.set_weights(keras_files.load_network(runs.encoder_beside(path)).get_weights())
        return model

    # Training and files --------------------------------------------------------------------------------------------

    def train(
        self,
        r,
        c,
        x_train,
        batch_size,
        epochs,
        run_folder,
        print_every_n_batches=100,
        *,
        verbose="auto",
        minutes=None,
        resume=False,
        callbacks=(),
        on_device="auto",
    ):
        """Train, and leave sample grids, models, weights and history in `run_folder`.

        Args:
            r, c: rows and columns of the sample grids.
            x_train: array (n, height, width, channels), uint8 or float in [-1, 1], or what `load_dataset` gave.
            batch_size: images a step looks at.
            epochs: steps to do, one batch each.
            run_folder: where the files go; made if missing.
            print_every_n_batches: a sample grid and saved models every so many steps.
            verbose: 2 prints a line each step, 1 shows a progress bar, 0 nothing; `auto` is 1 in a notebook and 2 in
                a script.
            minutes: stop after so many minutes, if the steps are not done by then.
            resume: go on from the run folder's last checkpoint; `epochs` then counts from step 0.
            callbacks: as in `WGANGP.train`.
            on_device: as in `WGANGP.train`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            FloatingPointError: a loss is not a finite number; the last good files stay.
            FileNotFoundError: `resume` without a checkpoint.
            ValueError: images of another shape than input_dim, or outside [-1, 1].
        """
        return self.run_steps(
            x_train,
            batch_size,
            epochs,
            run_folder,
            (r, c),
            print_every_n_batches,
            verbose=verbose,
            minutes=minutes,
            resume=resume,
            callbacks=callbacks,
            on_device=on_device,
        )


CVAE.parameter_names = tuple(inspect.signature(CVAE.__init__).parameters)[1:-3]  # all but precision, seed and name


def _batches(values):
    return [values[start : start + BATCH] for start in range(0, len(values), BATCH)]


def _in_range(images):
    return np.asarray(ops.convert_to_numpy(to_range(images)), "float32")


def _run(network, batch):
    """What a network gives, as NumPy arrays; called as it is, since `predict` compiles anew for each size of batch."""
    return keras.tree.map_structure(ops.convert_to_numpy, network(batch, training=False))


# The parts of the loss ----------------------------------------------------------------------------------------------


def sample_posterior(mean, log_variance, noise):
    """Turn standard normal noise into latent vectors of the given distribution, so that gradients reach both its parts.

    Args:
        mean, log_variance, noise: tensors (n, z_dim).

    Returns:
        Tensor (n, z_dim).
    """
    return mean + ops.exp(log_variance / 2) * noise


def reconstruction_error(images, drawn):
    """Half the squared error, summed over each image's values and over its averages, then averaged over the images.

    The averages are those of 2 x 2 pixels, of 4 x 4 and so on up to `COARSEST`; each counts with its area. Rows and
    columns that fill no square are left out of the averages.

    Args:
        images, drawn: tensors (n, height, width, channels) in [-1, 1].

    Returns:
        float32 scalar, nats an image.
    """
    difference = images - drawn
    error, side = _sum_of_squares(difference), 1
    while 2 * side <= min(COARSEST, *images.shape[1:3]):
        difference, side = ops.average_pool(difference, 2, 2), 2 * side
        error = error + side**2 * _sum_of_squares(difference)
    return ops.mean(error) / 2


def _sum_of_squares(images):
    return ops.sum(ops.square(images), axis=(1, 2, 3))  # (n,)


def prior_divergence(mean, log_variance):
    """Kullback-Leibler divergence of N(mean, exp(log_variance)) from the prior N(0, 1), averaged over the images.

    Args:
        mean, log_variance: tensors (n, z_dim).

    Returns:
        float32 scalar, nats an image, 0 or more.
    """
    return ops.mean(ops.sum(ops.square(mean) + ops.exp(log_variance) - 1 - log_variance, axis=1)) / 2
