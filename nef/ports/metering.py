"""What was carried, and how it fared: where the user plane reports, and where services ask.

Times are those of the clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from nef.domain.measurements import Measurement

#: A session's id, and the number of a component of it.
FlowId = tuple[str, int]


@dataclass(frozen=True, slots=True)
class FlowCount:
    """What one run of the user plane has counted of a flow, from the start of that run.

    Bytes are those of inner IP packets. `wait_us` is the time that the carried packets waited for
    their turn, all added up; `active_ms` the time in which something was counted.
    """

    packets: int = 0
    bytes: int = 0
    packets_lost: int = 0
    packets_overflowed: int = 0
    wait_us: int = 0
    longest_wait_us: int = 0
    last_wait_us: int = 0
    active_ms: int = 0


@dataclass(frozen=True, slots=True)
class MeteredFlow:
    """A flow with what was counted of it in all runs, and how it fares now."""

    session_id: str
    component: int
    count: FlowCount
    rate_bps: int
    mean_wait_us: int


class Recorder(Protocol):
    """Takes what the user plane reports."""

    def record(self, run_id: str, counts: Mapping[FlowId, FlowCount], now_s: float) -> int:
        """Take the counters of a run of the user plane; says how many of the flows are known.

        It may be told the same again, or something older: neither counts twice.
        """
        ...

    def flows(self, now_s: float) -> Sequence[MeteredFlow]:
        """Every flow of which anything was reported."""
        ...


class Metering(Protocol):
    """Measurements of the flows of a session."""

    def measure(self, session_id: str, window_ms: int, now_s: float) -> Mapping[int, Measurement]:
        """How its flows stand, by component number; empty where the network knows no such session.

        Nothing was carried of what nobody has reported.
        """
        ...

    def carried_bytes(self, session_id: str) -> Mapping[str, int]:
        """The bytes carried to its UE, by the name of their counter, which only grows."""
        ...

    def resume(self, newest: int, now_s: float) -> None:
        """The sessions up to this number are older: what they carry is yet to be reported."""
        ...

    def forget(self, session_id: str) -> None:
        """The session is over."""
        ...
