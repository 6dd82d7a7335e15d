"""The explorer's page in a real browser: served by Voilà, shown by a headless Chromium.

Its screenshots stay in run/tests/, which git ignores.
"""

import re
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.utils.explorer.browsing import BROWSER, NO_BROWSER, WAIT, chromium
from utils.files.provenance import from_image
from utils.latent import read_vectors

PICTURES = Path(__file__).parents[3] / "run" / "tests"
pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
pytest.importorskip("voila", reason="voila is not installed (pip install voila)")
served = pytest.importorskip("tests.utils.explorer.serving").served
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason=NO_BROWSER),
]


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    """A small untrained generator of vectors of 100, whose images differ."""
    from utils.quiet import keras

    weights = keras.initializers.RandomNormal(stddev=0.2, seed=1)
    layers = [
        keras.layers.Input((100,)),
        keras.layers.Dense(512, kernel_initializer=weights),
        keras.layers.Reshape((8, 8, 8)),
        keras.layers.Conv2DTranspose(8, 4, 2, "same", activation="relu", kernel_initializer=weights),
        keras.layers.Conv2DTranspose(3, 4, 2, "same", activation="tanh", kernel_initializer=weights),
    ]
    path = tmp_path_factory.mktemp("generator") / "generator.h5"
    keras.Sequential(layers).save(path)
    return path


@pytest.fixture(scope="module")
def server(generator):
    with served(generator, generator.with_name("log.txt")) as (process, port):
        yield process, f"http://127.0.0.1:{port}/"


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@contextmanager
def opened(browser, address, width, height, locale):
    """The page in a window of its own, once it shows its grid and its image."""
    with browser.new_context(viewport={"width": width, "height": height}, locale=locale) as window:
        page = window.new_page()
        page.foreign, page.defects = [], []
        page.on("response", lambda answer: page.foreign.append(answer.url) if "127.0.0.1" not in answer.url else None)
        page.on("pageerror", lambda error: page.defects.append(str(error)))
        page.goto(address)
        page.wait_for_selector(".z-cell", timeout=2 * WAIT)
        page.wait_for_function("document.querySelector('img.z-image')?.naturalWidth > 0", timeout=WAIT)
        yield page
        page.goto("about:blank")  # left, not cut off: its kernel ends


def pixels(page):
    """The image on the screen, as the browser decoded it; None while it changes."""
    return page.evaluate(
        """() => { const img = document.querySelector('img.z-image'), canvas = document.createElement('canvas');
                   if (!img.complete) return null;
                   [canvas.width, canvas.height] = [img.naturalWidth, img.naturalHeight];
                   canvas.getContext('2d').drawImage(img, 0, 0); return canvas.toDataURL(); }"""
    )


def changed(page, before):
    """Wait until the screen shows another image than before."""
    deadline = time.monotonic() + WAIT / 1000
    while time.monotonic() < deadline:
        page.wait_for_timeout(20)
        now = pixels(page)
        if now not in (None, before):
            return now
    raise AssertionError("the picture did not change")


def shows(page, image):
    """Wait until the screen shows this image."""
    deadline = time.monotonic() + WAIT / 1000
    while pixels(page) != image:
        assert time.monotonic() < deadline, "the image does not come back"
        page.wait_for_timeout(20)


def values(page):
    return page.locator(".z-cell").all_text_contents()


def says(page, words):
    page.wait_for_function("words => document.querySelector('.z-status').innerText.includes(words)", arg=words)


def downloaded(page, click, folder):
    with page.expect_download(timeout=WAIT) as download:
        click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def button(page, name):
    return page.get_by_role("button", name=name)


def test_a_walk_on_a_wide_screen(browser, server, tmp_path):
    with opened(browser, server[1], 1200, 1000, "en-GB") as page:
        first = pixels(page)
        assert page.locator(".z-cell").count() == 100

        # a click adds 1, undo takes it back
        cell = page.get_by_role("gridcell").nth(34)
        cell.click()
        clicked = changed(page, first)
        button(page, "Undo").click()
        assert changed(page, clicked) == first

        # a drag upwards, one undo for the whole of it
        box = cell.bounding_box()
        page.mouse.move(box["x"] + 9, box["y"] + 9)
        page.mouse.down()
        for step in range(1, 11):
            page.mouse.move(box["x"] + 9, box["y"] + 9 - 12 * step)
        page.mouse.up()
        page.wait_for_timeout(1000)  # until the last of it is drawn
        dragged = changed(page, first)
        button(page, "Undo").click()
        assert changed(page, dragged) == first

        # by keyboard alone
        cell.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("0")
        assert values(page)[35] == "0.0"
        changed(page, first)
        assert page.locator(".z-cell:focus").get_attribute("aria-label") == "row 3, column 5: 0.0"

        # saved, wandered off, and back from the file
        page.wait_for_timeout(1000)  # until the last of it is drawn
        here = pixels(page)
        image = downloaded(page, button(page, "Save image").click, tmp_path)
        vector = downloaded(page, button(page, "Save vector").click, tmp_path)
        assert (from_image(image)[0] == read_vectors(vector)).all()
        button(page, "Random").click()
        there = changed(page, here)
        page.locator("input[type=file]").set_input_files(image)
        assert changed(page, there) == here
        says(page, "image_00.png is opened")

        # what no one can open is refused in words, and the page goes on
        (tmp_path / "evil.txt").write_text("__import__('os').abort()")
        page.locator("input[type=file]").set_input_files(tmp_path / "evil.txt")
        says(page, "evil.txt carries no vector")
        (tmp_path / "huge.png").write_bytes(bytes(20 * 2**20))
        page.locator("input[type=file]").set_input_files(tmp_path / "huge.png")
        says(page, "huge.png is larger than 4 MiB")

        # two pins, and a film through them
        button(page, "Pin image").click()
        button(page, "Set A").click()
        button(page, "Mirror").click()
        changed(page, here)
        button(page, "Pin image").click()
        button(page, "Set B").click()
        button(page, "Go to pin 2").wait_for(timeout=WAIT)
        film = downloaded(page, button(page, "Export film").click, tmp_path)
        assert film.read_bytes().startswith(b"GIF89a")
        says(page, "film_02.gif")

        # a slider by keyboard, found by its name
        before = pixels(page)
        page.get_by_role("slider", name="Truncation").press("ArrowLeft")
        changed(page, before)

        unnamed = page.evaluate(
            """() => [...document.querySelectorAll('.z-explorer :is(button, input, [role=slider], [role=grid])')]
                 .filter(e => !(e.getAttribute('aria-label') || e.innerText || e.labels?.[0]?.innerText))
                 .map(e => e.outerHTML)"""
        )
        assert unnamed == []
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / "explorer_1200.png")
        assert page.foreign == [] and page.defects == []


def test_a_walk_on_a_narrow_screen_in_french(browser, server, tmp_path):
    with opened(browser, server[1], 390, 844, "fr-FR") as page:
        button(page, "Hasard").wait_for(timeout=WAIT)
        first = pixels(page)
        page.get_by_role("gridcell").nth(7).click()
        clicked = changed(page, first)
        image = downloaded(page, button(page, "Garder l’image").click, tmp_path)
        button(page, "Hasard").click()
        there = changed(page, clicked)
        page.locator("input[type=file]").set_input_files(image)
        assert changed(page, there) == clicked
        says(page, "est ouvert")
        everything = "[...document.querySelectorAll('.z-explorer *')]"
        assert page.evaluate(f"{everything}.every(e => e.getBoundingClientRect().right <= innerWidth + 1)")
        page.locator(".z-drop").scroll_into_view_if_needed()  # at the end of the page
        image = page.locator("img.z-image").bounding_box()
        assert image["y"] >= 0 and image["y"] + image["height"] < 844 / 2  # still in view
        page.locator("h1").scroll_into_view_if_needed()
        page.screenshot(path=PICTURES / "explorer_390.png")
        button(page, "English").click()
        button(page, "Random").wait_for(timeout=WAIT)
        assert page.foreign == [] and page.defects == []


def test_the_page_moves_by_itself_and_becomes_one_file(browser, server, tmp_path):
    with opened(browser, server[1], 1200, 1000, "en-GB") as page:
        first = pixels(page)
        button(page, "Play: ").click()
        second = changed(page, first)
        assert changed(page, second) != first
        button(page, "Pause").click()
        file = downloaded(page, button(page, "Page in one file").click, tmp_path)
        assert page.foreign == [] and page.defects == []
    with browser.new_context(offline=True) as window:
        alone = window.new_page()
        alone.goto(file.as_uri())
        alone.wait_for_selector("html[data-drawn]", state="attached", timeout=WAIT)


def test_what_was_found_outlives_a_reload_and_a_server_that_goes_away(browser, generator):
    with (
        served(generator, generator.with_name("log-gone.txt")) as (process, port),
        opened(browser, f"http://127.0.0.1:{port}/", 1200, 1000, "en-GB") as page,
    ):
        first = pixels(page)
        button(page, "Random").click()
        changed(page, first)
        button(page, "Pin image").click()
        button(page, "Go to pin 1").wait_for(timeout=WAIT)
        kept = "Object.values(localStorage).some((text) => JSON.parse(text).pins.length)"
        page.wait_for_function(kept, timeout=WAIT)
        vector = "JSON.parse(Object.values(localStorage).find((text) => JSON.parse(text).z)).z"
        found, numbers, here = page.evaluate(vector), values(page), pixels(page)
        for _ in range(3):
            page.reload()
            button(page, "Go to pin 1").wait_for(timeout=2 * WAIT)
            shows(page, here)
            page.wait_for_timeout(500)  # what the browser's sliders may send back
            assert page.evaluate(vector) == found and values(page) == numbers and pixels(page) == here
        for child in process.children():
            child.kill()
        process.kill()
        page.locator(".z-gone", has_text="does not answer").wait_for(timeout=2 * WAIT)
        assert values(page) == numbers


def test_other_programs_move_the_page(browser, generator):
    client = pytest.importorskip("pythonosc.udp_client", reason="python-osc is not installed (pip install python-osc)")
    log = generator.with_name("log-osc.txt")
    with served(generator, log, "--osc", "0") as (_, port):
        osc = int(re.search(r"UDP port (\d+)", log.read_text())[1])
        with opened(browser, f"http://127.0.0.1:{port}/", 1200, 1000, "en-GB") as page:
            before = pixels(page)
            client.SimpleUDPClient("127.0.0.1", osc).send_message("/z/35", 9.5)
            changed(page, before)
            assert values(page)[35] == "9.5"


@pytest.mark.parametrize("width", [1200, 390])
def test_axe_finds_nothing(browser, server, width):
    axe = pytest.importorskip(
        "axe_playwright_python", reason="axe-core is not here (pip install axe-playwright-python)"
    )
    with opened(browser, server[1], width, 1000, "en-GB") as page:
        button(page, "Pin image").click()
        button(page, "Go to pin 1").wait_for(timeout=WAIT)
        page.evaluate(Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
        found = page.evaluate("axe.run('.z-explorer')")
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


def test_200_quick_updates_leave_memory_flat_and_the_last_one_stands(browser, server):
    with opened(browser, server[1], 1200, 1000, "en-GB") as page:
        page.evaluate(QUICK_UPDATES, 100)  # caches fill
        page.wait_for_timeout(500)
        before = memory(server[0])
        page.evaluate(QUICK_UPDATES, 200)
        page.wait_for_timeout(1000)
        last = pixels(page)
        assert values(page)[50] == "0.3"  # 0 at the 197th, then three times +0.1
        assert memory(server[0]) - before < 30, "MiB"
        button(page, "Random").click()
        changed(page, last)


@pytest.mark.thorough
def test_20_tabs_share_one_generator(browser, generator):
    log = generator.with_name("log-tabs.txt")
    with served(generator, log) as (process, port), browser.new_context() as window:
        alone = memory(process)
        tabs = []
        for _ in range(20):
            tab = window.new_page()
            tab.goto(f"http://127.0.0.1:{port}/")
            tab.wait_for_selector(".z-cell", timeout=6 * WAIT)
            tabs.append(tab)
        for tab in tabs:
            before = pixels(tab)
            tab.bring_to_front()
            button(tab, "Random").click()
            changed(tab, before)
        assert memory(process) - alone < 20 * 150, "MiB"
        print(f"20 tabs: {(memory(process) - alone) / 20:.0f} MiB each, beside {alone:.0f} MiB")


def test_a_page_that_is_left_frees_its_kernel(browser, server):
    kernels = server[0].children
    with opened(browser, server[1], 1200, 1000, "en-GB") as page:
        assert kernels()
        page.goto("about:blank")
        deadline = time.monotonic() + WAIT / 1000
        while kernels() and time.monotonic() < deadline:
            page.wait_for_timeout(100)
        assert not kernels()
