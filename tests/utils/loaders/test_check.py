"""The look over a data set before training finds what is wrong with it, and says so in a few lines."""

import json
import re

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


def test_all_is_said_in_french_too(french, tmp_path, capsys):
    (tmp_path / "set").mkdir()
    for i in range(9):
        Image.new("RGBA", (40, 16), (250, 250, 250, 255 * (i % 2))).save(tmp_path / "set" / f"{i}.png")
    images = load_dataset("set", 16, 4, data_folder=tmp_path, background=(255, 255, 255))
    capsys.readouterr()
    said = [*check_dataset(images, show=False)["advice"], capsys.readouterr().out]
    assert said[0].startswith("9 images, c’est peu\u00a0: le critique") and "Conseil\u00a0: 9 images" in said[-1]
    assert "posées sur du blanc" in said[-1] and not re.search(r"\b(the|images are|files)\b", " ".join(said))


def test_the_contact_sheet_is_saved(flawed, tmp_path):
    path = tmp_path / "sheets" / "set.png"
    assert check_dataset(flawed, path, show=False)["contact_sheet"] == str(path)
    with Image.open(path) as sheet:
        assert sheet.width > 500


def test_float_images_can_be_looked_over():
    images = numbered(20).astype(np.float32) / 127.5 - 1
    assert check_dataset(ImageBatches.from_array(images, 4), show=False)["count"] == 20


def sprite(width, height, color, mode="RGBA"):
    """A disc-like block of one colour on a transparent ground."""
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    image.paste((*color, 255), (2, 2, width - 2, height - 2))
    return image.convert(mode)


def saved(folder, images):
    (folder / "set").mkdir()
    for i, image in enumerate(images):
        image.save(folder / "set" / f"{i:02d}.png")
    return folder


def colours(count):
    rng = np.random.default_rng(0)
    return [tuple(map(int, rng.integers(0, 40, 3))) for _ in range(count)]


def test_transparent_sprites_on_black_that_are_dark_are_told_a_background_that_sets_them_off(tmp_path, capsys):
    place = saved(tmp_path, [sprite(30, 20, color) for color in colours(12)])
    found = check_dataset(load_dataset("set", 32, 4, data_folder=place), show=False)
    said = capsys.readouterr().out
    assert "12 are transparent somewhere, laid on black" in said
    assert found["lost"] == 12 and "background=(255, 255, 255) sets them off" in said
    assert 'fit="cover" cuts 33% of the area off; fit="contain" cuts nothing' in said


def test_what_is_right_already_gets_no_such_advice(tmp_path):
    place = saved(tmp_path, [sprite(30, 20, color) for color in colours(12)])
    loaded = load_dataset("set", None, 4, data_folder=place, fit=None, background=None)
    assert loaded.source["fit"] == "contain" and loaded.source["background"] == [255, 255, 255]
    assert loaded.images.shape[1:3] == (32, 32)
    found = check_dataset(loaded, show=False)
    assert len(found["advice"]) == 1 and "12 images are few" in found["advice"][0]
    assert (found["shrunk"], found["enlarged"], found["lost"]) == (0, 0, 0)


def test_sprites_that_do_not_fit_are_counted_as_shrunk(tmp_path, capsys):
    sizes = [30] * 19 + [60]
    place = saved(tmp_path, [sprite(side, side, (200, 0, 0)) for side in sizes])
    found = check_dataset(load_dataset("set", 32, 4, data_folder=place, fit="contain"), show=False)
    assert found["shrunk"] == 1 and "1 larger and shrunk" in capsys.readouterr().out
    assert any("1 of 20 are larger than 32 x 32 and were shrunk" in sentence for sentence in found["advice"])


def test_grey_files_with_an_alpha_are_no_accident(tmp_path):
    place = saved(tmp_path, [sprite(16, 16, color, "LA" if i < 3 else "RGBA") for i, color in enumerate(colours(9))])
    found = check_dataset(load_dataset("set", 16, 4, data_folder=place), show=False)
    assert (found["grey_files"], found["grey_transparent"]) == (3, 3)
    assert not any("Is that meant" in sentence for sentence in found["advice"])


def test_photographs_get_no_advice_for_sprites(tmp_path):
    rng = np.random.default_rng(0)
    images = [Image.fromarray(rng.integers(0, 256, (60, 80, 3), np.uint8)) for _ in range(8)]
    loaded = load_dataset("set", 32, 4, data_folder=saved(tmp_path, images), fit=None, background=None)
    assert (loaded.source["fit"], loaded.source["background"]) == ("cover", [0, 0, 0])
    found = check_dataset(loaded, show=False)
    assert found["transparent"] == 0 and 0.2 < found["cut"] <= 0.25
    assert not any("fit=" in sentence or "background" in sentence for sentence in found["advice"])


def test_a_photograph_larger_than_can_be_decoded_whole_is_looked_at_too(tmp_path):
    """A JPEG loads shrunk; its transparency, which it cannot have, is not looked for in all its pixels."""
    folder = tmp_path / "set"
    folder.mkdir()
    Image.new("L", (8000, 6000)).save(folder / "photo.jpg")
    for i in range(3):
        Image.new("RGB", (16, 16), (i, 90, 9)).save(folder / f"{i}.png")
    found = check_dataset(load_dataset("set", 16, 4, data_folder=tmp_path), show=False)
    assert found["count"] == 4 and found["sizes"]["8000 x 6000"] == 1
