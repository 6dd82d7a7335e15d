"""The served page: Voilà serves Explorer.ipynb, and this process generates its images.

By default Voilà listens on 127.0.0.1 only, to requests that name this machine; on other addresses it needs a token.
Messages larger than an upload are refused, the browser loads nothing from other machines, and the kernel of a closed
page is freed.
"""

import argparse
import errno
import ipaddress
import logging
import os
import secrets
import socket
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from utils.explorer.one_file import export_page
from utils.explorer.osc import Moves, listen
from utils.explorer.page import MAX_UPLOAD, Page
from utils.explorer.shelf import ADDRESS, KEY, Shelf, load_drawing, name_of, serve, shared_shelf
from utils.explorer.steering import all_directions, write_directions
from utils.files.command_line import from_on

NOTEBOOK = Path(__file__).with_name("Explorer.ipynb")
SHIPPED = Path(__file__).parents[2] / "data" / "generators" / "three_lines_128_published.h5"  # in any working folder
LANGUAGE = "EXPLORER_LANGUAGE"
PORTS = 65_535  # the last one
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
        if options.export or options.find_directions:
            generator = loaders.load_generator(path)
        if options.find_directions:
            write_directions(path, generator)
        if options.export:
            written = export_page(
                generator, options.export, all_directions(path, generator), name_of(path), options.language
            )
            print(f"{written}: {written.stat().st_size / 2**20:.1f} MiB, opens in any browser, without a network.")
            return
        drawing = load_drawing(path)
        moves = None
        if options.osc is not None:
            moves = Moves(drawing.latent_dim, drawing.directions)
            drawing.follow(moves)
            port = listen(options.osc_ip, options.osc, moves)
            print(f"OSC: {options.osc_ip}, UDP port {port}, such as /direction/redder 2.5", flush=True)
    except (OSError, ValueError, ImportError) as error:
        sys.exit(str(error))
    known = {found.resolve(): name for name, found in runs.known_generators().items()}
    drawing.name = known.get(Path(path).resolve(), drawing.name)  # as the menu calls it
    key = secrets.token_bytes(32)
    os.environ[ADDRESS], os.environ[KEY] = serve(Shelf(drawing, moves=moves), key), key.hex()
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
            fault = f"The page cannot listen on port {port} of {ip} ({error.strerror})."
            if error.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EPERM):
                sys.exit(
                    f"{fault} Choose an address of this machine: --ip 127.0.0.1 for itself alone, --ip 0.0.0.0 for all "
                    "of its networks"
                )
            other = port + 1 if 1023 < port < PORTS else 8867
            sys.exit(
                f"{fault} Choose another port: make explore PORT={other}, or python -m utils.explorer --port {other}"
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


def served_page() -> Page:
    """The page of Explorer.ipynb: of the served generators, else of the one trained last, else of one that ships."""
    shelf = shared_shelf()
    if shelf is None:
        from utils import runs

        shelf = Shelf(load_drawing(runs.latest_generator() or SHIPPED))
    return Page(shelf, os.environ.get(LANGUAGE))


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
    port = from_on(0, most=PORTS)
    parser.add_argument("--port", type=port, default=8866)
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
    parser.add_argument("--osc", type=port, metavar="PORT", help="let messages of OSC to this UDP port move the page")
    parser.add_argument(
        "--osc-ip", default="127.0.0.1", help="the address that takes them; this machine's own, unasked"
    )
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    return parser.parse_args(arguments)
