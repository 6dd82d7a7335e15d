"""Widgets of other makers, which Colab shows once it is asked to."""

from types import SimpleNamespace

_widgets = SimpleNamespace(_installed_url=None)  # anywidget asks where the manager was installed from


def enable_custom_widget_manager():
    pass
