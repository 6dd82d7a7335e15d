"""A generator that anybody can see through, shared by the tests of the page's Python."""

import numpy as np

N = 16


class Bars:
    """Stands in for a drawing: 16 grey bars, each as bright as a value of the vector."""

    name, latent_dim, shape, fingerprint, rules, follows = "bars", N, (N, N, 3), "0123456789abcdef", "lines", False

    def __init__(self):
        self.directions = {"1": np.eye(N, dtype=np.float32)[0], "redder": np.eye(N, dtype=np.float32)[1]}

    def draw(self, Z):
        if np.abs(Z).max() > 1e6:
            raise ValueError("infinity")
        bars = np.clip(np.asarray(Z) * 30 + 128, 0, 255).astype(np.uint8)
        return np.broadcast_to(bars[:, None, :, None], (len(Z), N, N, 3))

    def network(self):
        raise ValueError("the browser does not know the layer odd_one")

    def moves(self, version):
        return version, {}

    def refresh(self):
        pass
