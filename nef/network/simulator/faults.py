"""A network with faults: a `Network` around another one, which it refuses, delays and breaks."""

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from nef.domain.errors import ResourcesRefused
from nef.domain.faults import OF_BEARERS, FaultName, Victim
from nef.domain.filters import AddressOrPrefix, IpAddress
from nef.domain.qos import Held, NoBearer
from nef.domain.sessions import UeAddress
from nef.ports.faults import Faults
from nef.ports.network import Holdings, Network, NetworkChanges, Reservation

_NOTHING: Mapping[int, Held] = {}


class FaultyNetwork:
    """Implements the port `Network`; without faults it is the network inside.

    What has no bearer is taken out of the reservation of the network inside, so that others may
    have the resources, and put back in its old place of the queue, whether it fits or not.
    """

    def __init__(self, network: Network, faults: Faults) -> None:
        """Put faults around a network that has no reservations yet."""
        self._network, self._faults = network, faults
        # Held around the network inside, never around a question to the faults but `breakdowns`.
        self._lock = threading.Lock()
        self._known: dict[str, Reservation] = {}
        #: What is without a bearer now, as the network inside was told.
        self._absent: dict[str, Mapping[int, Held]] = {}

    def find_ue(self, ue: UeAddress) -> str:
        """See the port."""
        return self._network.find_ue(ue)

    def addresses(self, ue: UeAddress) -> Sequence[IpAddress]:
        """See the port."""
        return self._network.addresses(ue)

    def ues_at(self, places: Collection[AddressOrPrefix]) -> Collection[str]:
        """See the port."""
        return self._network.ues_at(places)

    def reserve(self, reservation: Reservation, now_s: float) -> Holdings:
        """See the port."""
        if self._faults.strike(FaultName.RESOURCES_REFUSED, _victim(reservation)) is not None:
            raise ResourcesRefused({})
        with self._lock:
            holdings = self._network.reserve(reservation, now_s)
            self._known[reservation.session_id] = reservation
            self._absent.pop(reservation.session_id, None)
        # Who asks anew is no longer held to what became of his old request.
        self._faults.mend((reservation.session_id,))
        self._strike_newcomer(reservation, holdings, now_s)
        self._follow(reservation.session_id, now_s)
        return self.levels(reservation.session_id) or holdings

    def hold(self, reservation: Reservation, now_s: float) -> None:
        """See the port."""
        session_id = reservation.session_id
        with self._lock:
            known = self._known.get(session_id)
            if known is None or reservation.is_overtaken(known):
                return
            self._network.hold(reservation, now_s)
            self._known[session_id] = reservation
            self._absent.pop(session_id, None)
        self._follow(session_id, now_s)

    def release(self, session_id: str, now_s: float) -> None:
        """See the port."""
        with self._lock:
            self._network.release(session_id, now_s)
            self._known.pop(session_id, None)
            self._absent.pop(session_id, None)
        self._faults.mend((session_id,))

    def restore(self, reservations: Iterable[Reservation], now_s: float) -> None:
        """See the port."""
        taken = {reservation.session_id: reservation for reservation in reservations}
        with self._lock:
            for session_id in taken.keys() & self._known.keys():
                if taken[session_id].is_overtaken(self._known[session_id]):
                    del taken[session_id]
            self._network.restore(taken.values(), now_s)
            self._known |= taken
            for session_id in taken:
                self._absent.pop(session_id, None)
        for session_id in self._in_order(taken.keys() & self._faults.breakdowns().keys()):
            self._follow(session_id, now_s)

    def tick(self, now_s: float) -> NetworkChanges:
        """See the port."""
        for name in OF_BEARERS:
            self._strike_on_demand(name, now_s)
        breakdowns = self._faults.breakdowns()
        # Those that are broken, and those whose breakdown ended with its scenario.
        concerned = self._in_order(breakdowns.keys() | self._absent.keys())
        moved = [session_id for session_id in concerned if self._follow(session_id, now_s)]
        self._faults.mend([key for key, one in breakdowns.items() if one.is_over(now_s)])
        changes = self._network.tick(now_s)
        if not concerned:
            return changes
        found = {name: self.levels(name) for name in (*moved, *changes.levels)}
        levels = {name: held for name, held in found.items() if held is not None}
        ended = [name for name in concerned if name in self._known and self.levels(name) is None]
        return replace(changes, levels=levels, ended=tuple(dict.fromkeys((*changes.ended, *ended))))

    def levels(self, session_id: str) -> Holdings | None:
        """See the port; None also where the last of its bearers was released."""
        with self._lock:
            levels = self._network.levels(session_id)
            absent = self._absent.get(session_id)
            if levels is None or not absent:
                return levels
            holdings = {**levels, **absent}
            if all(level is NoBearer.RELEASED for level in holdings.values()):
                return None
            demands = self._known[session_id].demands
            return {demand.component: holdings[demand.component] for demand in demands}

    # --- how ---

    def _in_order(self, session_ids: Iterable[str]) -> list[str]:
        """Those of them that are known, as they were admitted: ids are drawn by lot."""
        with self._lock:
            known = [self._known[name] for name in session_ids if name in self._known]
        return [reservation.session_id for reservation in sorted(known, key=_admission)]

    def _strike_newcomer(self, reservation: Reservation, holdings: Holdings, now_s: float) -> None:
        """Decide by chance what is to become of what was just admitted."""
        held = _held(holdings)
        if not held:
            return
        victim, session_id = _victim(reservation), reservation.session_id
        for name in (FaultName.ALLOCATION_FAILED, *OF_BEARERS):
            # Bearers break on demand at a tick, those of old sessions first.
            on_demand = name not in OF_BEARERS
            if self._faults.break_down(name, victim, session_id, held, now_s, on_demand=on_demand):
                return

    def _strike_on_demand(self, name: FaultName, now_s: float) -> None:
        """Break sessions that stand, the oldest first, as many as is demanded."""
        if not self._faults.is_demanded(name):
            return
        with self._lock:
            standing = sorted(self._known.values(), key=_admission)
        for reservation in standing:
            session_id = reservation.session_id
            held = _held(self.levels(session_id) or {})
            if held and session_id not in self._faults.breakdowns():
                victim = _victim(reservation)
                self._faults.break_down(name, victim, session_id, held, now_s, by_chance=False)

    def _follow(self, session_id: str, now_s: float) -> bool:
        """Let the network inside hold what has a bearer now; says whether that has changed."""
        with self._lock:
            breakdown = self._faults.breakdowns().get(session_id)
            absent = _NOTHING if breakdown is None else breakdown.absent(now_s)
            before = self._absent.get(session_id, _NOTHING)
            reservation = self._known.get(session_id)
            if reservation is None or absent == before:
                return False
            if absent:
                self._absent[session_id] = absent
            else:
                del self._absent[session_id]
            if absent.keys() != before.keys() and self._network.levels(session_id) is not None:
                left = tuple(d for d in reservation.demands if d.component not in absent)
                self._network.hold(replace(reservation, demands=left), now_s)
            return True


def _admission(reservation: Reservation) -> tuple[float, int]:
    return reservation.admitted_at_s, reservation.number


def _victim(reservation: Reservation) -> Victim:
    return Victim(reservation.af_id, reservation.ue_id)


def _held(holdings: Holdings) -> list[int]:
    return [number for number, level in holdings.items() if isinstance(level, int)]
