"""A page to play with: the latent vector as a grid to click and drag, the image that it gives beside it.

In a notebook, `explorer.show(generator)`. On a page of its own, `python -m utils.explorer`.

One story a file: `walk` (where one stands, what one did: no widget in it), `drawing` (vectors become images, here or in
the process that all pages share), `page` (the widgets), `texts` (its words, in English and French), `server` (the page
of its own, by the one cell of Explorer.ipynb). What plain widgets cannot do, the grid and the files that come and go,
stands in two small scripts, `grid.js` and `files.js`.
"""

from utils.explorer.page import show

__all__ = ["show"]
