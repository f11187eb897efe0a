"""Plans to send something later: bodies of requests, rooms of cells, and a cell that empties."""

from datetime import UTC, datetime
from typing import Any

from builders.contracts import breaches
from builders.service import Served
from nef.domain.capacity import Standing
from nef.domain.courses import Course, RoomMoment
from nef.domain.plans import PlanRequest
from nef.schemas.plans import request_of

DOCUMENT = "pdtq-policy-negotiation.yaml"
AF = "/3gpp-pdtq-policy-negotiation/v1/af-1/subscriptions"
CELL = {"plmnId": {"mcc": "001", "mnc": "01"}, "nrCellId": "000000001"}
#: More than a busy cell has left, and no more than an empty one has, for two UEs.
QOS = {"gfbrDl": "30 Mbps", "per": "1E-3"}


def busy_then_idle(**changes: Any) -> dict[str, Any]:
    """One 20 MHz cell: full until 20 s, lightly loaded, full from 60 s to 70 s, then empty."""
    crowd = [
        {"rate": "60 Mbps", "priority": 20, "until_s": 20},
        {"rate": "8 Mbps", "priority": 20, "from_s": 20, "until_s": 60},
        {"rate": "60 Mbps", "priority": 20, "from_s": 60, "until_s": 70},
    ]
    return {
        "name": "busy-then-idle",
        "cells": [{"id": "cell-1", "bandwidth_mhz": 20}],
        "ues": [
            ue(1, radio={"sinr_db": 22}),
            ue(2, radio={"sinr_db": 22}),
            ue(3, radio={"sinr_db": 13}, background=crowd),
        ],
    } | changes


def ue(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"ue-{number}",
        "gpsi": f"msisdn-1000{number}",
        "supi": f"imsi-1000{number}",
        "ipv4": f"10.45.0.{number + 1}",
        "cell": "cell-1",
    } | changes


def text(moment_s: float) -> str:
    return datetime.fromtimestamp(moment_s, UTC).isoformat()


def times(now_s: float, *windows: tuple[float, float]) -> list[dict[str, str]]:
    """Windows in seconds from a moment on."""
    return [{"startTime": text(now_s + a), "stopTime": text(now_s + b)} for a, b in windows]


def body(now_s: float, *windows: tuple[float, float], **changes: Any) -> dict[str, Any]:
    """A plan on the wire for two UEs within 100 s; an attribute set to None is left out."""
    document = {
        "aspId": "model-provider",
        "numberOfUEs": 2,
        "desTimeInts": times(now_s, *(windows or ((0, 100),))),
        "qosParamSet": QOS,
    } | changes
    return {key: value for key, value in document.items() if value is not None}


def asking(now_s: float = 0.0, *windows: tuple[float, float], **changes: Any) -> PlanRequest:
    """The request of such a body."""
    return request_of(body(now_s, *windows, **changes))


def room(free_blocks: int, *rates_bps: int, time_s: float = 0.0) -> RoomMoment:
    """A cell with a UE for each rate of a block."""
    ues_at = {rate: rates_bps.count(rate) for rate in rates_bps}
    return RoomMoment(time_s, free_blocks, ues_at)


def rooms(*steps: tuple[float, int], until_s: float, rates: tuple[int, ...] = (1_000_000,)) -> Any:
    """The course of a cell: (time, free blocks)."""
    moments = tuple(room(free, *rates, time_s=time_s) for time_s, free in steps)
    return Course(moments, until_s)


def standing(*of_cells: RoomMoment) -> Standing:
    """Cells at a moment."""
    return Standing(0.0, of_cells)


class Planning:
    """An AF that plans over HTTP, in the seconds of the run; all that is answered is checked."""

    def __init__(self, nef: Served, began_s: float | None = None) -> None:
        self.nef = nef
        self.began_s = self.now_s if began_s is None else began_s

    @property
    def now_s(self) -> float:
        return self.nef.nef.services.plans.clock.now_s()

    def ask(self, *windows: tuple[float, float], **changes: Any) -> Any:
        return self.nef.http.post(AF, json=body(self.began_s, *windows, **changes))

    def create(self, *windows: tuple[float, float], **changes: Any) -> dict[str, Any]:
        response = self.ask(*windows, **changes)
        assert response.status_code == 201, response.text
        made: dict[str, Any] = self.checked(response.json())
        assert response.headers["location"] == made["self"]
        return made

    def read(self, plan: dict[str, Any]) -> dict[str, Any]:
        response = self.nef.http.get(self.nef.path(plan))
        assert response.status_code == 200, response.text
        return self.checked(response.json())

    def patch(self, plan: dict[str, Any], **changes: Any) -> Any:
        kind = {"content-type": "application/merge-patch+json"}
        return self.nef.http.patch(self.nef.path(plan), json=changes, headers=kind)

    def change(self, plan: dict[str, Any], **changes: Any) -> dict[str, Any]:
        response = self.patch(plan, **changes)
        assert response.status_code == 200, response.text
        return self.checked(response.json())

    def choose(self, plan: dict[str, Any], index: int = 0) -> dict[str, Any]:
        chosen = plan["pdtqPolicies"][index]["pdtqPolicyId"]
        return self.change(plan, selectedPolicy=chosen)

    def exists(self, plan: dict[str, Any]) -> bool:
        status: int = self.nef.http.get(self.nef.path(plan)).status_code
        return status == 200

    def checked(self, document: dict[str, Any]) -> dict[str, Any]:
        assert breaches(DOCUMENT, "Pdtq", document) == []
        return document

    def windows(self, policies: list[dict[str, Any]]) -> list[tuple[float, float]]:
        """Candidates in seconds of the run."""
        found = [one["recTimeInt"] for one in policies]
        return [(self.second(w["startTime"]), self.second(w["stopTime"])) for w in found]

    def second(self, moment: str) -> float:
        """To the millisecond that is written, which may lie in the one before."""
        return round(datetime.fromisoformat(moment).timestamp() - self.began_s, 2)
