"""Open tabs, quick updates, tabs closed, again and again: what the explorer's server holds after each round.

    python -m tests.utils.explorer.soak [--rounds 10] [--tabs 20] [--updates 200] [--vanish]

Each round opens the tabs one after the other, sends the updates to all of them at once, faster than any hand, closes
them, and waits until their kernels have ended. --vanish adds a round whose tabs say no goodbye: their kernels are to go
by themselves, within twelve minutes.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measuring import machine, slope
from tests.utils.explorer.serving import SHIPPED, Tab, held, kernels_gone, served

VANISHED = 720  # seconds: ten minutes without a sign, looked for once a minute, and a little


async def one_round(process, port, tabs, updates, goodbye=True):
    """Open tabs, update them, close them; gives seconds (opening, an update) and MiB of a kernel at its largest."""
    started = time.perf_counter()
    opened = [await Tab.open(port) for _ in range(tabs)]
    opening = (time.perf_counter() - started) / tabs
    started = time.perf_counter()
    await asyncio.gather(*(quick_updates(tab, updates) for tab in opened))
    update = (time.perf_counter() - started) / updates / tabs
    kernel = max(child.memory_info().rss for child in process.children()) / 2**20
    for tab in opened:
        await tab.close(goodbye)
    if not await kernels_gone(process, VANISHED):
        raise TimeoutError(f"{len(process.children())} kernels are left of {tabs} tabs that were closed")
    return opening, update, kernel


async def quick_updates(tab, count, seed=0):
    """Send so many vectors without waiting; gives the image of the last one."""
    for values in np.random.default_rng(seed).standard_normal((count, tab.facts["latent_dim"])):
        sent = await tab.send(values)
    return await tab.shown(sent)


async def soak(process, port, rounds, tabs, updates, vanish):
    print("| round | memory (MiB) | kernels left | files | threads | opening one (s) | an update (ms) | kernel (MiB) |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    memory = []
    for i in range(rounds + vanish):
        opening, update, kernel = await one_round(process, port, tabs, updates, goodbye=i < rounds)
        now = held(process)
        memory.append(now["memory"])
        print(
            f"| {i + 1} | {now['memory']:.1f} | {now['kernels']} | {now['files']} | {now['threads']} | {opening:.2f} "
            f"| {1000 * update:.1f} | {kernel:.0f} |",
            flush=True,
        )
    tab = await Tab.open(port)
    before = await quick_updates(tab, 1)
    print(f"\nstill answering: {await quick_updates(tab, 1, seed=1) != before}")
    await tab.close()
    later = memory[len(memory) // 3 :]
    if len(later) > 2:
        gradient, error = slope(range(len(later)), later)
        print(f"memory: {gradient:+.2f} ± {error:.2f} MiB a round, from round {len(memory) - len(later) + 1} on")


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.utils.explorer.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--tabs", type=int, default=20)
    parser.add_argument("--updates", type=int, default=200)
    parser.add_argument("--vanish", action="store_true", help="end with a round of tabs that say no goodbye")
    parser.add_argument("--generator", type=Path, default=SHIPPED)
    a = parser.parse_args()
    print(f"{machine()}; rounds of {a.tabs} tabs and {a.updates} quick updates in each\n", flush=True)
    with tempfile.TemporaryDirectory() as folder, served(a.generator, Path(folder) / "log.txt") as (process, port):
        asyncio.run(soak(process, port, a.rounds, a.tabs, a.updates, a.vanish))


if __name__ == "__main__":
    main()
