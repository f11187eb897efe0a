"""What one process of a service does at a time: whoever comes after another one ends that first."""

import fcntl
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

_LOOK_EVERY_S = 0.01
_LONGEST_NUMBER = 32


def succeed(path: Path) -> None:
    """Be the only one, until this process ends.

    Who was it before may be frozen, or slow to notice that it is not any more: it is killed, and
    when this returns it is no more.
    """
    place = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # never closed, which would let it go
    while not _taken(place):
        _end_the_holder(place)
        time.sleep(_LOOK_EVERY_S)
    os.ftruncate(place, 0)
    os.pwrite(place, str(os.getpid()).encode(), 0)


def _taken(place: int) -> bool:
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end_the_holder(place: int) -> None:
    with suppress(ValueError, ProcessLookupError):  # not written yet, or just gone
        os.kill(int(os.pread(place, _LONGEST_NUMBER, 0)), signal.SIGKILL)
