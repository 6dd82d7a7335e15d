"""The look over a data set before training finds what is wrong with it, and says so in a few lines."""

import json

import numpy as np
import pytest
from PIL import Image

from utils.loaders import check_dataset, load_dataset
from utils.loaders.batches import ImageBatches


@pytest.fixture
def flawed(tmp_path):
    """22 noise images of 24 x 16 and 8 x 8; two the same, one unreadable, one without colour."""
    random = np.random.default_rng(0)
    folder = tmp_path / "set"
    folder.mkdir()
    for i in range(20):
        Image.fromarray(random.integers(0, 256, (16, 24, 3), np.uint8)).save(folder / f"{i:02d}.png")
    Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8)).save(folder / "small.png")
    Image.open(folder / "03.png").save(folder / "copy.bmp")  # other bytes, the same pixels
    Image.new("RGB", (24, 16), (90, 90, 90)).save(folder / "grey.png")
    (folder / "torn.jpg").write_bytes(b"\xff\xd8")
    with pytest.warns(UserWarning, match="torn"):
        return load_dataset("set", 16, 4, data_folder=tmp_path)


def test_what_was_found_is_given_as_plain_values(flawed):
    found = check_dataset(flawed, show=False)
    assert json.loads(json.dumps(found)) == found
    assert found["count"] == 23
    assert found["shape"] == [16, 16, 3]
    assert found["classes"] == {"set": 23}
    assert found["sizes"] == {"24 x 16": 22, "8 x 8": 1}
    assert found["enlarged"] == 1
    assert found["grey"] == 1


def test_images_that_are_equal_pixel_by_pixel_are_named_whatever_their_format(flawed):
    (group,) = check_dataset(flawed, show=False)["duplicates"]
    assert sorted(name.replace("\\", "/").rsplit("/", 1)[1] for name in group) == ["03.png", "copy.bmp"]


def test_unreadable_files_are_named(flawed):
    (name,) = check_dataset(flawed, show=False)["unreadable"]
    assert name.endswith("torn.jpg")


def test_the_summary_says_it_in_a_few_lines(flawed, capsys):
    check_dataset(flawed, show=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "23 images of 16 x 16, 3 channels, 1 class."
    assert lines[1] == "Files: 22 of 24 x 16, 1 of 8 x 8; 1 smaller than 16 x 16 and enlarged."
    assert lines[2] == "Repeated: 1 image: 03.png = copy.bmp."
    assert lines[3] == "Unreadable: 1 file: torn.jpg."
    assert lines[4].startswith("Advice: 23 images are few") and "10,000" in lines[4]


def numbered(count, channels=3):
    """Images that all differ, of 16 x 16."""
    images = np.zeros((count, 16, 16, channels), np.uint8)
    images[:, 0, 0, 0], images[:, 0, 1, 0] = np.arange(count) // 256, np.arange(count) % 256
    images[:, 1, 1] = (1, 2, 3)[:channels]
    return images


def advice(images, **options):
    return check_dataset(ImageBatches.from_array(images, 1, **options), show=False)["advice"]


def test_a_good_set_gets_no_advice(capsys):
    assert advice(numbered(10_000)) == []
    assert capsys.readouterr().out.splitlines() == ["10,000 images of 16 x 16, 3 channels.", "Repeated: none."]


@pytest.mark.parametrize(("count", "words"), [(999, "999 images are few"), (5000, "10,000 are advised")])
def test_few_images_are_told_what_to_expect(count, words):
    (sentence,) = advice(numbered(count))
    assert words in sentence


def test_grey_saved_as_colour_is_told_to_train_one_channel():
    images = np.repeat(numbered(10_000, channels=1), 3, axis=-1)
    (sentence,) = advice(images)
    assert "channels=1" in sentence
    assert advice(images[..., :1]) == []


def test_grey_files_among_coloured_ones_are_told(tmp_path):
    (tmp_path / "set").mkdir()
    for i in range(9):
        Image.new("L" if i < 3 else "RGB", (16, 16), i).save(tmp_path / "set" / f"{i}.png")
    found = check_dataset(load_dataset("set", 16, 4, data_folder=tmp_path), show=False)
    assert any("3 files are grey, the others have colours" in sentence for sentence in found["advice"])


def test_many_repeated_images_are_told():
    (sentence,) = advice(numbered(10_000)[np.arange(10_000) % 9_000])
    assert "10% of the images repeat another" in sentence


def test_the_contact_sheet_is_saved(flawed, tmp_path):
    path = tmp_path / "sheets" / "set.png"
    assert check_dataset(flawed, path, show=False)["contact_sheet"] == str(path)
    with Image.open(path) as sheet:
        assert sheet.width > 500


def test_float_images_can_be_looked_over():
    images = numbered(20).astype(np.float32) / 127.5 - 1
    assert check_dataset(ImageBatches.from_array(images, 4), show=False)["count"] == 20
