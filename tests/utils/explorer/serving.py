"""`python -m utils.explorer` as a process, what it holds, and a tab of it without a browser.

A `Tab` speaks to the server as the page's scripts do: it fetches the page, which starts a kernel; connects to that by a
websocket, asks for the state of all widgets, asks Python for images, and says goodbye as a page does that is left.
"""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1
from tornado.websocket import WebSocketClosedError, websocket_connect

from benchmarks.measuring import held_by

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "data" / "generators" / "three_lines_128_published.h5"
PATIENCE = 120  # seconds that a busy machine may take for anything


@contextmanager
def served(generator, log, *options):
    """Run `python -m utils.explorer` on a free port; gives its process, as psutil's, and port; it writes `log`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-u", "-m", "utils.explorer", "--generator", str(generator), "--port", str(port)]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "OMP_NUM_THREADS": "1",
    }
    with open(log, "w") as out:
        process = subprocess.Popen([*command, *options], cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            raise RuntimeError(f"the page does not start: {Path(log).read_text()}")
        yield psutil.Process(process.pid), port
    finally:
        for child in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else ():
            child.kill()
        process.kill()
        process.wait()


def answer(address, host=None, body=None):
    """Ask for an address: the status, and where it led to; POST where there is a body."""
    request = urllib.request.Request(address, data=body, headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return reply.status, reply.url
    except urllib.error.HTTPError as error:
        return error.code, address


def held(process):
    """What a server holds: "memory" in MiB, without its kernels; "kernels", "files" and "threads"."""
    return {**held_by(process), "kernels": len(process.children())}


async def kernels_gone(process, patience=PATIENCE):
    """Wait until a server has no kernel any more; says whether that came to pass."""
    deadline = time.monotonic() + patience
    while process.children() and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    return not process.children()


class Tab:
    """One open tab.

    Attributes:
        facts: what the page was told: "latent_dim", "generators" ...
        image: the PNG that Python drew last, bytes.
    """

    @classmethod
    async def open(cls, port):
        tab = cls()
        tab._port, tab._session, tab.image = port, uuid.uuid4().hex, None
        page = await asyncio.to_thread(_read, f"http://127.0.0.1:{port}/")
        tab.kernel = re.search(r'"kernelId": "([0-9a-f-]+)"', page)[1]
        tab._socket = await websocket_connect(
            f"ws://127.0.0.1:{port}/api/kernels/{tab.kernel}/channels?session_id={tab._session}",
            subprotocols=["v1.kernel.websocket.jupyter.org"],
        )
        await tab._find_widget()
        tab.facts = (await tab.answer(await tab.ask("begin")))[0]["facts"]
        return tab

    async def _find_widget(self):
        control = uuid.uuid4().hex
        opened = {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}}
        await self._send("comm_open", opened, {"version": "1.0.0"})
        asked = await self._send("comm_msg", {"comm_id": control, "data": {"method": "request_states"}})
        async for kind, _, content, _ in self._messages(asked):
            if kind == "comm_msg" and content["data"].get("method") == "update_states":
                states = content["data"]["states"]
                self._widget = next(model for model, state in states.items() if "_esm" in state["state"])

    async def ask(self, what, buffers=(), **values):
        """Ask Python, as the page's scripts do, and wait for nothing; gives what `answer` waits for."""
        data = {"method": "custom", "content": {"id": uuid.uuid4().hex, "ask": what, **values}}
        return await self._send("comm_msg", {"comm_id": self._widget, "data": data}, buffers=buffers)

    async def answer(self, asked):
        """Wait until Python has answered what was asked last: the answer and its buffers."""
        found = None
        async for kind, _, content, buffers in self._messages(asked):
            if kind == "comm_msg" and content["comm_id"] == self._widget:
                found = content["data"]["content"], buffers
        return found

    async def send(self, values):
        """Ask for the image of a vector; gives what `shown` waits for."""
        return await self.ask("draw", [np.asarray(values, "<f4").tobytes()])

    async def shown(self, sent):
        """Wait until Python has drawn what was sent last; gives the image."""
        _, (self.image,) = await self.answer(sent)
        return bytes(self.image)

    async def close(self, goodbye=True):
        """Leave, saying goodbye as a page does; without it, as a laptop that is closed."""
        if goodbye:
            address = f"http://127.0.0.1:{self._port}/voila/api/shutdown/{self.kernel}"
            await asyncio.to_thread(answer, address, body=b"")
        self._socket.close()

    async def send_much(self, size):
        """Send one message of so many bytes, as no page does; the server may cut it off on its way."""
        with suppress(WebSocketClosedError):
            await self._socket.write_message(bytes(size), binary=True)

    async def closed(self):
        """Wait until the server closes the connection; gives the code that it gave for a reason."""
        while await asyncio.wait_for(self._socket.read_message(), PATIENCE) is not None:
            pass
        return self._socket.close_code

    async def _send(self, kind, content, metadata=None, buffers=()):
        name = uuid.uuid4().hex
        header = {
            "msg_id": name, "msg_type": kind, "session": self._session, "username": "", "version": "5.3", "date": ""
        }  # fmt: skip
        header["date"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        message = {"header": header, "parent_header": {}, "metadata": metadata or {}, "content": content}
        parts = [json.dumps(message[part]).encode() for part in ("header", "parent_header", "metadata", "content")]
        packed = serialize_msg_to_ws_v1([*parts, *buffers], "shell")
        await self._socket.write_message(packed, binary=True)
        return name

    async def _messages(self, name):
        """What the kernel says, (type, parent, content, buffers), until it is done with the message of that name."""
        while True:
            message = await asyncio.wait_for(self._socket.read_message(), PATIENCE)
            if message is None:
                raise ConnectionError(f"the connection was closed: {self._socket.close_code}")
            _, (header, parent, _, content, *buffers) = deserialize_msg_from_ws_v1(message)
            kind, parent, content = (
                json.loads(header)["msg_type"],
                json.loads(parent).get("msg_id"),
                json.loads(content),
            )
            if kind == "status" and parent == name and content["execution_state"] == "idle":
                return
            yield kind, parent, content, buffers


def _read(address):
    with urllib.request.urlopen(address, timeout=PATIENCE) as reply:
        return reply.read().decode()
