"""Widgets of other makers, which Colab shows once it is asked to."""


def enable_custom_widget_manager():
    pass
