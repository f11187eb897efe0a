"""What the user plane counts, on the wire of the control API (openapi/simulator.yaml)."""

from collections.abc import Iterable, Mapping
from typing import Any

from nef.ports.metering import FlowCount, FlowId, MeteredFlow

_COUNTS = {
    "packetsCarried": "packets",
    "bytesCarried": "bytes",
    "packetsLost": "packets_lost",
    "packetsOverflowed": "packets_overflowed",
    "waitUs": "wait_us",
    "longestWaitUs": "longest_wait_us",
    "lastWaitUs": "last_wait_us",
    "activeMs": "active_ms",
}


def counts_of(document: Mapping[str, Any]) -> tuple[str, dict[FlowId, FlowCount]]:
    """The run that reports, and its counters; default bearers belong to no session."""
    flows = ((_flow_id(entry["flowKey"]), _count(entry)) for entry in document["flows"])
    return document["runId"], {flow: count for flow, count in flows if flow is not None}


def _flow_id(key: str) -> FlowId | None:
    session_id, _, component = key.rpartition("/")
    # int() would read the digits of any script.
    named = session_id and component.isascii() and component.isdigit() and len(component) < 10
    return (session_id, int(component)) if named else None


def _count(entry: Mapping[str, Any]) -> FlowCount:
    return FlowCount(**{name: entry.get(key, 0) for key, name in _COUNTS.items()})


def measurements_document(flows: Iterable[MeteredFlow]) -> dict[str, Any]:
    """What was counted of each flow, and how it fares."""
    return {"flows": [_flow(flow) for flow in flows]}


def _flow(flow: MeteredFlow) -> dict[str, Any]:
    counts = {key: getattr(flow.count, name) for key, name in _COUNTS.items()}
    return {
        "flowKey": f"{flow.session_id}/{flow.component}",
        **counts,
        "rateDlBps": flow.rate_bps,
        "meanWaitUs": flow.mean_wait_us,
    }
