"""What a session has used: counters of several runs of the user plane, added up.

Each run counts up from zero, and its counters are told again and again. So the greatest value of
each counter is what it has counted: to hear the same twice, late or in another order adds nothing.
"""

from collections.abc import Mapping

from nef.domain.sessions import Usage

#: Counters that nobody speaks of any more are added up beyond this number.
MOST_COUNTERS = 256
#: The name of their sum; no counter of the user plane has it.
EARLIER = ""


def counted_up(known: Mapping[str, int], seen: Mapping[str, int]) -> dict[str, int]:
    """The counters after some were seen again; they only grow."""
    counters = {**known, **{n: max(value, known.get(n, 0)) for n, value in seen.items()}}
    silent = [name for name in counters if name not in seen and name != EARLIER]
    for name in silent[: max(0, len(counters) - MOST_COUNTERS)]:
        counters[EARLIER] = counters.get(EARLIER, 0) + counters.pop(name)
    return counters


def usage_of(counters: Mapping[str, int], begun_s: float, now_s: float) -> Usage:
    """Whole seconds since a session began, and the bytes that it received.

    The uplink is not counted, so the total is what came down.
    """
    carried = sum(counters.values())
    return Usage(int(max(0.0, now_s - begun_s)), carried, carried)


def has_reached(usage: Usage, threshold: Usage) -> bool:
    """Whether any of the limits of a threshold is reached."""
    pairs = (
        (usage.duration_s, threshold.duration_s),
        (usage.total_bytes, threshold.total_bytes),
        (usage.downlink_bytes, threshold.downlink_bytes),
    )
    return any(used is not None and limit is not None and used >= limit for used, limit in pairs)
