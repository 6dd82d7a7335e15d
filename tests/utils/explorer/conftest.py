"""A walk through a space that anybody can see through, shared by the tests of the walk and of its page."""

import numpy as np
import pytest

from utils.explorer.walk import Walk

N = 16


class Bars:
    """Stands in for a drawing: 16 grey bars, each as bright as a value of the vector."""

    latent_dim, shape, fingerprint, rules = N, (N, N, 3), "0123456789abcdef", "lines"

    def __init__(self):
        self.directions = {"1": np.eye(N, dtype=np.float32)[0], "redder": np.eye(N, dtype=np.float32)[1]}

    def draw(self, Z):
        if np.abs(Z).max() > 1e6:
            raise ValueError("infinity")
        bars = np.clip(np.asarray(Z) * 30 + 128, 0, 255).astype(np.uint8)
        return np.broadcast_to(bars[:, None, :, None], (len(Z), N, N, 3))


@pytest.fixture
def walk():
    return Walk(Bars(), seed=1)
