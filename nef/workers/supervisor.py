"""Forks the processes of a service, replaces those that die, and lets them end in good order."""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess

_LOG = logging.getLogger(__name__)
_FORK = multiprocessing.get_context("fork")
_ENDINGS = (signal.SIGTERM, signal.SIGINT)
#: Who has lived for so long is replaced at once; others wait, each time twice as long as before.
_STEADY_S = 10.0
_FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
_LOOK_EVERY_S = 0.5


@dataclass
class Place:
    """A place that one process fills at a time; `work` is what it does, and ends when it should."""

    name: str
    work: Callable[[], None]
    process: ForkProcess | None = None
    began_s: float = 0.0
    pause_s: float = 0.0

    @property
    def pid(self) -> int:
        """The process that fills it, 0 where none does."""
        return (self.process and self.process.pid) or 0

    def is_due(self, now_s: float) -> bool:
        """Whether a process has to be begun."""
        return self.process is None and now_s >= self.began_s + self.pause_s

    def left(self, now_s: float) -> None:
        """Its process is gone: wait longer with each one that has not lived for long."""
        lived_s = now_s - self.began_s
        again_s = max(_FIRST_PAUSE_S, 2 * self.pause_s)
        self.pause_s = 0.0 if lived_s >= _STEADY_S else min(LONGEST_PAUSE_S, again_s)
        self.began_s, self.process = now_s, None


class Supervisor:
    """Keeps every place filled until it is told to end by SIGTERM or SIGINT.

    It has one thread only, since it forks. A process that it has forked ends when it dies itself,
    however it dies.
    """

    def __init__(self, replaced: Callable[[int], None], leaving: Callable[[], None]) -> None:
        """`replaced` is called with the id of each process that is gone.

        `leaving` is called when it is told to end, before anybody is ended.
        """
        self._replaced, self._leaving = replaced, leaving
        self._told = 0
        self._places: list[Place] = []
        self._life, self._own_life = os.pipe()
        self._woken, self._waking = os.pipe()
        os.set_blocking(self._waking, False)
        os.set_blocking(self._woken, False)

    def run(
        self, groups: Sequence[Sequence[Place]], patience_s: float, meanwhile: Callable[[], bool]
    ) -> None:
        """Fill all places; when told to end, end the groups one after the other.

        Whoever has not ended after `patience_s` is killed. `meanwhile` is called again and again,
        until it says that it is done.
        """
        self._places = [place for group in groups for place in group]
        done = False
        with self._listening():
            while not self._told:
                self._fill()
                done = done or meanwhile()
                self._look(_LOOK_EVERY_S if done else _FIRST_PAUSE_S)
            self._leaving()
            for group in groups:
                self._end(group, patience_s)

    # --- how ---

    @contextmanager
    def _listening(self) -> Iterator[None]:
        def tell(*_: object) -> None:
            self._told += 1

        before = {number: signal.signal(number, tell) for number in _ENDINGS}
        signal.set_wakeup_fd(self._waking, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _fill(self) -> None:
        for place in self._places:
            now_s = time.monotonic()
            if place.is_due(now_s):
                again, place.began_s = bool(place.began_s), now_s
                try:
                    place.process = self._forked(place)
                except OSError as error:
                    place.left(now_s)
                    _LOG.error("no process for %s: %s", place.name, error.strerror)
                    continue
                if again:
                    _LOG.warning("%s is process %d now", place.name, place.pid)

    def _forked(self, place: Place) -> ForkProcess:
        process = _FORK.Process(target=self._born, args=(place.work,), name=place.name)
        # A signal that comes before the child has its own way with signals waits for that.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
        return process

    def _born(self, work: Callable[[], None]) -> None:
        """The beginning of a child."""
        signal.set_wakeup_fd(-1)
        # A terminal's Ctrl-C is for the supervisor, which ends all in their order.
        os.setpgid(0, 0)
        for number in _ENDINGS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
        os.close(self._own_life)
        threading.Thread(target=self._outlive, name="nef-lifeline", daemon=True).start()
        work()

    def _outlive(self) -> None:
        os.read(self._life, 1)  # nobody writes: it ends when the supervisor does
        os.kill(os.getpid(), signal.SIGTERM)

    def _look(self, timeout_s: float) -> None:
        """Wait until something happens, and see who is gone."""
        sentinels = [place.process.sentinel for place in self._places if place.process]
        wait([*sentinels, self._woken], timeout_s)
        with suppress(BlockingIOError):  # where it was not a signal
            os.read(self._woken, 64)
        for place in self._places:
            if place.process is not None and place.process.exitcode is not None:
                self._bury(place, place.process.exitcode)

    def _bury(self, place: Place, status: int) -> None:
        pid = place.pid
        if not self._told:
            how = f"was killed by {signal.Signals(-status).name}" if status < 0 else "has ended"
            _LOG.warning("%s (process %d) %s, and is replaced", place.name, pid, how)
        place.left(time.monotonic())
        self._replaced(pid)

    def _end(self, group: Sequence[Place], patience_s: float) -> None:
        for place in group:
            if place.process is not None:
                place.process.terminate()
        end_s, killed = time.monotonic() + patience_s, False
        while any(place.process for place in group):
            if not killed and (time.monotonic() >= end_s or self._told > 1):
                _killed(group)
                killed = True
            self._look(_LOOK_EVERY_S)


def _killed(group: Sequence[Place]) -> None:
    for place in group:
        if place.process is not None:
            _LOG.error("%s (process %d) did not end, and is killed", place.name, place.pid)
            place.process.kill()
