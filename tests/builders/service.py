"""A whole service in the process of the test, with its time in the test's hands."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.testclient import TestClient

from nef.app import Nef, create_app
from nef.config import Settings

AF = "/3gpp-as-session-with-qos/v1/af-1/subscriptions"
RULE = "permit out 17 from any 7000 to any 7001"


@dataclass(frozen=True)
class Served:
    """The service and an HTTP client of it."""

    nef: Nef
    http: TestClient

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API; anything but success fails the test."""
        response = self.http.request(method, f"/simulator/v1{path}", json=body)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def step(self, seconds: float) -> None:
        """Let simulated time pass."""
        self.control("POST", "/simulation/step", {"seconds": seconds})

    def create(self, **changes: Any) -> dict[str, Any]:
        """Create a session that must be admitted."""
        response = self.http.post(AF, json=subscription(**changes))
        assert response.status_code == 201, response.text
        document: dict[str, Any] = response.json()
        return document

    def path(self, document: dict[str, Any]) -> str:
        """The path of a session's resource."""
        link: str = document["self"]
        return link.removeprefix(PUBLIC_URL)


PUBLIC_URL = "http://nef.example"


@contextmanager
def served(now_s: Callable[[], float] = time.time, **changes: Any) -> Iterator[Served]:
    """A service in memory, without its threads and without a socket: nothing happens by itself.

    `now_s` moves it in mode real. What an AF sees, with both, is `nef.testing.running_nef`.
    """
    settings = {"database_url": "sqlite://", "mode": "manual", "public_url": PUBLIC_URL} | changes
    nef = create_app(Settings(**settings), now_s)
    client = TestClient(nef.asgi, raise_server_exceptions=False)
    # A server starts the application before the first request; without a start, several
    # requests at once would each do it, in each other's way.
    client.get("/")
    try:
        yield Served(nef, client)
    finally:
        nef.close()


def subscription(**changes: Any) -> dict[str, Any]:
    """A session by name; an attribute set to None is left out."""
    document = {
        "notificationDestination": "http://127.0.0.1:9/not-listening",
        "ueIpv4Addr": "10.45.0.2",
        "flowInfo": [{"flowId": 1, "flowDescriptions": [RULE]}],
        "qosReference": "model-topology",
    } | changes
    return {key: value for key, value in document.items() if value is not None}


def by_value(*parts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A session of media components."""
    flows = {str(part["medCompN"]): part for part in parts}
    return subscription(qosReference=None, flowInfo=None, multiModDatFlows=flows, **changes)


def component(
    number: int, rate: str, *ladder: tuple[str, str], per: str = "1E-3"
) -> dict[str, Any]:
    """A media component by value; `ladder` are (name, rate) of its alternatives."""
    document: dict[str, Any] = {
        "medCompN": number,
        "flowInfos": [{"flowId": number, "flowDescriptions": [RULE], "tosTC": f"{number:02x}fc"}],
        "tsnQos": {"maxPer": per, "tscPrioLevel": number},
        "mirBwDl": rate,
    }
    if ladder:
        document["altSerReqsData"] = [
            {"altQosParamSetRef": name, "gbrDl": lower} for name, lower in ladder
        ]
    return document
