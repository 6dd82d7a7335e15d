"""The processes of one training on JAX, on one machine or several: how they find each other, agree, and stop together.

Processes leave each other notes in the key-value store that process 0 keeps for JAX, at the address that all of them
know; no other port is opened. Every process gives a sign of life there every few seconds and reads those of the others.
JAX has such a watch of its own, but it speaks after 100 seconds, and on a GPU the others wait for ever meanwhile.
"""

import atexit
import json
import os
import sys
import threading
import time
from contextlib import suppress

BEAT = 5  # seconds between two signs of life
SILENCE = 30  # seconds without one after which a process counts as stopped
GRACE = 5  # seconds for a process to end by itself, once another has stopped
LONG = 24 * 3600 * 1000  # milliseconds that nothing here takes
AT_WORK, DONE, STOPPED = "at work", "done", "stopped"
OTHERS = ("Gloo", "NCCL", "UNAVAILABLE", "coordination service")  # in the error of a computation that lost a process


class Alone:
    """A process that trains by itself: number 0 of 1."""

    number, count = 0, 1
    lost = None  # number of a process that stopped, as text
    state = AT_WORK

    def agree(self, facts):
        """One process agrees with itself."""

    def agreed(self, value, in_step=False):
        """The value of process 0, in all processes.

        Args:
            value: something that JSON can hold.
            in_step: since the last such call all processes have computed something together, so that what was agreed
                before it has been read by all, and is forgotten.
        """
        return value

    def tell(self, note, text):
        """Leave a note for the others."""

    def wait_for(self, note):
        """The text of a note, once it is there."""

    def leave(self):
        """End the cluster."""

    def stop(self, error):
        """After an error in this process: let the others know, or say that one of them was the cause."""


class Cluster(Alone):
    """This process among the others; joins them as KERAS_DISTRIBUTION_* say.

    Attributes:
        number, count: of this process, from 0, and of all.
        state: `DONE` once a training has ended well, so that nobody minds when this process goes.
        lost: number of a process that has stopped, as text, or None.
    """

    def __init__(self):
        import jax
        import keras
        from jax._src import distributed  # the store has no public name

        settings = {
            "jax_cpu_collectives_implementation": "gloo",  # on GPUs too, Keras agrees on random seeds by the processors
            "jax_enable_preemption_service": False,  # it keeps `kill` from ending a process
        }
        for name, value in settings.items():
            if name in jax.config.values:
                jax.config.update(name, value)
        keras.distribution.initialize()
        self.number, self.count = jax.process_index(), jax.process_count()
        self._store = distributed.global_state.client
        self._rounds = 0
        self._watching, self._said, self._saying = True, False, threading.Lock()
        self._answered = time.monotonic()  # when the store last did
        for watch in (self._watch, self._watch_store):
            threading.Thread(target=watch, daemon=True).start()
        atexit.register(self._end)

    def tell(self, note, text):
        self._store.key_value_set(note, text, allow_overwrite=True)

    def wait_for(self, note):
        return self._store.blocking_key_value_get(note, LONG)

    def agreed(self, value, in_step=False):
        self._rounds += 1
        note = f"agreed/{self._rounds}"
        if self.number == 0:
            self.tell(note, json.dumps(value))
            if in_step:
                self._store.key_value_delete(f"agreed/{self._rounds - 2}")
        return json.loads(self.wait_for(note))

    def agree(self, facts):
        """Compare what all processes must have alike.

        Args:
            facts: dict of values that JSON can hold.

        Raises:
            ValueError: they differ, in all processes alike.
        """
        self._rounds += 1
        self.tell(f"facts/{self._rounds}/{self.number}", json.dumps(facts))
        first, *others = [json.loads(self.wait_for(f"facts/{self._rounds}/{i}")) for i in range(self.count)]
        for number, theirs in enumerate(others, 1):
            for name, value in first.items():
                if theirs[name] != value:
                    raise ValueError(
                        f"The processes do not train the same: {name} is {value} in process 0 and {theirs[name]} in "
                        f"process {number}. Give all of them the same data set, parameters and seed."
                    )

    def sentence(self):
        """Why this process stops, and what to do."""
        which = f"Process {self.lost}" if self.lost else "Another process"
        return (
            f"{which} of {self.count} has stopped, so process {self.number} stops too. The files of the last snapshot "
            'are whole: start all of them again with resume=True (in the notebook MODE = "load"); there may be more '
            "or fewer of them."
        )

    def leave(self):
        """End the cluster once all are here; this process then is an ordinary one."""
        import jax

        self._watching, self.state = False, DONE
        jax.distributed.shutdown()

    def stop(self, error):
        self.state = STOPPED
        if self.lost or any(word in str(error) for word in OTHERS):
            self._announce()
            raise RuntimeError(self.sentence()) from None
        with suppress(Exception):  # the store may be gone
            self.tell("lost", str(self.number))

    def _watch(self):
        heard, beats = {}, 0  # {number: (last sign, when it was new)}
        while self._watching:
            beats += 1
            try:
                self.tell(f"alive/{self.number}", str(beats) if self.state == AT_WORK else self.state)
                signs = self._store.key_value_dir_get("alive/")
                self._answered = time.monotonic()
                for note, sign in signs:
                    number = note.rsplit("/", 1)[-1]
                    if sign == DONE or heard.get(number, ("",))[0] != sign:
                        heard[number] = (sign, time.monotonic())
                for number, (sign, since) in heard.items():
                    if number != str(self.number) and (sign == STOPPED or time.monotonic() - since > SILENCE):
                        self.tell("lost", number)
                lost = self._store.blocking_key_value_get("lost", BEAT * 1000)
            except Exception as error:  # a XlaRuntimeError, a ValueError: it depends on the version
                if "DEADLINE_EXCEEDED" in str(error):
                    continue
                lost = "0"  # which keeps the store
            return self._give_up(lost)

    def _watch_store(self):
        """The store is asked by a call that waits long for a machine that is gone."""
        while self._watching:
            time.sleep(BEAT)
            if time.monotonic() - self._answered > SILENCE:
                return self._give_up("0")

    def _give_up(self, lost):
        """End this process, which may hang in a computation with the others, and so cannot be asked to end itself."""
        if not self._watching or self.state == DONE or lost == str(self.number):
            return
        self.lost = lost
        self._announce()
        if self.lost != "0":  # without its store, JAX ends this process within a second, in many words
            time.sleep(GRACE)
        os._exit(1)

    def _announce(self):
        with self._saying:
            if not self._said:
                self._said = True
                print(f"\n{self.sentence()}", file=sys.stderr, flush=True)

    def _end(self):
        """At exit, before JAX would wait for the others: not after an error, here or elsewhere."""
        if self.state == DONE:
            return
        self._watching = False
        if not self._said:
            with suppress(Exception):
                self.tell("lost", str(self.number))
            if self.number == 0:
                time.sleep(GRACE)  # while the store is there, the others can read why
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)
