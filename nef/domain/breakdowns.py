"""What a fault does to the QoS flows of a session, and when: a pure function of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nef.domain.faults import FaultName, Strike
from nef.domain.qos import Held, NoBearer

_NOTHING: Mapping[int, Held] = {}
#: The noise that a float of the epoch carries.
_NOISE_S = 1e-6


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Components of a session that are without a bearer from a moment of the clock on.

    Until `until_s` their resources are awaited or the bearer is lost; after it the resources have
    failed or the bearer is back. None is for good.
    """

    session_id: str
    fault: FaultName
    components: tuple[int, ...]
    from_s: float
    until_s: float | None

    def absent(self, now_s: float) -> Mapping[int, Held]:
        """What stands in for the network's answer for each component that has no bearer now."""
        if not _has_come(self.from_s, now_s):
            return _NOTHING
        in_time = not _has_come(self.until_s, now_s)
        if self.fault is FaultName.BEARER_LOST:
            held: Held = NoBearer.LOST
            return dict.fromkeys(self.components, held) if in_time else _NOTHING
        if self.fault is FaultName.BEARER_RELEASED:
            held = NoBearer.RELEASED
        else:
            held = NoBearer.AWAITED if in_time else None
        return dict.fromkeys(self.components, held)

    def is_over(self, now_s: float) -> bool:
        """Whether the session is well again."""
        lost = self.fault is FaultName.BEARER_LOST
        return lost and _has_come(self.until_s, now_s)

    def moments_s(self, now_s: float) -> list[float]:
        """When something happens to it that has not yet."""
        moments = (self.from_s, self.until_s)
        return [m for m in moments if m is not None and not _has_come(m, now_s)]


def _has_come(moment_s: float | None, now_s: float) -> bool:
    return moment_s is not None and now_s >= moment_s - _NOISE_S


def breakdown_of(
    strike: Strike, session_id: str, components: Sequence[int], at_s: float, *, at_once: bool
) -> Breakdown:
    """What a strike does to a session that has these components; `at_once` skips its `after_s`.

    A failed allocation and a lost bearer strike all of them, a release one: that of all would be
    the end of the session.
    """
    fault = strike.fault
    if fault.name is FaultName.ALLOCATION_FAILED:
        return Breakdown(session_id, fault.name, tuple(components), at_s, at_s + fault.after_s)
    from_s = at_s if at_once else at_s + fault.after_s
    if fault.name is FaultName.BEARER_LOST:
        until_s = from_s + fault.lasts_s
        return Breakdown(session_id, fault.name, tuple(components), from_s, until_s)
    chosen = components[int(strike.luck * len(components))]
    return Breakdown(session_id, fault.name, (chosen,), from_s, None)
