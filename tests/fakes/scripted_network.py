"""A network that does as the test says."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from nef.domain.errors import (
    ResourcesRefused,
    UeNotFound,
)
from nef.domain.filters import AddressOrPrefix, IpAddress
from nef.domain.sessions import UeAddress
from nef.domain.units import BitRate
from nef.ports.network import Levels, NetworkChanges, NetworkStep, Reservation

#: The UE that it finds at 10.45.0.2.
UE = "ue-1"


@dataclass
class ScriptedNetwork:
    """Grants, refuses, degrades, ends, or breaks down, when the test says so."""

    refuses: bool = False
    breaks: bool = False
    admits_at: int | None = 0
    while_reserving: Callable[[], object] = lambda: None
    held: dict[str, Reservation] = field(default_factory=dict)
    granted: dict[str, dict[int, int | None]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    steps: list[NetworkStep] = field(default_factory=list)

    def find_ue(self, ue: UeAddress) -> str:
        if str(ue.ip) != "10.45.0.2":
            raise UeNotFound("/ueIpv4Addr", str(ue.ip))
        return UE

    def addresses(self, ue: UeAddress) -> list[IpAddress]:
        return [ip for ip in (ue.ipv4, ue.ipv6) if ip is not None]

    def ues_at(self, places: Collection[AddressOrPrefix]) -> set[str]:
        return {UE} if "10.45.0.2" in map(str, places) else set()

    def reserve(self, reservation: Reservation, now_s: float) -> Levels:
        if self.breaks:
            raise RuntimeError("the network broke down")
        if self.refuses:
            raise ResourcesRefused({0: BitRate.parse("1 Mbps")})
        self.restore((reservation,), now_s)
        levels = dict(self.granted[reservation.session_id])
        self.while_reserving()
        return levels

    def hold(self, reservation: Reservation, now_s: float) -> None:
        if reservation.session_id in self.held:
            self.restore((reservation,), now_s)

    def release(self, session_id: str, now_s: float) -> None:
        self.held.pop(session_id, None)
        self.granted.pop(session_id, None)

    def restore(self, reservations: Iterable[Reservation], now_s: float) -> None:
        for reservation in reservations:
            self.held[reservation.session_id] = reservation
            self.granted[reservation.session_id] = {
                demand.component: self.admits_at for demand in reservation.demands
            }

    def tick(self, now_s: float) -> NetworkChanges:
        changes = NetworkChanges(
            {name: self.granted[name] for name in self.changed if name in self.granted},
            tuple(self.ended),
            tuple(self.steps),
        )
        self.changed, self.ended, self.steps = set(), set(), []
        return changes

    def levels(self, session_id: str) -> Levels | None:
        return self.granted.get(session_id)

    def regrade(self, session_id: str, level: int | None, component: int = 0) -> None:
        self.granted[session_id][component] = level
        self.changed.add(session_id)
