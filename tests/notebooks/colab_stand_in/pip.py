"""A stand-in for pip: `%pip` installs nothing into the environment of the tests, and COLAB_PIP says what was asked."""

import os
import sys

if __name__ == "__main__":
    with open(os.environ["COLAB_PIP"], "a") as asked:
        print(*sys.argv[1:], file=asked)
