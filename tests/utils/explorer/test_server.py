"""The explorer's server without a browser: whom it lets in, how much it takes, and what is left when tabs close.

`python -m tests.utils.explorer.soak` is the long version: 20 tabs and 200 quick updates in each, ten times over.
"""

import asyncio
import json
from contextlib import suppress

import numpy as np
import pytest

pytest.importorskip("voila", reason="voila is not installed (pip install voila)")

from tests.utils.explorer.serving import SHIPPED, Tab, answer, held, kernels_gone, served
from tests.utils.explorer.soak import one_round, quick_updates

MIB = 2**20
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """(process, port) of a server of the generator that ships."""
    with served(SHIPPED, tmp_path_factory.mktemp("explorer") / "log.txt") as running:
        yield running


def listened_to(process, port):
    """The addresses at which a process listens to a port."""
    connections = getattr(process, "net_connections", None) or process.connections  # its name in psutil 5
    return {where.laddr.ip for where in connections() if where.laddr.port == port}


def test_it_listens_to_this_machine_alone(server):
    process, port = server
    assert listened_to(process, port) == {"127.0.0.1"}


@pytest.mark.slow
@pytest.mark.parametrize("home", ["somebody's settings", "none"])
def test_somebodys_voila_json_does_not_reach_the_page_and_a_home_is_not_needed(tmp_path, monkeypatch, home):
    if home == "none":
        monkeypatch.setenv("HOME", str(tmp_path / "missing"))
    else:
        settings = {"VoilaConfiguration": {"template": "nosuch"}, "Voila": {"port": 1, "ip": "0.0.0.0"}}
        (tmp_path / "voila.json").write_text(json.dumps(settings))
        monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    with served(SHIPPED, tmp_path / "log.txt") as (process, port):
        assert answer(f"http://127.0.0.1:{port}/")[0] == 200
        assert listened_to(process, port) == {"127.0.0.1"}


def test_a_foreign_name_for_this_machine_is_refused(server):
    assert answer(f"http://127.0.0.1:{server[1]}/", host="attacker.example")[0] == 403


def test_files_of_the_project_are_not_served(server):
    for path in ("voila/files/README.md", "voila/files/Explorer.ipynb", "README.md/../../README.md", "api/contents"):
        assert answer(f"http://127.0.0.1:{server[1]}/{path}")[0] in (403, 404), path


def test_a_request_that_carries_much_is_refused_unread(server):
    process, port = server
    before = held(process)["memory"]
    with suppress(OSError):  # closed before all of it was sent
        assert answer(f"http://127.0.0.1:{port}/voila/api/shutdown/nobody", body=bytes(40 * MIB))[0] == 400
    assert held(process)["memory"] < before + 20


@pytest.mark.thorough
def test_tabs_share_a_server_that_stays_as_large_as_it_was(server):
    asyncio.run(share(*server))


async def share(process, port):
    first, second = await asyncio.gather(Tab.open(port), Tab.open(port))
    await quick_updates(first, 100)  # caches fill
    before = held(process)
    assert max(kernel.memory_info().rss for kernel in process.children()) < 150 * MIB  # none has a generator of its own
    shown = await quick_updates(first, 200, seed=1)
    assert held(process)["memory"] < before["memory"] + 20
    last = np.random.default_rng(1).standard_normal((200, 100))[-1]
    assert await second.shown(await second.send(last)) == shown  # the last of many stands
    await second.send_much(6 * MIB)
    # message too big, or cut off before it could be told so; the other tab notices nothing
    assert await second.closed() in (1009, None)
    assert await first.shown(await first.send(np.zeros(100))) != shown
    await first.close()
    await second.close()
    assert await kernels_gone(process)
    after = held(process)
    assert after["files"] < before["files"] and after["threads"] < before["threads"]
    assert answer(f"http://127.0.0.1:{port}/voila/static/voila.js")[0] in (200, 404)  # it still answers


def test_beyond_this_machine_a_token_is_asked_for(tmp_path):
    with served(SHIPPED, tmp_path / "log.txt", "--ip", "0.0.0.0") as (_, port):
        token = (tmp_path / "log.txt").read_text().split("?token=")[1].split()[0]
        assert len(token) >= 32
        for attempt in ("", "?token=wrong"):
            status, address = answer(f"http://127.0.0.1:{port}/{attempt}")
            assert status in (401, 403) or "/login" in address
        for path in ("api/kernels/00000000-0000-0000-0000-000000000000", "voila/api/shutdown/nobody"):
            assert answer(f"http://127.0.0.1:{port}/{path}", body=b"" if "shutdown" in path else None)[0] in (401, 403)
        status, address = answer(f"http://127.0.0.1:{port}/?token={token}")
        assert status == 200 and "/login" not in address


@pytest.mark.thorough
def test_rounds_of_20_tabs_with_200_updates_each_leave_the_server_as_large_as_it_was(tmp_path):
    async def four_rounds(process, port):
        after = []
        for _ in range(4):
            await one_round(process, port, tabs=20, updates=200)  # ends once all kernels have ended
            after.append(held(process))
        return after

    with served(SHIPPED, tmp_path / "log.txt") as running:
        after = asyncio.run(four_rounds(*running))
    assert after[-1]["memory"] < after[1]["memory"] + 20  # MiB; in the first round caches fill
    assert after[-1]["files"] < after[1]["files"] + 10 and after[-1]["threads"] < after[1]["threads"] + 5
