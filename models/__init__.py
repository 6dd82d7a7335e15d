"""The networks. `models.WGANGP.WGANGP` is the class that the notebooks build, train and load."""

import utils.quiet  # noqa: F401  (starts Keras' backend without its chatter)
