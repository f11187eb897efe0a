"""A scenario being played: when it started, and what was overridden by hand."""

import copy
import gc
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from ipaddress import IPv6Network
from itertools import takewhile
from typing import Any

import numpy as np

from nef.domain.errors import UeNotFound
from nef.domain.filters import AddressOrPrefix, IpAddress
from nef.domain.sessions import UeAddress
from nef.network.simulator.cqi import Floats
from nef.network.simulator.parsing import parse
from nef.network.simulator.radio import elements_a_second
from nef.network.simulator.scenario import (
    Cell,
    Scenario,
    Ue,
    shipped_document,
    shipped_text,
)
from nef.network.simulator.traces import inlined

#: A forecast looks at no more moments than this.
MOST_LOOKS = 100
#: What is played, as a long step and what was missed, has no more moments than this.
MOST_STRIDES = 10_000
#: Name of a scenario that ships, or a document.
Source = str | dict[str, Any]


def scenario_of(source: Source) -> Scenario:
    """Read a scenario; raises InvalidRequest. Of the two only a name leads to trace files."""
    return _shipped(source) if isinstance(source, str) else parse(source)


@contextmanager
def uncollected() -> Iterator[None]:
    """While a scenario is read: all of it stays, so that to look for garbage in it is for nothing.

    For a hundred thousand UEs that is a third of the time.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@cache
def _shipped(name: str) -> Scenario:
    return parse(inlined(shipped_document(name), shipped_text))


@dataclass
class Run:
    """A scenario and its overrides; `started_s` is in the time of the clock."""

    source: Source
    seed: int
    started_s: float
    sinr_db: dict[str, float] = field(default_factory=dict)
    attached: dict[str, bool] = field(default_factory=dict)
    outages: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read the scenario; raises InvalidRequest."""
        self.scenario = scenario_of(self.source)
        self.cells = {cell.id: cell for cell in self.scenario.cells}
        self.ues = {ue.id: ue for ue in self.scenario.ues}
        self.ues_by_identity: dict[IpAddress | str | None, Ue] = {
            identity: ue for ue in self.scenario.ues for identity in (ue.ipv4, ue.ipv6, ue.gpsi)
        }

    @classmethod
    def begun(cls, source: Source, seed: int | None, started_s: float) -> "Run":
        """Begin a scenario; without a seed of one's own with that of the scenario."""
        run = cls(source, 0, started_s)
        run.seed = run.scenario.seed if seed is None else seed
        return run

    def time_s(self, now_s: float) -> float:
        """Seconds since the start, without the noise that a float of the epoch carries."""
        return max(0.0, round(now_s - self.started_s, 6))

    def attached_ue(self, address: UeAddress) -> Ue:
        """Whom an AF means; raises UeNotFound.

        A UE that is not attached has no PDU session, and so no address (TS 23.501 5.6.1).
        """
        pointer, identity = address.named
        ue = self.ues_by_identity.get(identity)
        if ue is None or not self.is_attached(ue):
            raise UeNotFound(pointer, str(identity))
        return ue

    def addresses(self, ue: UeAddress) -> list[IpAddress]:
        """Every IP address of a UE, attached or not; empty where it has none, or is not known."""
        _, identity = ue.named
        found = self.ues_by_identity.get(identity)
        return [] if found is None else [ip for ip in (found.ipv4, found.ipv6) if ip is not None]

    def ues_at(self, places: Collection[AddressOrPrefix]) -> list[Ue]:
        """Who has any of these addresses, or any in these prefixes, attached or not; each once."""
        found: dict[str, Ue] = {}
        for place in places:
            if isinstance(place, IPv6Network):
                found |= {ue.id: ue for ue in self._within(place)}
            elif place in self.ues_by_identity:
                found[self.ues_by_identity[place].id] = self.ues_by_identity[place]
        return list(found.values())

    def _within(self, prefix: IPv6Network) -> Sequence[Ue]:
        numbers, ues = self._by_ipv6
        first = bisect_left(numbers, int(prefix.network_address))
        return ues[first : bisect_right(numbers, int(prefix.broadcast_address))]

    @cached_property
    def _by_ipv6(self) -> tuple[list[int], list[Ue]]:
        """The IPv6 addresses in order, and whose they are."""
        pairs = [(int(ue.ipv6), ue) for ue in self.scenario.ues if ue.ipv6 is not None]
        pairs.sort(key=lambda pair: pair[0])
        return [number for number, _ in pairs], [ue for _, ue in pairs]

    def is_attached(self, ue: Ue) -> bool:
        """Whether a UE of the scenario is attached; an override wins over the scenario."""
        return self.attached.get(ue.id, ue.attached)

    def is_out(self, cell: Cell, time_s: float) -> bool:
        """Whether a cell is out of service; an override wins over the scenario."""
        planned = any(time_s in span for span in cell.outages)
        return self.outages.get(cell.id, planned)

    def sinrs_db(self, ues: Sequence[Ue], time_s: float) -> Floats:
        """The SINR of each UE."""
        return np.array([self.sinr_db_of(ue, time_s) for ue in ues], dtype=np.float64)

    def sinr_db_of(self, ue: Ue, time_s: float) -> float:
        """The SINR of one; an override wins over the scenario."""
        forced_db = self.sinr_db.get(ue.id)
        return ue.condition.sinr_db(time_s) if forced_db is None else forced_db

    def elements(self, cell: Cell, time_s: float) -> float:
        """What one block of a cell carries in a second, in resource elements; 0 while it is out."""
        return 0.0 if self.is_out(cell, time_s) else elements_a_second(cell.carrier)

    def changes_s(
        self, ues: Sequence[Ue], from_s: float, until_s: float, most: int = MOST_LOOKS
    ) -> list[float]:
        """The moments at which to look again at UEs and at the cells that serve them.

        Where they are very many, as in a fine trace, they are thinned out evenly.
        """
        courses = [ue.condition.steps_s(from_s) for ue in ues]
        spans = {flow.span for ue in ues for flow in ue.background}
        visited = {ue.cell_id for ue in ues} | {s.cell_id for ue in ues for s in ue.stays}
        for cell_id in visited:
            spans.update(self.cells[cell_id].outages)
        courses += [span.edges_s(from_s) for span in spans]
        found = sorted(
            {t for times_s in courses for t in takewhile(lambda t: t <= until_s, times_s)}
        )
        return found[:: 1 + len(found) // most]

    def saved(self) -> dict[str, Any]:
        """All of it, as a JSON object."""
        names = ("source", "seed", "started_s", "sinr_db", "attached", "outages")
        return {name: copy.copy(getattr(self, name)) for name in names}
