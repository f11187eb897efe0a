"""What can be learned of a network, before, now and ahead: one page.

Times are those of the clock. A window in the past is answered from what was seen, one that ends
after now from what is foreseen; nobody else's future requests are in a forecast.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

from nef.domain.areas import Area, CellPlace
from nef.domain.courses import CellMoment, Course, RoomMoment, UeMoment
from nef.domain.filters import AddressOrPrefix
from nef.domain.fiveqi import FIVE_QIS
from nef.domain.sessions import UeAddress
from nef.domain.units import BitRate, PacketErrorRate


@dataclass(frozen=True, slots=True)
class FlowClass:
    """The kind of new flow that a question is about: what it may lose, and how important it is.

    `priority` is the priority level of TS 23.501 5.7.3.3; 1 is the most important.
    """

    per: PacketErrorRate
    priority: int


#: What a question means that says nothing else: the bulk of a download, which may lose one packet
#: in a thousand, as important as 5QI 3, which a request by value is treated like.
ORDINARY_FLOW = FlowClass(PacketErrorRate(1, 3), FIVE_QIS[3].priority)


@dataclass(frozen=True, slots=True)
class UeIdentity:
    """A UE by all its names; `cell_id` is the cell that serves it, or did last."""

    ue_id: str
    gpsi: str
    supi: str
    ipv4: IPv4Address | None
    ipv6: IPv6Address | None
    cell_id: str


@dataclass(frozen=True, slots=True)
class Communication:
    """A time in which a UE receives traffic of its own, at a rate."""

    from_s: float
    until_s: float
    rate_dl: BitRate


class Information(Protocol):
    """The network as those see it who ask questions."""

    def begun_s(self) -> float:
        """Since when it is known how things stand: a window before that has no data."""
        ...

    def ue(self, address: UeAddress) -> UeIdentity:
        """A UE by one of its names, attached or not; raises UeNotFound."""
        ...

    def ues_at(self, places: Collection[AddressOrPrefix]) -> Sequence[UeIdentity]:
        """The UEs that have any of these addresses, or any in these prefixes, attached or not."""
        ...

    def group(self, group_id: str) -> Sequence[UeIdentity]:
        """The members of an external group; raises UeNotFound."""
        ...

    def ues(self) -> Sequence[UeIdentity]:
        """Every UE."""
        ...

    def cells(self, area: Area | None = None) -> Sequence[CellPlace]:
        """Every cell, or those of an area; empty where the area has none of ours."""
        ...

    def ue_course(
        self, ue_id: str, flow: FlowClass, from_s: float, until_s: float, now_s: float
    ) -> Course[UeMoment] | None:
        """How a UE stood or will stand, and what a new flow of a class could get.

        None where the window lies in the past and nothing was recorded of it. Where only a part of
        it is known, the course begins later, and is as much less sure as it is shorter.
        """
        ...

    def cell_course(
        self, cell_id: str, from_s: float, until_s: float, now_s: float
    ) -> Course[CellMoment] | None:
        """How a cell stood or will stand; None as for `ue_course`."""
        ...

    def room_course(
        self,
        cell_id: str,
        flow: FlowClass,
        from_s: float,
        until_s: float,
        now_s: float,
        beside: Collection[str] = (),
    ) -> Course[RoomMoment] | None:
        """What a cell left or will leave to new flows of a class; None as for `ue_course`.

        What the sessions `beside` hold counts as free: who asks has them already.
        """
        ...

    def communications(self, ue_id: str, from_s: float, until_s: float) -> Sequence[Communication]:
        """When a UE received or will receive traffic of its own, as far as the network knows."""
        ...
