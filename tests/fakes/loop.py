"""An event loop whose time passes when a test says so."""

import asyncio


class TimedLoop(asyncio.SelectorEventLoop):
    """A real one, but for its time: `await loop.passes(20.0)` has what was due by then done."""

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0

    def time(self) -> float:
        """Seconds since it was made."""
        return self._now_s

    async def passes(self, seconds: float) -> None:
        """Let time pass, once all that is under way waits; what becomes due is done."""
        for later_s in (seconds, 0.0):
            for _ in range(10):
                await asyncio.sleep(0)
            self._now_s += later_s
