"""`python -m utils.explorer`: the page on its own."""

from utils.explorer.server import main

if __name__ == "__main__":
    main()
