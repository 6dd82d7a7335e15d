"""WGAN-GP as "Trois lignes dans un espace latent" published it, on Keras 3 and any of its backends.

After David Foster, *Generative Deep Learning* (2019), chapter 4, and Gulrajani et al., "Improved Training of
Wasserstein GANs" (2017), whose algorithm 1 is `step`. What is notable here:

- the class keeps the names, the 21 arguments, the files and the printed line of the original; notebooks and files made
  with it still work;
- it is a `keras.Model`: `fit`, callbacks, `summary` and checkpoints work; `.train` is a thin layer on `fit`;
- `step`, written once for every backend, is one compiled call: n_critic critic updates, then one generator update;
- what goes beyond the publication is a keyword, off by default: see `models.recipes.Recipe`;
- `models.engine` holds the training loop, the backends and the saving of files.
"""

import inspect
from types import MappingProxyType

import keras
from keras import ops

from models.augmentation import NUMBERS, augmented
from models.critic import build_critic
from models.engine.backend import SeedGenerator, TrainStep, descend
from models.engine.distributed import cut, random_rows
from models.engine.layers import check_layers
from models.engine.loop import Schedule, TrainingLoop
from models.engine.optimizers import StepCount, make_optimizer, move_average, ready, set_learning_rates
from models.engine.precision import jit_pays, resolve_precision
from models.engine.saving import SavedNetworks, with_weights_of
from models.generators import check_images, generator_of
from models.losses import LOSSES, PENALTIES
from models.recipes import Recipe
from utils.files.typed import whole_number
from utils.latent.temperature import set_inverse_temperature


@keras.saving.register_keras_serializable(package="trois_lignes")
class WGANGP(TrainStep, TrainingLoop, SavedNetworks, keras.Model):
    """A Wasserstein GAN with gradient penalty.

    Args:
        input_dim: (height, width, channels) of the images, e.g. (128, 128, 3).
        critic_conv_filters, critic_conv_kernel_size, critic_conv_strides: lists of int, one a layer.
        critic_batch_norm_momentum: float, or None for no batch normalisation (as published).
        critic_activation: `leaky_relu` (slope 0.2) or any name that Keras knows.
        critic_dropout_rate: float, or None.
        critic_learning_rate: float; published: 2e-4.
        generator_initial_dense_layer_size: (height, width, channels) that the latent vector is first turned into.
        generator_upsample: list of int; 2 means UpSampling2D + Conv2D, anything else Conv2DTranspose.
        generator_conv_filters, generator_conv_kernel_size, generator_conv_strides: lists of int, one a layer.
        generator_batch_norm_momentum, generator_activation, generator_dropout_rate, generator_learning_rate: as above.
        optimiser: `adam` (beta_1 = 0.5) or `rmsprop`.
        grad_weight: weight of the gradient penalty; published: 10.
        z_dim: length of the latent vector; published: 100.
        batch_size: images in the batch of one critic update; published: 16.
        precision: `auto`, `float32`, `mixed_bfloat16` or `mixed_float16` (see `models.engine.precision`).
        seed: int for reproducible weights, noise and shuffling; None for a random seed.
        **recipe: keywords of `models.recipes.Recipe`, such as `loss`, `ema` or `inks`; none as published.

    Attributes:
        critic, generator: Keras models; `ema_generator`, the generator's moving average, is a third one, or None.
        recipe: `Recipe`.
        d_losses: list of [total, real, fake, penalty] floats, one a step, from its last critic update.
        g_losses: list of floats, one a step.
        step_seconds: list of floats, the duration of each step.
        epoch: number of steps done. One "epoch" is one generator update, as in the original.

    Raises:
        ValueError: lists of unequal length, layers that do not lead to `input_dim`, an unknown optimiser or precision,
            or a value that `Recipe` refuses.
        TypeError: a keyword that `Recipe` does not have.
    """

    parts = ("critic", "generator")
    pickled_parameters = True
    loss_names = ("d_loss", "d_real", "d_fake", "d_penalty", "g_loss")
    labels = MappingProxyType({"d_loss": "D", "d_real": "R", "d_fake": "F", "d_penalty": "G", "g_loss": "generator"})

    def __init__(
        self,
        input_dim,
        critic_conv_filters,
        critic_conv_kernel_size,
        critic_conv_strides,
        critic_batch_norm_momentum,
        critic_activation,
        critic_dropout_rate,
        critic_learning_rate,
        generator_initial_dense_layer_size,
        generator_upsample,
        generator_conv_filters,
        generator_conv_kernel_size,
        generator_conv_strides,
        generator_batch_norm_momentum,
        generator_activation,
        generator_dropout_rate,
        generator_learning_rate,
        optimiser,
        grad_weight,
        z_dim,
        batch_size,
        *,
        precision="auto",
        seed=None,
        name="gan",
        **recipe,
    ):
        super().__init__(name=name)
        self.input_dim = input_dim
        self.critic_conv_filters = critic_conv_filters
        self.critic_conv_kernel_size = critic_conv_kernel_size
        self.critic_conv_strides = critic_conv_strides
        self.critic_batch_norm_momentum = critic_batch_norm_momentum
        self.critic_activation = critic_activation
        self.critic_dropout_rate = critic_dropout_rate
        self.critic_learning_rate = critic_learning_rate
        self.generator_initial_dense_layer_size = generator_initial_dense_layer_size
        self.generator_upsample = generator_upsample
        self.generator_conv_filters = generator_conv_filters
        self.generator_conv_kernel_size = generator_conv_kernel_size
        self.generator_conv_strides = generator_conv_strides
        self.generator_batch_norm_momentum = generator_batch_norm_momentum
        self.generator_activation = generator_activation
        self.generator_dropout_rate = generator_dropout_rate
        self.generator_learning_rate = generator_learning_rate
        self.optimiser = optimiser
        self.grad_weight = grad_weight
        self.z_dim = z_dim
        self.batch_size = batch_size
        self.recipe = Recipe.of(recipe, channels=input_dim[-1])
        self.precision = resolve_precision(precision)
        self.seed = seed
        check_layers("critic", critic_conv_filters, critic_conv_kernel_size, critic_conv_strides)
        check_layers(
            "generator", generator_conv_filters, generator_conv_kernel_size, generator_conv_strides, generator_upsample
        )

        self.critic = self._build_critic(dtype=self.precision, stock=False)
        self.generator = self._build_generator(dtype=self.precision, stock=False)
        check_images(self.generator, input_dim)
        self.ema_generator = self._averaged_generator() if self.recipe.ema else None
        self.seed_generator = SeedGenerator(seed)
        self.steps = StepCount(self.recipe.generator_steps)
        self.compile()
        self.n_critic = self.recipe.n_critic
        self.build((None, z_dim))
        self._start_history()

    # The two networks -----------------------------------------------------------------------------------------------

    def _build_critic(self, **layer_options):
        height, width, channels = self.input_dim
        return build_critic(
            (height, width, channels * self.recipe.packing),
            self.critic_conv_filters,
            self.critic_conv_kernel_size,
            self.critic_conv_strides,
            self.critic_batch_norm_momentum,
            self.critic_activation,
            self.critic_dropout_rate,
            seed=self.seed,
            **layer_options,
        )

    def _build_generator(self, **layer_options):
        return generator_of(self, **self.recipe.generator, **layer_options)

    def _averaged_generator(self):
        generator = with_weights_of(self.generator, self._build_generator(dtype=self.precision, stock=False))
        generator.trainable = False
        style = self.recipe.generator
        return set_inverse_temperature(generator, style["ink_sharpening"] * style["ink_certainty"])

    def stock_model(self):
        """The original's adversarial model, latent vector -> score: a float32 copy of stock layers.

        A critic that scores several images together sees as many times the same one here.
        """
        generator, critic = self.stock_part("generator"), self.stock_part("critic")
        z = keras.layers.Input((self.z_dim,), name="model_input")
        image = generator(z)
        if self.recipe.packing > 1:
            image = keras.layers.Concatenate(name="model_pack")([image] * self.recipe.packing)
        return keras.Model(z, critic(image), name="model")

    def call(self, z, training=False):
        """The critic's scores of generated images: latent vectors (n, z_dim) -> (n / packing, 1)."""
        return self.critic(self._packs(self.generator(z, training=training)), training=training)

    # Algorithm 1 of Gulrajani et al. --------------------------------------------------------------------------------

    def step(self, images):
        """One training step, which `fit` compiles into one call. Line numbers in comments are algorithm 1's.

        Args:
            images: (n_critic * batch_size, height, width, channels), uint8 or float in [-1, 1], or the indices of as
                many images of the data set on the device. They are split into n_critic batches; any number that
                n_critic divides is accepted.

        Returns:
            Dict of float32 scalars: `d_loss` and its parts `d_real`, `d_fake`, `d_penalty` of the last critic update,
            and `g_loss`, the last generator update's; d_loss = d_real + d_fake + grad_weight * d_penalty.
        """
        images = self.images_of(images)
        rates = (self.optimizer, self.critic_learning_rate), (self.generator_optimizer, self.generator_learning_rate)
        set_learning_rates(rates, self.steps.at(self.updates), self.recipe.decay_steps)
        for real in cut(images, self.n_critic):  # line 2: for t = 1, ..., n_critic
            logs = self.critic_step(real)
        for _ in range(self.recipe.generator_steps):
            logs |= self.generator_step(real)
        return logs

    def critic_step(self, real):
        """One critic update (lines 3 to 10) on real images (n, height, width, channels), float in [-1, 1]."""
        n = ops.shape(real)[0]
        z = self._noise(n)  # line 4: z ~ p(z), (n, z_dim)
        fake = ops.stop_gradient(self.generator(z, training=True))  # line 5: G(z)
        real, fake = self._seen(real), self._seen(fake)
        mix = self._mix(n)  # line 4: epsilon ~ U[0, 1], (n, 1, 1, 1)
        penalty = PENALTIES[self.recipe.penalty]

        def loss():  # line 7: D(fake) - D(real) + lambda (||gradient at the mixture|| - 1)^2, as published
            d_real, d_fake = LOSSES[self.recipe.loss].critic(*self._scores_of_both(real, fake))
            d_penalty = penalty(self._score, real, fake, mix)  # line 6: mix * real + (1 - mix) * fake
            d_loss = d_real + d_fake + self.grad_weight * d_penalty
            return d_loss, {"d_loss": d_loss, "d_real": d_real, "d_fake": d_fake, "d_penalty": d_penalty}

        return descend(self.optimizer, loss, self.critic.trainable_variables)  # line 9: Adam

    def generator_step(self, real):
        """One generator update (lines 11 and 12), on as many fresh latent vectors as there are real images.

        Only the relativistic loss uses the real images (n, height, width, channels) themselves.
        """
        z = self._noise(ops.shape(real)[0])  # line 11
        objective = LOSSES[self.recipe.loss]

        def loss():  # line 12: -D(G(z)), as published
            fake = self._seen(self.generator(z, training=True))
            scores = self._scores_of_both(self._seen(real), fake) if objective.needs_real else (None, self._score(fake))
            g_loss = objective.generator(*scores)
            return g_loss, {"g_loss": g_loss}

        logs = descend(self.generator_optimizer, loss, self.generator.trainable_variables)
        if self.ema_generator:
            move_average(self.ema_generator, self.generator, self.recipe.ema, self.updates)
        return logs

    def _mix(self, n):
        return random_rows(lambda n: keras.random.uniform((n, 1, 1, 1), seed=self.seed_generator), n)

    def _seen(self, images):
        """Images as the critic sees them: themselves, as published, or changed at random by `critic_augment`."""
        names = self.recipe.critic_augment
        if not names:
            return images
        numbers = random_rows(
            lambda n: keras.random.uniform((n, NUMBERS), seed=self.seed_generator), ops.shape(images)[0]
        )
        return augmented(images, names, numbers)

    def _score(self, images):
        return self.critic(self._packs(images), training=True)

    def _packs(self, images):
        """The images as the critic sees them: (n, height, width, c) -> (n / packing, height, width, packing * c)."""
        packing = self.recipe.packing
        if packing == 1:
            return images
        height, width, channels = self.input_dim
        images = ops.reshape(images, (-1, packing, height, width, channels))
        return ops.reshape(ops.transpose(images, (0, 2, 3, 1, 4)), (-1, height, width, packing * channels))

    def _scores_of_both(self, real, fake):
        """The critic's scores of real and generated images, each (n / packing, 1).

        Both go through the critic as one batch, unless batch normalisation would mix their statistics.
        """
        if self.critic_batch_norm_momentum:
            return self._score(real), self._score(fake)
        scores = self._score(ops.concatenate([real, fake]))  # (2 n, 1)
        return ops.split(scores, 2)

    # Optimisers -----------------------------------------------------------------------------------------------------

    def compile(self, critic_optimizer=None, generator_optimizer=None, **kwargs):
        """Set the optimisers; by default, those that the model's arguments name.

        Args:
            critic_optimizer, generator_optimizer: `keras.optimizers.Optimizer`.
            **kwargs: as for any Keras model, e.g. `run_eagerly=True`.
        """
        kwargs.setdefault("jit_compile", jit_pays())
        betas = self.recipe.beta_1, self.recipe.beta_2
        critic_optimizer = critic_optimizer or make_optimizer(self.optimiser, self.critic_learning_rate, *betas)
        generator_optimizer = generator_optimizer or make_optimizer(
            self.optimiser, self.generator_learning_rate, *betas
        )
        self.generator_optimizer = ready(generator_optimizer, self.generator.trainable_variables, self.precision)
        critic_optimizer = ready(critic_optimizer, self.critic.trainable_variables, self.precision)
        super().compile(optimizer=critic_optimizer, auto_scale_loss=False, **kwargs)

    @property
    def updates(self):
        """Generator updates so far, an integer variable."""
        return self.generator_optimizer.iterations

    @property
    def non_trainable_variables(self):
        """Statistics, random seeds and the generator's optimiser: what a step changes beside Keras' own lists."""
        return super().non_trainable_variables + self.generator_optimizer.variables

    # Training -------------------------------------------------------------------------------------------------------

    @property
    def n_critic(self):
        """Critic updates per step."""
        return self.batches_a_step

    @n_critic.setter
    def n_critic(self, value):
        self.take_batches(value)

    def train(
        self,
        r,
        c,
        x_train,
        batch_size,
        epochs,
        run_folder,
        print_every_n_batches=10,
        n_critic=None,
        using_generator=False,
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
            batch_size: images per critic update.
            epochs: steps, each of n_critic critic updates (5 on every 100th step) and one generator update.
            run_folder: where the files go; created if missing.
            print_every_n_batches: steps between two sample grids and saved models.
            n_critic: critic updates per step; None for the recipe's, 5 as published.
            using_generator: ignored, kept for old notebooks; x_train may be an array or a loader.
            verbose: 2 prints the original's line each step, 1 shows a progress bar, 0 nothing; `auto` is 1 in a
                notebook and 2 in a script.
            minutes: time limit of the training, in minutes; None for none.
            resume: continue from the run folder's last checkpoint; `epochs` then counts from step 0.
            callbacks: further Keras callbacks. On a GPU or TPU, a callback whose `due(step)` says at which steps it
                reads the weights lets the device run ahead at all others, see `models.engine.deferred`.
            on_device: whether the whole data set is copied to the device once; `auto` does so on a GPU where it fits.

        Returns:
            `keras.callbacks.History`.

        Raises:
            FloatingPointError: a loss is not a finite number; the last good files remain.
            FileNotFoundError: `resume` without a checkpoint.
            ValueError: images of another shape than input_dim, or outside [-1, 1]; or a batch size that the recipe's
                `packing` does not divide.
        """
        if batch_size % self.recipe.packing:
            raise ValueError(
                f"batch_size is {batch_size}, but the critic scores {self.recipe.packing} images together: choose a "
                "multiple of that."
            )
        n_critic = self.recipe.n_critic if n_critic is None else whole_number(n_critic, "n_critic (N_CRITIC)", 1)
        return self.run_steps(
            x_train,
            batch_size,
            epochs,
            run_folder,
            (r, c),
            print_every_n_batches,
            Schedule(n_critic, self.recipe.n_critic_every_100th),
            verbose=verbose,
            minutes=minutes,
            resume=resume,
            callbacks=callbacks,
            on_device=on_device,
        )

    @property
    def d_losses(self):
        """The critic's losses: a list of [total, real, fake, penalty], one a step."""
        return [list(row) for row in zip(*(self.losses_of[name] for name in self.loss_names[:4]), strict=True)]

    @property
    def g_losses(self):
        """The generator's losses: a list of floats, one a step."""
        return self.losses_of["g_loss"]

    def log_line(self):
        """The line of the last step, in the original's format."""
        *d_loss, g_loss = (self.losses_of[name][-1] for name in self.loss_names)
        return log_line(self.epoch, self.n_critic, d_loss, g_loss)


PARAMETER_NAMES = tuple(inspect.signature(WGANGP.__init__).parameters)[1:22]  # the 21 arguments, in order
WGANGP.parameter_names = PARAMETER_NAMES


def log_line(step, n_critic, d_loss, g_loss):
    """The line that the original prints each step.

    Args:
        step: index of the step.
        n_critic: critic updates in that step.
        d_loss: [total, real, fake, penalty].
        g_loss: float.

    Returns:
        A string, each loss with one decimal.

    Example:
        >>> log_line(452, 5, [-92.2, -71.9, -58.8, 3.8], 41.4)
        '452 (5, 1) [D loss: (-92.2)(R -71.9, F -58.8, G 3.8)] [G loss: 41.4]'
    """
    total, real, fake, penalty = d_loss
    return (
        f"{step} ({n_critic}, 1) [D loss: ({total:.1f})(R {real:.1f}, F {fake:.1f}, G {penalty:.1f})] "
        f"[G loss: {g_loss:.1f}]"
    )
