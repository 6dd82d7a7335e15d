"""The inverse temperature of a generator's palette and the bandwidth of its strokes.

A softmax of `inverse temperature * logits` is soft at a low inverse temperature, which training and projection need for
their gradients, and nearly one-hot at a high one. The functions here find the layers by the prefixes of their names,
which stand in saved files; they apply to every family of `models.generators` whose layers have such names.
"""

TEMPERATURE = "generator_certainty"  # Rescaling layers by the inverse temperature of choices by the latent vector
SHARED_TEMPERATURE = "generator_decision"  # the same for choices that are shared by all images
PRECISION = "generator_steepness"  # Rescaling layers by the inverse variance of a position, see `set_bandwidth`
BANDWIDTH = 0.5  # pixels: the standard deviation of a stroke's position, wide enough for a gradient
# Directions of strokes: their name in layer names, and the image axis along which their positions vary.
HORIZONTAL, VERTICAL = ("level", 0), ("upright", 1)
AXES = dict((HORIZONTAL, VERTICAL))


def inverse_temperature_of(network):
    """The inverse temperature of a generator's softmax over its palette, a float; None for any other network."""
    return next((layer.scale for layer in network.layers if layer.name.startswith(TEMPERATURE)), None)


def set_inverse_temperature(generator, value, shared=True):
    """Set the inverse temperature of a generator with a palette, in place; any other network is left unchanged.

    Training needs a moderate value, 1 to 10, for its gradients. In a trained generator a high value makes nearly every
    pixel a single colour (benchmarks/LOG.md, "Inverse temperatures").

    Args:
        generator: of `models.generators.build_generator`. Functions compiled of it before keep the old value.
        value: float above 0, the inverse temperature.
        shared: whether choices shared by all images, such as the number of visible strokes, take the same value.

    Returns:
        The generator.
    """
    for layer in generator.layers:
        if layer.name.startswith((TEMPERATURE, SHARED_TEMPERATURE) if shared else TEMPERATURE):
            layer.scale = value
    return generator


def set_bandwidth(generator, bandwidth=BANDWIDTH):
    """Set the bandwidth of a generator's strokes, in place; any other network is left unchanged.

    Args:
        generator: of `models.generators.build_generator`. Functions compiled of it before keep the old value.
        bandwidth: the standard deviation of a stroke's position, in pixels.
    """
    for layer in generator.layers:
        if layer.name.startswith(PRECISION):
            size = layer.output.shape[1 + AXES[layer.name.removeprefix(f"{PRECISION}_")]]
            layer.scale = position_precision(size, bandwidth)


def has_strokes(generator):
    """Whether a generator is of the family `models.generators.strokes`."""
    return any(layer.name.startswith(PRECISION) for layer in generator.layers)


def position_precision(size, bandwidth):
    """The inverse variance of a position from -1 to 1 whose standard deviation is `bandwidth` of `size` pixels."""
    return (size / 2 / bandwidth) ** 2
