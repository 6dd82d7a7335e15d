"""`python -m utils.explorer`: serve the explorer as a page of its own."""

from utils.explorer.server import main

if __name__ == "__main__":
    main()
