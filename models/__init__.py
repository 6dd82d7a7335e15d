"""The networks. `models.WGANGP.WGANGP` is the class that the notebooks build, train and load."""

from utils.quiet import keras  # noqa: F401  (starts its backend without chatter)
