"""The one fake of nef.ports.clock: time that the test moves."""


class FakeClock:
    """A clock that stands until it is advanced."""

    def __init__(self, now_s: float = 0.0) -> None:
        self._now_s = now_s

    def now_s(self) -> float:
        return self._now_s

    def advance(self, seconds: float) -> None:
        self._now_s += seconds
