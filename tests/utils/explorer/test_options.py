"""Without a server: where it listens, and the directions that it offers."""

import errno
import re
import socket

import numpy as np
import pytest

from utils.explorer.osc import Moves
from utils.explorer.rendering import Drawing
from utils.explorer.server import _options, addresses, is_local, main, see_port
from utils.explorer.steering import all_directions, find_in_background, write_directions
from utils.latent.texts import DIRECTION_ENDS
from utils.runs.shipping import SHIPPED_GENERATORS


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


def test_a_port_that_is_taken_is_named_before_anything_is_loaded(capsys):
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SystemExit, match=f"port {port} .* PORT={port + 1}"):
            main(["--port", str(port)])
    assert capsys.readouterr().out == ""


def test_an_address_of_another_machine_is_refused_in_words():
    with pytest.raises(SystemExit, match=r"port 8866 of 192\.0\.2\.77.*--ip 127\.0\.0\.1") as said:
        see_port("192.0.2.77", 8866)
    assert "another port" not in str(said.value)


@pytest.mark.parametrize("option", ["--port", "--osc"])
@pytest.mark.parametrize("port", ["99999", "-1", "x"])
def test_a_port_that_none_can_be_is_refused(option, port, capsys):
    with pytest.raises(SystemExit):
        main([option, port])
    assert f"'{port}' is no whole number from 0 to 65535" in capsys.readouterr().err


def test_the_port_to_choose_instead_is_one_that_there_is(monkeypatch):
    def taken(*_):
        raise OSError(errno.EADDRINUSE, "in use")

    monkeypatch.setattr(socket.socket, "bind", taken)
    for port in (65_535, 80):
        with pytest.raises(SystemExit, match="PORT=8867"):
            see_port("127.0.0.1", port)


@pytest.mark.parametrize(
    "ip, address", [("127.0.0.1", "http://127.0.0.1:8866/"), ("::1", "http://[::1]:8866/")], ids=["4", "6"]
)
def test_the_address_can_be_typed(ip, address):
    assert addresses(ip, 8866) == [address]


def test_of_all_addresses_one_that_other_machines_can_type_is_named():
    (address,) = addresses("0.0.0.0", 8866, "secret")
    assert re.fullmatch(r"http://(?!0\.0)[\d.]+:8866/\?token=secret", address)


def test_named_directions_stand_alone_where_there_are_two(tiny, tmp_path, monkeypatch):
    from utils.latent import directions

    generator = tiny().generator
    found = [directions.Direction(n, np.eye(10)[i], 0.5, "reading") for i, n in enumerate(["redder", "more lines"])]
    monkeypatch.setattr(directions, "reading_directions", lambda generator, **_: found)
    write_directions(tmp_path / "generator.h5", generator)
    assert [*all_directions(tmp_path / "generator.h5", generator)] == ["redder", "more lines"]


def test_directions_of_a_generator_of_ones_own_are_found_while_it_is_served(tiny, tmp_path, monkeypatch):
    from utils.latent import directions

    generator, asked = tiny().generator, []

    def found(generator, **_):
        asked.append(generator.predict_on_batch(np.zeros((10, 10), np.float32)))
        return [directions.Direction(n, np.eye(10)[i], 0.5, "reading") for i, n in enumerate(["redder", "brighter"])]

    monkeypatch.setattr(directions, "reading_directions", found)
    monkeypatch.setattr(directions, "seen_along", lambda generator, found, measure: found)
    moves = Moves(10)
    drawing = Drawing(generator)
    drawing.follow(moves)
    assert not moves.take("/direction/redder", 1.0)
    find_in_background(tmp_path / "generator.h5", generator, drawing).join(60)
    assert [*drawing.directions] == ["redder", "brighter"] and moves.take("/direction/redder", 1.0)
    assert np.allclose(asked[0], generator.predict_on_batch(np.zeros((10, 10), np.float32)), atol=1e-6)
    again = Drawing(generator, all_directions(tmp_path / "generator.h5", generator))
    assert find_in_background(tmp_path / "generator.h5", generator, again) is None  # it has them now


def test_the_generators_that_ship_have_directions_with_names():
    from utils.loaders import load_generator

    for path in (*SHIPPED_GENERATORS, SHIPPED_GENERATORS[0].with_name("cvae_128.h5")):
        names = [*all_directions(path, load_generator(path))]
        assert len(names) >= 2 and set(names) <= DIRECTION_ENDS.keys(), path


def test_the_images_do_what_the_directions_say_that_ship():
    from utils.latent.directions import Direction, measure_lines, seen_along
    from utils.loaders import load_generator

    path = SHIPPED_GENERATORS[0]
    generator = load_generator(path)
    named = [Direction(name, vector, 0, "") for name, vector in all_directions(path, generator).items()]
    assert seen_along(generator, named, measure_lines) == named


def test_the_page_listens_to_this_machine_unless_told_otherwise():
    assert _options([]).ip == "127.0.0.1"
