"""How surely a generator chooses among the colours of its palette and the places of its strokes.

A softmax of `inverse temperature * logits` is soft at a low inverse temperature, which a training or a search needs,
and nearly one-hot at a high one. The layers concerned are known by how their names begin, which stand in saved files: a
family of generators whose layers are named so (`models.generators`) is served by the functions here.
"""

TEMPERATURE = "generator_certainty"  # Rescaling layers by the inverse temperature, where the latent vector chooses
SHARED_TEMPERATURE = "generator_decision"  # the same, where what is chosen is learnt for all images alike
PRECISION = "generator_steepness"  # Rescaling layers by the inverse variance of a position, see `set_bandwidth`
BANDWIDTH = 0.5  # pixels: the deviation of a stroke's position, so that there is a slope to move it
# Strokes by their direction: how it is called in names of layers, and the axis of an image that they lie along.
HORIZONTAL, VERTICAL = ("level", 0), ("upright", 1)
AXES = dict((HORIZONTAL, VERTICAL))


def inverse_temperature_of(network):
    """The inverse temperature of a generator's softmax over its palette, a float; None in any other network."""
    return next((layer.scale for layer in network.layers if layer.name.startswith(TEMPERATURE)), None)


def set_inverse_temperature(generator, value, shared=True):
    """Let a generator that paints with a palette choose more or less surely; any other network stays as it is.

    To be taught, the softmax needs a moderate value, 1 to 10. What was taught needs no doubt: with 100 and more, nearly
    every pixel is of one colour (benchmarks/LOG.md, "Inverse temperatures").

    Args:
        generator: of `models.generators.build_generator`; it is changed, what was compiled of it before is not.
        value: float above 0, the inverse temperature.
        shared: whether what is learnt for all images alike, such as how many strokes show, takes the same value.

    Returns:
        The generator.
    """
    for layer in generator.layers:
        if layer.name.startswith((TEMPERATURE, SHARED_TEMPERATURE) if shared else TEMPERATURE):
            layer.scale = value
    return generator


def set_bandwidth(generator, bandwidth=BANDWIDTH):
    """Spread the strokes of a generator over the positions beside their own; any other network stays as it is.

    Args:
        generator: of `models.generators.build_generator`; it is changed, what was compiled of it before is not.
        bandwidth: the deviation of a stroke's position in pixels.
    """
    for layer in generator.layers:
        if layer.name.startswith(PRECISION):
            size = layer.output.shape[1 + AXES[layer.name.removeprefix(f"{PRECISION}_")]]
            layer.scale = position_precision(size, bandwidth)


def has_strokes(generator):
    """Whether a generator paints strokes."""
    return any(layer.name.startswith(PRECISION) for layer in generator.layers)


def position_precision(size, bandwidth):
    """What multiplies parabolas over positions from -1 to 1 for their softmax to deviate by `bandwidth` pixels of
    `size`."""
    return (size / 2 / bandwidth) ** 2
