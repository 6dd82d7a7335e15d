"""The explorer: a page to play a generator, its image on a stage, its latent vector under the hand.

In a notebook, `explorer.show(generator)`; as a page of its own, `python -m utils.explorer`; as one HTML file that needs
no Python, `explorer.export(generator, "walk.html")`.

The page is written once, in the modules of stage/. `page` is its widget, and what Python does for it; `rendering` draws
and `shelf` holds the generators, in this process or in one that all pages share; `steering` has their directions,
`network` their layers for the browser, `one_file` the page as a file, `texts` its texts in English and French; and
`server` serves the single cell of Explorer.ipynb.
"""

from utils.explorer.one_file import export_page as export
from utils.explorer.page import show

__all__ = ["export", "show"]
