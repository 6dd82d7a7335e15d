"""The processes of one training on JAX, on one machine or several: they connect, exchange values and stop together.

Processes exchange entries of the key-value store that process 0 serves for JAX, at the address that all of them know;
no other port is opened. Every process writes a heartbeat there every few seconds and reads those of the others. JAX's
own heartbeat reports a lost process only after 100 seconds, and on a GPU the others wait forever meanwhile.
"""

import atexit
import json
import os
import sys
import threading
import time
from contextlib import suppress

HEARTBEAT = 5  # seconds between two heartbeats
TIMEOUT = 30  # seconds without a heartbeat after which a process counts as stopped
GRACE = 5  # seconds for a process to end by itself, once another has stopped
NO_TIMEOUT = 24 * 3600 * 1000  # milliseconds, longer than any wait here
RUNNING, DONE, STOPPED = "at work", "done", "stopped"
# words in the error of a computation that has lost a process
LOST_PROCESS_ERRORS = ("Gloo", "NCCL", "UNAVAILABLE", "coordination service")


class SingleProcess:
    """A process that trains by itself: number 0 of 1. `Cluster` has the same methods."""

    number, count = 0, 1
    lost = None  # number of a process that stopped, as text
    state = RUNNING

    def compare(self, facts):
        """Check that all processes have equal facts; a single process always agrees."""

    def broadcast(self, value, in_step=False):
        """Give the value of process 0 to all processes.

        Args:
            value: something that JSON can hold.
            in_step: whether all processes have computed something together since the previous such call; every process
                has then read the previous value, which is deleted.

        Returns:
            The value of process 0.
        """
        return value

    def put(self, note, text):
        """Write an entry of the key-value store."""

    def get_blocking(self, note):
        """Read an entry of the key-value store, as soon as it is there."""

    def leave(self):
        """Leave the cluster."""

    def stop(self, error):
        """Handle an error in this process: tell the others, or raise RuntimeError if one of them caused it."""


class Cluster(SingleProcess):
    """This process as one of several; it joins the others as the variables KERAS_DISTRIBUTION_* say.

    Attributes:
        number, count: index of this process, from 0, and number of all processes.
        state: `RUNNING`, `STOPPED` after an error, or `DONE` once a training has ended well and this process may exit.
        lost: number of a process that has stopped, as text, or None.
    """

    def __init__(self):
        import jax
        import keras
        from jax._src import distributed  # the key-value store has no public name

        settings = {
            "jax_cpu_collectives_implementation": "gloo",  # on GPUs too: Keras synchronises random seeds on the CPUs
            "jax_enable_preemption_service": False,  # which keeps `kill` from ending a process
        }
        for name, value in settings.items():
            if name in jax.config.values:
                jax.config.update(name, value)
        keras.distribution.initialize()
        self.number, self.count = jax.process_index(), jax.process_count()
        self._kv_store = distributed.global_state.client
        self._rounds = 0
        self._watching, self._announced, self._announcing = True, False, threading.Lock()
        self._last_reply = time.monotonic()  # when the key-value store last answered
        for watch in (self._watch_processes, self._watch_store):
            threading.Thread(target=watch, daemon=True).start()
        atexit.register(self._at_exit)

    def put(self, note, text):
        self._kv_store.key_value_set(note, text, allow_overwrite=True)

    def get_blocking(self, note):
        return self._kv_store.blocking_key_value_get(note, NO_TIMEOUT)

    def broadcast(self, value, in_step=False):
        self._rounds += 1
        note = f"agreed/{self._rounds}"
        if self.number == 0:
            self.put(note, json.dumps(value))
            if in_step:
                self._kv_store.key_value_delete(f"agreed/{self._rounds - 2}")
        return json.loads(self.get_blocking(note))

    def compare(self, facts):
        """Check that all processes have equal facts.

        Args:
            facts: dict of values that JSON can hold.

        Raises:
            ValueError: they differ; it is raised in all processes.
        """
        self._rounds += 1
        self.put(f"facts/{self._rounds}/{self.number}", json.dumps(facts))
        first, *others = [json.loads(self.get_blocking(f"facts/{self._rounds}/{i}")) for i in range(self.count)]
        for number, theirs in enumerate(others, 1):
            for name, value in first.items():
                if theirs[name] != value:
                    raise ValueError(
                        f"The processes do not train the same: {name} is {value} in process 0 and {theirs[name]} in "
                        f"process {number}. Give all of them the same data set, parameters and seed."
                    )

    def stop_message(self):
        """The message for the user: why this process stops, and how to continue."""
        which = f"Process {self.lost}" if self.lost else "Another process"
        return (
            f"{which} of {self.count} has stopped, so process {self.number} stops too. The files of the last snapshot "
            'are whole: start all of them again with resume=True (in the notebook MODE = "load"); there may be more '
            "or fewer of them."
        )

    def leave(self):
        """Leave the cluster once all processes do; this one then runs by itself."""
        import jax

        self._watching, self.state = False, DONE
        jax.distributed.shutdown()

    def stop(self, error):
        self.state = STOPPED
        if self.lost or any(word in str(error) for word in LOST_PROCESS_ERRORS):
            self._announce()
            raise RuntimeError(self.stop_message()) from None
        with suppress(Exception):  # the key-value store may be gone
            self.put("lost", str(self.number))

    def _watch_processes(self):
        """Write heartbeats and read those of the others, until one is missing; runs in a thread of its own."""
        last_beats, beats = {}, 0  # {number: (last heartbeat, when it arrived)}
        while self._watching:
            beats += 1
            try:
                self.put(f"alive/{self.number}", str(beats) if self.state == RUNNING else self.state)
                values = self._kv_store.key_value_dir_get("alive/")
                self._last_reply = time.monotonic()
                for note, value in values:
                    number = note.rsplit("/", 1)[-1]
                    if value == DONE or last_beats.get(number, ("",))[0] != value:
                        last_beats[number] = (value, time.monotonic())
                for number, (value, since) in last_beats.items():
                    if number != str(self.number) and (value == STOPPED or time.monotonic() - since > TIMEOUT):
                        self.put("lost", number)
                lost = self._kv_store.blocking_key_value_get("lost", HEARTBEAT * 1000)
            except Exception as error:  # XlaRuntimeError or ValueError, depending on JAX's version
                if "DEADLINE_EXCEEDED" in str(error):
                    continue
                lost = "0"  # the process that serves the key-value store
            return self._end_process(lost)

    def _watch_store(self):
        """Notice a lost process 0: calls of its key-value store block for long when its machine is gone."""
        while self._watching:
            time.sleep(HEARTBEAT)
            if time.monotonic() - self._last_reply > TIMEOUT:
                return self._end_process("0")

    def _end_process(self, lost):
        """End this process from a thread: its main thread may hang in a computation with the others."""
        if not self._watching or self.state == DONE or lost == str(self.number):
            return
        self.lost = lost
        self._announce()
        if self.lost != "0":  # without the key-value store, JAX itself ends this process, with a long message
            time.sleep(GRACE)
        os._exit(1)

    def _announce(self):
        """Print the message for the user, once."""
        with self._announcing:
            if not self._announced:
                self._announced = True
                print(f"\n{self.stop_message()}", file=sys.stderr, flush=True)

    def _at_exit(self):
        """At exit without a finished training, end this process before JAX waits for the others."""
        if self.state == DONE:
            return
        self._watching = False
        if not self._announced:
            with suppress(Exception):
                self.put("lost", str(self.number))
            if self.number == 0:
                time.sleep(GRACE)  # for the others to read the reason in the key-value store
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)
