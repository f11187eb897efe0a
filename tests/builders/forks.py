"""A process beside that of the test, forked from it, as those of a service are."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_FORK = multiprocessing.get_context("fork")


@contextmanager
def beside(work: Callable[[], None]) -> Iterator[int]:
    """A process that does some work and then waits to be killed; its id, once the work is done."""
    done = _FORK.Event()

    def run() -> None:
        work()
        done.set()
        signal.pause()

    process = _FORK.Process(target=run, daemon=True)
    process.start()
    assert process.pid is not None
    try:
        assert done.wait(120), "the process beside did not do its work"
        yield process.pid
    finally:
        process.kill()
        process.join(120)


def kill(pid: int) -> None:
    """SIGKILL: no goodbye."""
    os.kill(pid, signal.SIGKILL)
