"""The fake network: one cell of a number of kilobits a second, without any radio."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv6Network

from nef.domain.admission import Allocation, FlowNeed, acceptable_blocks, admit, allocate
from nef.domain.errors import Conflict, ResourcesRefused, UeNotFound
from nef.domain.filters import AddressOrPrefix, IpAddress
from nef.domain.fiveqi import ResourceType
from nef.domain.qos import QosLevel
from nef.domain.sessions import UeAddress
from nef.domain.units import BitRate
from nef.ports.network import Levels, NetworkChanges, Reservation


@dataclass
class FakeNetwork:
    """Admits by the domain's rule, a block being 1 kbit/s; tests turn its knobs.

    `ues` maps a UE's id to its address; `covered` False is a UE beyond the reach of the cell.
    """

    ues: dict[str, UeAddress]
    capacity_kbps: int = 100_000
    covered: dict[str, bool] = field(default_factory=dict)
    detached: set[str] = field(default_factory=set)
    reservations: dict[str, Reservation] = field(default_factory=dict)
    reported: dict[str, Levels] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)

    def find_ue(self, ue: UeAddress) -> str:
        for ue_id, address in self.ues.items():
            names = ((address.ipv4, ue.ipv4), (address.ipv6, ue.ipv6), (address.gpsi, ue.gpsi))
            known = any(own == asked for own, asked in names if asked is not None)
            if known and ue_id not in self.detached:
                return ue_id
        pointer = "/gpsi" if ue.gpsi else "/ueIpv6Addr" if ue.ipv6 else "/ueIpv4Addr"
        raise UeNotFound(pointer, str(ue.ip or ue.gpsi))

    def addresses(self, ue: UeAddress) -> list[IpAddress]:
        known = (own for own in self.ues.values() if ue.named[1] in (own.ipv4, own.ipv6, own.gpsi))
        found = next(known, UeAddress())
        return [ip for ip in (found.ipv4, found.ipv6) if ip is not None]

    def ues_at(self, places: Collection[AddressOrPrefix]) -> set[str]:
        def is_at(own: IpAddress | None, place: AddressOrPrefix) -> bool:
            if isinstance(place, IPv6Network):
                return own is not None and own in place
            return own == place

        return {
            ue_id
            for ue_id, ue in self.ues.items()
            if any(is_at(own, place) for own in (ue.ipv4, ue.ipv6) for place in places)
        }

    def reserve(self, reservation: Reservation, now_s: float) -> Levels:
        gone = self._gone(reservation.ue_id)
        known = None if gone else self.reservations.get(reservation.session_id)
        if reservation.is_overtaken(known):
            raise Conflict("it was changed by somebody else")
        if known is None and not (
            reservation.is_first and reservation.session_id not in self.released
        ):
            raise Conflict("it has ended")
        if self._covered(reservation.ue_id):
            own = reservation.session_id
            others = (r for r in self.reservations.values() if r.session_id != own)
            present = [need for r in others for need in self._needs(r)]
            newcomer = self._needs(reservation)
            if admit(self.capacity_kbps, present, newcomer) is None:
                offers = acceptable_blocks(self.capacity_kbps, present, newcomer)
                raise ResourcesRefused({n: BitRate(kbps * 1000) for n, kbps in offers.items()})
        self.restore((reservation,), now_s)
        return self.reported[reservation.session_id]

    def hold(self, reservation: Reservation, now_s: float) -> None:
        if reservation.session_id in self.reservations:
            self.restore((reservation,), now_s)

    def release(self, session_id: str, now_s: float) -> None:
        self.released.add(session_id)
        self.reservations.pop(session_id, None)
        self.reported.pop(session_id, None)

    def restore(self, reservations: Iterable[Reservation], now_s: float) -> None:
        known = self.reservations
        taken = {
            r.session_id: r for r in reservations if not r.is_overtaken(known.get(r.session_id))
        }
        self.reservations |= taken
        for session_id, reservation in taken.items():
            nothing = {demand.component: None for demand in reservation.demands}
            self.reported[session_id] = self.levels(session_id) or nothing

    def tick(self, now_s: float) -> NetworkChanges:
        ended = {r.session_id for r in self.reservations.values() if self._gone(r.ue_id)}
        moved: dict[str, Levels] = {}
        for session_id in self.reservations.keys() - ended:
            levels = self.levels(session_id)
            if levels is not None and levels != self.reported.get(session_id):
                moved[session_id] = self.reported[session_id] = levels
        return NetworkChanges(moved, tuple(ended))

    def levels(self, session_id: str) -> Levels | None:
        reservation = self.reservations.get(session_id)
        if reservation is None or self._gone(reservation.ue_id):
            return None
        granted = self._allocation().levels
        return {d.component: granted[session_id, d.component] for d in reservation.demands}

    def free_bps(self, ue_id: str) -> int:
        return 1000 * self._allocation().free_blocks if self._covered(ue_id) else 0

    def _gone(self, ue_id: str) -> bool:
        return ue_id not in self.ues or ue_id in self.detached

    def _covered(self, ue_id: str) -> bool:
        return not self._gone(ue_id) and self.covered.get(ue_id, True)

    def _allocation(self) -> Allocation:
        needs = [n for r in self.reservations.values() for n in self._needs(r)]
        return allocate(self.capacity_kbps, needs)

    def _needs(self, reservation: Reservation) -> list[FlowNeed]:
        return [
            FlowNeed(
                reservation.session_id,
                demand.component,
                demand.ladder[0].priority,
                reservation.admitted_at_s,
                tuple(self._kbps(level, reservation.ue_id) for level in demand.ladder),
            )
            for demand in reservation.demands
        ]

    def _kbps(self, level: QosLevel, ue_id: str) -> int | None:
        if not self._covered(ue_id):
            return None
        if level.resource_type is ResourceType.NON_GBR or level.gbr_dl is None:
            return 0
        return -(-level.gbr_dl.bps // 1000)
