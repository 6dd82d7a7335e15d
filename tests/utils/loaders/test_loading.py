import json
import os
import pickle
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils import loaders
from utils.loaders import ImageBatches, load_dataset, sources
from utils.loaders.decoding import decode_image


@pytest.fixture
def data(tmp_path):
    """A data set of 10 grey images of 8 x 8, each of its own brightness, as PNG."""
    folder = tmp_path / "data" / "set"
    folder.mkdir(parents=True)
    for i in range(10):
        Image.fromarray(np.full((8, 8, 3), 20 * i, np.uint8)).save(folder / f"{i}.png")
    return tmp_path / "data"


def shades(images):
    return sorted(images[:, 0, 0, 0].tolist())


# ------------------------------------------------------------------------------------------------ reading a folder


def test_importing_the_loaders_starts_neither_keras_nor_matplotlib():
    code = "import sys, utils.loaders; sys.exit(bool({'keras', 'tensorflow', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(loaders.__file__).parents[2]).returncode == 0


def test_the_count_is_printed_as_keras_printed_it(data, capsys):
    load_dataset("set", 8, 4, data_folder=data)
    assert capsys.readouterr().out == "Found 10 images belonging to 1 classes.\n"


def test_french_counts_the_images_that_were_found(data, capsys, french):
    load_dataset("set", 8, 4, data_folder=data)
    assert capsys.readouterr().out == "Trouvé\u00a0: 10 images, 1 classe.\n"


def test_first_sub_folders_are_the_classes_at_any_depth_below(data, capsys):
    for place in ("cats/a/b", "dogs"):
        (data / "pets" / place).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(data / "pets" / place / "x.png")
    x_train = load_dataset("pets", 8, 2, data_folder=data)
    assert x_train.classes == ["cats", "dogs"]
    assert "2 images belonging to 2 classes" in capsys.readouterr().out


def test_an_image_of_the_size_passes_bit_for_bit(data):
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    (data / "one").mkdir()
    Image.fromarray(noise).save(data / "one" / "x.png")
    assert np.array_equal(load_dataset("one", 8, 1, data_folder=data).images[0], noise)


def test_files_stand_in_the_order_of_the_images(data):
    x_train = load_dataset("set", 8, 4, data_folder=data)
    assert [file.stem for file in x_train.files] == [str(value // 20) for value in x_train.images[:, 0, 0, 0]]


def test_an_unreadable_file_is_named_counted_and_skipped(data):
    (data / "set" / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    (data / "set" / "3.png").write_bytes((data / "set" / "3.png").read_bytes()[:50])
    with pytest.warns(UserWarning, match=r"skipped 2 unreadable of 11 images: 3\.png .*broken\.jpg"):
        x_train = load_dataset("set", 8, 4, data_folder=data)
    assert shades(x_train.images) == [0, 20, 40, 80, 100, 120, 140, 160, 180]
    assert [file.name for file in x_train.skipped] == ["3.png", "broken.jpg"]
    assert len(x_train.files) == 9


def test_an_image_beyond_pillows_limit_of_size_is_unreadable(data, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.new("RGB", (11, 10)).save(data / "set" / "large.png")
    with pytest.warns(UserWarning, match=r"large\.png \(DecompressionBomb"):
        assert len(load_dataset("set", 8, 4, data_folder=data).images) == 10


def test_a_missing_folder_is_named_with_what_is_there_and_what_to_do(data):
    with pytest.raises(FileNotFoundError, match=r"lines; .*data holds set\..*python -m lines"):
        load_dataset("lines", 8, 4, data_folder=data)


def test_a_folder_without_an_image_says_what_to_do(data):
    (data / "empty").mkdir()
    (data / "empty" / "notes.txt").write_text("no image")
    with pytest.raises(ValueError, match=r"empty holds no image .*extract_archive"):
        load_dataset("empty", 8, 4, data_folder=data)


def test_fewer_images_than_a_batch_is_an_error(data):
    with pytest.raises(ValueError, match="10 readable images, fewer than a batch of 16"):
        load_dataset("set", 8, 16, data_folder=data)


@pytest.mark.parametrize("memory_limit", [2**30, 0])
def test_a_folder_of_broken_images_only_is_an_error(tmp_path, memory_limit):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.png").write_bytes(b"bad")
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="0 readable images"):
        load_dataset("bad", 8, 1, data_folder=tmp_path, memory_limit=memory_limit)


# ------------------------------------------------------------------------------------- too large for the memory


def test_a_set_above_the_memory_limit_is_mapped_from_a_file_with_the_same_content(data):
    in_memory = load_dataset("set", 8, 4, data_folder=data, seed=1)
    mapped = load_dataset("set", 8, 4, data_folder=data, seed=1, memory_limit=100)
    assert isinstance(mapped.images, np.memmap)
    assert np.array_equal(mapped.draw(0, 25), in_memory.draw(0, 25))


def test_the_mapped_file_is_found_again_and_remembers_what_was_skipped(data, monkeypatch):
    (data / "set" / "broken.png").write_bytes(b"bad")
    with pytest.warns(UserWarning, match="broken"):
        first = load_dataset("set", 8, 4, data_folder=data, memory_limit=0)
    monkeypatch.setattr(sources, "decode_image", lambda *_: pytest.fail("decoded again"))
    with pytest.warns(UserWarning, match="broken"):
        second = load_dataset("set", 8, 4, data_folder=data, memory_limit=0)
    assert np.array_equal(first.images, second.images)
    assert len(second.images) == len(second.files) == 10


def test_drawing_from_a_mapped_file_survives_the_removal_of_its_name(data):
    mapped = load_dataset("set", 8, 4, data_folder=data, seed=1, memory_limit=0)
    before = mapped.draw(0, 10)
    try:
        os.unlink(mapped.images.filename)
    except PermissionError:
        return  # Windows refuses to remove it: just as well
    assert np.array_equal(mapped.draw(0, 10), before)


def test_drawing_reads_a_mapped_file_and_does_not_touch_its_map(data):
    mapped = load_dataset("set", 8, 4, data_folder=data, seed=1, memory_limit=0)
    expected = mapped.draw(0, 25)
    mapped.images = np.zeros_like(mapped.images)  # were it indexed, the zeros would show
    assert np.array_equal(mapped.draw(0, 25), expected)


def test_a_part_of_a_mapped_file_gives_its_own_images(tmp_path, numbered):
    np.save(tmp_path / "x.npy", numbered)
    part = np.load(tmp_path / "x.npy", mmap_mode="r")[4:]
    assert sorted(numbers(ImageBatches(part, 2, 0).draw(0, 6))) == [4, 5, 6, 7, 8, 9]


def test_a_mapped_file_cut_short_is_an_error(data):
    mapped = load_dataset("set", 8, 4, data_folder=data, seed=1, memory_limit=0)
    mapped._rows.offset += 10**6  # as if it had ended before
    with pytest.raises(OSError, match="ends too early"):
        mapped.draw(0, 10)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells a process' memory so simply")
def test_drawing_a_whole_mapped_set_fills_no_memory(tmp_path):
    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    np.save(tmp_path / "x.npy", np.ones((1000, 128, 128, 3), np.uint8))  # 47 MiB
    batches = ImageBatches(np.load(tmp_path / "x.npy", mmap_mode="r"), 16, 0)
    batches.draw(0, 16)
    before = resident()
    for start in range(0, 2000, 50):
        batches.draw(start, 50)
    assert resident() - before < 16 * 2**20


def test_changed_images_are_decoded_anew_and_the_old_file_goes(data):
    load_dataset("set", 8, 4, data_folder=data, memory_limit=0)
    Image.new("RGB", (9, 9), (255, 255, 255)).save(data / "set" / "0.png")
    x_train = load_dataset("set", 8, 4, data_folder=data, memory_limit=0)
    assert 255 in shades(x_train.images)
    assert len(list((data / ".cache").glob("*.npy"))) == 1


@pytest.mark.parametrize("memory_limit", [0, 2**30])
@pytest.mark.parametrize("change", ["removed", "replaced", "added"])
def test_a_set_that_changes_while_it_is_read_is_refused_and_never_found_again(data, monkeypatch, change, memory_limit):
    stamps = {path: path.stat() for path in (data / "set").iterdir()}
    old = {path: path.read_bytes() for path in stamps}
    decode, done = sources.decode_image, []

    def disturbed(path, *arguments):
        if not done:
            done.append(path)
            other = data / "set" / "1.png"
            if change == "removed":
                other.unlink()
            else:
                target = other if change == "replaced" else data / "set" / "new.png"
                Image.new("RGB", (9, 9), (255, 255, 255)).save(target)
        return decode(path, *arguments)

    monkeypatch.setattr(sources, "decode_image", disturbed)
    with pytest.raises(ValueError, match=r"set changed while it was read: .*load it again"):
        load_dataset("set", 8, 4, data_folder=data, memory_limit=memory_limit)
    (data / "set" / "new.png").unlink(missing_ok=True)
    for path, content in old.items():  # as if nothing had been, times of change included
        path.write_bytes(content)
        os.utime(path, ns=(stamps[path].st_atime_ns, stamps[path].st_mtime_ns))
    assert 255 not in shades(load_dataset("set", 8, 4, data_folder=data, memory_limit=memory_limit).images)


# ------------------------------------------------------------------------------------------ images of every kind


def decoded(image, tmp_path, name, size=(8, 8), channels=3, background=(0, 0, 0), **how):
    image.save(tmp_path / name, **how)
    return decode_image(tmp_path / name, size, channels, background)


def test_transparent_pixels_show_the_background(tmp_path):
    image = Image.new("RGBA", (8, 8), (200, 100, 0, 0))
    image.putpixel((0, 0), (10, 20, 30, 255))
    pixels = decoded(image, tmp_path, "x.png", background=(1, 2, 3))
    assert pixels[0, 0].tolist() == [10, 20, 30]
    assert pixels[7, 7].tolist() == [1, 2, 3]


def test_a_transparent_palette_colour_shows_the_background(tmp_path):
    image = Image.new("P", (8, 8), 1)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putpixel((0, 0), 0)
    pixels = decoded(image, tmp_path, "x.png", background=(0, 0, 9), transparency=1)
    assert pixels[0, 0].tolist() == [255, 0, 0]
    assert pixels[5, 5].tolist() == [0, 0, 9]


@pytest.mark.parametrize("name", ["x.png", "x.tif"])
def test_sixteen_bit_grey_is_scaled_and_not_cut_off(tmp_path, name):
    image = Image.fromarray(np.full((8, 8), 128 * 257, np.uint16))
    assert np.unique(decoded(image, tmp_path, name)).tolist() == [128]


def with_fourth_byte(path, values):
    """A BMP (version 4, whose masks name a fourth channel) or TGA of 32 bits: 8 x 8 of one colour, its fourth bytes."""
    pixels = np.full((8, 8, 4), (0, 100, 200, 0), np.uint8)  # blue, green, red
    pixels[..., 3] = values
    if path.suffix == ".tga":
        head = struct.pack("<3B5x4H2B", 0, 0, 2, 0, 0, 8, 8, 32, 0x28)
    else:
        head = struct.pack("<2sLLL", b"BM", 14 + 108 + 256, 0, 14 + 108)
        head += struct.pack("<L2l2H6L", 108, 8, -8, 1, 32, 3, 256, 0, 0, 0, 0)
        head += struct.pack("<4L", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs" + bytes(48)
    path.write_bytes(head + pixels.tobytes())
    return decode_image(path, (8, 8), 3, (1, 2, 3))


@pytest.mark.parametrize("name", ["x.bmp", "x.tga"])
def test_a_fourth_byte_that_is_0_everywhere_makes_nothing_transparent(tmp_path, name):
    assert (with_fourth_byte(tmp_path / name, 0) == (200, 100, 0)).all()


@pytest.mark.parametrize("name", ["x.bmp", "x.tga"])
def test_a_fourth_byte_that_is_not_0_everywhere_is_transparency(tmp_path, name):
    pixels = with_fourth_byte(tmp_path / name, np.eye(8) * 255)
    assert pixels[0, 0].tolist() == [200, 100, 0] and pixels[7, 0].tolist() == [1, 2, 3]


def test_a_png_that_is_transparent_everywhere_shows_the_background_and_is_counted(data, capsys):
    Image.new("RGBA", (8, 8), (200, 100, 0, 0)).save(data / "set" / "empty.png")
    x_train = load_dataset("set", 8, 4, data_folder=data, background=(250, 250, 250))
    assert 250 in shades(x_train.images)
    assert "Remarked: 1 image transparent everywhere" in capsys.readouterr().out


def png_of_bits(path, bits, pixels, color, transparent):
    """A PNG whose pixels, (n, n) or (n, n, 3), have 2, 4 or 16 bits; Pillow writes none with a transparent value."""

    def chunk(name, content):
        return struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))

    rows = [np.asarray(row, ">u2").tobytes() if bits == 16 else packed(row, bits) for row in pixels]
    head = struct.pack(">2L5B", len(pixels), len(pixels), bits, color, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    key = np.asarray(transparent, ">u2").tobytes()
    content = chunk(b"IHDR", head) + chunk(b"tRNS", key) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)


def packed(row, bits):
    return np.packbits(np.unpackbits(np.asarray(row, np.uint8)[:, None], axis=1)[:, -bits:]).tobytes()


@pytest.mark.parametrize(
    ("bits", "seen", "transparent", "shade"),
    [
        (16, 30_000, 30_001, 117),
        (16, 40_000, 0, 156),
        (8, 117, 118, 117),
        (4, 7, 3, 119),
        (2, 1, 3, 85),
        (1, 1, 0, 255),
    ],
)
def test_the_transparent_value_of_a_grey_png_counts_in_the_bits_of_the_file(tmp_path, bits, seen, transparent, shade):
    pixels = np.full((8, 8), seen)
    pixels[4:] = transparent
    if bits == 8:
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "x.png", transparency=transparent)
    else:
        png_of_bits(tmp_path / "x.png", bits, pixels, 0, [transparent])
    image = decode_image(tmp_path / "x.png", (8, 8), 3, (9, 8, 7))
    assert np.unique(image[:4]).tolist() == [shade]
    assert (image[4:] == (9, 8, 7)).all()


def test_the_transparent_colour_of_a_16_bit_png_counts_in_its_bits(tmp_path):
    pixels = np.full((8, 8, 3), 30_000)
    pixels[4:] = (100, 40_000, 65_535)
    png_of_bits(tmp_path / "x.png", 16, pixels.reshape(8, 24), 2, [100, 40_000, 65_535])
    image = decode_image(tmp_path / "x.png", (8, 8), 3, (9, 8, 7))
    assert np.unique(image[:4]).tolist() == [117]
    assert (image[4:] == (9, 8, 7)).all()


def test_cmyk_becomes_rgb(tmp_path):
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    pixels = decoded(red, tmp_path, "x.jpg", quality=95)
    assert abs(pixels[4, 4].astype(int) - [255, 0, 0]).max() < 4


def test_a_picture_is_turned_as_its_exif_says(tmp_path):
    image = Image.new("RGB", (8, 8))
    image.paste((255, 255, 255), (0, 0, 8, 4))  # white above
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    pixels = decoded(image, tmp_path, "x.png", exif=exif)
    assert pixels[:, 7].min() == 255 and pixels[:, 0].max() == 0  # white on the right


def test_sixteen_bit_grey_is_turned_too(tmp_path):
    grey = np.zeros((8, 8), np.uint16)
    grey[:4] = 65535
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = decoded(Image.fromarray(grey), tmp_path, "x.png", exif=exif)
    assert pixels[:, 7].min() == 255 and pixels[:, 0].max() == 0


def test_grey_becomes_three_equal_channels_and_colour_becomes_grey(tmp_path):
    assert decoded(Image.new("L", (8, 8), 77), tmp_path, "x.png")[0, 0].tolist() == [77, 77, 77]
    grey = decoded(Image.new("RGB", (8, 8), (255, 0, 0)), tmp_path, "y.png", channels=1)
    assert grey.shape == (8, 8, 1) and grey[0, 0, 0] == 76


def test_a_wide_picture_keeps_its_aspect_and_loses_its_sides(tmp_path):
    image = Image.new("RGB", (64, 16), (255, 0, 0))
    image.paste((0, 255, 0), (16, 0, 48, 16))  # the green middle fills the square
    assert np.unique(decoded(image, tmp_path, "x.png").reshape(-1, 3), axis=0).tolist() == [[0, 255, 0]]


def test_height_comes_before_width(tmp_path):
    assert decoded(Image.new("RGB", (50, 50)), tmp_path, "x.png", size=(8, 12)).shape == (8, 12, 3)


def test_a_large_jpeg_keeps_its_look_though_it_is_decoded_small(tmp_path):
    y, x = np.mgrid[:512, :512]
    image = Image.fromarray(np.stack([x // 2, y // 2, np.full_like(x, 90)], -1).astype(np.uint8))
    expected = np.asarray(image.resize((16, 16), Image.Resampling.LANCZOS)).astype(int)
    assert abs(decoded(image, tmp_path, "x.jpg", size=(16, 16), quality=95) - expected).max() <= 3


# ---------------------------------------------------------------------------------------------------- batches


@pytest.fixture
def numbered():
    """Ten images of 2 x 2 that bear their number."""
    return np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 1), np.uint8)


def numbers(images):
    return images[:, 0, 0, 0].tolist()


def test_one_image_of_a_batch_is_a_float_image_in_minus_one_to_one(data):
    x_train = load_dataset("set", 8, 4, data_folder=data)
    image = x_train[0][0][0]
    assert image.shape == (8, 8, 3) and image.dtype == np.float32
    assert -1 <= image.min() <= image.max() <= 1
    assert np.array_equal(*x_train[0])


def test_each_pass_of_the_row_holds_every_image_once_in_another_order(numbered):
    batches = ImageBatches.from_array(numbered, 3, seed=0)
    passes = [numbers(batches.draw(10 * p, 10)) for p in range(3)]
    assert all(sorted(order) == list(range(10)) for order in passes)
    assert passes[0] != passes[1] != passes[2]


def test_a_draw_is_the_same_whenever_and_however_it_is_asked(numbered):
    once = numbers(ImageBatches.from_array(numbered, 3, seed=7).draw(0, 47))
    later = ImageBatches.from_array(numbered, 5, seed=7)
    assert numbers(later.draw(35, 7)) == once[35:42]
    assert numbers(later.draw(8, 30)) == once[8:38]
    assert numbers(later.draw(3, 0)) == []


def test_another_seed_gives_another_order_and_none_keeps_the_one_it_drew(numbered):
    assert numbers(ImageBatches(numbered, 3, 1).draw(0, 10)) != numbers(ImageBatches(numbered, 3, 2).draw(0, 10))
    drawn = ImageBatches(numbered, 3)
    assert numbers(drawn.draw(0, 10)) == numbers(ImageBatches(numbered, 3, drawn.seed).draw(0, 10))


def test_a_loop_is_one_pass_of_whole_batches_and_the_next_is_shuffled_anew(numbered):
    batches = ImageBatches.from_array(numbered, 4, seed=0)
    first, second = ([batch for batch, _ in batches] for _ in range(2))
    assert len(batches) == len(first) == 2
    assert all(batch.shape == (4, 2, 2, 1) for batch in first)
    assert len({float(image[0, 0, 0]) for batch in first for image in batch}) == 8
    assert not np.array_equal(first, second)


def test_next_goes_on_over_the_passes_without_a_short_batch(numbered):
    batches = ImageBatches.from_array(numbered, 4, seed=0)
    drawn = np.concatenate([next(batches)[0] for _ in range(5)])
    assert drawn.shape == (20, 2, 2, 1)
    assert all(np.isclose(drawn[:, 0, 0, 0], value).sum() == 2 for value in np.unique(drawn))


def test_a_batch_beyond_the_last_is_an_index_error(numbered):
    with pytest.raises(IndexError, match="batch 2 of 2"):
        ImageBatches.from_array(numbered, 4)[2]


def test_float_images_stay_as_they_are():
    images = np.random.default_rng(0).uniform(-1, 1, (6, 2, 2, 3))
    batches = ImageBatches.from_array(images, 2, seed=0)
    assert batches.images is images
    assert batches.draw(0, 6).dtype == np.float32


@pytest.mark.parametrize("start, count", [(-1, 4), (0, -1)])
def test_places_before_the_first_image_are_refused(numbered, start, count):
    with pytest.raises(ValueError, match=f"start is {start}, count {count}"):
        ImageBatches.from_array(numbered, 4).draw(start, count)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.full((4, 2, 2, 3), 1.5), r"lie in \[-1, 1\], and these in \[1.5, 1.5\]"),
        (np.full((4, 2, 2, 3), -1.5), r"lie in \[-1, 1\], and these in \[-1.5, -1.5\]"),
        (np.full((4, 2, 2, 3), 255.0), r"lie in \[-1, 1\], and these in \[255, 255\]"),
        (np.full((4, 2, 2, 3), np.nan), r"lie in \[-1, 1\]"),
        (np.zeros((4, 2, 2, 3), np.int64), "int64"),
        (np.zeros((4, 2, 2), np.uint8), r"shape \(n, height, width, channels\)"),
        (np.zeros((1, 2, 2, 3), np.uint8), "1 images do not fill a batch of 2"),
    ],
)
def test_an_array_of_another_range_type_or_shape_is_refused(images, message):
    with pytest.raises(ValueError, match=message):
        ImageBatches.from_array(images, 2)


# ------------------------------------------------------------------------------------------------ trained models


class Recorder:
    def __init__(self, *arguments, **named):
        self.arguments, self.named, self.weights = arguments, named, None

    def load_weights(self, path):
        self.weights = path


@pytest.fixture
def run_folder(tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "weights.h5").write_bytes(b"")
    return tmp_path


def test_a_model_is_built_from_the_originals_pickle_in_its_order(run_folder):
    (run_folder / "params.pkl").write_bytes(pickle.dumps([(128, 128, 3), [64, 64], None, 0.5, "adam"]))
    model = loaders.load_model(Recorder, run_folder)
    assert model.arguments == ((128, 128, 3), [64, 64], None, 0.5, "adam")
    assert model.weights == str(run_folder / "weights" / "weights.h5")


def test_named_parameters_in_json_come_first(run_folder):
    (run_folder / "params.pkl").write_bytes(pickle.dumps([1]))
    (run_folder / "params.json").write_text(json.dumps({"z_dim": 100}))
    assert loaders.load_model(Recorder, run_folder).named == {"z_dim": 100}


def test_a_folder_without_parameters_or_weights_says_so(run_folder):
    with pytest.raises(FileNotFoundError, match=r"neither params\.json nor params\.pkl"):
        loaders.load_model(Recorder, run_folder)
    (run_folder / "params.json").write_text("{}")
    (run_folder / "weights" / "weights.h5").unlink()
    with pytest.raises(FileNotFoundError, match=r"no weights/weights\.h5"):
        loaders.load_model(Recorder, run_folder)


def test_parameters_of_another_class_are_refused(run_folder):
    (run_folder / "params.json").write_text(json.dumps({"unknown": 1}))

    class Strict(Recorder):
        def __init__(self, z_dim):
            pass

    with pytest.raises(ValueError, match=r"params\.json does not hold the arguments of Strict"):
        loaders.load_model(Strict, run_folder)


def test_a_missing_generator_says_where_one_comes_from(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"generator\.h5: train a generator"):
        loaders.load_generator(tmp_path / "generator.h5")


def test_a_model_that_is_no_generator_is_refused_with_its_shapes(tmp_path):
    keras = pytest.importorskip("keras")
    image = keras.Input((8, 8, 3))
    keras.Model(image, keras.layers.Dense(1)(keras.layers.Flatten()(image))).save(tmp_path / "critic.keras")
    with pytest.raises(ValueError, match=r"no generator: .* takes \(None, 8, 8, 3\) and gives \(None, 1\)"):
        loaders.load_generator(tmp_path / "critic.keras")
