"""What all processes see at once, without asking: the clock, any fault, and that all are to end."""

import mmap
import struct
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from nef.domain.errors import NotReady
from nef.domain.faults import FaultName, Strike, Victim
from nef.network.simulator.clock import SimulationClock
from nef.processes.remote import Caller, Remote

_SIZE = 4096
#: How long what is published is, and its checksum: who reads while it is written reads again.
_HEADER = struct.Struct("<II")
_READS = 1000
#: What is published does not come so far.
_LEAVING = _SIZE - 1


@dataclass(frozen=True)
class Published:
    """What was published; `clock` is what `SimulationClock.saved` gives.

    `faults` says whether any is set, `profiles` whether the scenario brings QoS profiles.
    """

    clock: dict[str, Any]
    faults: bool
    profiles: bool = False


class Bulletin:
    """A page in memory, shared by the process that made it with those that it forks.

    One process at a time publishes.
    """

    def __init__(self) -> None:
        """Nothing was published yet."""
        self._page = mmap.mmap(-1, _SIZE)
        self._seen = b"", Published({}, faults=False)

    def is_blank(self) -> bool:
        """Whether nothing was published yet."""
        return not any(self._page[: _HEADER.size])

    def leave(self) -> None:
        """Let all know that they are about to be ended."""
        self._page[_LEAVING] = 1

    def is_leaving(self) -> bool:
        """Whether they are."""
        return self._page[_LEAVING] == 1

    def publish(self, published: Published) -> None:
        """Replace what was published."""
        text = orjson.dumps(published)
        self._page[: _HEADER.size + len(text)] = _HEADER.pack(len(text), zlib.crc32(text)) + text

    def read(self) -> Published:
        """What was published last; raises NotReady where nothing was."""
        text = self._text()
        seen, published = self._seen
        if text != seen:
            published = Published(**orjson.loads(text))
            self._seen = text, published
        return published

    def _text(self) -> bytes:
        for _ in range(_READS):
            length, checksum = _HEADER.unpack(self._page[: _HEADER.size])
            text = self._page[_HEADER.size : _HEADER.size + length]
            if length and zlib.crc32(text) == checksum:
                return text
            time.sleep(0)
        raise NotReady("the network is about to begin; ask again in a moment")


class PublishedClock:
    """A `Clock` that shows what the one of the network shows, in another process."""

    def __init__(self, bulletin: Bulletin, wall_s: Callable[[], float]) -> None:
        """`wall_s` is the wall clock, which is the same in all processes of a machine."""
        self._bulletin = bulletin
        self._clock = SimulationClock(wall_s)
        self._lock = threading.Lock()
        self._seen: Published | None = None

    def now_s(self) -> float:
        """See the port; raises NotReady where there is no network yet."""
        with self._lock:
            published = self._bulletin.read()
            if published != self._seen:
                self._clock.resume(published.clock)
                self._seen = published
            return self._clock.now_s()


class PublishedFaults(Remote):
    """The faults, in another process; where none is set, to ask costs nothing here either."""

    def __init__(self, caller: Caller, target: str, bulletin: Bulletin) -> None:
        """Nothing is asked yet."""
        super().__init__(caller, target)
        self._bulletin = bulletin

    def may_strike(self, name: FaultName, victim: Victim) -> bool:  # noqa: ARG002 - see the port
        """Whether any fault is set at all, which is when there is use in asking."""
        return self.any_set()

    def any_set(self) -> bool:
        """See the port."""
        try:
            return self._bulletin.read().faults
        except NotReady:
            # Nothing was published yet, or who did was killed in the middle of it: the loop that
            # asks this goes on to what answers, and that says whether it needs the network.
            return False

    def strike(self, name: FaultName, victim: Victim, number: int | None = None) -> Strike | None:
        """See the port."""
        if not self.may_strike(name, victim):
            return None
        struck: Strike | None = self._call("strike", name, victim, number)
        return struck
