"""The served page: Voilà serves Explorer.ipynb, and this process generates its images.

By default Voilà listens on 127.0.0.1 only, to requests that name this machine; on other addresses it needs a token.
Messages larger than an upload are refused, the browser loads nothing from other machines, and the kernel of a closed
page is freed.
"""

import argparse
import ipaddress
import logging
import os
import secrets
import socket
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np

from utils.explorer.export import export_page
from utils.explorer.osc import Moves, listen
from utils.explorer.rendering import ADDRESS, KEY, Drawing, serve_drawing, shared_drawing
from utils.explorer.steering import DIRECTIONS, first_layer_directions
from utils.explorer.walk import MAX_UPLOAD
from utils.files import write_json
from utils.files.json_files import read_json
from utils.latent import fingerprint
from utils.latent.directions import read_directions

NOTEBOOK = Path(__file__).with_name("Explorer.ipynb")
SHIPPED = Path(__file__).parents[2] / "data" / "generators" / "three_lines_128_published.h5"  # in any working folder
LANGUAGE = "EXPLORER_LANGUAGE"
MIN_SCORE = 0.1  # smallest R² of a direction with a slider
MARGIN_BYTES = 2**20  # of a message in addition to the file in it, and largest size of any other request
# scripts and styles are inline; nothing is loaded from other hosts, and no other page may frame this one
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' ws: wss: data: blob:; "
    "frame-ancestors 'self'; form-action 'self'; base-uri 'self'"
)


def main(arguments: list[str] | None = None) -> None:
    """Load a generator and serve the page until Ctrl-C."""
    options = _options(arguments)
    if not options.export:
        see_port(options.ip, options.port)
    from utils import loaders, runs

    try:
        path = options.generator or runs.any_generator()
        print(f"Loading {path} ...", flush=True)
        generator = loaders.load_generator(path)
        if options.find_directions:
            write_directions(path, generator)
        if options.export:
            written = export_page(
                generator, options.export, all_directions(path, generator), _name(path), options.language
            )
            print(f"{written}: {written.stat().st_size / 2**20:.1f} MiB, opens in any browser, without a network.")
            return
        directions = all_directions(path, generator)
        moves = Moves(int(generator.input_shape[-1]), directions) if options.osc is not None else None
        drawing = Drawing(generator, directions, _name(path), moves, runs.data_of(path, generator).rules)
        if moves is not None:
            port = listen(options.osc_ip, options.osc, moves)
            print(f"OSC: {options.osc_ip}, UDP port {port}, such as /direction/redder 2.5", flush=True)
    except (OSError, ValueError, ImportError) as error:
        sys.exit(str(error))
    find_in_background(path, generator, drawing)
    key = secrets.token_bytes(32)
    os.environ[ADDRESS], os.environ[KEY] = serve_drawing(drawing, key), key.hex()
    if options.language:
        os.environ[LANGUAGE] = options.language
    token = "" if is_local(options.ip) else secrets.token_urlsafe(24)
    address, *_ = addresses(options.ip, options.port, token)
    print(f"The page: {address}", flush=True)
    if token:
        print("Whoever has this address can use the page. It travels unencrypted: use it in a network you trust.")
        print_qr(address)
    print("Ctrl-C ends it.", flush=True)
    with a_home():
        start_voila(options.ip, options.port, token, options.open)


def see_port(ip: str, port: int) -> None:
    """Leave, with a word on the way out, if the address to listen on is taken or is none of this machine's."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    with socket.socket(family) as trial:
        if os.name == "posix":  # as the server does: a port that was in use until a moment ago is free
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((ip, port))
            trial.listen(1)
        except OSError as error:
            sys.exit(
                f"The page cannot listen on port {port} of {ip} ({error.strerror}). Choose another port: "
                f"make explore PORT={port + 1}, or python -m utils.explorer --port {port + 1}"
            )


def addresses(ip: str, port: int, token: str = "") -> list[str]:
    """The addresses under which the page can be reached: of 0.0.0.0 and ::, those of this machine in its networks."""
    hosts = [ip]
    if ip in ("0.0.0.0", "::", ""):
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.connect(("192.0.2.1", 9))  # sends nothing: it asks which address would be used
                hosts = [probe.getsockname()[0]]
        except OSError:  # in no network
            hosts = ["127.0.0.1"]
    ends = f":{port}/" + (f"?token={token}" if token else "")
    return [f"http://{f'[{host}]' if ':' in host else host}{ends}" for host in hosts]


def print_qr(address: str) -> None:
    """Print an address as a QR code, for a phone's camera, where the package qrcode is installed."""
    try:
        import qrcode
    except ImportError:
        print("With pip install qrcode the address appears here as a QR code too.")
        return
    code = qrcode.QRCode(border=2)
    code.add_data(address)
    code.print_ascii(invert=True)


@contextmanager
def a_home():
    """Give Jupyter a home for the notes it keeps, where this account has none or may not write to it."""
    home = os.path.expanduser("~")  # stays "~" where nobody knows of one
    if os.path.isabs(home) and os.access(home, os.W_OK):
        yield
        return
    before = os.environ.get("HOME")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["HOME"] = folder
        try:
            yield
        finally:
            os.environ.pop("HOME") if before is None else os.environ.update(HOME=before)


def start_voila(ip: str, port: int, token: str, open_browser: bool) -> None:
    """Serve the notebook until Ctrl-C."""
    from traitlets.config import Config
    from voila.app import Voila

    class SmallRequests(Voila):
        """Voilà with a limit on requests: Tornado's default holds up to 100 MiB of each request in memory."""

        def listen(self):
            self.app.listen = partial(self.app.listen, max_body_size=MARGIN_BYTES)
            super().listen()

        def load_config_file(self, *_, **__):
            """Nothing: somebody's voila.json may name another template, another address, or no token."""

    logging.getLogger("tornado.general").setLevel(logging.ERROR)  # how it corrects Jupyter's intervals is no news
    settings = Config()
    settings.Voila.ip, settings.Voila.port, settings.Voila.port_retries = ip, port, 0
    settings.Voila.open_browser = open_browser
    settings.Voila.token = token
    settings.Voila.log_level = "ERROR"  # a notebook that nobody has signed is no news
    if os.name == "posix":  # sockets of this account's own, in place of ports that any account can listen to
        settings.KernelManager.transport = "ipc"
    settings.Voila.tornado_settings = {
        # refuses a foreign page whose name resolves to 127.0.0.1 (DNS rebinding), since it names itself as host
        "allow_remote_access": not is_local(ip),
        # a closed page ends its kernel by the kernel's secret name; Voilà gives it no cookie to sign the request
        "disable_check_xsrf": True,
        "websocket_max_message_size": MAX_UPLOAD + MARGIN_BYTES,
        "headers": {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"},
    }
    settings.VoilaConfiguration.template, settings.VoilaConfiguration.theme = "lab", "light"
    settings.VoilaConfiguration.file_allowlist = []
    # the kernel of a tab that vanished without that request (a closed laptop) ends after ten minutes
    settings.MappingKernelManager.cull_idle_timeout, settings.MappingKernelManager.cull_interval = 600, 60
    sys.argv[1:] = []  # this command's arguments are not Voilà's
    SmallRequests.launch_instance(argv=[str(NOTEBOOK)], config=settings)


def served_page():
    """The widget of Explorer.ipynb: for the served generator, else the one trained last, else the one that ships."""
    from utils.explorer.page import Page
    from utils.explorer.walk import Walk

    drawing = shared_drawing()
    if drawing is None:
        from utils import loaders, runs

        path = runs.latest_generator() or SHIPPED
        generator = loaders.load_generator(path)
        rules = runs.data_of(path, generator).rules
        drawing = Drawing(generator, all_directions(path, generator), _name(path), rules=rules)
    return Page(Walk(drawing), os.environ.get(LANGUAGE)).box


def find_in_background(path: Path, generator, drawing: Drawing) -> threading.Thread | None:
    """Find the directions of a generator that nobody searched yet, while its pages are served; None if it was."""
    with suppress(OSError, ValueError, AttributeError):  # no file, or none of ours
        if read_json(_directions_file(path)).get("generator") == drawing.fingerprint:
            return None

    def find():
        try:
            write_directions(path, generator, drawing.in_between())
        except (
            OSError,
            ValueError,
        ) as error:  # a folder that may not be written to, images that show nothing to measure
            print(f"No directions were found: {error}")
            return
        drawing.steer(all_directions(path, generator))
        print("Directions are found: reload the page for them.", flush=True)

    thread = threading.Thread(target=find, daemon=True)
    thread.start()
    return thread


def write_directions(path: Path, generator, drawing=None) -> Path:
    """Find directions that change what images show, and save them as JSON beside the generator's file.

    Args:
        path: the generator's file.
        generator: the Keras model.
        drawing: what draws the images in its place, see `InBetween`; None for the generator itself.

    Returns:
        The path of the JSON file.
    """
    from utils import runs
    from utils.latent.directions import reading_directions

    measured = reading_directions(drawing or generator, measure=runs.data_of(path, generator).measure)
    found = [direction for direction in measured if direction.score >= MIN_SCORE][:DIRECTIONS]
    for direction in found:
        print(f"  {direction.name}: R² {direction.score:.2f}")
    known = {direction.name: [round(float(value), 4) for value in direction.vector] for direction in found}
    return write_json(_directions_file(path), {"generator": fingerprint(generator), "directions": known})


def all_directions(path: str | os.PathLike, generator) -> dict[str, np.ndarray]:
    """The directions saved by `write_directions` for this generator, at most six.

    Where there are fewer than two, which is little to play with, those of its first layer follow, which nobody named.
    """
    found = {}
    try:
        found = read_directions(_directions_file(path), generator)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:  # the page works without them
        print(error)
    if len(found) < 2:
        found |= first_layer_directions(generator)
    return dict(list(found.items())[:DIRECTIONS])


def _name(path: str | os.PathLike) -> str:
    """What the page calls a generator: its file, or for one of a run the run's folder."""
    path = Path(path)
    return path.stem if path.stem not in ("generator", "generator_ema") else path.resolve().parent.name


def _directions_file(path: str | os.PathLike) -> Path:
    return Path(path).with_suffix(".directions.json")


def is_local(ip: str) -> bool:
    """Whether an address to listen on can be reached from this machine only."""
    if ip == "localhost":
        return True
    try:
        return ipaddress.ip_address(ip).is_loopback
    except ValueError:
        return False


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m utils.explorer", description="A page to walk the latent space.")
    parser.add_argument("--generator", type=Path, help="a .h5 or .keras file; else the one trained last, or shipped")
    parser.add_argument("--port", type=int, default=8866)
    parser.add_argument(
        "--ip",
        default="127.0.0.1",
        help="the address to listen on; any but this machine's own asks visitors for a token",
    )
    parser.add_argument("--language", choices=["en", "fr"], help="else the browser's")
    parser.add_argument(
        "--find-directions",
        action="store_true",
        help="find directions that move and colour the lines "
        "(half a minute), keep them beside the generator, and give them sliders",
    )
    parser.add_argument(
        "--export",
        type=Path,
        metavar="WALK.HTML",
        help="write the page as one HTML file that holds the network and needs no Python, and serve nothing",
    )
    parser.add_argument("--osc", type=int, metavar="PORT", help="let messages of OSC to this UDP port move the page")
    parser.add_argument(
        "--osc-ip", default="127.0.0.1", help="the address that takes them; this machine's own, unasked"
    )
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    return parser.parse_args(arguments)
