"""The fake of nef.ports.information: everything stands as the test says, before, now and ahead."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from builders.courses import place
from nef.domain.areas import Area, CellPlace
from nef.domain.courses import CellMoment, Course, RoomMoment, UeMoment
from nef.domain.errors import UeNotFound
from nef.domain.filters import AddressOrPrefix
from nef.domain.sessions import UeAddress
from nef.domain.units import BitRate
from nef.ports.information import Communication, FlowClass, UeIdentity

BLOCKS = 100
DELAY_MS = 8.0
#: What every cell has free for a new flow.
FREE_BLOCKS = 100


def identity(number: int, cell_id: str = "cell-1") -> UeIdentity:
    """The UE of a number."""
    return UeIdentity(f"ue-{number}", f"msisdn-{number}", f"imsi-{number}", None, None, cell_id)


def _at(steps: list[tuple[float, int]], time_s: float) -> int:
    """The value that holds at a moment."""
    return [value for since_s, value in steps if since_s <= time_s][-1]


@dataclass
class FakeInformation:
    """Two UEs in one cell, and a third in another.

    `rates_bps` has steps of (time, rate) for each UE that is not at 10 Mbit/s, `held` steps of
    (time, blocks) for each cell with a load, `held_by` the blocks in them that are of a session.
    `seen_from_s` is how far the past is known.
    """

    members: list[UeIdentity] = field(
        default_factory=lambda: [identity(1), identity(2), identity(3, "cell-2")]
    )
    rates_bps: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    held: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    held_by: dict[str, int] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    traffic: dict[str, list[Communication]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    seen_from_s: float = 0.0
    confidence: int = 90
    courses: int = 0

    def begun_s(self) -> float:
        return self.seen_from_s

    def ue(self, address: UeAddress) -> UeIdentity:
        pointer, name = address.named
        found = [ue for ue in self.members if name in (ue.gpsi, ue.ipv4, ue.ipv6)]
        if not found:
            raise UeNotFound(pointer, str(name))
        return found[0]

    def ues_at(self, places: Collection[AddressOrPrefix]) -> Sequence[UeIdentity]:
        return [ue for ue in self.members if ue.ipv4 in places or ue.ipv6 in places]

    def group(self, group_id: str) -> Sequence[UeIdentity]:
        if group_id not in self.groups:
            raise UeNotFound("/externalGroupId", group_id)
        return [ue for ue in self.members if ue.ue_id in self.groups[group_id]]

    def ues(self) -> Sequence[UeIdentity]:
        return list(self.members)

    def cells(self, area: Area | None = None) -> Sequence[CellPlace]:
        every = [place("cell-1", "000000010", "000001"), place("cell-2", "000000020", "000002")]
        if area is None:
            return every
        return [c for c in every if c.ncgi in area.cells or c.tai in area.tracking_areas]

    def ue_course(
        self, ue_id: str, flow: FlowClass, from_s: float, until_s: float, now_s: float
    ) -> Course[UeMoment] | None:
        self.courses += 1
        here = None if ue_id in self.gone else self._cell_of(ue_id)

        def moment(time_s: float, bps: int) -> UeMoment:
            rate = BitRate(bps if here else 0)
            return UeMoment(time_s, here, here is not None, rate, rate, DELAY_MS, FREE_BLOCKS)

        steps = self.rates_bps.get(ue_id, [(0.0, 10_000_000)])
        cut = self._cut(steps, from_s, until_s)
        if cut is None:
            return None
        return Course(tuple(moment(*step) for step in cut), until_s, self._sure(until_s, now_s))

    def cell_course(
        self, cell_id: str, from_s: float, until_s: float, now_s: float
    ) -> Course[CellMoment] | None:
        def moment(time_s: float, held: int) -> CellMoment:
            return CellMoment(time_s, BLOCKS, held, True, len(self.members))

        cut = self._cut(self.held.get(cell_id, [(0.0, 0)]), from_s, until_s)
        if cut is None:
            return None
        return Course(tuple(moment(*step) for step in cut), until_s, self._sure(until_s, now_s))

    def room_course(
        self,
        cell_id: str,
        flow: FlowClass,
        from_s: float,
        until_s: float,
        now_s: float,
        beside: Collection[str] = (),
    ) -> Course[RoomMoment] | None:
        own = sum(self.held_by.get(name, 0) for name in beside)
        here = [u for u in self.members if u.cell_id == cell_id and u.ue_id not in self.gone]
        rates = [self.rates_bps.get(ue.ue_id, [(0.0, 10_000_000)]) for ue in here]

        def moment(time_s: float, held: int) -> RoomMoment:
            ues_at = Counter(_at(steps, time_s) // BLOCKS for steps in rates)
            return RoomMoment(time_s, BLOCKS - held + own, ues_at)

        held = self.held.get(cell_id, [(0.0, 0)])
        times = sorted({time_s for steps in (held, *rates) for time_s, _ in steps})
        cut = self._cut([(time_s, _at(held, time_s)) for time_s in times], from_s, until_s)
        if cut is None:
            return None
        return Course(tuple(moment(*step) for step in cut), until_s, self._sure(until_s, now_s))

    def communications(self, ue_id: str, from_s: float, until_s: float) -> Sequence[Communication]:
        cut = (
            Communication(max(one.from_s, from_s), min(one.until_s, until_s), one.rate_dl)
            for one in self.traffic.get(ue_id, ())
        )
        return [one for one in cut if one.from_s < one.until_s]

    def _cell_of(self, ue_id: str) -> str:
        return next(ue.cell_id for ue in self.members if ue.ue_id == ue_id)

    def _cut(
        self, steps: list[tuple[float, int]], from_s: float, until_s: float
    ) -> list[tuple[float, int]] | None:
        from_s = max(from_s, self.seen_from_s)
        if until_s < from_s:
            return None
        return [
            (from_s, _at(steps, from_s)),
            *(step for step in steps if from_s < step[0] < until_s),
        ]

    def _sure(self, until_s: float, now_s: float) -> int:
        return 100 if until_s <= now_s else self.confidence
