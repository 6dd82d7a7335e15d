"""WGAN-GP as "Trois lignes dans un espace latent" published it, on Keras 3 and any of its backends.

After David Foster, *Generative Deep Learning* (2019), chapter 4, and Gulrajani et al., "Improved Training of
Wasserstein GANs" (2017). What is notable here:

- the class keeps the names, the 21 arguments, the files and the printed line of the original; notebooks and files made
  with it still work;
- it is a `keras.Model`: `fit`, callbacks, `summary` and checkpoints work; `.train` is a thin layer on `fit`;
- `step`, written once for every backend, is one compiled call: n_critic critic batches, then one generator step;
- other objectives, a moving average and other optimiser settings are keywords, off unless asked for;
- convolutions run on 16 bits where the processor is quick at it; weights, losses and saved files are float32.
"""

import pickle
from pathlib import Path
from types import MappingProxyType

import keras
import numpy as np
from keras import ops

from models import distributing
from models.gradients import TrainStep, apply_gradients, loss_and_gradients
from models.losses import LOSSES, PENALTIES
from models.networks import (
    INK_CERTAINTY,
    SURER,
    build_critic,
    check_images,
    check_layers,
    choose_surely,
    with_weights_of,
)
from models.precision import jit_pays, resolve_precision, scaled
from models.saving import SavedNetworks, plain
from models.training import Schedule, TrainingLoop, half_cosine, make_optimizer

PARAMETER_NAMES = (
    "input_dim",
    "critic_conv_filters",
    "critic_conv_kernel_size",
    "critic_conv_strides",
    "critic_batch_norm_momentum",
    "critic_activation",
    "critic_dropout_rate",
    "critic_learning_rate",
    "generator_initial_dense_layer_size",
    "generator_upsample",
    "generator_conv_filters",
    "generator_conv_kernel_size",
    "generator_conv_strides",
    "generator_batch_norm_momentum",
    "generator_activation",
    "generator_dropout_rate",
    "generator_learning_rate",
    "optimiser",
    "grad_weight",
    "z_dim",
    "batch_size",
)
OPTIONS = {  # the keywords that change what is learnt, as published
    "loss": "wasserstein",
    "penalty": "gradient",
    "beta_1": 0.5,
    "beta_2": 0.999,
    "decay_steps": None,
    "ema": None,
    "modulation": None,
    "strokes": None,
    "inks": None,
    "ink_certainty": INK_CERTAINTY,
    "generator_steps": 1,
}
THOROUGH_CRITIC = 5  # batches that the critic learns from on every 100th step, as in the original


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
        batch_size: images a critic step looks at; published: 16.
        loss: `wasserstein` as published, `gan` (sigmoid cross-entropy), `hinge` or `relativistic`; see `models.losses`.
        penalty: `gradient` as published, `r1` or `r1r2`, each weighted by `grad_weight`; None for none.
        beta_1, beta_2: Adam's.
        decay_steps: in how many steps the learning rates fall to 0 along half a cosine; None leaves them as they are.
        ema: decay of an exponential moving average of the generator's weights, e.g. 0.999, kept in `ema_generator` and
            saved as generator_ema.h5; None for none. In the first steps it forgets faster.
        modulation: list of int, widths of dense layers through which the latent vector scales and shifts the channels
            of each of the generator's layers (self-modulation), e.g. [64]; None for none.
        strokes: int, how many strokes of either direction the generator paints with, some more than are to show, e.g.
            3. It then makes no pictures, but says of each stroke where it lies and of which ink it is (see
            `models.strokes`). For images of lines that run from edge to edge, as many in each. It needs modulation and
            inks; None for none.
        inks: int, how many learnt colours the generator paints with, e.g. 8: each pixel is shared out among them, most
            of it to one, in the moving average nearly all. Or a list of colours from 0 to 255 that they start from, as
            `utils.colors.flat_colors` finds them in images; strokes want such a list, the ground's first. For images in
            few flat colours, which tanh meets only nearly; None for none.
        ink_certainty: float, how surely the generator chooses among its inks, in the moving average a hundred times as
            surely. A training may begin with 1 and go on with 3 and 10.
        generator_steps: lessons of the generator in a step, each on fresh latent vectors; 1 as published. A training
            may go on with another number.
        precision: `auto`, `float32`, `mixed_bfloat16` or `mixed_float16` (see `models.precision`).
        seed: int for the same weights, noise and shuffling each time; None for others each time.

    Attributes:
        critic, generator: Keras models; `ema_generator` is a third one, or None.
        d_losses: list of [total, real, fake, penalty] floats, one a step, from its last critic batch.
        g_losses: list of floats, one a step.
        step_seconds: list of floats, how long each step took.
        epoch: number of steps done. One "epoch" is one generator step, as in the original.

    Raises:
        ValueError: lists of unequal length, layers that do not lead to `input_dim`, an unknown optimiser or precision.
    """

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
        loss="wasserstein",
        penalty="gradient",
        beta_1=0.5,
        beta_2=0.999,
        decay_steps=None,
        ema=None,
        modulation=None,
        strokes=None,
        inks=None,
        ink_certainty=INK_CERTAINTY,
        generator_steps=1,
        precision="auto",
        seed=None,
        name="gan",
        **kwargs,
    ):
        given = locals()
        super().__init__(name=name, **kwargs)
        for parameter in PARAMETER_NAMES:
            setattr(self, parameter, given[parameter])
        self.options = {option: given[option] for option in OPTIONS}
        self.precision = resolve_precision(precision)
        self.seed = seed
        self._check_parameters()
        self._objective, self._penalty = LOSSES[loss], PENALTIES.get(penalty)

        self.critic = self._build_critic(dtype=self.precision, stock=False)
        self.generator = self._build_generator(dtype=self.precision, stock=False)
        check_images(self.generator, input_dim)
        self.ema_generator = self._averaged_generator() if ema else None
        self.seed_generator = keras.random.SeedGenerator(seed)
        self._n_critic = 5
        self._train_functions = {}
        self.compile()
        self.build((None, z_dim))
        self._start_history()

    def _check_parameters(self):
        check_layers("critic", self.critic_conv_filters, self.critic_conv_kernel_size, self.critic_conv_strides)
        check_layers(
            "generator",
            self.generator_conv_filters,
            self.generator_conv_kernel_size,
            self.generator_conv_strides,
            self.generator_upsample,
        )
        for option, known in (("loss", LOSSES), ("penalty", {**PENALTIES, None: None})):
            if self.options[option] not in known:
                raise ValueError(f"{option} is {self.options[option]!r}; choose one of {', '.join(map(repr, known))}.")
        widths = self.options["modulation"]
        if widths is not None and not (
            isinstance(widths, list | tuple) and all(isinstance(width, int) and width > 0 for width in widths)
        ):
            raise ValueError(f"modulation is {widths!r}; it is a list of whole numbers, such as [64], or None.")
        for option, least in (("generator_steps", 1), ("strokes", 1), ("inks", 2)):
            number = self.options[option]
            if option == "inks" and isinstance(number, list | tuple):
                number = self._check_colors(number)
            if number is None and OPTIONS[option] is None:
                continue
            if not isinstance(number, int) or number < least:
                raise ValueError(f"{option} is {number!r}; it is a whole number from {least} on.")
        if self.options["strokes"] and not (widths and self.options["inks"]):
            raise ValueError(
                "strokes are moved by modulation and painted with inks: set modulation=[64] and inks to the images' "
                "colours, which utils.colors.flat_colors(images) finds."
            )
        certainty = self.options["ink_certainty"]
        if isinstance(certainty, bool) or not isinstance(certainty, int | float) or not 0 < certainty < float("inf"):
            raise ValueError(f"ink_certainty is {certainty!r}; it is a number above 0, such as {INK_CERTAINTY}.")
        if self.options["ema"] is not None and not 0 < self.options["ema"] < 1:
            raise ValueError(f"ema is {self.options['ema']!r}; it is a decay between 0 and 1, such as 0.999, or None.")

    def _check_colors(self, inks):
        """Refuse a list that is not one of colours as the images have them; else give their number."""
        channels = self.input_dim[-1]
        colors = np.array(inks, dtype=object)
        if colors.shape[1:] != (channels,) or not all(
            isinstance(value, int | float) and 0 <= value <= 255 for value in colors.flat
        ):
            raise ValueError(f"inks is {inks!r}; as a list it holds colours, {channels} numbers from 0 to 255 each.")
        return len(inks)

    # The two networks, and the whole made of them -----------------------------------------------------------------

    def _build_critic(self, **making):
        return build_critic(
            self.input_dim,
            self.critic_conv_filters,
            self.critic_conv_kernel_size,
            self.critic_conv_strides,
            self.critic_batch_norm_momentum,
            self.critic_activation,
            self.critic_dropout_rate,
            seed=self.seed,
            **making,
        )

    def _build_generator(self, **making):
        style = {name: self.options[name] for name in ("modulation", "strokes", "inks", "ink_certainty")}
        return super()._build_generator(**style, **making)

    def _averaged_generator(self):
        generator = with_weights_of(self.generator, self._build_generator(dtype=self.precision, stock=False))
        generator.trainable = False
        return choose_surely(generator, SURER * self.options["ink_certainty"])

    def stock_critic(self):
        """A float32 copy of the critic, of stock layers only, as it is saved."""
        return with_weights_of(self.critic, self._build_critic(dtype="float32", stock=True))

    def stock_model(self):
        """The original's adversarial model, latent vector -> score: a float32 copy of stock layers."""
        generator, critic = self.stock_generator(), self.stock_critic()
        z = keras.layers.Input((self.z_dim,), name="model_input")
        return keras.Model(z, critic(generator(z)), name="model")

    def build(self, input_shape=None):
        """Make the optimisers' variables, so that the first step finds everything in place."""
        self.built = True

    def call(self, z, training=False):
        """Latent vectors (n, z_dim) -> the critic's scores (n, 1) of the images that they give."""
        return self.critic(self.generator(z, training=training), training=training)

    # The losses kept -----------------------------------------------------------------------------------------------

    @property
    def steps_done(self):
        lessons = int(self.generator_optimizer.iterations)
        if self._counted is None:
            self._counted = (lessons, lessons)
        return self._steps_at(lessons)

    _counted = (0, 0)  # steps and lessons of the generator up to the checkpoint that this training goes on from

    def _steps_at(self, lessons):
        """The step in which the generator has had so many lessons, an int or a variable."""
        steps, before = self._counted or (0, 0)
        return steps + (lessons - before) // self.options["generator_steps"]

    def save_own_variables(self, store):
        super().save_own_variables(store)
        store["steps"] = np.array([self.steps_done, int(self.generator_optimizer.iterations)])

    def load_own_variables(self, store):
        super().load_own_variables(store)
        try:
            self._counted = tuple(int(count) for count in store["steps"])
        except KeyError:  # from before there were several lessons a step: `steps_done` tells when all is read
            self._counted = None
        self._forget_compiled()  # it was compiled with other counts

    parts = ("critic", "generator")
    loss_names = ("d_loss", "d_real", "d_fake", "d_penalty", "g_loss")
    labels = MappingProxyType({"d_loss": "D", "d_real": "R", "d_fake": "F", "d_penalty": "G", "g_loss": "generator"})

    def _start_history(self):
        super()._start_history()
        self.d_losses = []

    def record(self, losses):
        super().record(losses)
        self.d_losses.append([losses[name] for name in self.loss_names[:4]])

    def restore_history(self, history):
        super().restore_history(history)
        self.d_losses = [list(row) for row in zip(*(self.losses_of[name] for name in self.loss_names[:4]), strict=True)]

    @property
    def g_losses(self):
        """The generator's losses: a list of floats, one a step."""
        return self.losses_of["g_loss"]

    def line(self):
        """The last step as the original printed it."""
        return step_line(self.epoch, self.n_critic, self.d_losses[-1], self.g_losses[-1])

    # One step ------------------------------------------------------------------------------------------------------

    def compile(self, critic_optimizer=None, generator_optimizer=None, **kwargs):
        """Set the optimisers; without arguments, those that the parameters name.

        Args:
            critic_optimizer, generator_optimizer: `keras.optimizers.Optimizer`.
            **kwargs: as for any Keras model, e.g. `run_eagerly=True`.
        """
        kwargs.setdefault("jit_compile", jit_pays())
        critic_optimizer = critic_optimizer or self._optimizer(self.critic_learning_rate)
        self.generator_optimizer = generator_optimizer or self._optimizer(self.generator_learning_rate)
        critic_optimizer = scaled(critic_optimizer, self.precision)
        self.generator_optimizer = scaled(self.generator_optimizer, self.precision)
        critic_optimizer.build(self.critic.trainable_variables)
        self.generator_optimizer.build(self.generator.trainable_variables)
        super().compile(optimizer=critic_optimizer, auto_scale_loss=False, **kwargs)

    def _optimizer(self, learning_rate):
        return make_optimizer(self.optimiser, learning_rate, self.options["beta_1"], self.options["beta_2"])

    @property
    def non_trainable_variables(self):
        """What a step changes beside weights and critic's optimiser: statistics, seeds, the generator's optimiser."""
        return super().non_trainable_variables + self.generator_optimizer.variables

    @property
    def n_critic(self):
        """Critic batches a step."""
        return self._n_critic

    @n_critic.setter
    def n_critic(self, value):
        if value != self._n_critic:  # another number of batches is another compiled function; both are kept
            self._train_functions[self._n_critic] = self.train_function
            self._n_critic = value
            self.train_function = self._train_functions.get(value)

    batches_a_step = n_critic  # as `TrainingLoop` calls it

    def _forget_compiled(self):
        super()._forget_compiled()
        self._train_functions = {}

    def step(self, images):
        """n_critic critic batches, then the generator's lessons: what `fit` compiles into one call.

        Args:
            images: (n_critic * batch_size, height, width, channels), uint8 or float in [-1, 1], or the numbers of as
                many images in the data on the device. Any count that n_critic divides will do; it is cut into n_critic
                batches.

        Returns:
            Dict of float32 scalars: `d_loss` and its parts `d_real`, `d_fake`, `d_penalty` of the last critic batch,
            and `g_loss`, the last lesson's; d_loss = d_real + d_fake + grad_weight * d_penalty.
        """
        images = self.images_of(images)
        self._set_learning_rates()
        for real in distributing.cut(images, self.n_critic):
            logs = self.critic_step(real)
        for _ in range(self.options["generator_steps"]):
            logs |= self.generator_step(real)
        return logs

    def critic_step(self, real):
        """Teach the critic one batch of real images (n, height, width, channels), float in [-1, 1]."""
        n = ops.shape(real)[0]
        fake = ops.stop_gradient(self.generator(self._noise(n), training=True))
        mix = self._mix(n)

        def loss():
            d_real, d_fake = self._objective.critic(*self._scores_of_both(real, fake))
            d_penalty = self._penalty(self._score, real, fake, mix) if self._penalty else 0.0 * d_real
            d_loss = d_real + d_fake + self.grad_weight * d_penalty
            logs = {"d_loss": d_loss, "d_real": d_real, "d_fake": d_fake, "d_penalty": d_penalty}
            return self.optimizer.scale_loss(d_loss), logs

        logs, gradients = loss_and_gradients(loss, self.critic.trainable_variables)
        apply_gradients(self.optimizer, gradients, self.critic.trainable_variables)
        return logs

    def generator_step(self, real):
        """Teach the generator to please the critic, on as many fresh latent vectors as there are real images.

        The real images (n, height, width, channels) themselves count only in the relativistic loss.
        """
        z = self._noise(ops.shape(real)[0])

        def loss():
            fake = self.generator(z, training=True)
            scores = self._scores_of_both(real, fake) if self._objective.looks_at_real else (None, self._score(fake))
            g_loss = self._objective.generator(*scores)
            return self.generator_optimizer.scale_loss(g_loss), {"g_loss": g_loss}

        logs, gradients = loss_and_gradients(loss, self.generator.trainable_variables)
        apply_gradients(self.generator_optimizer, gradients, self.generator.trainable_variables)
        if self.ema_generator:
            self._average()
        return logs

    def _average(self):
        """Move the averaged generator a little towards the generator, weights and statistics alike."""
        steps = ops.cast(self.generator_optimizer.iterations, "float32")
        decay = ops.minimum(self.options["ema"], (1 + steps) / (10 + steps))
        for average, weight in zip(self.ema_generator.weights, self.generator.weights, strict=True):
            average.assign(weight + decay * (average - weight))

    def _set_learning_rates(self):
        """Let both learning rates fall along half a cosine, where `decay_steps` asks for it."""
        if self.options["decay_steps"] is None:
            return
        factor = half_cosine(self._steps_at(self.generator_optimizer.iterations), self.options["decay_steps"])
        self.optimizer.learning_rate = self.critic_learning_rate * factor
        self.generator_optimizer.learning_rate = self.generator_learning_rate * factor

    def _mix(self, n):
        return distributing.random_rows(lambda n: keras.random.uniform((n, 1, 1, 1), seed=self.seed_generator), n)

    def _score(self, images):
        return self.critic(images, training=True)

    def _scores_of_both(self, real, fake):
        """The critic's scores of real and generated images: in one batch, unless batch normalisation would mix them."""
        if self.critic_batch_norm_momentum:
            return self._score(real), self._score(fake)
        scores = self._score(ops.concatenate([real, fake]))  # (2 n, 1)
        return ops.split(scores, 2)

    # Training ------------------------------------------------------------------------------------------------------

    def train(
        self,
        r,
        c,
        x_train,
        batch_size,
        epochs,
        run_folder,
        print_every_n_batches=10,
        n_critic=5,
        using_generator=False,
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
            batch_size: images a critic batch.
            epochs: generator steps to do, each after n_critic critic batches (5 on every 100th step).
            run_folder: where the files go; made if missing.
            print_every_n_batches: a sample grid and saved models every so many steps.
            n_critic: critic batches a step.
            using_generator: kept for old notebooks; whether x_train is an array or a loader is seen from x_train.
            verbose: 2 prints the original's line each step, 1 shows a progress bar, 0 nothing; `auto` is 1 in a
                notebook and 2 in a script.
            minutes: stop after so many minutes, if the steps are not done by then.
            resume: go on from the run folder's last checkpoint; `epochs` then counts from step 0.
            callbacks: more Keras callbacks. On a GPU or TPU, one that says by `due(step)` when it looks at the weights
                spares the device a wait at every other step, see `models.fetching`.
            on_device: whether the whole data set is put on the device once; `auto` does so on a GPU where it fits.

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
            Schedule(n_critic, THOROUGH_CRITIC),
            verbose=verbose,
            minutes=minutes,
            resume=resume,
            callbacks=callbacks,
            on_device=on_device,
        )

    # Files ---------------------------------------------------------------------------------------------------------

    def parameters(self):
        """The 21 arguments as a dict of plain values, in their order; the keywords beside them are in `options`."""
        return {name: plain(getattr(self, name)) for name in PARAMETER_NAMES}

    def get_config(self):
        named = {"precision": self.precision, "seed": self.seed, "name": self.name}
        return {**self.parameters(), **self.options, **named}

    def saved_parameters(self):
        """What params.json holds: the 21 arguments, and those keywords that differ from the published ones."""
        changed = {option: value for option, value in self.options.items() if value != OPTIONS[option]}
        return {**self.parameters(), **changed}

    def save(self, folder, *args, **kwargs):
        """Write params.json, params.pkl (the original's) and pictures of the networks into `folder`.

        A path that ends in .keras saves the whole model as Keras does.
        """
        super().save(folder, *args, **kwargs)
        if not str(folder).endswith(".keras"):
            from utils import files

            files.write_bytes(Path(folder) / "params.pkl", pickle.dumps(list(self.parameters().values())))

    def save_model(self, folder):
        """Write model.h5, critic.h5 and generator.h5 into `folder`: float32, stock layers, for any Keras 3.

        With a moving average, generator_ema.h5 too.

        Returns:
            The copy that was saved as model.h5.
        """
        if self.ema_generator:
            from utils import runs

            averaged = with_weights_of(self.ema_generator, self.model.get_layer("generator"))
            runs.save_keras_model(averaged, Path(folder) / "generator_ema.h5")
        return super().save_model(folder)  # after it, with the generator's own weights in the copy again


def step_line(step, critic_batches, d_loss, g_loss):
    """The line that the original prints each step.

    Args:
        step: number of the step.
        critic_batches: critic batches in it.
        d_loss: [total, real, fake, penalty].
        g_loss: float.

    Example:
        >>> step_line(452, 5, [-92.2, -71.9, -58.8, 3.8], 41.4)
        '452 (5, 1) [D loss: (-92.2)(R -71.9, F -58.8, G 3.8)] [G loss: 41.4]'
    """
    total, real, fake, penalty = d_loss
    return (
        f"{step} ({critic_batches}, 1) [D loss: ({total:.1f})(R {real:.1f}, F {fake:.1f}, G {penalty:.1f})] "
        f"[G loss: {g_loss:.1f}]"
    )
