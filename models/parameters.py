"""The published parameter sets of the WGAN-GP, at any of five image sizes, and narrower ones for small machines.

The project's README and its training notebook published two sets that differ in their kernels, for images of 128 x 128.
The generator's kernels are larger than the critic's on purpose: it composes globally, the critic judges locally.

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
    The generator paints strokes, see `models.strokes`; what it paints them with starts from the colours of the images,
    and how many there are, where, how wide, which over which, it learns from the critic. The loss is relativistic, with
    a penalty on the critic's slope at real and generated images (R1 + R2) that is strong: with a weak one, or with
    cross-entropy, the critic wins before the strokes have found their places. One critic batch a step (`n_critic=1`),
    Adam without momentum, learning rates that fall to nothing, and a moving average of the generator, which is the one
    to keep.

    Args:
        divide: divides the number of filters of the critic.
        decay_steps: in how many steps the learning rates fall to nothing: as many as are to be trained.
        inks: the colours that strokes are painted with at first, from 0 to 255, the ground's first, as
            `utils.colors.flat_colors` finds them in images. A number means as many corners of the colour cube, which
            strokes hardly leave.

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
