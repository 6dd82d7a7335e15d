"""`python -m utils.explorer`: serve the explorer as a page of its own."""

import sys
from pathlib import Path

if not __package__:  # started by its path, `python path/of/the/project/utils/explorer`, from any folder
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from utils.explorer.server import main

if __name__ == "__main__":
    main()
