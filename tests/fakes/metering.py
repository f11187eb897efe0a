"""The fake meter: flows carry what a test says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nef.domain.measurements import Measurement


@dataclass
class FakeMetering:
    """Knows the measurements and the counters of sessions, and up to which number they resume."""

    measured: dict[str, dict[int, Measurement]] = field(default_factory=dict)
    carried: dict[str, dict[str, int]] = field(default_factory=dict)
    resumed: int = 0
    while_asked: Callable[[], object] = lambda: None

    def measure(self, session_id: str, window_ms: int, now_s: float) -> Mapping[int, Measurement]:
        return self.measured.get(session_id, {})

    def carried_bytes(self, session_id: str) -> Mapping[str, int]:
        self.while_asked()
        return dict(self.carried.get(session_id, {}))

    def resume(self, newest: int, now_s: float) -> None:
        self.resumed = newest

    def forget(self, session_id: str) -> None:
        self.measured.pop(session_id, None)
        self.carried.pop(session_id, None)
