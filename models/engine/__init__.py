"""The training engine: backends, layers, precision, devices, the training loop, and the saving of two networks."""
