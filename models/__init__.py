"""The networks. `models.WGANGP.WGANGP` is the class that the notebooks build, train and load."""
