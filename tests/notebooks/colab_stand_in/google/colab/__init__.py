"""A stand-in for the module that Google Colab gives its notebooks."""
