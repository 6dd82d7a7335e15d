"""What turns a step into a training: backends, layers, precision, devices, the loop, and the files of two networks."""
