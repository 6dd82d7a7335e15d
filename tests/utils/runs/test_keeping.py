"""The generator of every sheet is kept, or as many as are asked for, and the sheets become a film."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from utils import runs
from utils.images import to_uint8
from utils.latent import generate_images, generate_latent_points
from utils.loaders import load_generator
from utils.runs.keeping import spread


def trained(tiny, images, folder, epochs=5, most=None, **changes):
    gan = tiny(n_critic_every_100th=1, **changes)
    gan.save(folder)
    keep = runs.KeepGenerators(folder, 1, epochs, most)
    once = {"n_critic": 1, "print_every_n_batches": 1, "verbose": 0}
    gan.train(2, 2, images, 4, epochs, folder, callbacks=[keep], **once)
    return gan


@pytest.mark.parametrize("changes", [{}, {"ema": 0.9}])
def test_a_kept_generator_draws_its_own_sheet_again(tiny, images, tmp_path, changes, capsys):
    gan = trained(tiny, images, tmp_path, **changes)
    assert list(runs.kept_generators(tmp_path)) == [0, 1, 2, 3, 4]
    assert "Sheets keep their generators: 5 of" in capsys.readouterr().out
    z = generate_latent_points(gan.z_dim, 4, seed=0)
    for step in (1, 4):
        drawn = generate_images(load_generator(runs.kept_generators(tmp_path)[step]), z)
        with Image.open(runs.sample_sheet(tmp_path, step)) as sheet:
            first = np.asarray(sheet)[4:20, 4:20]
        assert np.abs(first.astype(int) - drawn[0]).max() <= 1


def test_as_many_as_are_asked_stay_and_the_last_is_among_them(tiny, images, tmp_path):
    trained(tiny, images, tmp_path, epochs=8, most=3)
    there = list(runs.kept_generators(tmp_path))
    assert len(there) <= 3 and there[0] == 0 and there[-1] == 7
    assert not list((tmp_path / "other").glob("*"))


def test_none_are_kept_on_request_and_none_are_shared_or_left_behind(tiny, images, tmp_path):
    trained(tiny, images, tmp_path / "none", most=0)
    assert not (tmp_path / "none" / "generators").exists()
    gan = trained(tiny, images, tmp_path / "some")
    assert not any(path.parent.name == "generators" for path in runs.files_to_share(tmp_path / "some"))
    gan.save(tmp_path / "some", replace=True)
    assert runs.kept_generators(tmp_path / "some") == {}


@pytest.mark.parametrize(
    ("count", "most", "kept"),
    [(5, 9, [0, 100, 200, 300, 400]), (5, 4, [0, 200, 400]), (6, 4, [0, 200, 400, 500]), (9, 1, [800]), (1, 1, [0])],
)
def test_those_that_stay_are_spread_over_the_steps(count, most, kept):
    assert spread(range(0, 100 * count, 100), 100, most) == kept


def test_thinning_step_by_step_gives_what_thinning_at_once_gives():
    there = []
    for step in range(0, 4000, 100):
        there = spread([*there, step], 100, 6)
    assert len(there) <= 6 and there[-1] == 3900 and len({b - a for a, b in pairwise(there[:-1])}) == 1


def test_the_sheets_become_a_film(tiny, images, tmp_path):
    trained(tiny, images, tmp_path, epochs=3, most=0)
    path = runs.film_of_sheets(tmp_path)
    assert path == tmp_path / "images" / "Training.gif"
    with Image.open(path) as film, Image.open(runs.sample_sheet(tmp_path, 0)) as sheet:
        assert film.n_frames >= 3 and film.size == sheet.size
    with pytest.raises(FileNotFoundError, match="no sample sheet"):
        runs.film_of_sheets(tmp_path / "nothing")


def test_sheets_of_another_size_than_the_last_are_left_out_of_film_and_rows(tmp_path):
    from utils.figures import sample_grid
    from utils.runs import learning

    images = np.random.default_rng(1).integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)
    (tmp_path / "images").mkdir()
    for step, (rows, columns) in ((0, (1, 2)), (50, (1, 2)), (100, (2, 3)), (150, (2, 3))):
        sample_grid(images, rows, columns, runs.sample_sheet(tmp_path, step))
    with Image.open(runs.film_of_sheets(tmp_path)) as film, Image.open(runs.sample_sheet(tmp_path, 150)) as sheet:
        assert film.size == sheet.size
    learning.show_sheets(tmp_path, 2, 3)
    assert (tmp_path / "images" / "Row.gif").is_file()


def test_sheets_show_new_vectors_on_request(tiny, tmp_path):
    gan = tiny()

    def sheet(step):
        gan.epoch = step
        return np.asarray(Image.open(gan.sample_images(tmp_path, 2, 2)))

    assert np.array_equal(sheet(1), sheet(2))
    gan.new_vectors = True
    assert not np.array_equal(sheet(1), sheet(2)) and to_uint8(sheet(1)).shape == sheet(2).shape
