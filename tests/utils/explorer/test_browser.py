"""The page of `make explore` in a real browser: served by Voilà, shown by a headless Chromium.

It is the page of test_stage.py, with Python behind it: here stands what that adds. One generator has a layer that the
browser does not know, so that Python draws; the menu leads to others, which the browser draws itself. Screenshots stay
in run/tests/, which git ignores.
"""

import base64
import re
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.utils.explorer.browsing import BROWSER, NO_BROWSER, WAIT, chromium
from utils.files import write_json
from utils.files.provenance import from_image
from utils.latent import fingerprint, read_vectors

PICTURES = Path(__file__).parents[3] / "run" / "tests"
pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
pytest.importorskip("voila", reason="voila is not installed (pip install voila)")
served = pytest.importorskip("tests.utils.explorer.serving").served
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason=NO_BROWSER),
]
PAGE = "document.querySelector('.s-root').page"
STROKES = "three_lines_128"  # in the menu


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    """A small untrained generator of vectors of 100, whose images differ, with a layer that the browser knows not."""
    from utils.quiet import keras

    weights = keras.initializers.RandomNormal(stddev=0.2, seed=1)
    layers = [
        keras.layers.Input((100,)),
        keras.layers.Dense(512, kernel_initializer=weights),
        keras.layers.Reshape((8, 8, 8)),
        keras.layers.Conv2DTranspose(8, 4, 2, "same", activation="relu", kernel_initializer=weights),
        keras.layers.DepthwiseConv2D(3, padding="same", depthwise_initializer=weights, name="odd_one"),
        keras.layers.Conv2DTranspose(3, 4, 2, "same", activation="tanh", kernel_initializer=weights),
    ]
    path, network = tmp_path_factory.mktemp("generator") / "generator.h5", keras.Sequential(layers)
    network.save(path)
    known = {"generator": fingerprint(network), "directions": {"redder": [1.0] * 100, "brighter": [0.0, 1.0] * 50}}
    write_json(path.with_suffix(".directions.json"), known)  # nobody searches them while the tests run
    return path


@pytest.fixture(scope="module")
def server(generator):
    """The process that serves the page, the page's address, and its UDP port for OSC, or None without python-osc."""
    log, options = generator.with_name("log.txt"), ["--osc", "0"] if find_spec("pythonosc") else []
    with served(generator, log, *options) as (process, port):
        yield process, f"http://127.0.0.1:{port}/", options and int(re.search(r"UDP port (\d+)", log.read_text())[1])


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def ready(page):
    page.wait_for_selector(".s-root[data-drawn]", state="attached", timeout=4 * WAIT)


@contextmanager
def opened(browser, address, width=1200, height=1000, locale="en-GB", generator=None):
    """The page in a window of its own, still, once it shows an image; of another generator, if one is named."""
    with browser.new_context(
        viewport={"width": width, "height": height}, locale=locale, reduced_motion="reduce"
    ) as window:
        page = window.new_page()
        page.foreign, page.defects = [], []
        page.on("response", lambda answer: page.foreign.append(answer.url) if "127.0.0.1" not in answer.url else None)
        page.on("pageerror", lambda error: page.defects.append(str(error)))
        if generator:
            page.add_init_script(f"localStorage.setItem('trois-lignes generator', '{generator}')")
        page.goto(address, timeout=4 * WAIT)
        ready(page)
        yield page
        assert [url for url in page.foreign if not url.startswith("blob:")] == [] and page.defects == []
        page.goto("about:blank")  # left, not cut off: its kernel ends


def pixels(page):
    """The image on the stage: uint8 (h, w, 3)."""
    picture = page.evaluate(
        f"""() => {{ const {{ pixels }} = {PAGE}.screen.picture;
                     return btoa(pixels.reduce((text, value) => text + String.fromCharCode(value), '')); }}"""
    )
    height, width, _ = page.evaluate(f"{PAGE}.engine.shape")
    return np.frombuffer(base64.b64decode(picture), np.uint8).reshape(height, width, 4)[..., :3]


def vector(page):
    return np.float32(page.evaluate(f"Array.from({PAGE}.z)"))


def settled(page, act):
    """Do something, and wait until another image is shown, the last of it."""
    drawn(page, act)
    still(page)


def drawn(page, act):
    """Do something, and wait until another image is shown."""
    before = page.get_attribute(".s-root", "data-drawn")
    act()
    page.wait_for_selector(f".s-root:not([data-drawn='{before}'])", state="attached", timeout=WAIT)


def still(page):
    """Wait until the image is that of the vector."""
    page.wait_for_function(f"!{PAGE}.busy && {PAGE}.drawn === {PAGE}.version", timeout=WAIT)


def says(page, words):
    page.locator(".s-message", has_text=words).first.wait_for(timeout=WAIT)


def downloaded(page, click, folder):
    with page.expect_download(timeout=4 * WAIT) as download:
        click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def test_python_draws_what_the_browser_cannot(browser, server, generator, tmp_path):
    from utils import latent, loaders

    keras_own = loaders.load_generator(generator)
    with opened(browser, server[1]) as page:
        says(page, "Python draws these images")
        assert page.evaluate(f"{PAGE}.engine.name") == "Python"
        first = pixels(page)
        assert np.abs(first - latent.generate_images(keras_own, vector(page)[None])[0].astype(int)).max() <= 1

        # a click adds 1, undo takes it back
        cell = page.get_by_role("gridcell").nth(34)
        settled(page, cell.click)
        assert (pixels(page) != first).any()
        settled(page, button(page, "Undo").click)
        assert (pixels(page) == first).all()

        # a drag upwards, one undo for the whole of it
        cell.scroll_into_view_if_needed()
        box = cell.bounding_box()
        page.mouse.move(box["x"] + 9, box["y"] + 9)
        page.mouse.down()
        for step in range(1, 11):
            page.mouse.move(box["x"] + 9, box["y"] + 9 - 12 * step)
        page.mouse.up()
        still(page)
        assert (pixels(page) != first).any()
        settled(page, lambda: page.keyboard.press("Control+z"))
        assert (pixels(page) == first).all()

        # by keyboard alone
        cell.focus()
        page.keyboard.press("ArrowRight")
        settled(page, lambda: page.keyboard.press("0"))
        assert page.locator(".z-cell:focus").get_attribute("aria-label") == "row 3, column 5: 0.0"

        # saved, wandered off, and back from the file
        here = pixels(page)
        image = downloaded(page, button(page, "Save image").click, tmp_path)
        numbers = downloaded(page, button(page, "Save vector").click, tmp_path)
        assert (from_image(image)[0] == read_vectors(numbers)).all() and (from_image(image)[0] == vector(page)).all()
        settled(page, button(page, "Random").click)
        settled(page, lambda: page.locator("input[type=file]").set_input_files(image))
        assert (pixels(page) == here).all()

        # two pins, and a film through them
        button(page, "Pin image").click()
        button(page, "Set A").click()
        settled(page, button(page, "Mirror").click)
        button(page, "Pin image").click()
        button(page, "Set B").click()
        film = downloaded(page, button(page, "Export film").click, tmp_path)
        assert film.read_bytes().startswith(b"GIF89a")
        says(page, "120 images, 6 seconds")

        # it moves by itself
        before = vector(page)
        drawn(page, button(page, "Play").click)
        button(page, "Pause").click()
        assert (vector(page) != before).any()
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / "explorer_1200.png")


def test_the_browser_draws_reads_and_takes_home_with_python_behind_it(browser, server, tmp_path):
    with opened(browser, server[1], 390, 844, "fr-FR", STROKES) as page:
        assert page.evaluate(f"{PAGE}.engine.name") == "WASM" and page.title() == "Promenade dans l’espace latent"
        page.locator(".s-reading", has_text="verticale").wait_for(timeout=WAIT)
        page.locator(".s-frame").hover()
        page.wait_for_function("getComputedStyle(document.querySelector('.s-outlines')).opacity === '1'")
        assert page.locator(".s-outlines .s-range").count() == 2

        everything = "[...document.querySelectorAll('.s-root *')]"
        assert page.evaluate(f"{everything}.every(e => e.getBoundingClientRect().right <= innerWidth + 1)")
        page.locator("input[type=file]").scroll_into_view_if_needed()  # at the end of the page
        image = page.locator(".s-image").bounding_box()
        assert image["y"] >= 0 and image["y"] + image["height"] < 844 / 2  # still in view
        page.locator("h1").scroll_into_view_if_needed()
        page.screenshot(path=PICTURES / "explorer_390.png")

        button(page, "EN: English").click()
        button(page, "Enlarging network").click()
        large = downloaded(page, button(page, "PNG 512 × 512").click, tmp_path)
        assert (from_image(large)[0] == vector(page)).all()
        file = downloaded(page, button(page, "Page in one file").click, tmp_path)
    with browser.new_context(offline=True) as window:
        alone = window.new_page()
        alone.goto(file.as_uri())
        ready(alone)


def test_the_menu_and_a_dropped_file_lead_to_other_generators(browser, server, generator, tmp_path):
    with opened(browser, server[1]) as page:
        menu = page.get_by_role("combobox", name="Generator")
        page.evaluate("document.querySelector('.s-root').removeAttribute('data-drawn')")
        menu.select_option(STROKES)
        page.wait_for_function(f"{PAGE}.facts.name === '{STROKES}'", timeout=4 * WAIT)
        ready(page)
        assert page.get_by_role("slider", name="bluer ↔ redder").is_visible()
        assert page.evaluate("document.activeElement.className") == "s-generators"
        evil = tmp_path / "evil.keras"
        evil.write_bytes(b"PK\x03\x04 and nothing else")
        page.locator("input[type=file]").set_input_files(evil)
        page.locator(".s-refused", has_text="evil.keras cannot be opened").wait_for(timeout=WAIT)
        mine = tmp_path / "mine.h5"
        mine.write_bytes(generator.read_bytes())
        page.locator("input[type=file]").set_input_files(mine)
        page.wait_for_function(f"{PAGE}.facts.name === 'mine'", timeout=4 * WAIT)
        ready(page)
        assert page.get_by_role("combobox", name="Generator").input_value() == "mine"
        says(page, "Directions are found")  # in the background, once
        assert page.get_by_role("slider", name="darker ↔ brighter").count() == 1


def test_other_programs_move_the_page(browser, server):
    client = pytest.importorskip("pythonosc.udp_client", reason="python-osc is not installed (pip install python-osc)")
    osc = client.SimpleUDPClient("127.0.0.1", server[2])
    with opened(browser, server[1], generator=STROKES) as page:
        settled(page, lambda: osc.send_message("/z/35", 9.5))
        assert vector(page)[35] == 9.5
        settled(page, lambda: osc.send_message("/truncation", 0.5))
        assert np.isclose(vector(page)[35], 4.75)
        settled(page, lambda: osc.send_message("/direction/redder", -2))
        assert page.get_by_role("slider", name="bluer ↔ redder").input_value() == "-2"
        osc.send_message("/between", 0.5)
        page.locator(".s-refused", has_text="Pin an image as A").wait_for(timeout=WAIT)
        osc.send_message("/play", 1)
        button(page, "Pause").wait_for(timeout=WAIT)
        osc.send_message("/play", 0)
        button(page, "Play").wait_for(timeout=WAIT)


@pytest.mark.parametrize("width", [1200, 390])
def test_axe_finds_nothing(browser, server, width):
    axe = pytest.importorskip(
        "axe_playwright_python", reason="axe-core is not here (pip install axe-playwright-python)"
    )
    with opened(browser, server[1], width, generator=STROKES) as page:
        button(page, "Pin image").click()
        page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
        page.evaluate(Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
        found = page.evaluate("axe.run('.s-root')")
    assert len(found["passes"]) > 20
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]] == []


QUICK_UPDATES = """async (n) => {
    const cell = document.querySelectorAll('.z-cell')[50];
    cell.focus();
    for (let i = 0; i < n; i++) {
        cell.dispatchEvent(new KeyboardEvent('keydown', { key: i % 7 ? '+' : '0', bubbles: true, cancelable: true }));
        await new Promise((resolve) => setTimeout(resolve, 15));
    }
}"""


def memory(process):
    return sum(p.memory_info().rss for p in (process, *process.children())) / 2**20


@pytest.mark.thorough
def test_200_quick_updates_leave_memory_flat_and_the_last_one_stands(browser, server):
    with opened(browser, server[1]) as page:  # drawn by Python
        page.evaluate(QUICK_UPDATES, 100)  # caches fill
        page.wait_for_timeout(500)
        before, drawn = memory(server[0]), int(page.get_attribute(".s-root", "data-drawn"))
        settled(page, lambda: page.evaluate(QUICK_UPDATES, 200))
        assert int(page.get_attribute(".s-root", "data-drawn")) > drawn + 20
        assert page.locator(".z-cell").nth(50).inner_text() == "0.3"  # 0 at the 197th, then three times +0.1
        assert np.isclose(vector(page)[50], 0.3)
        assert memory(server[0]) - before < 30, "MiB"
        last = pixels(page)
        settled(page, button(page, "Random").click)
        assert (pixels(page) != last).any()


@pytest.mark.thorough
def test_20_tabs_share_one_generator(browser, generator):
    log = generator.with_name("log-tabs.txt")
    with served(generator, log) as (process, port), browser.new_context(reduced_motion="reduce") as window:
        alone = memory(process)
        tabs = [window.new_page() for _ in range(20)]
        for first in range(0, 20, 2):  # two at once, as many as there are processors
            for tab in tabs[first : first + 2]:
                tab.goto(f"http://127.0.0.1:{port}/", wait_until="commit", timeout=6 * WAIT)
            for tab in tabs[first : first + 2]:
                tab.bring_to_front()
                tab.wait_for_selector(".s-root[data-drawn]", state="attached", timeout=6 * WAIT)
        for tab in tabs:
            tab.bring_to_front()
            settled(tab, button(tab, "Random").click)
        assert memory(process) - alone < 20 * 150, "MiB"
        print(f"20 tabs: {(memory(process) - alone) / 20:.0f} MiB each, beside {alone:.0f} MiB")


def test_a_page_that_is_left_frees_its_kernel(browser, server):
    before = server[0].children()

    def kernels():
        return set(server[0].children()) - set(before)

    with opened(browser, server[1]) as page:
        assert kernels()
        page.goto("about:blank")
        deadline = time.monotonic() + WAIT / 1000
        while kernels() and time.monotonic() < deadline:
            page.wait_for_timeout(100)
        assert not kernels()
        page.defects.clear()


def test_what_was_found_outlives_a_reload_and_a_server_that_goes_away(browser, server):
    """The last of all: it ends the server."""
    process, address, _ = server
    with opened(browser, address) as page:
        settled(page, button(page, "Random").click)
        button(page, "Pin image").click()
        page.get_by_role("slider", name="Truncation").press("ArrowLeft")
        still(page)
        found, here = vector(page), pixels(page)
        page.reload()
        ready(page)
        assert button(page, "Go to pin 1").is_visible()
        assert (vector(page) == found).all() and (pixels(page) == here).all()
        wait_long = (
            f"Object.assign({PAGE}.host, {{ beat: -1e6, pinged: -1e6 }}).look()"  # as if it had been silent for long
        )
        page.evaluate(wait_long)
        page.wait_for_selector(".s-gone", state="hidden", timeout=WAIT)  # it answered
        for child in process.children():
            child.kill()
        process.kill()
        page.wait_for_timeout(500)
        page.evaluate(wait_long)
        page.wait_for_timeout(500)
        assert "does not answer" in page.locator(".s-gone").inner_text()
        assert (vector(page) == found).all()
