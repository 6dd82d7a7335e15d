"""Other programs move the page: messages of Open Sound Control (OSC), by UDP.

    /z/23           -10 to 10   one number of the vector
    /direction/redder   -4 to 4     the vector's place along a direction; blanks in its name are written _
    /truncation     0.1 to 1.5
    /between        0 to 1      from A to B
    /play           0 or 1      whether the image moves by itself

Only the last value of each address is kept until a page asks for it, so that a flood of messages takes no memory and no
time. What is out of range, or no number, is left aside.
"""

import threading

NEEDED = "pip install python-osc"
RANGES = {"z": (-10.0, 10.0), "direction": (-4.0, 4.0), "truncation": (0.1, 1.5), "between": (0.0, 1.0), "play": (0, 1)}


class Moves:
    """The last value of each address, with the version at which it came. For use by several threads.

    Args:
        latent_dim: length of the vectors.
        directions: names of the directions.
    """

    def __init__(self, latent_dim: int, directions=()):
        self._lock = threading.Lock()
        self._values: dict[str, tuple[int, float]] = {}
        self._version = 0
        self._known = {f"z/{i}" for i in range(latent_dim)} | {"truncation", "between", "play"}
        self.know(directions)

    def know(self, directions) -> None:
        """Take messages to directions of these names too."""
        self._known = self._known | {f"direction/{address_of(name)}" for name in directions}

    def take(self, address: str, *values) -> bool:
        """Take a message; says whether it was one of ours, with a number in its range."""
        address = address.strip("/")
        low, high = RANGES.get(address.partition("/")[0], (0, 0))
        if address not in self._known or len(values) != 1 or not isinstance(values[0], int | float):
            return False
        if not low <= values[0] <= high:
            return False
        with self._lock:
            self._version += 1
            self._values[address] = (self._version, float(values[0]))
        return True

    def since(self, version: int) -> tuple[int, dict[str, float]]:
        """The version now, and the last value of each address that came after `version`."""
        with self._lock:
            return self._version, {address: value for address, (at, value) in self._values.items() if at > version}


def address_of(name: str) -> str:
    """A direction's name as part of an address."""
    return "_".join(name.split())


def listen(ip: str, port: int, moves: Moves) -> int:
    """Let messages to a port move the page, in a daemon thread; returns the port (of port 0, the one that was free).

    Raises:
        ImportError: python-osc is missing; the message says how to install it.
        OSError: the port is taken, or the address is none of this machine's.
    """
    try:
        from pythonosc.dispatcher import Dispatcher
        from pythonosc.osc_server import BlockingOSCUDPServer
    except ImportError as error:
        raise ImportError(f"OSC needs python-osc: {NEEDED}") from error
    dispatcher = Dispatcher()
    dispatcher.set_default_handler(moves.take)
    server = BlockingOSCUDPServer((ip, port), dispatcher)  # one message at a time, however many come
    server.handle_error = lambda *_: None  # bytes that are no message
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]
