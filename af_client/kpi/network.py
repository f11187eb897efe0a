"""The network that is asked: a scenario played in manual time, and sessions asked for in it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from af_client.client import NefClient
from af_client.delivery.tunnel import Endpoint
from af_client.errors import NoAnalytics, NotFound, Refused
from af_client.experiments.control import (
    NO_RECEIVER,
    Control,
    device_at,
    server_for,
)
from af_client.messages import Session, SessionRequest
from af_client.modelserver.flows import TOPOLOGY_COMPONENT, WEIGHTS_COMPONENT, session_request
from af_client.modelserver.selection import Rung

#: What loads a scenario, in the words of the control API.
Source = dict[str, Any]


class ScenarioUnusable(Exception):
    """A scenario cannot be read or measured; `str()` says why."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What both flows of a session hold; `asked` says whether that is all it asked for first."""

    topology_bps: int
    topology_per: float
    weights_bps: int
    weights_per: float
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which the scenario changes nothing, in seconds from its start."""

    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class Played:
    """The scenario that is played, and the UE that downloads in it."""

    scenario: str
    description: str
    duration_s: float
    ue: str
    gpsi: str
    device: Endpoint
    stretches: tuple[Stretch, ...]


class Network:
    """A NEF and its simulated network, whose time only goes on when `go_to` says so."""

    def __init__(self, nef_url: str, source: Source, ue: str | None = None) -> None:
        """Play a scenario, with the first UE of it unless another is named.

        Raises Unanswered, ScenarioUnusable where it sets faults, and LookupError for a UE that is
        not there.
        """
        self.url = nef_url
        self._control = Control(nef_url)
        self._client = NefClient(nef_url, "kpi")
        self.played = self._load(source, ue)
        self._time_s = 0.0

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._control.close()

    def go_to(self, time_s: float) -> None:
        """Step to a time of the scenario; to an earlier one by starting again."""
        if time_s < self._time_s:
            self._control.call("POST", "/simulation/reset")
            self._time_s = 0.0
        if time_s > self._time_s:
            step = {"seconds": time_s - self._time_s}
            self._time_s = self._control.call("POST", "/simulation/step", step)["timeS"]

    def delay_s(self) -> float | None:
        """Return how long a packet takes to the UE, as the NEF reports it; None without coverage.

        The NEF knows it in whole milliseconds.
        """
        with suppress(NoAnalytics, NotFound):
            delay_ms = self._client.ue(gpsi=self.played.gpsi).bandwidth().delay_ms
            return None if delay_ms is None else delay_ms / 1000
        return None

    def rate_bps(self) -> int:
        """Return what a new flow of error rate 1E-3 could get now."""
        return int(self._control.call("GET", f"/ues/{self.played.ue}")["rateDlBps"])

    def hold(self, ladder: Sequence[Rung]) -> Session | None:
        """Ask for a session with a ladder and keep it; None where it is refused."""
        with suppress(Refused):
            return self._client.create_session(self.request(ladder))
        return None

    def held(self, session: Session) -> tuple[int | None, Grant | None]:
        """Return the rung of its ladder that a session's weights hold, and at which rates.

        None where its topology or its weights are not guaranteed, or the session is over.
        """
        flows = {flow["component"]: flow for flow in self.flows(session)}
        topology, weights = flows.get(TOPOLOGY_COMPONENT), flows.get(WEIGHTS_COMPONENT)
        if topology is None or weights is None:
            return None, None
        if topology["level"] is None or weights["level"] is None:
            return None, None
        rates = (topology["rateDlBps"], float(topology["per"]))
        return weights["level"], Grant(*rates, weights["rateDlBps"], float(weights["per"]))

    def flows(self, session: Session) -> list[dict[str, Any]]:
        """Return the flows of a session, as the user plane is told of them."""
        every = self._control.call("GET", f"/flows?ueId={self.played.ue}")["flows"]
        return [flow for flow in every if flow["flowKey"].startswith(f"{session.id}/")]

    def measured(self, session: Session) -> dict[int, dict[str, Any]]:
        """Return what a user plane reported of the flows of a session, by component."""
        every = self._control.call("GET", "/measurements")["flows"]
        keys = (flow["flowKey"].rpartition("/") for flow in every)
        found = zip(keys, every, strict=True)
        return {int(number): flow for (own, _, number), flow in found if own == session.id}

    def release(self, session: Session) -> None:
        """End a session, unless it has ended by itself."""
        with suppress(NotFound):
            self._client.delete_session(session.id)

    def ask(self, rung: Rung) -> Grant | None:
        """Return what a download is granted now; the session of it is asked for, and ended.

        Where it is refused, what the refusal says would be accepted is asked for instead.
        """
        request: SessionRequest | None = self.request([rung])
        asked = True
        while request is not None:
            try:
                session = self._client.create_session(request)
            except Refused as refused:
                request, asked = request.fitted_to(refused), False
                continue
            _, grant = self.held(session)
            self.release(session)
            return replace(grant, asked=asked) if grant else None
        return None

    def request(self, ladder: Sequence[Rung]) -> SessionRequest:
        """Return the request of the model server, but that nobody is to be notified."""
        device = self.played.device
        wanted = session_request(server_for(device.address), device, ladder)
        return replace(wanted, notification_destination=NO_RECEIVER, events=())

    def _load(self, source: Source, ue_id: str | None) -> Played:
        status = self._control.call("PUT", "/simulation", {**source, "mode": "manual"})
        self._refuse_faults()
        ues = {ue["ueId"]: ue for ue in self._control.call("GET", "/ues")["ues"]}
        if ue_id is not None and ue_id not in ues:
            raise LookupError(f"{ue_id!r} is not in the scenario; its UEs are {_some(list(ues))}")
        ue = ues[ue_id] if ue_id is not None else next(iter(ues.values()))
        address = ue.get("ueIpv4Addr") or ue.get("ueIpv6Addr")
        if address is None:
            raise LookupError(f"{ue['ueId']!r} has no IP address, so nothing can be sent to it")
        duration_s = float(status["durationS"])
        return Played(
            scenario=status["scenario"],
            description=status["description"],
            duration_s=duration_s,
            ue=ue["ueId"],
            gpsi=ue["gpsi"],
            device=device_at(ip_address(address)),
            stretches=_stretches(self._changes_s(), duration_s),
        )

    def _refuse_faults(self) -> None:
        faults = self._control.call("GET", "/faults")["faults"]
        if faults:
            names = ", ".join(str(fault["name"]) for fault in faults)
            raise ScenarioUnusable(
                f"the scenario sets faults ({names}); what strikes between its changes would not be"
                " seen, so take them out"
            )

    def _changes_s(self) -> list[float]:
        found: list[float] = self._control.call("GET", "/simulation/changes")["changesS"]
        return found


def source_of(source: str) -> Source:
    """Return what loads a scenario: a file where there is one or it is named like one.

    Raises ScenarioUnusable where a file holds none.
    """
    path = Path(source)
    if not (path.suffix in {".yaml", ".yml"} or path.is_file()):
        return {"scenario": source}
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        why = " ".join(str(fault).split())
        raise ScenarioUnusable(f"the scenario {source} cannot be read: {why}") from None
    if not isinstance(document, dict):
        raise ScenarioUnusable(
            f"{source} holds no scenario; docs/scenarios.md says how to write one"
        )
    return {"document": document}


def _stretches(changes_s: Sequence[float], duration_s: float) -> tuple[Stretch, ...]:
    edges = [0.0, *(t for t in changes_s if 0 < t < duration_s), duration_s]
    return tuple(Stretch(*pair) for pair in pairwise(edges))


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:10])
    return f"{shown}, …" if len(names) > 10 else shown
