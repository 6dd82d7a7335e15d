"""Sets as users bring them, drawn here: sprites of mixed size with transparency, photographs, grey scans."""

import zipfile

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from utils.loaders import extract_archive, load_dataset
from utils.loaders.decoding import look_at

WHITE = (255, 255, 255)


def draw_sprite(random, side):
    """A creature on a transparent ground: a body, two eyes, sometimes a tail that reaches the edge."""
    image = Image.new("RGBA", (side, int(side * random.uniform(0.8, 1.25))), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    width, height = image.size
    color = tuple(int(value) for value in random.integers(40, 220, 3))
    pen.ellipse((width * 0.2, height * 0.2, width * 0.8, height * 0.9), fill=(*color, 255))
    for x in (0.4, 0.6):
        pen.rectangle((width * x, height * 0.35, width * x + 2, height * 0.35 + 2), fill=(255, 255, 255, 255))
    pen.line((width * 0.8, height * 0.7, width - 1, random.uniform(0, height)), fill=(*color, 128), width=2)
    return image


def draw_photograph(random, size):
    """A face-like picture: a blurred ground, an oval, features, grain."""
    ground = Image.fromarray(random.integers(0, 256, (6, 5, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(ground)
    width, height = size
    pen.ellipse((width * 0.25, height * 0.15, width * 0.75, height * 0.85), fill=(224, 180, 150))
    for x in (0.38, 0.56):
        pen.ellipse((width * x, height * 0.4, width * (x + 0.06), height * 0.44), fill=(40, 30, 30))
    grain = random.normal(0, 6, (height, width, 3))
    return Image.fromarray(
        np.clip(np.asarray(ground.filter(ImageFilter.GaussianBlur(1))) + grain, 0, 255).astype(np.uint8)
    )


@pytest.fixture(scope="module")
def sprites(tmp_path_factory):
    """819 PNGs of 40 to 96 pixels, in an archive as a user would have it."""
    folder, drawn = tmp_path_factory.mktemp("sprites"), tmp_path_factory.mktemp("drawn") / "x.png"
    random = np.random.default_rng(0)
    with zipfile.ZipFile(folder / "sprites.zip", "w") as archive:
        for i in range(819):
            side = int(random.choice([40, 56, 64, 80, 96]))
            draw_sprite(random, side).save(drawn, compress_level=1)
            archive.write(drawn, f"sprites/{i:03d}.png")
    extract_archive(folder / "sprites.zip", folder / "sprites")
    return folder


@pytest.fixture
def folder(tmp_path):
    """`folder(images, suffix)` saves images as a data set called set; gives the folder that it lies in."""

    def save(images, suffix=".png", **how):
        (tmp_path / "set").mkdir(exist_ok=True)
        for i, image in enumerate(images):
            image.save(tmp_path / "set" / f"{i:03d}{suffix}", **how)
        return tmp_path

    return save


# ------------------------------------------------------------------------------------------------ sprites


def test_819_sprites_of_mixed_size_become_one_set_on_the_stated_background(sprites, capsys):
    x_train = load_dataset("sprites", 64, 16, data_folder=sprites, background=WHITE, fit="contain")
    assert "Found 819 images" in capsys.readouterr().out
    assert x_train.images.shape == (819, 64, 64, 3)
    assert (x_train.images[:, 0, 0] == 255).all(axis=1).mean() > 0.95  # but for a tail that reaches the corner


def test_the_natural_size_of_the_sprites_is_one_that_half_of_them_fill(sprites):
    assert load_dataset("sprites", None, 16, data_folder=sprites).images.shape == (819, 64, 64, 3)


def test_sprites_train_one_step_with_the_scaled_networks(sprites):
    from models.recipes import published
    from models.WGANGP import WGANGP

    x_train = load_dataset("sprites", 32, 16, data_folder=sprites, fit="contain", seed=1)
    gan = WGANGP(**published("readme", 32, 32, x_train.images.shape[-1]), precision="float32", seed=1)
    gan.compile(run_eagerly=True)
    assert np.isfinite([float(value) for value in gan.step(x_train.draw(0, 10)).values()]).all()


def test_contain_cuts_nothing_off_and_centres(folder):
    wide = Image.new("RGB", (200, 100), (255, 0, 0))
    image = load_dataset("set", 64, 1, data_folder=folder([wide]), fit="contain", background=(1, 2, 3)).images[0]
    assert image[:16].reshape(-1, 3).tolist() == image[48:].reshape(-1, 3).tolist() == [[1, 2, 3]] * 16 * 64
    assert (image[17:47] == (255, 0, 0)).all()


def test_contain_enlarges_small_pictures_by_whole_pixels(folder):
    dots = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    image = load_dataset("set", 64, 1, data_folder=folder([Image.fromarray(dots)]), fit="contain").images[0]
    assert np.array_equal(image[12:52, 2:62], dots.repeat(2, axis=0).repeat(2, axis=1))


def test_contain_in_grey_has_a_grey_background(folder):
    scan = Image.new("L", (8, 4), 90)
    image = load_dataset("set", 8, 1, data_folder=folder([scan]), fit="contain", background=WHITE).images[0]
    assert image[:, 0, 0].tolist() == [255, 255, 90, 90, 90, 90, 255, 255]


def test_another_fit_is_another_file_of_the_cache(folder):
    place = folder([Image.new("RGB", (32, 16), WHITE)])
    cover, contain = (
        load_dataset("set", 16, 1, data_folder=place, fit=fit, memory_limit=0).images[0] for fit in ("cover", "contain")
    )
    assert cover.min() == 255 and contain.min() == 0


def test_an_unknown_fit_is_refused(folder):
    with pytest.raises(ValueError, match="fit is 'cover' or 'contain', not 'stretch'"):
        load_dataset("set", 8, 1, data_folder=folder([Image.new("RGB", (8, 8))]), fit="stretch")


# -------------------------------------------------------------------------------------------- photographs


def test_photographs_are_covered_and_keep_their_middle(folder):
    random = np.random.default_rng(1)
    place = folder([draw_photograph(random, (178, 218)) for _ in range(20)], ".jpg", quality=90)
    x_train = load_dataset("set", 64, 16, data_folder=place)
    assert x_train.images.shape == (20, 64, 64, 3)
    face = x_train.images[:, 28:36, 28:36].reshape(-1, 3).mean(axis=0)
    assert np.abs(face - (224, 180, 150)).max() < 12


def test_large_photographs_are_128_wide_by_themselves(folder):
    random = np.random.default_rng(1)
    place = folder([draw_photograph(random, (178, 218)) for _ in range(3)], ".jpg")
    assert load_dataset("set", None, 1, data_folder=place).images.shape == (3, 128, 128, 3)


# --------------------------------------------------------------------------------------------------- grey


def test_grey_files_of_28_pixels_are_read_as_they_are(folder):
    scans = np.random.default_rng(0).integers(0, 256, (12, 28, 28), np.uint8)
    x_train = load_dataset("set", None, 4, data_folder=folder([Image.fromarray(scan) for scan in scans]))
    assert np.array_equal(x_train.images[..., 0], scans)
    assert x_train[0][0].shape == (4, 28, 28, 1)


def test_one_coloured_file_makes_a_set_of_three_channels(folder):
    mixed = [Image.new("L", (28, 28)), Image.new("RGB", (28, 28)), Image.new("L", (28, 28))]
    assert load_dataset("set", 28, 1, data_folder=folder(mixed)).images.shape == (3, 28, 28, 3)


def test_channels_that_are_asked_for_are_given(folder):
    place = folder([Image.new("L", (8, 8), 5)])
    assert load_dataset("set", 8, 1, data_folder=place, channels=3).images.shape == (1, 8, 8, 3)
    with pytest.raises(ValueError, match="not 2"):
        load_dataset("set", 8, 1, data_folder=place, channels=2)


def test_a_damaged_file_decides_neither_size_nor_channels(folder):
    place = folder([Image.new("L", (28, 28))] * 3)
    (place / "set" / "000.png").write_bytes(b"no picture")
    with pytest.warns(UserWarning, match="skipped 1"):
        assert load_dataset("set", None, 1, data_folder=place).images.shape == (2, 28, 28, 1)


def test_a_file_says_its_size_as_it_is_seen(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned
    Image.new("RGB", (30, 20)).save(tmp_path / "x.jpg", exif=exif)
    Image.new("L", (30, 20)).save(tmp_path / "y.png")
    assert look_at(tmp_path / "x.jpg") == (20, 30, False)
    assert look_at(tmp_path / "y.png") == (30, 20, True)


def test_labels_count_in_the_classes(tmp_path):
    for name in ("b/1.png", "a/2.png", "b/3.png"):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "set" / name)
    x_train = load_dataset("set", 8, 1, data_folder=tmp_path)
    assert [x_train.classes[label] for label in x_train.labels] == [file.parent.name for file in x_train.files]


def test_all_sprites_of_a_set_are_enlarged_by_one_factor(folder):
    """Nine in ten of 16 x 16 have room four times in 64; the one of 8 x 8 keeps its proportion to them."""
    dots = [Image.new("RGB", (side, side), (255, 255, 255)) for side in [16] * 19 + [8]]
    images = load_dataset("set", 64, 1, data_folder=folder(dots), fit="contain").images
    assert sorted({int((image[..., 0] == 255).sum()) for image in images}) == [32 * 32, 64 * 64]


def test_the_natural_size_for_contain_is_one_that_holds_them_as_they_are(folder):
    sizes = [(50, 40)] * 18 + [(60, 30), (120, 100)]
    place = folder([Image.new("RGB", size) for size in sizes])
    assert load_dataset("set", None, 1, data_folder=place, fit="contain").images.shape[1:3] == (64, 64)
    assert load_dataset("set", None, 1, data_folder=place, fit="cover").images.shape[1:3] == (32, 32)
