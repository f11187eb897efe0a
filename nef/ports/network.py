"""What services need from the network that carries the flows: one page.

A reservation is named by its session, and each call may be repeated without harm, because a crash
can make a service ask again for what it already has.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from nef.domain.filters import AddressOrPrefix, IpAddress
from nef.domain.qos import FlowDemand, Held
from nef.domain.sessions import UeAddress


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a session holds or wants.

    Equal priorities are served in order of `admitted_at_s`, and of the same moment in order of
    `number`. `af_id` is whose session it is, where that is known. At `expires_at_s` it ends, None
    is for ever. `version` grows with each change of the session: a call that was overtaken by a
    later one changes nothing.
    """

    session_id: str
    ue_id: str
    demands: tuple[FlowDemand, ...]
    admitted_at_s: float
    number: int = 0
    af_id: str = ""
    expires_at_s: float | None = None
    version: int = field(default=0, compare=False)

    @property
    def is_first(self) -> bool:
        """Whether its session has held nothing before, and is to be admitted."""
        return self.version == 0

    def is_overtaken(self, known: "Reservation | None") -> bool:
        """Whether what is known of the session is later than this."""
        return known is not None and known.version > self.version

    def is_over(self, now_s: float) -> bool:
        """Whether its time is up."""
        return self.expires_at_s is not None and self.expires_at_s <= now_s


#: Component number -> index into the demand's ladder, None while nothing is guaranteed.
Levels = Mapping[int, int | None]
#: Component number -> what the flow holds, which may be no bearer at all.
Holdings = Mapping[int, Held]


@dataclass(frozen=True, slots=True)
class NetworkStep:
    """What happened at one moment of the clock, in a lasting order.

    `moved` are reservations with what they got; `ended` the ids of sessions.
    """

    time_s: float
    moved: Sequence[tuple[Reservation, Holdings]] = ()
    ended: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class NetworkChanges:
    """What a tick moved: what sessions hold that changed, and sessions the network ended.

    `steps` is how it came to that, moment by moment, where the network knows. Sessions that ended
    are in a lasting order, each once; they are repeated until they are released, their steps are
    not.
    """

    levels: Mapping[str, Holdings] = field(default_factory=dict)
    ended: Sequence[str] = ()
    steps: Sequence[NetworkStep] = ()


class Network(Protocol):
    """A mobile network, simulated or real."""

    def find_ue(self, ue: UeAddress) -> str:
        """The id of a UE; raises UeNotFound."""
        ...

    def addresses(self, ue: UeAddress) -> Sequence[IpAddress]:
        """Every IP address of a UE; empty where it has none, or is not known."""
        ...

    def ues_at(self, places: Collection[AddressOrPrefix]) -> Collection[str]:
        """The ids of the UEs that have any of these addresses, or any in these prefixes."""
        ...

    def reserve(self, reservation: Reservation, now_s: float) -> Holdings:
        """Admit all flows of a session, or change them; all or nothing.

        Each component gets the best rung that fits. A level of None means that the UE has no
        coverage now, so that resources come later, if at all. Raises ResourcesRefused with what
        would be acceptable, and Conflict where this was overtaken or comes after the session's end;
        then an earlier reservation of the session stays as it was.
        """
        ...

    def hold(self, reservation: Reservation, now_s: float) -> None:
        """Let a session hold this instead, without asking whether it fits.

        Nothing happens where this was overtaken, or the session is not known.
        """
        ...

    def release(self, session_id: str, now_s: float) -> None:
        """Give back what a session holds, if it holds anything; it never holds anything again.

        A change of it is not done, however late that is heard of; nor is its admission, where this
        is heard of first. (Nobody asks for the admission of a session twice.)
        """
        ...

    def restore(self, reservations: Iterable[Reservation], now_s: float) -> None:
        """Take over reservations of the store at a start, without asking whether they fit.

        Those that were overtaken are left out.
        """
        ...

    def tick(self, now_s: float) -> NetworkChanges:
        """Move the network to `now_s`; says what changed since the last call."""
        ...

    def levels(self, session_id: str) -> Holdings | None:
        """What a session holds now; None where the network does not know it."""
        ...
