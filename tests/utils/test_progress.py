"""The bar counts by a clock that no one sets."""

import time

from utils.progress import tqdm


def test_a_clock_that_is_set_back_or_forth_does_not_change_what_is_left(monkeypatch):
    with tqdm(total=10, delay=1000) as bar:
        for jump in (1e9, -2e9):
            monkeypatch.setattr(time, "time", lambda jump=jump: 1.7e9 + jump)
            bar.update(1)
            assert 0 <= bar.format_dict["elapsed"] < 1000
