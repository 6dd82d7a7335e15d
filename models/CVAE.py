"""A convolutional variational autoencoder, whose decoder is a generator like that of `models.WGANGP`.

After Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), with the weight `beta` of Higgins et al., "beta-VAE"
(2017). What is notable here:

- the encoder has the critic's convolutions, the decoder is the GAN's generator, layer for layer, so that whatever opens
  one opens the other;
- the first term of the loss is half the squared error, summed over an image's values, which lie in [-1, 1], and over
  its averages of 2 x 2, 4 x 4 and so on up to 32 x 32 pixels. It is the negative log-likelihood, up to a constant, of a
  normal distribution whose noise has deviation 1 at pixels and less at coarse averages. Thin lines need the averages:
  two lines side by side share no pixel, so that pixels alone do not say in which direction to move one;
- the log-variances are bounded, so that the second term cannot explode in the first steps;
- `beta` weighs the second term, the divergence from the prior, in the same unit (nats per image). Noise s times as
  strong is equivalent to a beta s * s times as large, so the noise has no argument of its own;
- training, run folder, resuming and precision are the GAN's.
"""

import inspect
from pathlib import Path

import keras
import numpy as np
from keras import ops

from models.critic import build_encoder
from models.engine.backend import SeedGenerator, TrainStep, descend
from models.engine.layers import check_layers
from models.engine.loop import TrainingLoop, to_range
from models.engine.optimizers import StepCount, make_optimizer, ready, set_learning_rates
from models.engine.precision import jit_pays, resolve_precision
from models.engine.saving import SavedNetworks
from models.generators import check_images, generator_of
from models.recipes import see_schedule
from utils import loaders, runs
from utils.files import keras_files
from utils.files.json_files import read_json

COARSEST = 32  # side of the largest averages in the likelihood, in pixels
LOG_VARIANCES = (-10.0, 2.0)  # bounds of the posterior's log-variances; the prior's is 0
BATCH = 64  # images per batch of `encode`, `decode`, `reconstruct` and `generate`


@keras.saving.register_keras_serializable(package="trois_lignes")
class CVAE(TrainStep, TrainingLoop, SavedNetworks, keras.Model):
    """A convolutional variational autoencoder.

    Args:
        input_dim: (height, width, channels) of the images, e.g. (128, 128, 3).
        encoder_conv_filters, encoder_conv_kernel_size, encoder_conv_strides: lists of int, one per layer.
        encoder_batch_norm_momentum: float, or None for no batch normalisation.
        encoder_activation: `leaky_relu` (slope 0.2) or any name that Keras knows.
        encoder_dropout_rate: float, or None.
        generator_initial_dense_layer_size, generator_upsample, generator_conv_filters, generator_conv_kernel_size,
            generator_conv_strides, generator_batch_norm_momentum, generator_activation, generator_dropout_rate: the
            decoder, as in `WGANGP`.
        learning_rate: float, of both networks.
        optimiser: `adam` or `rmsprop`.
        beta: weight of the divergence from the prior. A small one gives faithful reconstructions, but latent vectors
            that are improbable under the prior; a large one the reverse.
        z_dim: length of the latent vector.
        batch_size: images per step.
        beta_1, beta_2: Adam's decay rates.
        decay_steps: number of steps in which the learning rate falls to 0 along half a cosine; None for a constant one.
        warm_up_steps: number of steps in which beta grows from 0 to its value; None for its value from the start. With
            a large beta the decoder may otherwise leave a line out before it has learnt to place it.
        precision: `auto`, `float32`, `mixed_bfloat16` or `mixed_float16` (see `models.engine.precision`).
        seed: int for reproducible weights, noise and shuffling; None for a random seed.

    Attributes:
        encoder: Keras model, images -> [mean, log-variance], each (n, z_dim).
        generator: the decoder, a Keras model, latent vectors -> images; `decoder` is an alias.
        losses_of: dict of lists of floats, one per step: `loss` = `reconstruction` + beta * `divergence`.
        step_seconds: list of floats, the duration of each step.
        epoch: number of steps done, of one batch each.

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
        see_schedule("decay_steps", decay_steps)
        see_schedule("warm_up_steps", warm_up_steps)
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
        self.seed_generator = SeedGenerator(seed)
        self.steps = StepCount()
        self.compile()
        self.build((None, *input_dim))
        self._start_history()

    # The networks --------------------------------------------------------------------------------------------------

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
        """The generator, under its name in an autoencoder."""
        return self.generator

    def stock_model(self):
        """The model image -> reconstruction from the posterior mean: a float32 copy of stock layers."""
        encoder, generator = self.stock_part("encoder"), self.stock_part("generator")
        image = keras.layers.Input(tuple(self.input_dim), name="model_input")
        mean, _ = encoder(image)
        return keras.Model(image, generator(mean), name="model")

    def call(self, images, training=False):
        """Images (n, height, width, channels) in [-1, 1] -> their reconstructions from the mean, of the same shape."""
        mean, _ = self.encoder(images, training=training)
        return self.generator(mean, training=training)

    def encode(self, images):
        """The posterior distribution of images in the latent space.

        Args:
            images: (n, height, width, channels), uint8 or float in [-1, 1].

        Returns:
            `(mean, log_variance)` of a normal distribution, each float32 (n, z_dim).

        Raises:
            ValueError: images of another shape than input_dim.
        """
        images = np.asarray(images)
        if images.shape[1:] != tuple(self.input_dim):
            raise ValueError(f"The images have the shape {images.shape}; this network reads {('n', *self.input_dim)}.")
        batches = [_run(self.encoder, _as_range(batch)) for batch in _batches(images)]
        mean, log_variance = (np.concatenate(part) for part in zip(*batches, strict=True))
        return mean, ops.convert_to_numpy(bounded(log_variance))

    def decode(self, z):
        """Decode latent vectors (n, z_dim) to images, float32 (n, height, width, channels) in [-1, 1]."""
        return np.concatenate([_run(self.generator, batch) for batch in _batches(np.asarray(z, "float32"))])

    def reconstruct(self, images):
        """Encode images and decode their posterior means.

        Args:
            images: (n, height, width, channels), uint8 or float in [-1, 1].

        Returns:
            float32 array of the same shape, in [-1, 1].
        """
        return self.decode(self.encode(images)[0])

    def evidence(self, images, seed=None):
        """The evidence lower bound of images under the model, and its terms, at the full weight of the divergence.

        Args:
            images: (n, height, width, channels), uint8 or float in [-1, 1].
            seed: of the sample from each posterior: int, None or a `numpy.random.Generator`.

        Returns:
            Dict of floats, means in nats per image: `bound` = -(`reconstruction` + beta * `divergence`), up to the
            constant of the likelihood.
        """
        rng, images = np.random.default_rng(seed), np.asarray(images)
        totals = np.zeros(2)
        for batch in _batches(images):
            batch = _as_range(batch)
            mean, log_variance = (ops.convert_to_tensor(part) for part in _run(self.encoder, batch))
            log_variance = bounded(log_variance)
            noise = rng.standard_normal(mean.shape).astype("float32")
            drawn = _run(self.generator, sample_posterior(mean, log_variance, noise))
            terms = reconstruction_error(batch, drawn), prior_divergence(mean, log_variance)
            totals += len(batch) / len(images) * np.array([float(ops.convert_to_numpy(term)) for term in terms])
        reconstruction, divergence = map(float, totals)
        bound = -(reconstruction + self.beta * divergence)
        return {"bound": bound, "reconstruction": reconstruction, "divergence": divergence}

    def generate(self, n, seed=None):
        """Generate images from random latent vectors.

        Args:
            n: number of images.
            seed: int, None or a `numpy.random.Generator`.

        Returns:
            float32 array (n, height, width, channels) in [-1, 1].
        """
        return self.decode(np.random.default_rng(seed).normal(size=(n, self.z_dim)))

    def log_line(self):
        """The line that the training prints for the last step."""
        loss, reconstruction, divergence = (self.losses_of[name][-1] for name in self.loss_names)
        return f"{self.epoch} [loss: {loss:.1f}] [reconstruction {reconstruction:.1f}, divergence {divergence:.2f}]"

    # One step ------------------------------------------------------------------------------------------------------

    def compile(self, optimizer=None, **kwargs):
        """Set the optimiser; by default, the one that the model's arguments name.

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
        """Updates so far, an integer variable."""
        return self.optimizer.iterations

    def step(self, images):
        """One training step, an update of both networks on one batch, which `fit` compiles into one call.

        Args:
            images: (n, height, width, channels), uint8 or float in [-1, 1], or the indices (n,) of images of the data
                set on the device.

        Returns:
            Dict of float32 scalars: `loss` and its terms `reconstruction` and `divergence`, in nats per image.
            loss = reconstruction + beta * divergence is the negative evidence lower bound (ELBO) if beta is 1. During
            the warm-up, beta is its current value.
        """
        images = self.images_of(images)
        noise = self._noise(ops.shape(images)[0])
        set_learning_rates([(self.optimizer, self.learning_rate)], self.updates, self.decay_steps)
        beta = self.beta
        if self.warm_up_steps is not None:
            beta = beta * ops.minimum(ops.cast(self.updates, "float32") / self.warm_up_steps, 1.0)

        def loss():
            mean, log_variance = self.encoder(images, training=True)
            log_variance = bounded(log_variance)
            drawn = self.generator(sample_posterior(mean, log_variance, noise), training=True)
            reconstruction = reconstruction_error(images, drawn)
            divergence = prior_divergence(mean, log_variance)
            total = reconstruction + beta * divergence
            logs = {"loss": total, "reconstruction": reconstruction, "divergence": divergence}
            return total, logs

        return descend(self.optimizer, loss, self.trainable_variables)

    @classmethod
    def from_files(cls, path, precision="float32"):
        """Load an autoencoder: from its run folder, or a shipped one with the encoder and the card beside it.

        Args:
            path: a run folder; or the decoder's file, e.g. `data/generators/cvae_128.h5`, as `utils.runs.ship` writes
                it.
            precision: as in the constructor.

        Returns:
            A `CVAE`.

        Raises:
            FileNotFoundError: one of the three files is missing.
            ValueError: they do not belong together.
        """
        if Path(path).is_dir():
            return loaders.load_model(cls, path, precision=precision)
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
        """Train, and write sample grids, models, weights and history into `run_folder`.

        Args:
            r, c: rows and columns of the sample grids.
            x_train: array (n, height, width, channels), uint8 or float in [-1, 1], or the result of `load_dataset`.
            batch_size: images per step.
            epochs: steps, of one batch each.
            run_folder: where the files go; created if missing.
            print_every_n_batches: steps between two sample grids and saved models.
            verbose: 2 prints a line each step, 1 shows a progress bar, 0 nothing; `auto` is 1 in a notebook and 2 in
                a script.
            minutes: time limit of the training, in minutes; None for none.
            resume: continue from the run folder's last checkpoint; `epochs` then counts from step 0.
            callbacks: as in `WGANGP.train`.
            on_device: as in `WGANGP.train`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            FloatingPointError: a loss is not a finite number; the last good files remain.
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


def _as_range(images):
    return np.asarray(ops.convert_to_numpy(to_range(images)), "float32")


def _run(network, batch):
    """The output of a network as NumPy arrays; called directly, since `predict` compiles for each batch size."""
    return keras.tree.map_structure(ops.convert_to_numpy, network(batch, training=False))


# The terms of the loss ----------------------------------------------------------------------------------------------


def bounded(log_variance):
    """Bound log-variances smoothly to `LOG_VARIANCES`; inside, they hardly change.

    Without it the divergence, which grows with their exponential, reaches millions of nats after the first step of
    Adam, which moves each of thousands of weights alike.

    Args:
        log_variance: tensor (n, z_dim), unbounded.

    Returns:
        Tensor (n, z_dim).
    """
    low, high = LOG_VARIANCES
    return low + ops.softplus(high - ops.softplus(high - log_variance) - low)


def sample_posterior(mean, log_variance, noise):
    """Sample the posterior by the reparameterisation trick, which lets gradients reach mean and variance.

    Args:
        mean, log_variance: tensors (n, z_dim).
        noise: tensor (n, z_dim), standard normal.

    Returns:
        Tensor (n, z_dim).
    """
    return mean + ops.exp(log_variance / 2) * noise


def reconstruction_error(images, drawn):
    """Half the squared error, summed over each image's values and its averages, and averaged over the images.

    The averages are those of 2 x 2 pixels, 4 x 4 and so on up to `COARSEST`, weighted by their area. Rows and columns
    that do not fill a square are left out of the averages.

    Args:
        images, drawn: tensors (n, height, width, channels) in [-1, 1].

    Returns:
        float32 scalar, nats per image.
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
        float32 scalar, nats per image, 0 or more.
    """
    return ops.mean(ops.sum(ops.square(mean) + ops.exp(log_variance) - 1 - log_variance, axis=1)) / 2
