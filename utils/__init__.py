"""What the notebooks call. Importing this package, or `utils.loaders`, starts no deep-learning library."""
