"""A scenario: cells, UEs and what happens to them; read from a document of our own schema.

The shape is checked by `scenario.schema.json`, the meaning by `parse`. docs/scenarios.md says how
to write one.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import yaml

from nef.domain.areas import Ncgi, Tai
from nef.domain.errors import InvalidParam, InvalidRequest
from nef.domain.faults import Fault
from nef.domain.qos import QosProfile
from nef.domain.units import BitRate, PacketErrorRate
from nef.network.simulator.conditions import Condition
from nef.network.simulator.pathloss import Site
from nef.network.simulator.radio import Carrier
from nef.network.simulator.spans import Span

_PACKAGE = "nef.network.simulator"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with one carrier; `core_delay_ms` is one way, between data network and antenna."""

    id: str
    carrier: Carrier
    ncgi: Ncgi
    tai: Tai
    core_delay_ms: float = 5.0
    outages: tuple[Span, ...] = ()
    site: Site | None = None


@dataclass(frozen=True, slots=True)
class Background:
    """A guaranteed flow of somebody else's, which takes part in admission for a time."""

    rate_dl: BitRate
    per: PacketErrorRate
    priority: int
    span: Span


@dataclass(frozen=True, slots=True)
class Stay:
    """From a moment on a cell serves a UE."""

    from_s: float
    cell_id: str


@dataclass(frozen=True, slots=True)
class Ue:
    """A UE; `attached` is how it begins, `cell_id` where.

    `stays` has its cells in order, the first from 0 on, where it is handed over.
    """

    id: str
    gpsi: str
    supi: str
    ipv4: IPv4Address | None
    ipv6: IPv6Address | None
    cell_id: str
    attached: bool
    condition: Condition
    background: tuple[Background, ...] = ()
    stays: tuple[Stay, ...] = ()

    def cell_at(self, time_s: float) -> str:
        """The cell that serves it."""
        if not self.stays:
            return self.cell_id
        return self.stays[bisect_right(self.stays, time_s, key=lambda s: s.from_s) - 1].cell_id


@dataclass(frozen=True, slots=True)
class Group:
    """UEs that an AF may name together, by an external group identifier (TS 23.682 4.6.3)."""

    id: str
    ue_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a simulation plays; times are seconds from its start."""

    name: str
    description: str
    duration_s: float
    seed: int
    cells: tuple[Cell, ...]
    ues: tuple[Ue, ...]
    groups: tuple[Group, ...] = ()
    faults: tuple[Fault, ...] = ()
    profiles: tuple[QosProfile, ...] = ()


@cache
def shipped_scenarios() -> tuple[str, ...]:
    """The names of the scenarios that come with the package."""
    folder = files(_PACKAGE).joinpath("scenarios")
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(n.removesuffix(".yaml") for n in names if n.endswith(".yaml")))


def shipped_document(name: str) -> dict[str, Any]:
    """A scenario that ships; raises InvalidRequest that lists the names there are."""
    if name not in shipped_scenarios():
        names = ", ".join(shipped_scenarios())
        reason = f"no scenario is named {name[:80]!r}; there are: {names}"
        raise InvalidRequest(InvalidParam("/scenario", reason))
    document: dict[str, Any] = yaml.safe_load(shipped_text(f"{name}.yaml"))
    return document


def shipped_text(file_name: str) -> str:
    """A file of the folder of scenarios; raises FileNotFoundError."""
    return files(_PACKAGE).joinpath("scenarios", file_name).read_text("utf-8")
