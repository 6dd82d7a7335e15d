"""The bar counts by a clock that no one sets, and stays away where it is asked to."""

import importlib
import time

import pytest

from utils import progress


def test_a_clock_that_is_set_back_or_forth_does_not_change_what_is_left(monkeypatch):
    with progress.tqdm(total=10, delay=1000) as bar:
        for jump in (1e9, -2e9):
            monkeypatch.setattr(time, "time", lambda jump=jump: 1.7e9 + jump)
            bar.update(1)
            assert 0 <= bar.format_dict["elapsed"] < 1000


@pytest.mark.parametrize(("kind", "shown"), [("off", ""), ("text", "Images")])
def test_the_bar_is_text_or_none_where_it_is_asked_to(kind, shown, monkeypatch, capsys):
    monkeypatch.setenv("PROGRESS_BAR", kind)
    try:
        with importlib.reload(progress).tqdm(total=1, desc="Images") as bar:
            bar.update(1)
    finally:
        monkeypatch.delenv("PROGRESS_BAR")
        importlib.reload(progress)
    assert capsys.readouterr().err.strip()[:6] == shown
