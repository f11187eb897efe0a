"""How far something is that takes long, on stderr: what is found goes to stdout."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

#: Where lines stay, as in the log of a job, there are few of them.
_LINE_EVERY_S = 5.0


@contextmanager
def progress(
    first: str, console: Console | None = None, now_s: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[str], object]]:
    """Give a `with` block what tells how far it is; `first` is told at once.

    On a terminal each text replaces the one before, elsewhere it is a line, and what comes within
    five seconds after a line is not told.
    """
    console = console or Console(stderr=True)
    if console.is_terminal:
        with console.status(first) as status:
            yield status.update
        return
    last_s = float("-inf")

    def tell(text: str) -> None:
        nonlocal last_s
        if now_s() - last_s >= _LINE_EVERY_S:
            last_s = now_s()
            console.print(text, soft_wrap=True, highlight=False, markup=False)

    tell(first)
    yield tell
