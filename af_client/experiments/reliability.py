"""What per-flow reliability buys: how many downloads one cell admits at once.

A download is a session of two flows, as the model server asks for it. Sessions are asked for, one
for each UE, until the NEF refuses one; the error rates asked for are what differs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Any

from af_client.client import NefClient
from af_client.delivery.wire import Part
from af_client.errors import Refused
from af_client.experiments.control import NO_RECEIVER, Control, device_at, server_for
from af_client.messages import Session, SessionRequest
from af_client.modelserver.catalogue import (
    MAX_TOPOLOGY_BYTES,
    ImageNetModel,
    Precision,
)
from af_client.modelserver.flows import TOPOLOGY_COMPONENT, media_flows, ue_address
from af_client.modelserver.selection import Rung, Variant, select

_FIRST_UE = IPv4Address("10.45.0.2")
_PLENTY_BPS = 10**12


class Policy(StrEnum):
    """Which error rates a download asks for."""

    LOOSE = "both flows at 1E-3"
    PER_FLOW = "topology 1E-5, weights 1E-3"
    STRICT = "both flows at 1E-5"

    def per(self, part: Part) -> str:
        """Return the error rate of a part's flow, in 3GPP's notation."""
        strict = self is Policy.STRICT or (self is Policy.PER_FLOW and part is Part.TOPOLOGY)
        return "1E-5" if strict else "1E-3"


@dataclass(frozen=True, slots=True)
class CellSettings:
    """One cell, and as many UEs as may download in it, each at the same SINR."""

    bandwidth_mhz: int = 100
    subcarrier_spacing_khz: int = 30
    layers: int = 4
    downlink_share: float = 0.75
    ues: int = 64

    def scenario(self, sinr_db: float) -> dict[str, Any]:
        """Return the scenario's document (docs/scenarios.md)."""
        cell = {
            "id": "cell-1",
            "bandwidth_mhz": self.bandwidth_mhz,
            "subcarrier_spacing_khz": self.subcarrier_spacing_khz,
            "layers": self.layers,
            "downlink_share": self.downlink_share,
        }
        ues = [_ue(number, sinr_db) for number in range(self.ues)]
        return {"name": "experiment-reliability", "cells": [cell], "ues": ues}


@dataclass(frozen=True, slots=True)
class Demand:
    """What the download of a model asks for: its rates within `budget_s`, headers included."""

    model: str
    title: str
    precision: str
    budget_s: float
    rung: Rung


@dataclass(frozen=True, slots=True)
class Admitted:
    """How many downloads at once a cell admitted under one condition.

    `blocks_each` are the resource blocks that the first one took, 0 where none was admitted;
    `expected` is how often these go into the cell. `exhausted` says that the UEs ran out before
    the cell did: there is room for more.
    """

    model: str
    policy: Policy
    sinr_db: float
    downloads: int
    blocks_each: int
    cell_blocks: int
    exhausted: bool

    @property
    def expected(self) -> int:
        """The number that the blocks of the first download let expect."""
        return self.cell_blocks // self.blocks_each if self.blocks_each else 0


def demand(model: ImageNetModel, precision: Precision, budget_s: float = 1.0) -> Demand:
    """Return what the model server would ask for to deliver a model within the budget."""
    # The accuracy decides between variants; where there is only one it decides nothing.
    variant = Variant(model.name, 0.0, MAX_TOPOLOGY_BYTES, model.weights_bytes(precision))
    (rung,) = select([variant], _PLENTY_BPS, budget_s).ladder
    return Demand(model.name, model.title, precision.value, budget_s, rung)


def request(rung: Rung, policy: Policy, ue: int) -> SessionRequest:
    """Return the request of one UE's download, with the error rates of a policy."""
    device = device_at(_FIRST_UE + ue)
    flows = (
        replace(flow, per=policy.per(_part(flow.number)))
        for flow in media_flows(server_for(device.address), device, [rung])
    )
    return SessionRequest(
        ue=ue_address(device), flows=tuple(flows), notification_destination=NO_RECEIVER
    )


class Cell:
    """The cell of a running NEF: shaped through its control API, asked through its standard one."""

    def __init__(self, nef_url: str, settings: CellSettings) -> None:
        self._control = Control(nef_url)
        self._settings = settings
        self._client = NefClient(nef_url, "experiment")

    def condition(self, sinr_db: float) -> None:
        """Give every UE this SINR; time stands still."""
        document = self._settings.scenario(sinr_db)
        self._control.call("PUT", "/simulation", {"document": document, "mode": "manual"})

    def admit(self, wanted: Demand, policy: Policy, sinr_db: float) -> Admitted:
        """Ask for one download after the other until one is refused, and end them all."""
        with self._ended() as sessions:
            blocks, each = self._blocks()[0], 0
            for ue in range(self._settings.ues):
                try:
                    sessions.append(self._client.create_session(request(wanted.rung, policy, ue)))
                except Refused:
                    break
                each = each or self._blocks()[1]
            count = len(sessions)
        exhausted = count == self._settings.ues
        return Admitted(wanted.model, policy, sinr_db, count, each, blocks, exhausted)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._control.close()

    @contextmanager
    def _ended(self) -> Iterator[list[Session]]:
        sessions: list[Session] = []
        try:
            yield sessions
        finally:
            for session in sessions:
                self._client.delete_session(session.id)

    def _blocks(self) -> tuple[int, int]:
        (cell,) = self._control.call("GET", "/cells")["cells"]
        return int(cell["blocks"]), int(cell["blocksGranted"])


def measure(
    nef_url: str,
    settings: CellSettings,
    demands: Sequence[Demand],
    sinrs_db: Iterable[float],
    told: Callable[[float], object] = str,
) -> tuple[Admitted, ...]:
    """Fill a cell under every condition with every demand under every policy.

    `told` hears of each condition before it is tried. Raises the errors of `af_client.errors`.
    """
    cell = Cell(nef_url, settings)
    found: list[Admitted] = []
    try:
        for sinr_db in sinrs_db:
            told(sinr_db)
            cell.condition(sinr_db)
            found += (cell.admit(each, policy, sinr_db) for each in demands for policy in Policy)
    finally:
        cell.close()
    return tuple(found)


def _part(component: int) -> Part:
    return Part.TOPOLOGY if component == TOPOLOGY_COMPONENT else Part.WEIGHTS


def _ue(number: int, sinr_db: float) -> dict[str, Any]:
    return {
        "id": f"ue-{number + 1}",
        "gpsi": f"msisdn-{1_010_000_000_001 + number:015d}",
        "supi": f"imsi-{1_010_000_000_001 + number:015d}",
        "ipv4": str(_FIRST_UE + number),
        "cell": "cell-1",
        "radio": {"sinr_db": sinr_db},
    }
