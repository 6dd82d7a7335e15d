"""The published parameter sets of the WGAN-GP, and narrower ones for machines without a GPU.

The project's README and its training notebook published two sets that differ in their kernels. The generator's are
larger than the critic's on purpose: it composes globally, the critic judges locally.
"""

KERNELS = {"readme": (5, 10), "notebook": (3, 6)}  # (critic, generator)
IMAGE_SIZE = 128


def published(name="readme", divide=1, image_size=IMAGE_SIZE):
    """The 21 arguments of `WGANGP`, ready for `WGANGP(**published("readme"))`.

    Args:
        name: `readme` (critic kernels 5, generator kernels 10) or `notebook` (3 and 6).
        divide: divides the number of filters of every layer; 1 as published. Divided by 4, a step is about a sixteenth
            of the work, and with the kernels of `readme` the pictures keep their look.
        image_size: height and width of the images. The generator starts from a sixteenth of it: four layers double it.

    Returns:
        Dict of plain values, in the order of the arguments.

    Raises:
        ValueError: an unknown name, a `divide` that does not divide 128, or a size that 16 does not divide.
    """
    if name not in KERNELS:
        raise ValueError(f"No parameter set is called {name!r}; there are {' and '.join(map(repr, KERNELS))}.")
    if divide < 1 or 128 % divide:
        raise ValueError(
            f"divide is {divide}; it has to divide 128, the filters of the narrowest layer: 1, 2, 4, 8 ..."
        )
    if image_size < 16 or image_size % 16:
        raise ValueError(f"image_size is {image_size}; four layers that halve an image need a multiple of 16.")
    critic_kernel, generator_kernel = KERNELS[name]
    return {
        "input_dim": [image_size, image_size, 3],
        "critic_conv_filters": [filters // divide for filters in (128, 256, 512, 1024)],
        "critic_conv_kernel_size": [critic_kernel] * 4,
        "critic_conv_strides": [2] * 4,
        "critic_batch_norm_momentum": None,
        "critic_activation": "leaky_relu",
        "critic_dropout_rate": None,
        "critic_learning_rate": 0.0002,
        "generator_initial_dense_layer_size": [image_size // 16, image_size // 16, 512 // divide],
        "generator_upsample": [1] * 4,
        "generator_conv_filters": [filters // divide for filters in (512, 256, 128)] + [3],
        "generator_conv_kernel_size": [generator_kernel] * 4,
        "generator_conv_strides": [2] * 4,
        "generator_batch_norm_momentum": 0.9,
        "generator_activation": "leaky_relu",
        "generator_dropout_rate": None,
        "generator_learning_rate": 0.0002,
        "optimiser": "adam",
        "grad_weight": 10,
        "z_dim": 100,
        "batch_size": 16,
    }
