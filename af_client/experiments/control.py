"""The control API of a NEF's simulated network: what makes conditions, and no part of a NEF."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Self

import requests

from af_client.delivery.tunnel import Endpoint, IpAddress

#: Nobody listens: what is asked is whether a session is admitted, and that the answer says.
NO_RECEIVER = "http://127.0.0.1:9/nobody"
_SERVER_PORT, _DEVICE_PORT = 7000, 7001
_TIMEOUT_S = 30


class Unanswered(Exception):
    """The control API of the network refused something; `str()` says what, and why."""


class Control:
    """Calls the control API of the NEF at that root; a context manager that disconnects."""

    def __init__(self, nef_url: str) -> None:
        self._root = f"{nef_url}/simulator/v1"
        self._http = requests.Session()
        self._http.trust_env = False

    def __enter__(self) -> Self:
        """Return the door itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return what the answer says; raises Unanswered."""
        try:
            reply = self._http.request(method, f"{self._root}{path}", json=body, timeout=_TIMEOUT_S)
        except requests.RequestException as fault:
            raise Unanswered(f"the network's control API does not answer: {fault}") from fault
        if not reply.ok:
            raise Unanswered(f"{method} {path} of the network's control API: {_said(reply)}")
        return reply.json()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def server_for(device: IpAddress) -> Endpoint:
    """Return a server that is reached by the same version of IP as the device."""
    address = IPv4Address("10.60.0.1") if device.version == 4 else IPv6Address("2001:db8:60::1")
    return Endpoint(address, _SERVER_PORT)


def device_at(address: IpAddress) -> Endpoint:
    """Return where the device of a UE would listen."""
    return Endpoint(address, _DEVICE_PORT)


def _said(reply: requests.Response) -> str:
    """Return what a problem says, in a line."""
    try:
        problem = reply.json()
        params = problem.get("invalidParams", ())
        wrong = [f"{param['param']}: {param['reason']}" for param in params]
        return "; ".join(wrong) or str(problem.get("detail") or problem["title"])
    except (ValueError, KeyError, AttributeError, TypeError):
        return f"{reply.status_code} {reply.text[:200]}"
