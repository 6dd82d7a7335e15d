"""Ready sets of arguments for `WGANGP` and `CVAE`, and `Recipe`: what goes beyond the publication, checked.

The project's README and its training notebook published two sets that differ in their kernels, for images of 128 x 128
(`published`). The generator's kernels are larger than the critic's on purpose: it composes globally, the critic judges
locally. Beside them stand `three_lines`, `inked_pictures`, `fashion_mnist` and, for the autoencoder, `cvae`; `choose`
takes one by the words of the Training notebook.

How the published shape scales to other sizes: the small end stays, a picture of 8 x 8 (7 x 7 for 28 x 28), and each
doubling of the side is one layer of stride 2. A layer keeps the published filters of its resolution, so smaller images
leave out the finest layers; 256 adds one, with half the filters of the next.

| image size | layers | critic's filters | generator's start | generator's filters |
|---|---|---|---|---|
| 28 | 2 | 512, 1024 | 7, 7, 512 | 512, channels |
| 32 | 2 | 512, 1024 | 8, 8, 512 | 512, channels |
| 64 | 3 | 256, 512, 1024 | 8, 8, 512 | 512, 256, channels |
| 128 | 4 | 128, 256, 512, 1024 | 8, 8, 512 | 512, 256, 128, channels |
| 256 | 5 | 64, 128, 256, 512, 1024 | 8, 8, 512 | 512, 256, 128, 64, channels |
"""

from dataclasses import asdict, dataclass, field, fields

from models import generators
from models.engine.precision import has_accelerator
from models.losses import LOSSES, PENALTIES
from utils.reading.colors import flat_colors

N_CRITIC, N_CRITIC_EVERY_100TH = 5, 5  # critic updates a step, and on step 0, 100, 200 ..., as published


@dataclass(frozen=True)
class Recipe:
    """What a WGANGP is trained by beyond its 21 arguments; as published where nothing is given.

    Attributes:
        loss: `wasserstein` as published, `gan` (sigmoid cross-entropy), `hinge` or `relativistic`; see `models.losses`.
        penalty: `gradient` as published, `r1` or `r1r2`, each weighted by `grad_weight`; None for none.
        beta_1, beta_2: Adam's.
        decay_steps: in how many steps the learning rates fall to 0 along half a cosine; None leaves them as they are.
        ema: decay of an exponential moving average of the generator's weights, e.g. 0.999, kept in `ema_generator` and
            saved as generator_ema.h5; None for none. In the first steps it forgets faster.
        generator_steps: generator updates in a step, each on fresh latent vectors; 1 as published. A training may go on
            with another number.
        n_critic: critic updates in a step; 5 as published. `WGANGP.train(n_critic=...)` overrules it.
        n_critic_every_100th: the same on step 0, 100, 200 ...; 5 as published.
        generator: dict of the keywords of `models.generators`, which choose its family. To `WGANGP` each is a keyword
            like the others:
            `modulation`, list of int, widths of dense layers through which the latent vector scales and shifts the
            channels of each of the generator's layers (self-modulation), e.g. [64]; None for none.
            `inks`, how many learnt colours the generator paints with, e.g. 8: a softmax shares each pixel out among
            them. Or a list of colours from 0 to 255 that they start from, as `utils.reading.colors.flat_colors` finds
            them in images; strokes want such a list, the ground's first. For images in few flat colours, which tanh
            meets only nearly; None for none.
            `ink_certainty`, float, the softmax's inverse temperature, a hundred times as much in the moving average. A
            training may begin with 1 and go on with 3 and 10.
            `strokes`, int, how many strokes of either direction the generator paints with, some more than are to show,
            e.g. 3 (see `models.generators.strokes`). For images of lines that run from edge to edge, as many in each.
            It needs modulation and inks; None for none.

    Raises:
        ValueError: a value that none of them may have.
    """

    loss: str = "wasserstein"
    penalty: str | None = "gradient"
    beta_1: float = 0.5
    beta_2: float = 0.999
    decay_steps: int | None = None
    ema: float | None = None
    generator_steps: int = 1
    n_critic: int = N_CRITIC
    n_critic_every_100th: int = N_CRITIC_EVERY_100TH
    generator: dict = field(default_factory=lambda: dict(generators.KEYWORDS))

    @classmethod
    def of(cls, keywords, channels=3):
        """The recipe of keywords, those of the generator's families among the others.

        Args:
            keywords: dict.
            channels: of the images, for a list of colours.

        Raises:
            TypeError: a keyword that no recipe has.
            ValueError: a value that it may not have.
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
        for name in ("generator_steps", "n_critic", "n_critic_every_100th"):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise ValueError(f"{name} is {number!r}; it is a whole number from 1 on.")
        if self.ema is not None and not 0 < self.ema < 1:
            raise ValueError(f"ema is {self.ema!r}; it is a decay between 0 and 1, such as 0.999, or None.")

    def keywords(self):
        """All keywords as a flat dict, those of the generator's families among the others."""
        flat = asdict(self)
        return flat | flat.pop("generator")

    def changed(self):
        """Those keywords that are not as published."""
        published = Recipe().keywords()
        return {name: value for name, value in self.keywords().items() if value != published[name]}


# Ready sets of arguments ---------------------------------------------------------------------------------------------

KERNELS = {"readme": (5, 10), "notebook": (3, 6)}  # (critic, generator)
IMAGE_SIZE = 128
LAYERS = {28: 2, 32: 2, 64: 3, 128: 4, 256: 5}  # {image size: layers that double or halve the side}
CRITIC_FILTERS = (64, 128, 256, 512, 1024)  # from the finest layer to the coarsest; published: the last four
GENERATOR_FILTERS = (512, 256, 128, 64)  # from the coarsest to the finest but the image; published: the first three


def published(name="readme", divide=1, image_size=IMAGE_SIZE, channels=3):
    """The 21 arguments of `WGANGP`, ready for `WGANGP(**published("readme"))`.

    Args:
        name: `readme` (critic kernels 5, generator kernels 10) or `notebook` (3 and 6).
        divide: divides the number of filters of every layer; 1 as published. Divided by 4, a step is about a sixteenth
            of the work, and with the kernels of `readme` the pictures keep their look.
        image_size: height and width of the images: 28, 32, 64, 128 (as published) or 256. The table above says how the
            layers follow from it.
        channels: 3 for RGB, 1 for grey.

    Returns:
        Dict of plain values, in the order of the arguments.

    Raises:
        ValueError: an unknown name, a size or a number of channels that is none of these, or a `divide` that does not
            divide the filters of the narrowest layer.

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


def three_lines(divide=1, decay_steps=4_000, inks=8):
    """The arguments of a recipe that keeps the rules of the lines, for `WGANGP(**three_lines(inks=flat_colors(x)))`.

    The best found by measurement (benchmarks/LOG.md), for images of lines in flat colours that run from edge to edge.
    The generator paints strokes, see `models.generators.strokes`; what it paints them with starts from the colours of
    the images, and how many there are, where, how wide, which over which, it learns from the critic. The loss is
    relativistic, with a penalty on the critic's slope at real and generated images (R1 + R2) that is strong: with a
    weak one, or with cross-entropy, the critic wins before the strokes have found their places. One critic batch a step
    (`n_critic=1`), Adam without momentum, learning rates that fall to nothing, and a moving average of the generator,
    which is the one to keep.

    Args:
        divide: divides the number of filters of the critic.
        decay_steps: in how many steps the learning rates fall to nothing: as many as are to be trained.
        inks: the colours that strokes are painted with at first, from 0 to 255, the ground's first, as
            `utils.reading.colors.flat_colors` finds them in images. A number means as many corners of the colour cube,
            which strokes hardly leave.

    Returns:
        Dict of plain values: the 21 arguments and keywords.
    """
    if divide < 1 or 8 % divide:
        raise ValueError(f"divide is {divide}; it has to divide 8, the filters of the narrowest layer: 1, 2, 4 or 8.")
    return {
        **inked_pictures(2 * divide, decay_steps),
        "generator_learning_rate": 0.003,
        "grad_weight": 5.0,
        "loss": "relativistic",
        "penalty": "r1r2",
        "strokes": 3,
        "inks": inks,
    }


def inked_pictures(divide=1, decay_steps=28_000):
    """The arguments of a recipe for images in flat colours, of whatever shapes, for `WGANGP(**inked_pictures())`.

    The best found by measurement (benchmarks/LOG.md) of those that make pictures. Of the three lines it keeps all the
    rules in 55 % of the images after 26,500 of its 28,000 steps, 91 minutes on 2 shared cores, where the published
    recipe ends at 0.1 %, and 97 % of them are clearly different; in stages, in which `ink_certainty` grows and the
    generator has two lessons a step in the end, in 60 % after 58 minutes. Both networks go down to 2 x 2, where they
    see the whole image at once; the latent vector scales and shifts each of the generator's layers, and the generator
    paints with eight inks, for tanh meets flat colours only nearly. The loss is the sigmoid cross-entropy of the first
    GANs, with a penalty on the critic's slope at real images (R1); one critic batch a step (`n_critic=1`), Adam without
    momentum, larger learning rates that fall to nothing, and a moving average of the generator, which is the one to
    keep.

    Args:
        divide: divides the number of filters of every layer.
        decay_steps: in how many steps the learning rates fall to nothing: as many as are to be trained.

    Returns:
        Dict of plain values: the 21 arguments and keywords.
    """
    if divide < 1 or 16 % divide:
        raise ValueError(f"divide is {divide}; it has to divide 16, the filters of the narrowest layer: 1, 2, 4 ...")
    rate = 0.0008
    return {
        **published("readme"),
        "critic_conv_filters": [filters // divide for filters in (16, 32, 64, 128, 256, 512)],
        "critic_conv_kernel_size": [6, 4, 4, 4, 4, 4],
        "critic_conv_strides": [2] * 6,
        "critic_learning_rate": rate,
        "generator_initial_dense_layer_size": [2, 2, 256 // divide],
        "generator_upsample": [1] * 6,
        "generator_conv_filters": [filters // divide for filters in (256, 128, 64, 32, 16)] + [3],
        "generator_conv_kernel_size": [6] * 6,
        "generator_conv_strides": [2] * 6,
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
        "inks": 8,
    }


def fashion_mnist():
    """The 21 arguments for garments of 28 x 28 in grey, small enough for any processor.

    The published shape at that size with far fewer filters, the README's critic kernels and the notebook's generator
    kernels (a kernel of 10 would be wider than the picture of 7 x 7 that it starts from), and batches of 32.

    Returns:
        Dict of plain values, in the order of the arguments.

    Example:
        >>> gan = WGANGP(**fashion_mnist())  # , loss="gan") for the GAN with sigmoid cross-entropy
    """
    critic_kernel, _ = KERNELS["readme"]
    return {
        **published("notebook", image_size=28, channels=1),
        "critic_conv_filters": [64, 128],
        "critic_conv_kernel_size": [critic_kernel] * 2,
        "generator_initial_dense_layer_size": [7, 7, 128],
        "generator_conv_filters": [64, 1],
        "batch_size": 32,
    }


def _nearest(image_size):
    """The sizes below and above one that is not there, in words."""
    if not isinstance(image_size, int | float):
        return ", ".join(map(str, LAYERS))
    below = [size for size in LAYERS if size < image_size][-1:]
    above = [size for size in LAYERS if size > image_size][:1]
    nearest = " and ".join(map(str, below + above))
    return f"{', '.join(map(str, LAYERS))}: the nearest {'are' if below and above else 'is'} {nearest}"


CVAE_ENCODER_FILTERS = (128, 128, 64, 32, 16, 16)  # from the coarsest layer to the finest
CVAE_START_FILTERS = 128
CVAE_DECODER_FILTERS = (128, 64, 32, 32, 16)  # from the coarsest layer to the finest but the image
CVAE_HALVINGS = {28: 2, 32: 4, 64: 5, 128: 6, 256: 7}  # {image size: how often its side is halved}: to 2, or 7 from 28
CVAE_BETA = 10.0  # for an image of 128 x 128 x 3; others in proportion to their number of values
CVAE_Z_DIM = 32
CVAE_LEARNING_RATE = 0.002
CVAE_WARM_UP_STEPS = 1500


def cvae(image_size=128, channels=3, divide=1):
    """The arguments of a `CVAE` for square images, ready for `CVAE(**cvae(128))`.

    Where the GAN's published networks stop at 8 x 8, these go down to 2 x 2 (7 x 7 for 28 x 28), so that one place
    sees a whole line. The layer next to the image has a stride of 4, since most of the time goes there; the others 2.

    Args:
        image_size: height and width: 28, 32, 64, 128 or 256.
        channels: 3 for RGB, 1 for grey.
        divide: divides the number of filters of every layer: 1, 2, 4, 8 or 16.

    Returns:
        Dict of plain values. What it has in common with the GAN is as published.

    Raises:
        ValueError: as `published`, of the same arguments.

    Example:
        >>> cvae(28, channels=1)["encoder_conv_filters"]
        [128, 128]
    """
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
        "beta": CVAE_BETA * image_size**2 * channels / (128**2 * 3),
        "z_dim": CVAE_Z_DIM,
        "batch_size": common["batch_size"],
        "warm_up_steps": CVAE_WARM_UP_STEPS,
    }


_OF_THE_GENERATOR = ("generator_batch_norm_momentum", "generator_activation", "generator_dropout_rate")


def choose(model, recipe, images, network="readme", divide=None, steps=None):
    """The arguments that fit a data set and the words of the Training notebook.

    Args:
        model: `WGANGP` or `CVAE`.
        recipe: of a WGANGP: `published`, `three_lines` or `inked_pictures`.
        images: uint8 array (n, height, width, channels) to train on; their size, and for `three_lines` their colours,
            are looked at.
        network: of the recipe `published`: `readme` or `notebook`.
        divide: divides the number of filters. None is 1; for the recipe `published` 4 where there is no GPU or TPU.
        steps: as many as are to be trained, over which learning rates fall, where the recipe lets them.

    Returns:
        Dict of plain values, for `WGANGP(**...)` or `CVAE(**...)`.

    Raises:
        ValueError: an unknown name, or a size that the networks do not come in.

    Example:
        >>> gan = WGANGP(**choose("WGANGP", "three_lines", x_train.images, steps=1200))
    """
    height, _, channels = images.shape[1:]
    if model == "CVAE":
        return {**cvae(height, channels, divide or 1), "decay_steps": steps}
    if model != "WGANGP":
        raise ValueError(f"MODEL is {model!r}; choose 'WGANGP' or 'CVAE'.")
    if recipe == "three_lines":
        return three_lines(divide or 1, steps, flat_colors(images))
    if recipe == "inked_pictures":
        return inked_pictures(divide or 1, steps)
    if recipe != "published":
        raise ValueError(f"RECIPE is {recipe!r}; choose 'published', 'three_lines' or 'inked_pictures'.")
    if (height, channels) == (28, 1):
        return fashion_mnist()
    return published(network, divide or (1 if has_accelerator() else 4), height, channels)
