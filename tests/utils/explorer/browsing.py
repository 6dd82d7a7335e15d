"""Which browser the tests use, and how: a headless Chromium that is installed here."""

import shutil
from contextlib import contextmanager

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
WAIT = 20_000  # milliseconds for what takes one on a quiet machine
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
NO_BROWSER = f"no browser is installed ({', '.join(BROWSERS)})"


@contextmanager
def chromium(*options):
    """A headless Chromium; needs playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=[*QUIET, *options])
        yield browser
        browser.close()
