"""Makes a Python look like Google Colab's: `google.colab` is imported when it starts."""

import google.colab  # noqa: F401
