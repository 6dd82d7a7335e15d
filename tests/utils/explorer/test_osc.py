"""Messages of other programs."""

import time

import numpy as np
import pytest

from utils.explorer import osc
from utils.explorer.osc import Moves, listen


@pytest.fixture
def moves():
    return Moves(4, ["redder", "more lines"])


@pytest.mark.parametrize(
    "address, value",
    [("/z/3", -10), ("/direction/redder", 4.0), ("/direction/more_lines", 0), ("/between", 1), ("/play", 0)],
)
def test_known_addresses_are_taken(moves, address, value):
    assert moves.take(address, value)
    assert moves.since(0) == (1, {address[1:]: float(value)})


@pytest.mark.parametrize(
    "address, values",
    [
        ("/z/4", [1.0]),
        ("/z/-1", [1.0]),
        ("/z/x", [1.0]),
        ("/direction/bluer", [1.0]),
        ("/direction/redder", [4.1]),
        ("/truncation", [0.0]),
        ("/between", [float("nan")]),
        ("/play", ["yes"]),
        ("/play", []),
        ("/z/1", [1.0, 2.0]),
        ("/z/1", [10**400]),
        ("", [1.0]),
    ],
)
def test_what_is_unknown_or_out_of_range_is_left_aside(moves, address, values):
    assert not moves.take(address, *values)
    assert moves.since(0) == (0, {})


def test_only_what_came_since_is_told(moves):
    moves.take("/z/1", 1.0)
    version, _ = moves.since(0)
    moves.take("/z/2", 2.0)
    assert moves.since(version) == (2, {"z/2": 2.0})


def test_a_flood_leaves_one_value_an_address(moves):
    for value in np.linspace(-10, 10, 10_000):
        moves.take("/z/0", float(value))
    assert moves.since(0) == (10_000, {"z/0": 10.0})


def test_the_missing_package_is_named(moves, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pythonosc", None)
    monkeypatch.setitem(sys.modules, "pythonosc.dispatcher", None)
    with pytest.raises(ImportError, match=osc.NEEDED):
        listen("127.0.0.1", 0, moves)


def test_messages_arrive_over_the_network_and_noise_harms_nothing(moves):
    client = pytest.importorskip("pythonosc.udp_client", reason=f"python-osc is not installed ({osc.NEEDED})")
    port = listen("127.0.0.1", 0, moves)
    sender = client.SimpleUDPClient("127.0.0.1", port)
    sender._sock.sendto(b"no message at all", ("127.0.0.1", port))
    sender.send_message("/direction/redder", 2.5)
    deadline = time.monotonic() + 10
    while not moves.since(0)[1] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert moves.since(0)[1] == {"direction/redder": 2.5}
