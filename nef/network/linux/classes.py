"""The rates of flows, as classes of htb with a queue each; pure."""

from collections.abc import Mapping

from nef.network.linux.names import RADIO
from nef.network.userplane.classification import GrantTable, QosFlow

#: What may leave at once after an idle time: what the rate makes in 5 ms, at least a packet.
BURST_MS = 5
_LEAST_BURST_BYTES = 1600
#: What tc can be told of; reached at 400 Gbit/s.
_MOST_BURST_BYTES = 250_000_000
#: Below, one packet would take more than a second, and htb would keep its debt for as long after
#: the rate has risen again: such a flow is held like one of rate 0.
LEAST_RATE_BPS = 8_000


def is_held(flow: QosFlow) -> bool:
    """Whether its rate is so low that nothing gets through."""
    return flow.rate_bps < LEAST_RATE_BPS


def rates_of(table: GrantTable, numbers: Mapping[str, int]) -> dict[int, int]:
    """Return the rate in bits per second of each class, those that are held left out."""
    return {numbers[key]: f.rate_bps for key, f in table.flows.items() if not is_held(f)}


def added_lines(
    old: Mapping[int, int], new: Mapping[int, int], queue_limit_bytes: int
) -> list[str]:
    """Write what makes the classes that are new, with their queues."""
    lines: list[str] = []
    for number, rate_bps in new.items():
        if number not in old:
            lines.append(_class_line("add", number, rate_bps))
            lines.append(
                f"qdisc add dev {RADIO} parent 1:{number:x} handle {number:x}:"
                f" bfifo limit {queue_limit_bytes}"
            )
    return lines


def changed_lines(old: Mapping[int, int], new: Mapping[int, int]) -> list[str]:
    """Write what gives classes another rate; what waits in them stays."""
    return [
        _class_line("change", number, rate_bps)
        for number, rate_bps in new.items()
        if number in old and old[number] != rate_bps
    ]


def removed_lines(old: Mapping[int, int], new: Mapping[int, int]) -> list[str]:
    """Write what removes the classes that are gone; what waits in them goes with them."""
    return [f"class del dev {RADIO} classid 1:{number:x}" for number in old if number not in new]


def burst_bytes(rate_bps: int) -> int:
    """Return the burst of a rate."""
    return min(max(rate_bps * BURST_MS // 8000, _LEAST_BURST_BYTES), _MOST_BURST_BYTES)


def _class_line(verb: str, number: int, rate_bps: int) -> str:
    burst = burst_bytes(rate_bps)
    return (
        f"class {verb} dev {RADIO} parent 1: classid 1:{number:x} htb rate {rate_bps}bit"
        # The quantum shares what is lent among classes, of which there is nothing here.
        f" ceil {rate_bps}bit burst {burst} cburst {burst} quantum 1500"
    )
