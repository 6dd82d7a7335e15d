"""Ready sets of arguments for `WGANGP` and `CVAE`, and `Recipe`: the checked keywords beyond the publication.

The original's README and its training notebook published two sets for images of 128 x 128, which differ in their kernel
sizes (`published`). The generator's kernels are larger than the critic's on purpose: the generator composes globally,
the critic judges locally. The other sets are `three_lines`, `inked_pictures`, `any_rule`, `pictures`, `plain_gan`,
`fashion_mnist` and, for the autoencoder, `cvae`; `choose` picks one by the names that the Training notebook uses,
`propose` says which suits a data set.

The published networks scale to other image sizes as follows: the coarsest feature map stays 8 x 8 (7 x 7 for 28 x 28),
and each doubling of the side is one layer of stride 2. A layer keeps the published number of filters of its resolution,
so smaller images leave out the finest layers; 256 adds one, with half the filters of the next.

| image size | layers | critic's filters | generator's start | generator's filters |
|---|---|---|---|---|
| 28 | 2 | 512, 1024 | 7, 7, 512 | 512, channels |
| 32 | 2 | 512, 1024 | 8, 8, 512 | 512, channels |
| 64 | 3 | 256, 512, 1024 | 8, 8, 512 | 512, 256, channels |
| 128 | 4 | 128, 256, 512, 1024 | 8, 8, 512 | 512, 256, 128, channels |
| 256 | 5 | 64, 128, 256, 512, 1024 | 8, 8, 512 | 512, 256, 128, 64, channels |
"""

from dataclasses import asdict, dataclass, field, fields

from models import augmentation, generators
from models.engine.precision import has_accelerator
from models.losses import LOSSES, PENALTIES
from utils.files.typed import whole_number
from utils.reading.colors import flat_colors, flat_share, pens

N_CRITIC, N_CRITIC_EVERY_100TH = 5, 5  # critic updates per step, and on steps 0, 100, 200 ..., as published


@dataclass(frozen=True)
class Recipe:
    """The keywords of a `WGANGP` beyond its 21 arguments; the defaults are as published.

    Attributes:
        loss: `wasserstein` as published, `gan` (sigmoid cross-entropy), `hinge` or `relativistic`; see `models.losses`.
        penalty: `gradient` as published, `r1` or `r1r2`, each weighted by `grad_weight`; None for none.
        beta_1, beta_2: Adam's decay rates.
        decay_steps: number of steps in which the learning rates fall to 0 along half a cosine; None for constant rates.
        ema: decay of an exponential moving average of the generator's weights, e.g. 0.999, kept in `ema_generator` and
            saved as generator_ema.h5; None for none. The decay is smaller in the first steps.
        generator_steps: generator updates per step, each on fresh latent vectors; 1 as published. A resumed training
            may use another number.
        packing: number of images that the critic scores together, as further channels (PacGAN; Lin et al., 2018), so
            that it sees how images differ from each other; 1 as published. It divides the batch size.
        critic_augment: changes of all images that the critic sees, real and generated alike, for sets of few images:
            any of "color", "shift" and "cutout", see `models.augmentation`; None for none.
        n_critic: critic updates per step; 5 as published. `WGANGP.train(n_critic=...)` overrides it.
        n_critic_every_100th: critic updates on steps 0, 100, 200 ...; 5 as published.
        generator: dict of the keywords of `models.generators`, which choose the generator's family. `WGANGP` takes each
            of them as a keyword like the others:
            `modulation`, list of int, widths of the dense layers through which the latent vector scales and shifts the
            channels of each generator layer (self-modulation), e.g. [64]; None for none.
            `inks`, the palette: the number of learnt colours among which a softmax divides each pixel, e.g. 8; or a
            list of initial colours from 0 to 255, as `utils.reading.colors.flat_colors` finds them in images. Strokes
            need such a list, the background's colour first. For images in few flat colours, which tanh reproduces only
            approximately; None for none.
            `ink_certainty`, float, the inverse temperature of the palette's softmax. A training may begin with 1 and
            be resumed with 3 and then 10.
            `ink_sharpening`, float, the factor of the inverse temperature in the moving average: 100 makes nearly every
            pixel one of the palette's colours, 1 keeps the mixtures of antialiased edges.
            `ink_rate`, float, the factor of the palette's learning rate: 1 for a palette that is learnt, 0.05 for one
            that is known from the images. Strokes have a rate of their own.
            `strokes`, int, the number of strokes of either direction, at least as many as should be visible, e.g. 3
            (see `models.generators.strokes`). For images of lines from edge to edge, the same number in each image.
            Needs modulation and inks; None for none.

    Raises:
        ValueError: a value outside these ranges.
    """

    loss: str = "wasserstein"
    penalty: str | None = "gradient"
    beta_1: float = 0.5
    beta_2: float = 0.999
    decay_steps: int | None = None
    ema: float | None = None
    generator_steps: int = 1
    packing: int = 1
    critic_augment: list | None = None
    n_critic: int = N_CRITIC
    n_critic_every_100th: int = N_CRITIC_EVERY_100TH
    generator: dict = field(default_factory=lambda: dict(generators.KEYWORDS))

    @classmethod
    def of(cls, keywords, channels=3):
        """Build a recipe from keywords, those of the generator's families among them.

        Args:
            keywords: dict; what it lacks is as published.
            channels: number of channels of the images, for which `inks` as a list of colours is checked.

        Returns:
            A `Recipe`.

        Raises:
            TypeError: an unknown keyword.
            ValueError: a value outside its range.
        """
        own = [one.name for one in fields(cls) if one.name != "generator"]
        if unknown := set(keywords) - set(own) - set(generators.KEYWORDS):
            raise TypeError(
                f"WGANGP has no argument {', '.join(map(repr, sorted(unknown)))}. Beside the 21 published ones, "
                f"precision, seed and name there are {', '.join([*own, *generators.KEYWORDS])}."
            )
        style = {name: keywords.get(name, value) for name, value in generators.KEYWORDS.items()}
        generators.check(style, channels)
        return cls(**{name: keywords[name] for name in own if name in keywords}, generator=style)

    def __post_init__(self):
        for name, known in (("loss", LOSSES), ("penalty", PENALTIES)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}; choose one of {', '.join(map(repr, known))}.")
        for name in ("generator_steps", "packing", "n_critic", "n_critic_every_100th"):
            if not is_count(getattr(self, name)):
                raise ValueError(f"{name} is {getattr(self, name)!r}; it is a whole number from 1 on.")
        augmentation.check(self.critic_augment)
        see_schedule("decay_steps", self.decay_steps)
        for name in ("beta_1", "beta_2"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
                raise ValueError(f"{name} is {value!r}; it is a decay from 0 to less than 1, such as 0.9.")
        if self.ema is not None and not 0 < self.ema < 1:
            raise ValueError(f"ema is {self.ema!r}; it is a decay between 0 and 1, such as 0.999, or None.")

    def keywords(self):
        """All keywords as a flat dict, those of the generator's families among them."""
        flat = asdict(self)
        return flat | flat.pop("generator")

    def changed(self):
        """The keywords that differ from the published ones, as a flat dict."""
        published = Recipe().keywords()
        return {name: value for name, value in self.keywords().items() if value != published[name]}


def is_count(number):
    """Whether it is a whole number from 1 on; text and True are none."""
    return isinstance(number, int) and not isinstance(number, bool) and number >= 1


def see_schedule(name, steps):
    """See that a number of steps is one, or None for no schedule.

    Raises:
        ValueError: it is not.
    """
    if steps is not None and not is_count(steps):
        raise ValueError(f"{name} is {steps!r}; it is a whole number of steps from 1 on, or None for none.")


# Ready sets of arguments ---------------------------------------------------------------------------------------------

KERNELS = {"readme": (5, 10), "notebook": (3, 6)}  # (critic, generator)
IMAGE_SIZE = 128
LAYERS = {28: 2, 32: 2, 64: 3, 128: 4, 256: 5}  # {image size: layers that double or halve the side}
CRITIC_FILTERS = (64, 128, 256, 512, 1024)  # from the finest layer to the coarsest; published: the last four
PICTURE_FILTERS = (8, 16, 32, 64, 128, 256, 512)  # of `inked_pictures`' critic, from the finest of 256 to the coarsest
GENERATOR_FILTERS = (512, 256, 128, 64)  # from the coarsest layer to the last before the image; published: three


def published(name="readme", divide=1, image_size=IMAGE_SIZE, channels=3):
    """The 21 arguments of `WGANGP`, ready for `WGANGP(**published("readme"))`.

    Args:
        name: `readme` (critic kernels 5, generator kernels 10) or `notebook` (3 and 6).
        divide: divisor of the number of filters of every layer; 1 as published. With 4, a step costs about a
            sixteenth, and with the kernels of `readme` the images keep their look.
        image_size: height and width of the images: 28, 32, 64, 128 (as published) or 256; the module's table lists
            the layers of each.
        channels: 3 for RGB, 1 for grey.

    Returns:
        Dict of plain values, in the order of the arguments.

    Raises:
        ValueError: an unknown name, another size or number of channels, or a `divide` that does not divide the number
            of filters of the narrowest layer.

    Example:
        >>> published("readme", divide=4, image_size=28, channels=1)["critic_conv_filters"]
        [128, 256]
    """
    if name not in KERNELS:
        raise ValueError(f"No parameter set is called {name!r}; there are {' and '.join(map(repr, KERNELS))}.")
    if image_size not in LAYERS:
        raise ValueError(f"image_size is {image_size}; the published shape scales to {_nearest(image_size)}.")
    if channels not in (1, 3):
        raise ValueError(f"channels is {channels}; 3 is RGB, 1 is grey.")
    layers = LAYERS[image_size]
    critic_filters = CRITIC_FILTERS[-layers:]
    generator_filters = GENERATOR_FILTERS[: layers - 1]
    narrowest = min(128, *critic_filters, *generator_filters)
    if divide < 1 or narrowest % divide:
        raise ValueError(
            f"divide is {divide}; at {image_size} x {image_size} it has to divide {narrowest}: 1, 2, 4, 8 ..."
        )
    critic_kernel, generator_kernel = KERNELS[name]
    start = image_size // 2**layers
    return {
        "input_dim": [image_size, image_size, channels],
        "critic_conv_filters": [filters // divide for filters in critic_filters],
        "critic_conv_kernel_size": [critic_kernel] * layers,
        "critic_conv_strides": [2] * layers,
        "critic_batch_norm_momentum": None,
        "critic_activation": "leaky_relu",
        "critic_dropout_rate": None,
        "critic_learning_rate": 0.0002,
        "generator_initial_dense_layer_size": [start, start, GENERATOR_FILTERS[0] // divide],
        "generator_upsample": [1] * layers,
        "generator_conv_filters": [filters // divide for filters in generator_filters] + [channels],
        "generator_conv_kernel_size": [generator_kernel] * layers,
        "generator_conv_strides": [2] * layers,
        "generator_batch_norm_momentum": 0.9,
        "generator_activation": "leaky_relu",
        "generator_dropout_rate": None,
        "generator_learning_rate": 0.0002,
        "optimiser": "adam",
        "grad_weight": 10,
        "z_dim": 100,
        "batch_size": 16,
    }


def three_lines(divide=1, decay_steps=4_000, inks=8, image_size=IMAGE_SIZE, channels=3):
    """The arguments of the recipe that keeps the rules of the lines, for `WGANGP(**three_lines(inks=flat_colors(x)))`.

    The best recipe in benchmarks/LOG.md, "Strokes", for images of lines in flat colours from edge to edge. The
    generator composites strokes, see `models.generators.strokes`. Their palette starts from the colours of the images;
    their number, positions, widths and depth order are learnt from the critic. The loss is relativistic, with a strong
    penalty on the critic's gradient at real and generated images (R1 + R2): with a weak penalty, or with cross-entropy,
    the critic wins before the strokes have found their positions. One critic update per step, Adam without momentum,
    learning rates that fall to 0, and a moving average of the generator, which is the generator to keep.

    Args:
        divide: divisor of the number of filters of the critic: 1, 2, 4 or 8.
        decay_steps: number of steps in which the learning rates fall to 0: as many as the training has.
        inks: the initial palette, colours from 0 to 255, the background's first, as
            `utils.reading.colors.flat_colors` finds them in images. A number stands for as many corners of the colour
            cube; the palette of strokes learns so slowly that it stays near them.
        image_size, channels: as in `published`.

    Returns:
        Dict of plain values: the 21 arguments and keywords.

    Raises:
        ValueError: a `divide` that does not divide the number of filters of the narrowest layer.
    """
    if divide < 1 or 8 % divide:
        raise ValueError(f"divide is {divide}; it has to divide 8, the filters of the narrowest layer: 1, 2, 4 or 8.")
    return {
        **inked_pictures(2 * divide, decay_steps, image_size=image_size, channels=channels),
        "generator_learning_rate": 0.003,
        "grad_weight": 5.0,
        "loss": "relativistic",
        "penalty": "r1r2",
        "strokes": 3,
        "inks": inks,
    }


def inked_pictures(divide=1, decay_steps=28_000, inks=8, image_size=IMAGE_SIZE, channels=3):
    """The arguments of a recipe for images of any shapes in flat colours, for `WGANGP(**inked_pictures())`.

    The best recipe in benchmarks/LOG.md among those whose generator draws pixels. Both networks go down to 2 x 2, where
    they see the whole image at once. The latent vector scales and shifts the channels of each generator layer, and the
    generator has a palette of eight colours, because tanh reproduces flat colours only approximately. The loss is the
    sigmoid cross-entropy of the first GANs, with a penalty on the critic's gradient at real images (R1). One critic
    update per step, Adam without momentum, larger learning rates that fall to 0, and a moving average of the generator,
    which is the generator to keep. A training in stages, with a growing `ink_certainty` and two generator updates per
    step in the end, gets further in less time (benchmarks/LOG.md).

    Args:
        divide: divisor of the number of filters of every layer: 1, 2, 4, 8 or 16.
        decay_steps: number of steps in which the learning rates fall to 0: as many as the training has.
        inks: the initial palette, colours from 0 to 255 as `utils.reading.colors.flat_colors` finds them in images, or
            a number of corners of the colour cube; None for tanh in its place (`pictures`).
        image_size, channels: as in `published`. The layers next to the image are left out where it is smaller; one of
            28 x 28 starts from 7 x 7.

    Returns:
        Dict of plain values: the 21 arguments and keywords.

    Raises:
        ValueError: a `divide` that does not divide the number of filters of the narrowest layer.
    """
    common = published("readme", image_size=image_size, channels=channels)
    critic_filters, generator_filters, start = _picture_layers(image_size)
    layers = len(critic_filters)
    if divide < 1 or 16 % divide:
        raise ValueError(f"divide is {divide}; it has to divide 16, the filters of the narrowest layer: 1, 2, 4 ...")
    rate = 0.0008
    return {
        **common,
        "critic_conv_filters": [max(1, filters // divide) for filters in critic_filters],
        "critic_conv_kernel_size": [6] + [4] * (layers - 1),
        "critic_conv_strides": [2] * layers,
        "critic_learning_rate": rate,
        "generator_initial_dense_layer_size": [start, start, generator_filters[0] // divide],
        "generator_upsample": [1] * layers,
        "generator_conv_filters": [filters // divide for filters in generator_filters[1:]] + [channels],
        "generator_conv_kernel_size": [6] * layers,
        "generator_conv_strides": [2] * layers,
        "generator_learning_rate": rate,
        "grad_weight": 3.0,
        "loss": "gan",
        "penalty": "r1",
        "n_critic": 1,
        "beta_1": 0.0,
        "beta_2": 0.99,
        "ema": 0.999,
        "decay_steps": decay_steps,
        "modulation": [64],
        "inks": inks,
    }


def any_rule(divide=2, decay_steps=5_000, inks=8, image_size=IMAGE_SIZE, channels=3):
    """The arguments of a recipe for the images of any rule set, for `WGANGP(**any_rule(inks=palette_of(x)))`.

    The best of those that were tried on all rule sets of the gallery (benchmarks/LOG.md, "Pixels for any rule"). It
    knows nothing of any rule: `inked_pictures`, half as wide, with two differences. The palette is that of the images,
    learns slowly, and mixes where edges are antialiased; and the critic scores two images together, so that it sees
    when the generator draws the same one again and again, which all others do on thin outlines.

    Args:
        divide: divisor of the number of filters of every layer: 1, 2, 4, 8 or 16.
        decay_steps: number of steps in which the learning rates fall to 0: as many as the training has.
        inks: the initial palette, colours from 0 to 255, as `palette_of` finds them; or their number, for corners of
            the colour cube.
        image_size, channels: as in `inked_pictures`.

    Returns:
        Dict of plain values: the 21 arguments and keywords.

    Raises:
        ValueError: a `divide` that does not divide the number of filters of the narrowest layer.
    """
    return {
        **inked_pictures(divide, decay_steps, inks, image_size, channels),
        "packing": 2,
        "ink_certainty": 3.0,
        "ink_sharpening": 1.0,
        "ink_rate": 0.05,
    }


def palette_of(images, least=5):
    """The initial palette of `any_rule`: the ground, the pens, and mixtures of both, five colours at least.

    Args:
        images: uint8 (n, h, w, channels).
        least: number of colours up to which mixtures are added: half of each pen, then a quarter, then three quarters.

    Returns:
        List of colours, the ground first, each a list of numbers from 0 to 255; for images of a single colour, that and
        its complement.
    """
    ground, *others = pens(images)
    palette = [ground, *others]
    for share in (0.5, 0.25, 0.75):
        for pen in others:
            if len(palette) < least:
                palette.append([share * a + (1 - share) * b for a, b in zip(ground, pen, strict=True)])
    return palette if others else [ground, [255 - value for value in ground]]


def _picture_layers(image_size):
    """The critic's filters from the finest layer on, those of the generator's feature maps from its start on, and the
    side of that start. A layer has the number of filters of its resolution, whatever the size of the image."""
    if image_size == 28:  # from 7 x 7: maps of 14 and 7
        return (64, 128), (128, 64), 7
    halvings = CVAE_HALVINGS[image_size]
    return PICTURE_FILTERS[-halvings:], (256, 256, 128, 64, 32, 16, 16)[:halvings], image_size // 2**halvings


def pictures(divide=1, decay_steps=28_000, image_size=IMAGE_SIZE, channels=3):
    """The arguments of `inked_pictures` without the palette, for photographs and all that has no flat colours.

    Args:
        divide, decay_steps, image_size, channels: as in `inked_pictures`.

    Returns:
        Dict of plain values: the 21 arguments and keywords.

    Raises:
        ValueError: as `inked_pictures`.
    """
    return inked_pictures(divide, decay_steps, None, image_size, channels)


def plain_gan(name="notebook", divide=1, image_size=IMAGE_SIZE, channels=3):
    """The arguments of the GAN of the courses: sigmoid cross-entropy, no penalty, one critic update per step.

    Goodfellow et al., "Generative Adversarial Nets" (2014), on the published networks; `fashion_mnist` for 28 x 28.

    Args:
        name, divide, image_size, channels: as in `published`.

    Returns:
        Dict of plain values: the 21 arguments and keywords.

    Raises:
        ValueError: as `published`.
    """
    common = fashion_mnist(channels, divide) if image_size == 28 else published(name, divide, image_size, channels)
    return {**common, "loss": "gan", "penalty": None, "n_critic": 1, "n_critic_every_100th": 1}


def fashion_mnist(channels=1, divide=1):
    """The 21 arguments for garments of 28 x 28, in grey, small enough for any processor.

    The published networks at that size with far fewer filters, the README's critic kernels, the notebook's generator
    kernels (a kernel of 10 would be wider than the first feature map of 7 x 7), and batches of 32.

    Args:
        channels: 1 for grey, 3 for RGB.
        divide: divisor of the number of filters, of 64: 1, 2, 4, 8, 16, 32 or 64.

    Returns:
        Dict of plain values, in the order of the arguments.

    Raises:
        ValueError: another divisor.

    Example:
        >>> gan = WGANGP(**fashion_mnist())  # , loss="gan") for the GAN with sigmoid cross-entropy
    """
    critic_kernel, _ = KERNELS["readme"]
    if divide < 1 or 64 % divide:
        raise ValueError(f"divide is {divide}; at 28 x 28 it divides 64 filters: 1, 2, 4, 8, 16, 32 or 64.")
    return {
        **published("notebook", image_size=28, channels=channels),
        "critic_conv_filters": [64 // divide, 128 // divide],
        "critic_conv_kernel_size": [critic_kernel] * 2,
        "generator_initial_dense_layer_size": [7, 7, 128 // divide],
        "generator_conv_filters": [64 // divide, channels],
        "batch_size": 32,
    }


def _nearest(image_size):
    """The known image sizes and those nearest to an unknown one, in words."""
    if not isinstance(image_size, int | float):
        return ", ".join(map(str, LAYERS))
    below = [size for size in LAYERS if size < image_size][-1:]
    above = [size for size in LAYERS if size > image_size][:1]
    nearest = " and ".join(map(str, below + above))
    return f"{', '.join(map(str, LAYERS))}: the nearest {'are' if below and above else 'is'} {nearest}"


CVAE_ENCODER_FILTERS = (128, 128, 64, 32, 16, 16)  # from the coarsest layer to the finest
CVAE_START_FILTERS = 128
CVAE_DECODER_FILTERS = (128, 64, 32, 32, 16)  # from the coarsest layer to the last before the image
CVAE_HALVINGS = {28: 2, 32: 4, 64: 5, 128: 6, 256: 7}  # {image size: halvings of its side}: down to 2, or from 28 to 7
CVAE_BETAS = {28: 4.0, 32: 4.0, 64: 10.0, 128: 10.0, 256: 40.0}  # measured at 28, 64, 128: benchmarks/LOG.md
CVAE_Z_DIM = 32
CVAE_LEARNING_RATE = 0.001
CVAE_WARM_UP_STEPS = 1500


def cvae(image_size=128, channels=3, divide=1):
    """The arguments of a `CVAE` for square images, ready for `CVAE(**cvae(128))`.

    The GAN's published networks stop at 8 x 8; these go down to 2 x 2 (7 x 7 for 28 x 28), so that one position sees a
    whole line. The layer next to the image, which costs most of the time, has a stride of 4; the others have 2.

    Args:
        image_size: height and width: 28, 32, 64, 128 or 256.
        channels: 3 for RGB, 1 for grey.
        divide: divisor of the number of filters of every layer: 1, 2, 4, 8 or 16.

    Returns:
        Dict of plain values. The arguments that it shares with the GAN are as published.

    Raises:
        ValueError: as for `published`.

    Example:
        >>> cvae(28, channels=1)["encoder_conv_filters"]
        [128, 128]
    """
    if divide < 1 or 16 % divide:
        raise ValueError(f"divide is {divide}; an autoencoder's is 1, 2, 4, 8 or 16.")
    common = published(divide=divide, image_size=image_size, channels=channels)
    halvings = CVAE_HALVINGS[image_size]
    strides = [2, 2] if image_size == 28 else [4] + [2] * (halvings - 2)  # from the finest layer to the coarsest
    layers, start = len(strides), image_size // 2**halvings
    return {
        "input_dim": common["input_dim"],
        "encoder_conv_filters": [filters // divide for filters in reversed(CVAE_ENCODER_FILTERS[:layers])],
        "encoder_conv_kernel_size": [2 * stride for stride in strides],
        "encoder_conv_strides": strides,
        "encoder_batch_norm_momentum": 0.9,
        "encoder_activation": "leaky_relu",
        "encoder_dropout_rate": None,
        "generator_initial_dense_layer_size": [start, start, CVAE_START_FILTERS // divide],
        "generator_upsample": [1] * layers,
        "generator_conv_filters": [filters // divide for filters in CVAE_DECODER_FILTERS[: layers - 1]] + [channels],
        "generator_conv_kernel_size": [3 * stride for stride in reversed(strides)],
        "generator_conv_strides": strides[::-1],
        **{name: common[name] for name in _OF_THE_GENERATOR},
        "learning_rate": CVAE_LEARNING_RATE,
        "optimiser": "adam",
        "beta": CVAE_BETAS[image_size],
        "z_dim": CVAE_Z_DIM,
        "batch_size": common["batch_size"],
        "warm_up_steps": CVAE_WARM_UP_STEPS,
    }


_OF_THE_GENERATOR = ("generator_batch_norm_momentum", "generator_activation", "generator_dropout_rate")


STEPS = {  # how many a training on a GPU takes by default; on a processor alone, see `models.plan`
    "published": 1201,
    "plain_gan": 12_001,
    "three_lines": 4001,
    "inked_pictures": 28_001,
    "any_rule": 5_001,
    "pictures": 28_001,
    "CVAE": 12_001,
}
RECIPES = tuple(name for name in STEPS if name != "CVAE")  # of a WGANGP


def choose(model, recipe, images, network="readme", divide=None, steps=None, loss=None):
    """The arguments of a recipe for a data set, by the names that the Training notebook uses.

    Args:
        model: `WGANGP` or `CVAE`.
        recipe: one of `RECIPES`; for a WGANGP only.
        images: uint8 array (n, height, width, channels) to train on, which decides the networks' size and the initial
            palette of `three_lines`, `inked_pictures` and `any_rule`.
        network: `readme` or `notebook`; for the recipes `published` and `plain_gan` only.
        divide: divisor of the number of filters. None is 1, but 2 for `any_rule`, and 4 for the first two without a GPU
            or TPU.
        steps: steps of the training, over which the learning rates fall in the recipes that let them, and in whose
            first quarter the divergence of a CVAE gains its weight.
        loss: a loss of `models.losses.LOSSES` in place of the recipe's; for a WGANGP only.

    Returns:
        Dict of plain values, for `WGANGP(**...)` or `CVAE(**...)`.

    Raises:
        ValueError: an unknown name, an image size that the networks do not support, or names that do not go together.

    Example:
        >>> gan = WGANGP(**choose("WGANGP", "three_lines", x_train.images, steps=1200))
    """
    steps = steps or None  # a training of no steps has no schedule
    if divide is not None:
        divide = whole_number(divide, "divide (FILTERS_DIVIDED_BY)", 1)
    height, width, channels = images.shape[1:]
    if height != width:
        raise ValueError(f"The images are {width} x {height}; the networks draw squares: give IMAGE_SIZE one number.")
    if model == "CVAE":
        if loss is not None:
            raise ValueError(
                f"LOSS is {loss!r}, which is a GAN's; a CVAE has its own: LOSS = None, or MODEL = 'WGANGP'."
            )
        warm_up = CVAE_WARM_UP_STEPS if steps is None else min(CVAE_WARM_UP_STEPS, max(1, steps // 4))
        return {**cvae(height, channels, divide or 1), "decay_steps": steps, "warm_up_steps": warm_up}
    if model != "WGANGP":
        raise ValueError(f"MODEL is {model!r}; choose 'WGANGP' or 'CVAE'.")
    if recipe not in RECIPES:
        raise ValueError(f"RECIPE is {recipe!r}; choose {', '.join(map(repr, RECIPES[:-1]))} or {RECIPES[-1]!r}.")
    size = {"image_size": height, "channels": channels}
    narrow = divide or (1 if has_accelerator() else 4)
    if recipe == "published" and (height, channels) == (28, 1):
        chosen = fashion_mnist(divide=divide or 1)
    elif recipe == "published":
        chosen = published(network, narrow, height, channels)
    elif recipe == "plain_gan":
        chosen = plain_gan(network, (divide or 1) if height == 28 else narrow, **size)
    elif recipe == "pictures":
        chosen = pictures(divide or 1, steps, **size)
    else:
        usual = 2 if recipe == "any_rule" else 1
        chosen = RECIPE_WITH_INKS[recipe](divide or usual, steps, _inks_of(images, recipe), **size)
    return chosen if loss is None else {**chosen, "loss": _fitting(loss, chosen, recipe)}


RECIPE_WITH_INKS = {"three_lines": three_lines, "inked_pictures": inked_pictures, "any_rule": any_rule}


def _inks_of(images, recipe):
    """The images' own colours, at least two of them, as the initial palette of a recipe."""
    if recipe == "any_rule":
        return palette_of(images)
    inks = flat_colors(images)
    if len(inks) < 2:
        raise ValueError(
            f"RECIPE is {recipe!r}, which paints with the images' flat colours, and these have only {inks}: choose "
            "'pictures', or MODEL = 'CVAE'."
        )
    return inks


def _fitting(loss, chosen, recipe):
    """A loss that goes with the rest of a recipe."""
    if loss not in LOSSES:
        raise ValueError(f"LOSS is {loss!r}; choose {', '.join(map(repr, LOSSES))}, or None for the recipe's.")
    if loss == "wasserstein" and chosen.get("penalty", "gradient") != "gradient":
        raise ValueError(
            f"LOSS is 'wasserstein', which needs the gradient penalty, and RECIPE = {recipe!r} has "
            f"{chosen['penalty'] or 'none'}: choose RECIPE = 'published', or another loss."
        )
    return loss


def propose(images, rules=None, minutes=None):
    """What gives most for a data set in the minutes at hand: a model and a recipe.

    Measured with garments, emoji, sprites and photographs (benchmarks/LOG.md, "Any images"): in ten minutes on two
    cores an autoencoder gives more of them than any GAN; with a GPU or more time, sharper images are within reach.

    Args:
        images: uint8 (n, height, width, channels).
        rules: name of the rule set that drew them; None for others.
        minutes: how long the training may last; None for no limit.

    Returns:
        `(model, recipe, why)`: names for `choose`, the recipe None for a CVAE; and "lines", "rules", "flat", "short" or
            "long".
    """
    if rules == "lines":
        return "WGANGP", "published", "lines"
    if rules is not None:
        return "WGANGP", "any_rule", "rules"
    if flat_share(images) >= FLAT:
        return "WGANGP", "inked_pictures", "flat"
    if not has_accelerator() and (minutes is None or minutes < LONG_MINUTES):
        return "CVAE", None, "short"
    return "WGANGP", "pictures", "long"


FLAT = 0.7  # share of `flat_share` from which images count as drawn in flat colours
LONG_MINUTES = 60  # on processors alone
