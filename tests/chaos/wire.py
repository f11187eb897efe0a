"""Sessions and their notifications on the wire, as far as the chaos is about them."""

from typing import Any

import requests

from builders.service import by_value, component
from chaos.checker import Arrived

#: The rungs below what is asked for, by what of it they are.
LADDER = {"half": 0.5, "tenth": 0.1}
_RUNGS = (None, *LADDER)
_KBPS = 1000
#: Addresses of UEs of the scenario `busy-cell`, and their ids in it.
UES = {"ue-1": "10.45.0.2", "ue-2": "10.45.0.3", "ue-3": "10.45.0.4"}


def sessions_of(url: str, af_id: str) -> str:
    """Where the sessions of an AF are."""
    return f"{url}/3gpp-as-session-with-qos/v1/{af_id}/subscriptions"


def session(key: int, rate_bps: int, ue_id: str, destination: str) -> dict[str, Any]:
    """A session by value; the key is a port of its filter, and comes back with it."""
    rungs = [(name, _kbps(rate_bps * part)) for name, part in LADDER.items()]
    part = component(1, _kbps(rate_bps), *rungs)
    part["flowInfos"][0]["flowDescriptions"] = [f"permit out 17 from any {key} to any 7001"]
    return by_value(part, ueIpv4Addr=UES[ue_id], notificationDestination=destination)


def of_rate(rate_bps: int) -> dict[str, Any]:
    """The merge patch that asks for another rate, on the same ladder of it."""
    rungs = [
        {"altQosParamSetRef": name, "gbrDl": _kbps(rate_bps * part)}
        for name, part in LADDER.items()
    ]
    part = {"medCompN": 1, "mirBwDl": _kbps(rate_bps), "altSerReqsData": rungs}
    return {"multiModDatFlows": {"1": part}}


def key_and_rate(document: dict[str, Any]) -> tuple[int, int]:
    """What a session as its AF reads it was made with."""
    part = document["multiModDatFlows"]["1"]
    filters = part["flowInfos"][0]["flowDescriptions"][0].split()
    number, unit = part["mirBwDl"].split()
    return int(filters[5]), round(float(number) * {"Kbps": 1e3, "Mbps": 1e6}[unit])


def arrived(headers: dict[str, str], body: dict[str, Any]) -> Arrived:
    """A notification of a session as it was posted."""
    told = _told(body["eventReports"][-1])
    return Arrived(number_in(headers), id_in(body["transaction"]), told)


def number_in(headers: dict[str, str]) -> int:
    """The number of a notification, whatever it is about."""
    return int(headers["X-Notification-Id"])


def id_in(link: str) -> str:
    """The id of a subscription in the link to it."""
    return link.rsplit("/", 1)[1]


def retry_after(response: requests.Response) -> str | None:
    """When to come back, if it was said."""
    return response.headers.get("Retry-After")


def _told(report: dict[str, Any]) -> int | None:
    """The rung that a report says holds."""
    if report["event"] == "FAILED_RESOURCES_ALLOCATION":
        return None
    name = report.get("appliedQosRef")
    if name is None and report["event"] == "QOS_NOT_GUARANTEED":
        return None
    return _RUNGS.index(name)


def _kbps(rate_bps: float) -> str:
    return f"{round(rate_bps / _KBPS)} Kbps"
