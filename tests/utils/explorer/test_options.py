"""Without a server: where it listens, and the directions that it offers."""

import numpy as np
import pytest

from utils.explorer.server import _options, all_directions, is_local, write_directions


def test_directions_found_are_kept_beside_the_generator(tiny, tmp_path, monkeypatch):
    from utils.latent import directions

    generator, other = tiny().generator, tiny(seed=2).generator
    found = [
        directions.Direction(n, np.eye(10)[i], s, "reading") for i, (n, s) in enumerate([("redder", 0.5), ("x", 0)])
    ]
    monkeypatch.setattr(directions, "reading_directions", lambda generator, measure: found)
    path = tmp_path / "generator.h5"
    write_directions(path, generator)
    assert [*all_directions(path, generator)] == ["redder", "1", "2", "3", "4", "5"]
    assert [*all_directions(path, other)] == ["1", "2", "3", "4", "5", "6"]  # they are another generator's


@pytest.mark.parametrize("ip, local", [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False)])
def test_only_this_machine_is_local(ip, local):
    assert is_local(ip) is local


@pytest.mark.parametrize("ip", ["", "example.org", "192.168.1.4", "::"])
def test_what_is_not_known_to_be_this_machine_is_not_local(ip):
    assert not is_local(ip)


def test_the_page_listens_to_this_machine_unless_told_otherwise():
    assert _options([]).ip == "127.0.0.1"
