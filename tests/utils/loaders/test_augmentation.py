"""Augmented images: changed as asked, the same whenever they are drawn, and not at all by default."""

import numpy as np
import pytest

from utils.loaders import load_dataset
from utils.loaders.augmentation import AUGMENTATIONS, augment_images, check_augmentations
from utils.loaders.batches import ImageBatches

ALL = AUGMENTATIONS


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), np.uint8)


def test_nothing_changes_unless_asked_for(noise):
    drawn = ImageBatches.from_array(noise, 4, seed=1).draw(0, 40)
    assert {image.tobytes() for image in drawn} == {image.tobytes() for image in noise}


def test_what_is_drawn_depends_on_seed_and_place_alone(noise):
    batches = ImageBatches.from_array(noise, 4, seed=1, augment=ALL)
    once = batches.draw(0, 600)  # over several passes, and over the border of a block
    again = ImageBatches.from_array(noise, 4, seed=1, augment=ALL)
    assert np.array_equal(again.draw(500, 60), once[500:560])
    assert np.array_equal(again.draw(250, 12), once[250:262])
    assert not np.array_equal(ImageBatches.from_array(noise, 4, seed=2, augment=ALL).draw(0, 600), once)


def test_each_pass_changes_an_image_in_another_way():
    batches = ImageBatches.from_array(np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), np.uint8), 1, 1, ALL)
    assert len({image.tobytes() for image in batches.draw(0, 20)}) == 20


def test_the_images_themselves_stay_as_they_are(noise):
    before = noise.copy()
    ImageBatches.from_array(noise, 4, seed=1, augment=ALL).draw(0, 80)
    assert np.array_equal(noise, before)


def test_mirror_swaps_left_and_right_in_about_half_of_the_images(noise):
    drawn = augment_images(np.repeat(noise[:1], 400, axis=0), ("mirror",), 3, 0)
    mirrored = [np.array_equal(image, noise[0, :, ::-1]) for image in drawn]
    same = [np.array_equal(image, noise[0]) for image in drawn]
    assert all(np.logical_xor(mirrored, same))
    assert 150 < sum(mirrored) < 250


def test_shift_moves_by_whole_pixels_to_all_sides_and_repeats_the_edge():
    image = np.full((1, 32, 32, 1), 7, np.uint8)
    image[0, 16, 16] = 255
    drawn = augment_images(np.repeat(image, 300, axis=0), ("shift",), 3, 0)
    assert (drawn == 255).sum(axis=(1, 2, 3)).tolist() == [1] * 300
    assert (drawn == 7).sum(axis=(1, 2, 3)).tolist() == [32 * 32 - 1] * 300
    _, rows, columns, _ = np.nonzero(drawn == 255)
    assert set(rows - 16) == set(columns - 16) == set(range(-2, 3))


def test_a_line_that_leaves_the_image_is_prolonged_by_shift():
    image = np.zeros((1, 32, 32, 1), np.uint8)
    image[0, 10] = 200
    assert ((augment_images(image, ("shift",), 5, 2) == 200).sum(axis=2) % 32 == 0).all()


def test_color_keeps_black_and_white_and_changes_what_lies_between():
    image = np.zeros((1, 16, 16, 3), np.uint8)
    image[0, 4:8], image[0, 8:12] = 128, 255
    drawn = augment_images(np.repeat(image, 50, axis=0), ("color",), 3, 0)
    assert drawn[:, 0].max() == 0 and drawn[:, 9].min() == 255
    assert drawn[:, 5].min() < 110 < 146 < drawn[:, 5].max()
    assert len(np.unique(drawn[:, 5, 0], axis=0)) > 40  # tints too, not only brightness
    assert (drawn[:, 5].astype(int).max(axis=-1) - drawn[:, 5].min(axis=-1)).max() > 10


def test_color_leaves_what_lies_beyond_three_channels():
    images = np.random.default_rng(1).integers(0, 256, (20, 8, 8, 5), dtype=np.uint8)
    drawn = augment_images(images, ("color",), 3, 0)
    assert np.array_equal(drawn[..., 3:], images[..., 3:]) and not np.array_equal(drawn[..., :3], images[..., :3])


def test_grey_images_are_augmented_too(noise):
    drawn = augment_images(noise[..., :1], ALL, 1, 0)
    assert drawn.shape == (40, 16, 16, 1) and drawn.dtype == np.uint8


def test_the_changes_take_their_fixed_order_however_they_are_named(noise):
    one = ImageBatches.from_array(noise, 4, seed=1, augment=("color", "mirror"))
    other = ImageBatches.from_array(noise, 4, seed=1, augment=["mirror", "color"])
    assert np.array_equal(one.draw(0, 40), other.draw(0, 40))


def test_no_image_drawn_is_no_image_changed(noise):
    assert ImageBatches.from_array(noise, 4, seed=1, augment=ALL).draw(5, 0).shape == (0, 16, 16, 3)


def test_an_unknown_change_is_refused_by_name(noise):
    with pytest.raises(ValueError, match="augment holds 'rotate'; there are 'mirror', 'shift', 'color'"):
        ImageBatches.from_array(noise, 4, augment=("rotate",))


def test_float_images_are_refused_with_the_way_out(noise):
    with pytest.raises(ValueError, match=r"augment takes uint8 images, these are float32: .*to_uint8"):
        ImageBatches.from_array(noise.astype(np.float32) / 255, 4, augment=ALL)


def test_load_dataset_hands_the_changes_on(tmp_path, noise):
    from PIL import Image

    (tmp_path / "set").mkdir()
    for i, image in enumerate(noise[:8]):
        Image.fromarray(image).save(tmp_path / "set" / f"{i}.png")
    x_train = load_dataset("set", 16, 4, data_folder=tmp_path, seed=1, augment=("color",))
    originals = {image.tobytes() for image in x_train.images}
    assert originals == {image.tobytes() for image in noise[:8]}
    assert not originals & {image.tobytes() for image in x_train.draw(0, 8)}


@pytest.mark.parametrize("text", ["mirror,color", "('color', 'mirror')", '["mirror", "color"]'])
def test_names_that_papermill_hands_over_as_text_are_read(text):
    assert check_augmentations(text) == ("mirror", "color")
