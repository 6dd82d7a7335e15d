"""The process that draws for all pages."""

import numpy as np
import pytest

from utils.explorer.osc import Moves
from utils.explorer.rendering import Drawing
from utils.explorer.shelf import DistantDrawing, DistantShelf, Shelf, serve


def served(drawing, others=None):
    """The address of a process that offers these generators."""
    return serve(Shelf(drawing, others or {}), b"key")


def test_the_shared_process_draws_the_same_images(tiny):
    drawing = Drawing(tiny().generator, rules="lines")
    distant = DistantDrawing(served(drawing), b"key")
    assert distant.rules == "lines"
    Z = np.random.default_rng(1).standard_normal((3, 10), np.float32)
    assert np.array_equal(distant.draw(Z), drawing.draw(Z))
    assert distant.fingerprint == drawing.fingerprint
    assert [*distant.directions] == ["1", "2", "3", "4", "5", "6"]


def test_the_shared_process_refuses_what_cannot_be_drawn_and_goes_on(tiny):
    distant = DistantDrawing(served(Drawing(tiny().generator)), b"key")
    with pytest.raises(ValueError):
        distant.draw(np.full((1, 10), np.nan, np.float32))
    assert distant.draw(np.zeros((1, 10))).shape == (1, 16, 16, 3)


def test_the_shared_process_hands_the_page_in_one_file_over(tiny):
    drawing = Drawing(tiny().generator, name="mine")
    distant = DistantDrawing(served(drawing), b"key")
    assert distant.page("fr") == drawing.page("fr")
    assert b'"name":"mine"' in distant.page() and b'"language":"fr"' not in distant.page()


def test_the_shared_process_says_why_there_is_no_such_page(tiny, monkeypatch):
    drawing = Drawing(tiny().generator)

    def unknown(language):
        raise ValueError("the browser does not know the layer odd_one")

    monkeypatch.setattr(drawing, "page", unknown)
    distant = DistantDrawing(served(drawing), b"key")
    with pytest.raises(ValueError, match="odd_one"):
        distant.page()


def test_what_other_programs_send_reaches_every_page(tiny):
    moves = Moves(10)
    drawing = Drawing(tiny().generator)
    drawing.follow(moves)
    address = served(drawing)
    pages = [DistantDrawing(address, b"key") for _ in range(2)]
    moves.take("/z/3", 1.5)
    assert [page.moves(0) for page in pages] == [(1, {"z/3": 1.5})] * 2
    assert all(page.follows for page in pages)
    assert not DistantDrawing(served(Drawing(tiny().generator)), b"key").follows


def test_nobody_draws_without_the_key(tiny):
    from multiprocessing import AuthenticationError

    address = served(Drawing(tiny().generator))
    with pytest.raises(AuthenticationError):
        DistantDrawing(address, b"another")
    assert DistantDrawing(address, b"key").latent_dim == 10  # it goes on for those who have it


def test_the_shared_process_hands_the_network_over(tiny):
    drawing = Drawing(tiny().generator)
    description, weights = DistantDrawing(served(drawing), b"key").network()
    assert (description, weights) == (drawing.network()[0], drawing.network()[1])


def test_pages_go_on_with_other_generators_each_for_itself(tiny, tmp_path):
    tiny(seed=2).generator.save(tmp_path / "other.keras")
    shelf = DistantShelf(served(Drawing(tiny().generator, name="first"), {"other": tmp_path / "other.keras"}), b"key")
    assert shelf.names == ["first", "other"]
    first, other, mine = (
        shelf.open(),
        shelf.open("other"),
        shelf.bring("mine.keras", (tmp_path / "other.keras").read_bytes()),
    )
    assert first.fingerprint != other.fingerprint == mine.fingerprint and mine.name == "mine"
    assert shelf.names == ["first", "other", "mine"]
    Z = np.ones((1, 10), np.float32)
    assert np.array_equal(other.draw(Z), mine.draw(Z)) and not np.array_equal(first.draw(Z), other.draw(Z))
    with pytest.raises(ValueError, match="there is no generator"):
        shelf.open("../else")


def test_few_generators_stay_in_memory(tiny, tmp_path):
    names = [f"g{i}" for i in range(9)]
    tiny().generator.save(tmp_path / "g.keras")
    shelf = Shelf(Drawing(tiny().generator), dict.fromkeys(names, tmp_path / "g.keras"))
    for name in names:
        assert shelf.open(name).name == name
    assert len(shelf._loaded) == 6 and shelf.open("g8") is shelf.open("g8")


def test_directions_found_meanwhile_reach_other_processes(tiny):
    drawing = Drawing(tiny().generator)
    distant = DistantDrawing(served(drawing), b"key")
    drawing.steer({"redder": np.eye(10)[0]})
    distant.refresh()
    assert [*distant.directions] == ["redder"]


def test_directions_have_length_1_and_the_generators_size(tiny):
    generator = tiny().generator
    assert np.allclose(Drawing(generator, {"mine": np.arange(10)}).directions["mine"] ** 2 @ np.ones(10), 1)
    with pytest.raises(ValueError, match="10 finite numbers"):
        Drawing(generator, {"mine": np.zeros(10)})
