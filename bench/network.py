"""A large network with a session for every UE, and the service on top of it."""

import itertools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from sqlalchemy import text

from db.engine import open_engine
from db.storage import SqlStorage
from nef.domain.demands import demands_of
from nef.domain.destinations import TO_THIS_MACHINE
from nef.domain.lifecycle import SessionState
from nef.domain.qos import Catalogue, QosProfile
from nef.domain.sessions import MediaComponent, Session, SessionRequest, UeAddress
from nef.domain.units import BitRate
from nef.network.simulator.clock import SimulationClock
from nef.network.simulator.metering import SimulatedMeter
from nef.network.simulator.network import SimulatedNetwork
from nef.services.faults import FaultService
from nef.services.following import first_grants, reservation_of
from nef.services.measuring import SessionMeasuring
from nef.services.sessions import SessionService
from nef.services.simulation import Diary, SimulationService
from nef.services.subscriptions import SubscriptionService

FLOWS_A_CELL = 100
#: The radio of every UE is one of these, and once becomes the other.
GOOD_DB, BAD_DB = 22, 3
#: One UE in so many changes in each second.
SECONDS = 100
_FIRST = int(IPv4Address("10.0.0.1"))
#: The rates of weights and of their alternatives in kbit/s, by the number of flows of a session.
#: With all at their best a cell is a bit too full; the last alternative is best effort, so that
#: nobody is refused.
_LADDERS = {1: (1600, 1000, 340), 2: (2400, 1700, 1000)}
_BEST_EFFORT = "best-effort"
_NOBODY = "http://127.0.0.1:9/"


@dataclass(frozen=True)
class Crowd:
    """How large a network is; with two flows a session has a topology beside its weights.

    Where the changes are `spread`, each has a moment of its own within its second.
    """

    flows: int
    flows_a_session: int = 2
    spread: bool = False
    seed: int = 1

    @property
    def ues(self) -> int:
        return self.flows // self.flows_a_session

    @property
    def cells(self) -> int:
        return max(1, self.flows // FLOWS_A_CELL)


def scenario(crowd: Crowd) -> dict[str, Any]:
    """The document: who changes when is drawn from the seed."""
    turns = list(range(crowd.ues))
    random.Random(crowd.seed).shuffle(turns)
    return {
        "name": "scale",
        "cells": [{"id": f"cell-{n}", "bandwidth_mhz": 100} for n in range(crowd.cells)],
        "ues": [_ue(n, turn, crowd) for n, turn in enumerate(turns)],
    }


def address_of(ue: int) -> str:
    """The IPv4 address of a UE, by its number."""
    return str(IPv4Address(_FIRST + ue))


def _ue(number: int, turn: int, crowd: Crowd) -> dict[str, Any]:
    second, among = 1 + turn % SECONDS, turn // SECONDS
    before_db, after_db = (GOOD_DB, BAD_DB) if among % 2 else (BAD_DB, GOOD_DB)
    within_s = among * SECONDS / crowd.ues if crowd.spread else 0.0
    return {
        "id": f"ue-{number}",
        "gpsi": f"msisdn-{10**9 + number}",
        "supi": f"imsi-{10**9 + number}",
        "ipv4": address_of(number),
        "cell": f"cell-{number % crowd.cells}",
        "radio": {"trace": [[0, before_db], [round(second - within_s, 6), after_db]]},
    }


class Rig:
    """The simulated network, with sessions and all that a step brings, on a store of their own."""

    def __init__(self, crowd: Crowd, database_url: str, receiver: str = _NOBODY) -> None:
        self._crowd, self._receiver = crowd, receiver
        self.clock = SimulationClock(time.time)
        self.network = SimulatedNetwork(self.clock)
        self.network.load(scenario(crowd), None, "manual", self.clock.now_s())
        self.storage = SqlStorage.open(database_url)
        self._engine = open_engine(database_url)
        self._catalogue = _catalogue()
        self._numbers = itertools.count(1)
        self._reserved: list[Session] = []
        self.service = SessionService(
            storage=self.storage,
            network=self.network,
            measuring=SessionMeasuring(SimulatedMeter(self.network.stage)),
            clock=self.clock,
            real_s=time.time,
            catalogue=self._catalogue,
            callbacks=TO_THIS_MACHINE,
            new_id=self._new_id,
            notify=lambda: None,
        )
        self._simulation = self._driven()

    def create(self, ue: int) -> None:
        """A session as an AF creates it."""
        self.service.create("af", self._request(ue))

    def prepared(self, ue: int) -> Session:
        """A session that nobody has asked the network for yet."""
        request, now_s = self._request(ue), self.clock.now_s()
        demands = demands_of(request, self._catalogue)
        return Session(
            self._new_id(), "af", f"ue-{ue}", request, demands, now_s, now_s, number=ue + 1
        )

    def reserve(self, session: Session) -> None:
        """Ask the network for it; what it got is written down later, with that of all others."""
        levels = self.network.reserve(reservation_of(session), self.clock.now_s())
        active = SessionState.ACTIVE
        self._reserved.append(
            Session(
                session.id,
                session.af_id,
                session.ue_id,
                session.request,
                session.demands,
                session.created_at_s,
                session.admitted_at_s,
                state=active,
                grants=first_grants(levels),
            )
        )

    def write_down(self) -> None:
        """Store all that was reserved, in one transaction."""
        with self.storage.transaction() as work:
            for session in self._reserved:
                work.sessions.add(session)
        self._reserved.clear()

    def tick(self) -> None:
        """A second passes, and sessions follow."""
        self.clock.advance(1.0)
        self.service.tick()

    def tick_alone(self) -> None:
        """A second passes for the network, and nobody follows."""
        self.clock.advance(1.0)
        self.network.tick(self.clock.now_s())

    def step(self) -> None:
        """A second passes as it does in a service: subscriptions, faults and the diary too."""
        self._simulation.step(1.0)

    def events(self) -> int:
        """How many notifications are in the outbox."""
        query = text("select count(*) from deliveries")
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def _driven(self) -> SimulationService:
        network, clock, storage = self.network, self.clock, self.storage
        subscriptions = SubscriptionService(
            storage, clock, {}, self._new_id, lambda: None, network.revision
        )
        diary = Diary(network, storage, clock)

        def tick(move: Callable[[], None] | None = None) -> None:
            if move is not None:
                move()
            self.service.tick()
            subscriptions.tick()
            diary.note()

        return SimulationService(
            simulation=network,
            recorder=SimulatedMeter(network.stage),
            storage=storage,
            clock=clock,
            catalogue=self._catalogue,
            faults=FaultService(storage, network.planned_faults, lambda: 0.0, tick, network.has_ue),
            is_behind=subscriptions.is_behind,
            next_due=subscriptions.next_due,
            tick=tick,
            of_scenario=network.profiles,
            real_s=time.monotonic,
        )

    def _new_id(self) -> str:
        return f"00000000-0000-4000-8000-{next(self._numbers):012x}"

    def _request(self, ue: int) -> SessionRequest:
        best, *less = (_name(kbps) for kbps in _LADDERS[self._crowd.flows_a_session])
        weights = MediaComponent(
            2, qos_reference=best, alternative_references=(*less, _BEST_EFFORT)
        )
        topology = MediaComponent(1, qos_reference="topology")
        components = (topology, weights)[-self._crowd.flows_a_session :]
        address = UeAddress(ipv4=IPv4Address(_FIRST + ue))
        return SessionRequest(self._receiver, address, components=components)


def _name(kbps: int) -> str:
    return f"weights-{kbps}"


def _catalogue() -> Catalogue:
    topology = QosProfile.of("topology", 84, gbr_dl=BitRate(100_000))
    rates_kbps = sorted({kbps for ladder in _LADDERS.values() for kbps in ladder})
    weights = [QosProfile.of(_name(k), 3, gbr_dl=BitRate(k * 1000)) for k in rates_kbps]
    return Catalogue([topology, *weights, QosProfile.of(_BEST_EFFORT, 9)])
