"""The fake clock."""

from dataclasses import dataclass


@dataclass
class FakeClock:
    """Shows the time that a test sets."""

    time_s: float = 1_800_000_000.0

    def now_s(self) -> float:
        return self.time_s

    def advance(self, seconds: float) -> None:
        assert seconds >= 0, "a clock never goes back"
        self.time_s += seconds
