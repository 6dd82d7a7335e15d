"""The explorer: a page with the latent vector as an interactive grid, beside the generated image.

In a notebook, `explorer.show(generator)`; as a page of its own, `python -m utils.explorer`.

`walk` holds the state (vector, history, pins) without widgets, `rendering` generates images in this process or in one
that all pages share, `page` has the widgets, `texts` their texts in English and French, and `server` serves the single
cell of Explorer.ipynb. The grid and the upload and download of files are widgets of their own, in `grid.js` and
`files.js`.
"""

from utils.explorer.page import show

__all__ = ["show"]
