"""Pictures in another colour space than sRGB look as they do in a viewer; a profile that is broken is passed over."""

import struct
import threading

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.utils.loaders import profiles
from utils.loaders import check_dataset, load_dataset
from utils.loaders.decoding import decode_image

P3 = profiles.rgb_profile(profiles.DISPLAY_P3, profiles.srgb_curve)
ADOBE = profiles.rgb_profile(profiles.ADOBE_RGB, profiles.adobe_curve)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
TABLED_SRGB = profiles.rgb_profile(profiles.SRGB, profiles.srgb_curve)
LEVELS = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
LEVELS[0, :4] = [(255, 0, 0), (0, 255, 0), (255, 255, 255), (0, 0, 0)]


def decoded(image, path, background=(0, 0, 0), remarks=None, channels=3, **how):
    image.save(path, **how)
    return decode_image(path, (16, 16), channels, background, "cover", remarks)


@pytest.mark.parametrize("name", ["x.png", "x.tif", "x.webp"])
@pytest.mark.parametrize(
    ("profile", "primaries", "curve"),
    [
        (P3, profiles.DISPLAY_P3, profiles.srgb_curve),
        (ADOBE, profiles.ADOBE_RGB, profiles.adobe_curve),
    ],
)
def test_a_profile_is_converted_to_srgb(tmp_path, name, profile, primaries, curve):
    how = {"lossless": True} if name == "x.webp" else {}
    pixels = decoded(Image.fromarray(LEVELS), tmp_path / name, icc_profile=profile, **how)
    expected = profiles.as_srgb(LEVELS, primaries, curve)
    assert np.abs(pixels - expected).max() < 2
    assert np.abs(LEVELS - expected).max() > 33  # so far off would it be without


def test_a_jpeg_that_is_decoded_small_is_converted_too(tmp_path):
    image = Image.new("RGB", (640, 640), (200, 100, 50))
    pixels = decoded(image, tmp_path / "x.jpg", icc_profile=ADOBE, quality=95)
    assert np.abs(pixels - profiles.as_srgb([200, 100, 50], profiles.ADOBE_RGB, profiles.adobe_curve)).max() < 4


@pytest.mark.parametrize("profile", [SRGB, TABLED_SRGB])
def test_a_picture_in_srgb_passes_bit_for_bit(tmp_path, profile):
    assert np.array_equal(decoded(Image.fromarray(LEVELS), tmp_path / "x.png", icc_profile=profile), LEVELS)


def test_transparent_pixels_are_converted_and_the_background_is_not(tmp_path):
    alpha = np.zeros((16, 16, 1), np.uint8)
    alpha[:8] = 255
    image = Image.fromarray(np.concatenate([LEVELS, alpha], -1))
    pixels = decoded(image, tmp_path / "x.png", background=(9, 8, 7), icc_profile=P3)
    expected = profiles.as_srgb(LEVELS[:8], profiles.DISPLAY_P3, profiles.srgb_curve)
    assert np.abs(pixels[:8] - expected).max() < 2
    assert (pixels[8:] == (9, 8, 7)).all()


def test_a_palette_is_converted(tmp_path):
    image = Image.new("P", (16, 16))
    image.putpalette([200, 100, 50])
    pixels = decoded(image, tmp_path / "x.png", icc_profile=ADOBE)
    assert np.abs(pixels - profiles.as_srgb([200, 100, 50], profiles.ADOBE_RGB, profiles.adobe_curve)).max() < 2


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_grey_has_profiles_of_its_own(tmp_path, mode, channels):
    grey = Image.new("L", (16, 16), 128)
    image = Image.fromarray(np.full((16, 16), 128 * 257, np.uint16)) if mode == "I;16" else grey.convert(mode)
    linear = profiles.grey_profile(lambda values: values)
    assert np.unique(decoded(image, tmp_path / "x.png", channels=channels, icc_profile=linear)).tolist() == [188]


def test_grey_that_carries_the_profile_of_a_coloured_picture_is_converted_along_its_greys(tmp_path):
    linear = profiles.rgb_profile(profiles.SRGB, lambda values: values)
    pixels = decoded(Image.new("L", (16, 16), 128), tmp_path / "x.jpg", icc_profile=linear)
    assert np.unique(pixels).tolist() == [188]


def cmyk_profile():
    """A printer that is the complement of sRGB, black ink aside: a table of 5 x 5 x 5 x 5 colours in Lab."""
    inks = np.stack(np.meshgrid(*[np.linspace(0, 1, 5)] * 4, indexing="ij"), -1).reshape(-1, 4)
    light = (1 - inks[:, :3]) * (1 - inks[:, 3:])
    xyz = profiles.srgb_curve(light) @ profiles.SRGB / np.array(profiles.WHITE)
    cubes = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    lab = np.stack([116 * cubes[:, 1] - 16, 500 * (cubes[:, 0] - cubes[:, 1]), 200 * (cubes[:, 1] - cubes[:, 2])], -1)
    bytes_of_lab = np.clip(np.rint(lab * [2.55, 1, 1] + [0, 128, 128]), 0, 255).astype(np.uint8)
    ramp = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, 5, 0]) + struct.pack(">9l", *np.ravel(np.eye(3, dtype=int) * 65536))
    table += ramp * 4 + bytes_of_lab.tobytes() + ramp * 3
    description = b"desc" + bytes(4) + struct.pack(">L", 5) + b"test\0" + bytes(79)
    profile = profiles._profile(b"CMYK", {b"desc": description, b"wtpt": profiles._xyz(profiles.WHITE), b"A2B0": table})
    return profile[:12] + b"prtr" + profile[16:20] + b"Lab " + profile[24:]


def test_cmyk_is_converted_as_its_profile_says(tmp_path):
    ink = Image.new("CMYK", (16, 16), (64, 128, 191, 0))
    pixels = decoded(ink, tmp_path / "x.tif", icc_profile=cmyk_profile())
    assert np.abs(pixels[0, 0].astype(int) - [191, 127, 64]).max() <= 6
    assert np.array_equal(decoded(ink, tmp_path / "y.tif")[0, 0], [191, 127, 64])  # without one as before


BROKEN = {
    "nonsense": b"no profile at all",
    "cut short": P3[:300],
    "of another kind": profiles.grey_profile(profiles.srgb_curve),
}


@pytest.mark.parametrize("profile", BROKEN.values(), ids=BROKEN)
def test_a_broken_profile_is_passed_over(tmp_path, profile):
    remarks = []
    pixels = decoded(Image.fromarray(LEVELS), tmp_path / "x.png", remarks=remarks, icc_profile=profile)
    assert remarks == ["profile"]
    assert np.array_equal(pixels, LEVELS)


@pytest.mark.parametrize("memory_limit", [0, 2**30])
def test_broken_profiles_are_counted_also_when_the_mapped_file_is_found_again(tmp_path, capsys, memory_limit):
    (tmp_path / "set").mkdir()
    for i in range(4):
        Image.fromarray(LEVELS).save(tmp_path / "set" / f"{i}.png", icc_profile=b"nonsense" if i % 2 else P3)
    for _ in range(2):
        x_train = load_dataset("set", 16, 1, data_folder=tmp_path, memory_limit=memory_limit)
        assert "Remarked: 2 colour profiles that cannot be used, their images read as sRGB (1.png, 3.png)." in (
            capsys.readouterr().out
        )
        (found,) = check_dataset(x_train, show=False)["left_aside"].items()
        assert found == ("colour profiles that cannot be used, their images read as sRGB", 2)


def test_many_threads_share_a_profile(tmp_path):
    expected, differ = profiles.as_srgb(LEVELS, profiles.ADOBE_RGB, profiles.adobe_curve), []
    Image.fromarray(LEVELS).save(tmp_path / "x.png", icc_profile=ADOBE)

    def work():
        for _ in range(50):
            differ.append(np.abs(decode_image(tmp_path / "x.png", (16, 16)) - expected).max())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(differ) == 400 and max(differ) < 2


def test_an_image_to_enlarge_is_converted_too(tmp_path):
    from utils.super_resolution.upscaling import _prepare

    Image.fromarray(LEVELS).save(tmp_path / "x.png", icc_profile=P3)
    expected = profiles.as_srgb(LEVELS, profiles.DISPLAY_P3, profiles.srgb_curve)
    assert np.abs(_prepare(tmp_path / "x.png").colors - expected).max() < 2
