"""Plans as an AF asks for them through the client, and a NEF's words about them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from af_client import Candidate, Plan, PlanRequest, TransferQos, Window
from builders.service import AF as SESSIONS
from builders.service import by_value, component
from nef.testing import RunningNef

NEF_URL = "http://nef.example"
PLANS = "/3gpp-pdtq-policy-negotiation/v1/af/subscriptions"
BEGAN = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)


def a_window(from_s: float = 0, until_s: float = 100, began: datetime = BEGAN) -> Window:
    """A window in seconds from a moment on."""
    return Window(began + timedelta(seconds=from_s), began + timedelta(seconds=until_s))


def a_plan_request(**changes: Any) -> PlanRequest:
    """A plan to send 30 Mbps to one UE within 100 s."""
    words: dict[str, Any] = {
        "windows": (a_window(),),
        "qos": TransferQos(gbr_dl_bps=30_000_000, per="1E-3"),
    }
    return PlanRequest(**words | changes)


def a_candidate(number: int = 1, from_s: float = 20, until_s: float = 60) -> Candidate:
    return Candidate(number, a_window(from_s, until_s))


def a_plan(*candidates: Candidate, chosen: int | None = None, name: str = "p-1") -> Plan:
    """A plan of a NEF; where no candidate is named, it has one, which is chosen."""
    found = candidates or (a_candidate(),)
    chosen_id = chosen or (None if candidates else 1)
    return Plan(name, f"{NEF_URL}{PLANS}/{name}", a_plan_request(), found, chosen_id, f"ref-{name}")


def policy(number: int, from_s: float, until_s: float) -> dict[str, Any]:
    """A `PdtqPolicy`."""
    window = a_window(from_s, until_s)
    times = {"startTime": window.starts_at.isoformat(), "stopTime": window.ends_at.isoformat()}
    return {"pdtqPolicyId": number, "recTimeInt": times}


def plan_document(**changes: Any) -> dict[str, Any]:
    """A `Pdtq` in a reply; an attribute set to None is left out."""
    document = {
        "self": f"{NEF_URL}{PLANS}/p-1",
        "referenceId": "ref-p-1",
        "aspId": "af",
        "numberOfUEs": 1,
        "desTimeInts": [policy(0, 0, 100)["recTimeInt"]],
        "qosParamSet": {"gfbrDl": "30 Mbps", "per": "1E-3"},
        "pdtqPolicies": [policy(1, 20, 60), policy(2, 70, 100)],
        "warnNotifEnabled": False,
    } | changes
    return {key: value for key, value in document.items() if value is not None}


def warning_document(*policies: dict[str, Any], reference: str = "ref-p-1") -> dict[str, Any]:
    """A `Notification`."""
    return {"pdtqRefId": reference, "candPolicies": list(policies or (policy(3, 70, 90),))}


def intrude(service: RunningNef) -> None:
    """Another AF takes what the first window of `busy_then_idle` has left for two UEs."""
    session = by_value(component(3, "30 Mbps"))
    path = SESSIONS.replace("af-1", "af-2")
    answer = requests.post(service.url + path, json=session, timeout=60)
    assert answer.status_code == 201, answer.text
