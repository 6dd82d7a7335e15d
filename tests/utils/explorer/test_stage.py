"""The page in one file, opened as a file by a headless Chromium that has no network."""

import base64
import gzip
import io
import json
import re
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from scipy.ndimage import minimum_filter

from tests.conftest import build_tiny
from tests.utils.explorer.browsing import BROWSER, NO_BROWSER, WAIT, chromium
from utils import latent, loaders
from utils.explorer.one_file import bundle, export_page
from utils.explorer.steering import all_directions
from utils.explorer.texts import TEXTS
from utils.files.provenance import from_image
from utils.latent.directions import read_directions
from utils.quiet import keras
from utils.runs.shipping import SHIPPED_GENERATORS

pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason=NO_BROWSER)]
STROKES = SHIPPED_GENERATORS[0]
ROOT = Path(__file__).parents[3]
DOCS_PAGE = ROOT / "docs" / "walk.html"
DEVICES = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]  # a microphone that beeps


@pytest.fixture(scope="module")
def browser():
    with chromium(*DEVICES) as browser:
        yield browser


@pytest.fixture(scope="module")
def strokes(tmp_path_factory):
    """The generator of strokes that ships, and its page."""
    generator = loaders.load_generator(STROKES)
    path = tmp_path_factory.mktemp("stage") / "walk.html"
    return generator, export_page(generator, path, all_directions(STROKES, generator), "strokes")


@contextmanager
def opened(browser, path, width=1440, height=900, locale="en-GB", fragment="", **options):
    """The page in a window of its own, still, once it shows an image."""
    settings = {"viewport": {"width": width, "height": height}, "locale": locale, "reduced_motion": "reduce"}
    with browser.new_context(offline=True, **settings | options) as window:
        page = window.new_page()
        page.defects = []
        page.on("pageerror", lambda error: page.defects.append(str(error)))
        page.on("console", lambda said: page.defects.append(said.text) if said.type == "error" else None)
        page.goto(f"{path.as_uri()}{fragment}")
        page.wait_for_selector(".s-root[data-drawn]", state="attached", timeout=WAIT)
        yield page
        assert page.defects == []


def drawn(page, Z, bends=()):
    """The images of vectors, as the page's engine draws them: uint8 (n, h, w, 3)."""
    draw = """async ([Z, bends]) => {
        const { engine } = document.getElementById("stage").page;
        const pictures = [];
        for (const z of Z) {
            const { pixels } = await engine.draw(Float32Array.from(z), bends);
            pictures.push(pixels.reduce((text, value) => text + String.fromCharCode(value), ""));
        }
        return btoa(pictures.join(""));
    }"""
    height, width, _ = page.evaluate("document.getElementById('stage').page.engine.shape")
    pictures = base64.b64decode(page.evaluate(draw, [np.asarray(Z).tolist(), list(bends)]))
    return np.frombuffer(pictures, np.uint8).reshape(-1, height, width, 4)[..., :3]


def vector(page):
    return np.float32(page.evaluate("Array.from(document.getElementById('stage').page.z)"))


def settled(page, act):
    """Do something, and wait until another image is shown."""
    before = page.get_attribute(".s-root", "data-drawn")
    act()
    page.wait_for_selector(f".s-root:not([data-drawn='{before}'])", state="attached", timeout=WAIT)


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def downloaded(page, click, folder):
    with page.expect_download(timeout=WAIT) as download:
        click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


# The same images as Keras' --------------------------------------------------------------------------------------------


def odd_network():
    """A generator of layers in sizes and strides that no family of ours has, whose weights are not small."""
    weights = {"kernel_initializer": keras.initializers.RandomNormal(stddev=0.6, seed=1)}
    bias = {"bias_initializer": keras.initializers.RandomNormal(stddev=0.3, seed=2)}
    layers = keras.layers
    z = keras.Input((12,))
    x = layers.Reshape((3, 4, 5))(layers.Dense(60, activation="silu", **weights)(z))
    x = layers.Conv2DTranspose(6, (5, 4), (2, 3), "same", activation="softplus", **weights, **bias)(x)  # (6, 12, 6)
    x = layers.Conv2DTranspose(4, 3, 3, "same", use_bias=False, activation="elu", **weights)(x)  # (18, 36, 4)
    x = layers.Conv2DTranspose(4, 1, 2, "same", **weights)(x)  # a stride larger than its kernel
    x = layers.Rescaling(20.0)(layers.Softmax(axis=1)(x))
    y = layers.Conv2D(4, 3, 2, "same", dilation_rate=1, activation="relu6", **weights, **bias)(x)
    y = layers.UpSampling2D(2, interpolation="bilinear")(y)
    x = layers.Concatenate()([layers.Add()([x, y]), layers.Maximum()([x, y]), layers.Average()([x, y])])
    x = layers.Cropping2D(((1, 2), (3, 0)))(layers.ZeroPadding2D(((2, 1), (0, 4)))(x))
    x = layers.Conv2D(4, 3, dilation_rate=2, padding="same", activation="hard_sigmoid", **weights)(x)
    x = layers.Conv2D(1, 3, padding="valid", activation="sigmoid", **weights, **bias)(x)  # grey
    return keras.Model(z, layers.Rescaling(2.0, -1.0)(x))


def unlike_its_beginning(generator):
    """The generator with weights of a size at which its images differ, statistics of normalisation included."""
    random = np.random.default_rng(1)
    for layer in generator.layers:
        weights = layer.get_weights()
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([np.float32(random.uniform(0.5, 2, weight.shape)) for weight in weights])
        elif layer.trainable and "stamp" not in layer.name:
            layer.set_weights([weight + np.float32(random.normal(0, 0.1, weight.shape)) for weight in weights])
    return generator


def family(**options):
    return lambda: unlike_its_beginning(build_tiny(**options).generator)


NETWORKS = {
    "strokes that ship": lambda: loaders.load_generator(STROKES),
    "published that ships": lambda: loaders.load_generator(SHIPPED_GENERATORS[1]),
    "autoencoder that ships": lambda: loaders.load_generator(STROKES.with_name("cvae_128.h5")),
    "published, modulated": family(modulation=[8]),
    "published, enlarged first": family(generator_upsample=[2, 2], generator_dropout_rate=0.5),
    "palette": family(inks=4),
    "strokes": family(strokes=2, modulation=[8], inks=[(0, 0, 0), (255, 0, 0), (0, 0, 255)]),
    "odd": odd_network,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_sixteen_images_are_keras_own(browser, tmp_path, name):
    generator = NETWORKS[name]()
    Z = latent.generate_latent_points(generator.input_shape[-1], 16, seed=5)
    wanted = latent.generate_images(generator, Z).astype(int)
    assert np.ptp(wanted) > 50, "these images would equal any others"
    with opened(browser, export_page(generator, tmp_path / "walk.html")) as page:
        assert np.abs(drawn(page, Z) - wanted).max() <= 1


def test_files_of_the_generators_that_ship_are_small(strokes, tmp_path):
    assert strokes[1].stat().st_size < 2**20
    published = export_page(loaders.load_generator(SHIPPED_GENERATORS[1]), tmp_path / "walk.html")
    assert published.stat().st_size < 10 * 2**20


def test_the_file_reaches_for_nothing_outside_itself(strokes):
    text = strokes[1].read_text(encoding="utf-8")
    assert "default-src 'none'" in text and not re.search(r'(?:src|href)="(?!#)', text)


def test_the_page_in_the_docs_is_what_would_be_exported_today():
    text = DOCS_PAGE.read_text(encoding="utf-8")
    directions = read_directions(STROKES.with_suffix(".directions.json"), loaders.load_generator(STROKES))
    facts = json.loads(re.search(r'id="facts">(.*?)</script>', text)[1])
    renew = (
        f"python -m utils.explorer --generator {STROKES.as_posix()} --export {DOCS_PAGE.relative_to(ROOT).as_posix()}"
    )
    assert facts["texts"] == TEXTS and facts["directions"].keys() == directions.keys(), renew
    assert facts["fingerprint"] == latent.fingerprint(loaders.load_generator(STROKES)), renew
    worker = gzip.decompress(base64.b64decode(re.search(r'id="worker">(.*?)</script>', text)[1])).decode()
    assert bundle("main.js") in text and bundle("worker.js") == worker, renew
    assert (ROOT / "utils" / "explorer" / "stage" / "stage.css").read_text(encoding="utf-8") in text, renew


def test_each_module_is_there_once():
    text = bundle("main.js")
    assert text.count("class Page ") == 1 and not re.search(r"^(?:import|export) ", text, re.MULTILINE)


# Ways and files -------------------------------------------------------------------------------------------------------


def test_the_arc_is_the_one_of_the_notebooks(browser, strokes):
    Z = latent.generate_latent_points(100, 2, seed=3)
    wanted = latent.interpolate_spherical(Z[0], Z[1], 5, ease="smooth")
    with opened(browser, strokes[1]) as page:
        page.evaluate(
            "Z => (document.getElementById('stage').page.ends = Z.map((z) => Float32Array.from(z)))", Z.tolist()
        )
        arc = """() => { const { motion, ends } = document.getElementById('stage').page;
                         [motion.kind, motion.easing] = ['between', 'smooth'];
                         return [0, 0.25, 0.5, 0.75, 1].map((position) => {
                             motion.position = position; return Array.from(motion.wayPoint([], ends)); }); }"""
        assert np.allclose(page.evaluate(arc), wanted, atol=1e-5)


def test_drift_stays_where_the_generator_was_trained(browser, strokes):
    with opened(browser, strokes[1]) as page:
        points = page.evaluate(
            """() => { const { motion } = document.getElementById('stage').page;
                       motion.radius = 1; motion.start(new Float32Array(100));
                       const points = Array.from({ length: 50 }, (_, i) => {
                           motion.position = i / 50; return Array.from(motion.wayPoint([], [])); });
                       motion.stop(); return points; }"""
        )
    assert 0.9 < np.std(points) < 1.1


def test_a_saved_image_carries_its_vector(browser, strokes, tmp_path):
    generator, path = strokes
    with opened(browser, path) as page:
        small = downloaded(page, button(page, "Save image").click, tmp_path)
        large = downloaded(page, button(page, "PNG 512 × 512").click, tmp_path)
        numbers = downloaded(page, button(page, "Save vector").click, tmp_path)
        z, info = from_image(small, generator)
        assert info["generator"] == latent.fingerprint(generator)
        assert (z[0] == vector(page)).all() and z.dtype == np.float32
        assert (latent.read_vectors(numbers) == z).all() and (from_image(large)[0] == z).all()
        pixels = np.asarray(Image.open(small))
        assert np.abs(pixels - latent.generate_images(generator, z)[0].astype(int)).max() <= 1
        assert (np.asarray(Image.open(large))[2::4, 2::4] == pixels).all()


def test_images_and_numbers_are_brought_back(browser, strokes, tmp_path):
    generator, path = strokes
    Z = latent.generate_latent_points(100, 3, seed=8)
    from utils.files.provenance import save_image

    ours = save_image(tmp_path / "ours.png", latent.generate_images(generator, Z[:1])[0], Z[0], "another")
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join(map(str, Z[1])))
    pair = latent.write_vectors(tmp_path / "pair.txt", Z[1:])
    array, rows = tmp_path / "array.npy", tmp_path / "rows.txt"
    np.save(array, Z[2].astype(np.float64))
    rows.write_text("\n".join(" ".join(map(str, row)) for row in Z[0].reshape(10, 10)))
    with opened(browser, path) as page:
        chooser = page.locator("input[type=file]")
        for file, z, words in (
            (ours, Z[0], "Another generator drew it"),
            (listed, Z[1], "list.txt is opened"),
            (pair, Z[1], "holds 2 vectors"),
            (array, Z[2], "array.npy is opened"),
            (rows, Z[0], "rows.txt is opened"),
        ):
            settled(page, lambda file=file: chooser.set_input_files(file))
            assert (vector(page) == z).all()
            page.get_by_text(words).wait_for(timeout=WAIT)
        assert button(page, "Go to B").is_visible()


def png(**texts):
    info = PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, format="PNG", pnginfo=info)
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


HOSTILE = {
    "empty.txt": (b"", "carries no vector"),
    "noise.png": (b"\x89PNG\r\n\x1a\n" + np.random.default_rng(1).bytes(5000), "carries no vector"),
    "large.png": (bytes(2**22 + 1), "larger than 4 MiB"),
    "bare.png": (png(), "carries no vector"),
    "damaged.png": (png(Z="array([[1, 2 oh"), "carries no vector"),
    "code.png": (png(Z="__import__('os').abort()"), "carries no vector"),
    "cut.png": (png(Z="1 " * 100)[:60], "carries no vector"),
    "code.txt": (b"alert(1)", "carries no vector"),
    "deep.json": (b"[" * 100_000, "carries no vector"),
    "coded.txt": (b"\xff\xfe[1]", "carries no vector"),
    "infinite.json": (b"[[Infinity]]", "carries no vector"),
    "pickle.npy": (npy(np.array([{}], object)), "carries no vector"),
    "words.npy": (npy(np.array(["a" * 9])), "carries no vector"),
    "short.npy": (npy(np.zeros(100))[:200], "vectors of"),
    "three.txt": (b"[1, 2, 3]", "vectors of 3 numbers"),
    "far.json": (json.dumps([1e38] * 100).encode(), "too large to be drawn"),
    "strange.h5": (b"\x89HDF", "make explore"),
    "<img src=x onerror=alert(1)>.txt": (b"?", "carries no vector"),
}


def test_a_hostile_file_is_refused_in_words_and_changes_nothing(browser, strokes):
    with opened(browser, strokes[1]) as page:
        before = vector(page)
        for name, (content, words) in HOSTILE.items():
            file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
            page.locator("input[type=file]").set_input_files(file)
            refusal = page.locator(".s-refused", has_text=name)
            refusal.wait_for(timeout=WAIT)
            assert words in refusal.inner_text(), name
        assert (vector(page) == before).all() and button(page, "Undo").is_disabled()


def test_a_drawing_of_strokes_is_the_image_in_vector_lines(browser, strokes, tmp_path):
    with opened(browser, strokes[1]) as page:
        file = downloaded(page, button(page, "SVG drawing").click, tmp_path)
        text = file.read_text(encoding="utf-8")
        assert file.suffix == ".svg" and 3 <= text.count("<rect") <= 7 and "array([[" in text
        draw = """async (text) => {
            const image = new Image(), canvas = new OffscreenCanvas(128, 128), context = canvas.getContext("2d");
            image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
            await image.decode();
            context.drawImage(image, 0, 0, 128, 128);
            return Array.from(context.getImageData(0, 0, 128, 128).data); }"""
        vectors = np.array(page.evaluate(draw, text)).reshape(128, 128, 4)[..., :3]
        assert np.abs(vectors - drawn(page, [vector(page)])[0].astype(int)).mean() < 3


def test_only_a_generator_of_strokes_offers_a_drawing(browser, tmp_path):
    with opened(browser, export_page(NETWORKS["palette"](), tmp_path / "walk.html")) as page:
        assert not button(page, "SVG drawing").is_visible()


def test_a_film_is_recorded(browser, strokes, tmp_path):
    with opened(browser, strokes[1]) as page:
        button(page, "Record a film").click()
        page.wait_for_timeout(1500)
        film = downloaded(page, button(page, "End the film").click, tmp_path)
        assert film.name == "film_00.webm" and film.read_bytes().startswith(b"\x1aE\xdf\xa3")
        assert film.stat().st_size > 5000


# Moving ---------------------------------------------------------------------------------------------------------------


def test_pins_a_and_b_are_set_gone_to_and_taken_back(browser, strokes):
    with opened(browser, strokes[1]) as page:
        first = vector(page)
        button(page, "Set A").click()
        settled(page, button(page, "Random").click)
        second = vector(page)
        button(page, "Set B").click()
        settled(page, button(page, "Go to A").click)
        assert (vector(page) == first).all()
        settled(page, button(page, "Go to B").click)
        assert (vector(page) == second).all()
        slider = page.get_by_role("slider", name="A to B")
        page.wait_for_timeout(200)
        assert slider.input_value() == "1"
        settled(page, lambda: slider.press("ArrowLeft"))
        settled(page, lambda: slider.press("End"))
        assert np.allclose(vector(page), second, atol=1e-6) and slider.input_value() == "1"
        settled(page, lambda: slider.press("Home"))
        assert np.allclose(vector(page), first, atol=1e-6)
        for _ in range(6):  # the slider three times, two visits, and B itself
            page.keyboard.press("Control+z")
        assert button(page, "Pin the image as B").is_visible() and (vector(page) == second).all()
        page.keyboard.press("Control+z")
        assert (vector(page) == first).all()


def test_a_loop_needs_two_pins_and_says_so_beside_its_button(browser, strokes):
    with opened(browser, strokes[1]) as page:
        button(page, "Round the pins").click()
        page.locator(".s-refused", has_text="two pins").wait_for()
        button(page, "Pin image").click()
        button(page, "Random").click()
        button(page, "Pin image").click()
        settled(page, button(page, "Round the pins").click)
        assert button(page, "Pause").is_visible()
        assert page.locator(".s-refused").count() == 0
        button(page, "Remove pin 2").click()
        assert button(page, "Play").is_visible()


def test_directions_have_both_ends_in_words_and_move_the_image(browser, strokes):
    generator, path = strokes
    redder = all_directions(STROKES, generator)["redder"]
    with opened(browser, path) as page:
        before = vector(page)
        settled(page, lambda: page.get_by_role("slider", name="bluer ↔ redder").press("End"))
        moved = vector(page) - before
        assert np.isclose(vector(page) @ redder, 4, atol=1e-4)
        assert np.isclose(moved @ redder, np.linalg.norm(moved), atol=1e-4)


def test_the_pad_moves_two_directions_by_mouse_and_keys(browser, strokes):
    generator, path = strokes
    first, second, *_ = all_directions(STROKES, generator).values()
    with opened(browser, path) as page:
        pad = page.locator(".s-pad")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        x, y = box["x"] + 0.75 * box["width"], box["y"] + 0.75 * box["height"]
        settled(page, lambda: page.mouse.click(x, y))
        assert np.isclose(vector(page) @ second, -2, atol=0.1)
        before = vector(page) @ first
        settled(page, lambda: page.locator(".s-dot").press("ArrowLeft"))
        assert vector(page) @ first < before - 0.1


def test_the_image_moves_by_itself_unless_the_system_asks_for_less_motion(browser, strokes):
    with opened(browser, strokes[1], reduced_motion="no-preference") as page:
        before = vector(page)
        page.wait_for_timeout(600)
        assert np.abs(vector(page) - before).max() > 1e-3
        page.keyboard.press("Space")
        still = vector(page)
        page.wait_for_timeout(300)
        assert (vector(page) == still).all()
    with opened(browser, strokes[1]) as page:
        before = vector(page)
        page.wait_for_timeout(300)
        assert (vector(page) == before).all()


def test_one_gesture_is_one_step_back_and_truncation_comes_back_too(browser, strokes):
    with opened(browser, strokes[1]) as page:
        before = vector(page)
        slider = page.get_by_role("slider", name="Truncation")
        for _ in range(5):
            settled(page, lambda: slider.press("ArrowLeft"))
        settled(page, button(page, "Undo").click)
        for _ in range(4):  # each key of the keyboard is a gesture
            settled(page, lambda: page.keyboard.press("Control+z"))
        assert (vector(page) == before).all() and slider.input_value() == "1"
        box = slider.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
        page.mouse.down()
        page.mouse.move(box["x"] + 5, box["y"] + 10, steps=8)
        page.mouse.up()
        assert vector(page).std() < before.std() / 2
        settled(page, button(page, "Undo").click)
        assert (vector(page) == before).all() and button(page, "Undo").is_disabled()
        settled(page, button(page, "Mirror").click)
        assert (vector(page) == -before).all()


def test_what_the_hand_changes_stays_while_the_image_moves(browser, strokes):
    with opened(browser, strokes[1]) as page:
        button(page, "Play").click()
        before = vector(page)[0]
        page.evaluate("document.getElementById('stage').page.obey({ 'z/0': 9 })")
        page.wait_for_timeout(300)
        assert vector(page)[0] > before + 4


def test_a_number_is_changed_by_keyboard(browser, strokes):
    with opened(browser, strokes[1]) as page:
        page.get_by_role("gridcell").nth(34).focus()
        settled(page, lambda: page.keyboard.press("0"))
        assert vector(page)[34] == 0


CLIPBOARD = """() => Object.defineProperty(navigator, "clipboard", {
    value: { writeText: async (text) => { window.copied = text } } })"""
CORE = "Array.from(document.getElementById('stage').page.core)"


def pins(page):
    return page.get_by_role("button", name=re.compile("Go to pin")).count()


def loaded_again(page):
    page.reload()
    page.wait_for_selector(".s-root[data-drawn]", state="attached", timeout=WAIT)


def test_everything_is_remembered_and_travels_in_a_link(browser, strokes):
    with opened(browser, strokes[1]) as page:
        page.evaluate(CLIPBOARD)
        button(page, "Pin image").click()
        settled(page, button(page, "Random").click)
        button(page, "Set A").click()
        here = vector(page)
        button(page, "Copy link").click()
        page.get_by_text("The link is copied").wait_for()
        fragment = "#" + page.evaluate("copied.split('#')[1]")
        button(page, "Pin image").click()
        loaded_again(page)
        assert (vector(page) == here).all() and pins(page) == 2  # what came after the link is not lost
    with opened(browser, strokes[1], fragment=fragment) as page:
        assert (vector(page) == here).all() and not page.evaluate("location.hash")
        assert pins(page) == 1 and button(page, "Go to A").is_visible()


def test_where_nothing_can_be_copied_the_address_shows_the_link_and_pins_stay(browser, strokes):
    with opened(browser, strokes[1]) as page:
        page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        button(page, "Copy link").click()
        page.get_by_text("stands in the address bar").wait_for()
        assert page.evaluate("location.hash.length") > 100
        button(page, "Pin image").click()
        loaded_again(page)
        assert pins(page) == 1


def test_a_link_that_is_followed_can_be_gone_back_from_and_says_whose_it_is(browser, strokes):
    with opened(browser, strokes[1]) as page:
        for _ in range(3):
            button(page, "Pin image").click()
        loaded_again(page)
        theirs = "JSON.stringify({ ...JSON.parse(document.getElementById('stage').page.written()), pins: [], f: 'x' })"
        settled(page, lambda: page.evaluate(f"location.hash = encodeURIComponent({theirs})"))
        page.get_by_text("The link is opened. Another generator drew it").wait_for()
        assert pins(page) == 0 and not page.evaluate("location.hash")
        settled(page, button(page, "Undo").click)
        assert pins(page) == 3


def test_an_idle_tab_takes_no_pins_from_another(browser, strokes):
    with browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce") as window:
        tabs = [window.new_page() for _ in range(2)]
        for tab in tabs:
            tab.goto(strokes[1].as_uri())
            tab.wait_for_selector(".s-root[data-drawn]", state="attached", timeout=WAIT)
        for _ in range(5):
            button(tabs[1], "Pin image").click()
        settled(tabs[0], button(tabs[0], "Random").click)
        tabs[0].evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
        loaded_again(tabs[1])
        assert pins(tabs[1]) == 5


def test_truncation_that_was_at_nothing_leaves_the_point_as_it_was(browser, strokes):
    with opened(browser, strokes[1]) as page:
        before = np.float32(page.evaluate(CORE))
        truncation = page.get_by_role("slider", name="Truncation")
        for place, moved in (("0", 0), ("0.02", 45)):
            page.evaluate(f"document.getElementById('stage').page.truncationSlider.move({place})")
            page.get_by_role("slider", name="bluer ↔ redder").press("End")
            page.evaluate("document.getElementById('stage').page.obey({ 'z/3': 0.02 })")
            core = np.float32(page.evaluate(CORE))
            assert np.linalg.norm(core - before) <= moved and np.isfinite(core).all()
        settled(page, lambda: truncation.press("End"))
        assert np.linalg.norm(vector(page)) < 120


def test_shortcuts_work_after_a_slider_and_a_key_that_is_held_counts_once(browser, strokes):
    with opened(browser, strokes[1]) as page:
        page.get_by_role("slider", name="Truncation").click()
        page.keyboard.press("p")
        assert pins(page) == 1
        page.evaluate(
            "for (let i = 0; i < 5; i++) document.dispatchEvent("
            "new KeyboardEvent('keydown', { key: 'p', repeat: true, bubbles: true }))"
        )
        assert pins(page) == 1
        page.get_by_text("Hands and sound").click()
        page.keyboard.press("p")
        assert pins(page) == 2
        page.get_by_label("Easing").focus()
        page.keyboard.press("p")
        assert pins(page) == 2


def test_the_image_glides_where_pins_change_on_the_way(browser, strokes):
    with opened(browser, strokes[1]) as page:
        for _ in range(3):
            button(page, "Pin image").click()
            settled(page, button(page, "Random").click)
        button(page, "Round the pins").click()
        page.wait_for_timeout(2000)
        largest = """() => new Promise((done) => {
            const { page } = document.getElementById("stage");
            let [before, most, frames] = [page.core, 0, 0];
            const look = () => {
                most = Math.max(most, Math.hypot(...page.core.map((value, i) => value - before[i])));
                before = page.core;
                ++frames < 12 ? requestAnimationFrame(look) : done(most);
            };
            page.motion.position = 3.9;
            page.core = page.motion.next(0, page.pins, page.ends);
            before = page.core;
            page.addPin();
            requestAnimationFrame(look);
        })"""
        assert page.evaluate(largest) < 4  # a jump is 11


def test_what_machines_move_is_one_step_back(browser, strokes):
    with opened(browser, strokes[1]) as page:
        button(page, "Pin image").click()
        button(page, "Remove pin 1").click()
        page.evaluate("""() => { for (let i = 0; i < 300; i++)
            document.getElementById("stage").page.obey({ "z/0": i / 300, truncation: 1 - i / 600 }) }""")
        button(page, "Undo").click()
        button(page, "Undo").click()
        assert pins(page) == 1


def test_both_places_of_the_pad_are_reached_though_directions_are_no_right_angle(browser, strokes):
    with opened(browser, strokes[1]) as page:
        reached = """([axes, x, y]) => {
            const { page } = document.getElementById("stage");
            page.axes = axes;
            page.movePad([x, y]);
            return page.padPlace();
        }"""
        for axes in ([0, 1], [0, 2], [1, 2]):
            for place in ((3, 3), (3, -3), (-1, 2)):
                assert np.allclose(page.evaluate(reached, [axes, *place]), place, atol=1e-3)
        page.evaluate(reached, [[0, 0], 1, 1])
        assert np.isfinite(vector(page)).all()


@pytest.mark.parametrize(
    "fragment", ["#nonsense", '#{"z":"AAAA"}', '#{"z":1,"pins":{},"bends":[[7]]}', "#null", "#[1]"]
)
def test_a_link_of_nonsense_is_left_aside(browser, strokes, fragment):
    with opened(browser, strokes[1], fragment=fragment) as page:
        assert np.isfinite(vector(page)).all()


# Bending --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flat(browser, tmp_path_factory):
    """A network whose only layer of pictures is its image: what is bent can be computed by hand."""
    z = keras.Input((12 * 12,))
    generator = keras.Model(z, keras.layers.Activation("tanh")(keras.layers.Reshape((12, 12, 1))(z)))
    with opened(browser, export_page(generator, tmp_path_factory.mktemp("flat") / "walk.html")) as page:
        yield page


STRAIGHT = {"channels": [0], "turn": 0, "scale": 1, "x": 0, "y": 0, "mirror": False, "erode": 0, "silence": False}


@pytest.mark.parametrize(
    "bend, wanted",
    [
        ({"turn": 90}, lambda a: np.rot90(a, -1)),  # clockwise, as a hand turns a page
        ({"mirror": True}, np.fliplr),
        ({"x": 0.25}, lambda a: np.pad(a, ((0, 0), (3, 0)))[:, :-3]),
        ({"y": -0.25}, lambda a: np.pad(a, ((0, 3), (0, 0)))[3:]),
        ({"erode": 1}, lambda a: minimum_filter(a, 3, mode="constant", cval=9)),
        ({"silence": True}, np.zeros_like),
        ({"channels": [], "silence": True}, lambda a: a),
    ],
    ids=["turn", "mirror", "right", "up", "erode", "silence", "no channel"],
)
def test_a_bend_does_what_it_says(flat, bend, wanted):
    z = latent.generate_latent_points(144, 1, seed=2)
    expected = np.rint(wanted(np.tanh(z.reshape(12, 12))) * 127.5 + 127.5)
    (last,) = flat.evaluate("document.getElementById('stage').page.engine.maps.map(({ index }) => index)")
    bent = drawn(flat, z, [[last, STRAIGHT | bend]])[0, ..., 0]
    assert np.abs(bent - expected).max() <= 1


def test_a_layer_is_seen_and_bent_from_the_page(browser, tmp_path):
    generator = NETWORKS["published, modulated"]()
    with opened(browser, export_page(generator, tmp_path / "walk.html")) as page:
        z = vector(page)
        page.get_by_text("Bend the network").click()
        page.get_by_label("Layer", exact=True).select_option("0")
        pictures = page.locator(".s-map")
        assert pictures.count() == 8
        grey = """document.querySelector('.s-map canvas').getContext('2d').getImageData(0, 0, 4, 4).data
                  .some((value, i) => i % 4 < 3 && value)"""
        for _ in range(50):
            if page.evaluate(grey):
                break
            page.wait_for_timeout(100)
        assert page.evaluate(grey), "the layer's pictures stay empty"
        straight = drawn(page, [z])
        button(page, "None").click()
        pictures.nth(3).click()
        settled(page, button(page, "Silence").click)
        bends = page.evaluate("document.getElementById('stage').page.bends")
        assert [bend["channels"] for _, bend in bends] == [[3]]
        assert (drawn(page, [z], bends) != straight).any()
        settled(page, button(page, "Straighten all").click)
        assert page.evaluate("document.getElementById('stage').page.bends") == []


# Hands and sound ------------------------------------------------------------------------------------------------------

DEVICE = """navigator.requestMIDIAccess = async () => {
    window.knob = {};
    return { inputs: new Map([[1, window.knob]]) }; }"""


def test_a_slider_learns_a_midi_control_by_touch(browser, strokes):
    with opened(browser, strokes[1]) as page:
        page.evaluate(DEVICE)
        page.get_by_text("Hands and sound").click()
        button(page, "Learn a MIDI control").click()
        page.get_by_text("Now touch a slider.").wait_for()
        page.get_by_role("slider", name="Truncation").click()
        page.get_by_text("it will move “Truncation”").wait_for()
        page.evaluate("knob.onmidimessage({ data: [0xb0, 21, 10] })")
        settled(page, lambda: page.evaluate("knob.onmidimessage({ data: [0xb0, 21, 127] })"))
        assert page.get_by_role("slider", name="Truncation").input_value() == "2"
        page.evaluate("knob.onmidimessage({ data: [0x90, 21, 1] })")  # a note moves nothing
        assert page.get_by_role("slider", name="Truncation").input_value() == "2"
        button(page, "Forget control 1/21").click()
        page.evaluate("knob.onmidimessage({ data: [0xb0, 21, 0] })")
        assert page.get_by_role("slider", name="Truncation").input_value() == "2"


def test_a_slider_follows_the_microphone(browser, strokes):
    with opened(browser, strokes[1], permissions=["microphone"]) as page:
        page.get_by_text("Hands and sound").click()
        page.get_by_label("Level moves").select_option("truncation")
        before = page.get_by_role("slider", name="Truncation").input_value()
        button(page, "Listen").click()
        for _ in range(100):
            if page.get_by_role("slider", name="Truncation").input_value() != before:
                break
            page.wait_for_timeout(100)
        assert page.get_by_role("slider", name="Truncation").input_value() != before
        button(page, "Listen").click()


# For everybody --------------------------------------------------------------------------------------------------------


def test_the_page_speaks_french_where_the_browser_does(browser, strokes):
    with opened(browser, strokes[1], locale="fr-FR") as page:
        assert page.title() == TEXTS["fr"]["title"] and page.get_attribute("html", "lang") == "fr"
        button(page, "EN: English").click()
        assert page.title() == TEXTS["en"]["title"] and page.get_attribute("html", "lang") == "en"
        assert button(page, "Random").is_visible()


def test_on_a_phone_the_image_stays_in_view(browser, strokes):
    with opened(browser, strokes[1], 390, 844, has_touch=True, is_mobile=True) as page:
        page.locator(".s-pad").scroll_into_view_if_needed()
        image = page.locator(".s-image").bounding_box()
        assert image["y"] >= 0 and image["y"] + image["height"] < 844 / 2
        assert page.evaluate("[...document.querySelectorAll('*')].every((e) => e.getBoundingClientRect().right <= 391)")
        sliders = page.locator("input[type=range]")
        assert set(sliders.evaluate_all("all => all.map((e) => getComputedStyle(e).touchAction)")) == {"pan-y"}


def test_every_control_has_a_name_and_a_size_for_fingers(browser, strokes):
    with opened(browser, strokes[1]) as page:
        page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
        unnamed = """() => [...document.querySelectorAll('button, input, select, [role=grid], canvas[role]')]
            .filter((e) => !(e.getAttribute('aria-label') || e.innerText || e.labels?.[0]?.innerText))
            .map((e) => e.outerHTML)"""
        assert page.evaluate(unnamed) == []
        small = """() => [...document.querySelectorAll('button, input[type=range], select')]
            .filter((e) => { const { width, height } = e.getBoundingClientRect();
                             return width && Math.min(width, height) < 24; })
            .map((e) => e.outerHTML)"""
        assert page.evaluate(small) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width, height", [(1440, 900), (390, 844)])
def test_axe_finds_nothing(browser, strokes, scheme, width, height):
    axe = pytest.importorskip(
        "axe_playwright_python", reason="axe-core is not here (pip install axe-playwright-python)"
    )
    script = Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
    with opened(browser, strokes[1], width, height, color_scheme=scheme, bypass_csp=True) as page:
        page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
        button(page, "Pin image").click()
        page.evaluate(script)
        found = page.evaluate("axe.run()")
    assert len(found["passes"]) > 20
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_lines_stand_out_from_what_they_stand_on(browser, strokes, scheme):
    with opened(browser, strokes[1], color_scheme=scheme) as page:
        colors = page.evaluate(
            """() => ['.s-panel', '.s-stage'].map((place) => {
                const style = getComputedStyle(document.querySelector(place));
                return ['--ink', '--faint', '--accent', '--refused', '--line', '--paper', '--stage']
                    .map((name) => style.getPropertyValue(name).trim()); })"""
        )
    for (ink, faint, accent, refused, line, paper, stage), ground in zip(colors, (5, 6), strict=True):
        under = (ink, faint, accent, refused, line, paper, stage)[ground]
        assert min(contrast(color, under) for color in (ink, faint, accent, refused)) >= 4.5
        assert contrast(line, under) >= 3


def contrast(color, ground):
    def luminance(text):
        digits = text.lstrip("#")
        digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
        values = np.array(list(bytes.fromhex(digits))) / 255
        return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    light, dark = sorted((luminance(color), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_a_browser_that_cannot_draw_is_told_so(browser, strokes):
    with browser.new_context(offline=True, locale="en-GB") as window:
        page = window.new_page()
        page.add_init_script(
            "delete globalThis.WebAssembly; window.Worker = class { constructor() { throw Error('old'); } }"
        )
        page.goto(strokes[1].as_uri())
        page.get_by_text("This browser cannot draw the images (old)").wait_for(timeout=WAIT)


def test_the_command_writes_the_page(tmp_path, capsys):
    from utils.explorer.server import main

    main(["--generator", str(STROKES), "--export", str(tmp_path / "walk.html"), "--language", "fr"])
    assert "walk.html" in capsys.readouterr().out
    text = (tmp_path / "walk.html").read_text(encoding="utf-8")
    facts = json.loads(re.search(r'id="facts">(.*?)</script>', text)[1])
    assert facts["language"] == "fr" and facts["name"] == "three_lines_128"
    assert "redder" in facts["directions"]
