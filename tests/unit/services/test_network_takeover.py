"""The network changes its process, while requests in another one are under way: nothing is lost."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from fakes.clock import FakeClock
from fakes.metering import FakeMetering
from fakes.network import FakeNetwork
from fakes.storage import MemoryStorage
from nef.config import load_catalogue
from nef.domain.destinations import TO_THIS_MACHINE
from nef.domain.errors import Conflict, NotFound, NotReady, ResourcesRefused
from nef.domain.lifecycle import SessionState
from nef.domain.sessions import Session, SessionRequest, UeAddress
from nef.ports.network import Holdings, Network, Reservation
from nef.schemas.sessions import request_of
from nef.services import underway
from nef.services.measuring import SessionMeasuring
from nef.services.sessions import SessionService
from nef.services.underway import ABANDONED_AFTER_S

AF = "af"
RULE = "permit out 17 from any 7000 to any 7001"


class Reach:
    """The network as another process reaches it: whichever there is, or none.

    `before` and `after` a call of a name something happens, once.
    """

    def __init__(self, network: FakeNetwork) -> None:
        self.network: FakeNetwork | None = network
        self.before: dict[str, Callable[[], object]] = {}
        self.after: dict[str, Callable[[], object]] = {}

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any) -> Any:
            self.before.pop(name, lambda: None)()
            if self.network is None:
                raise NotReady("nobody there")
            answer = getattr(self.network, name)(*args)
            self.after.pop(name, lambda: None)()
            return answer

        return call


class Rig:
    """A process with requests, and one after the other that has the network."""

    def __init__(self) -> None:
        self.storage, self.clock, self.real = MemoryStorage(), FakeClock(1000.0), FakeClock()
        self.ids = (f"s{number}" for number in itertools.count(1))
        self.network = self._network()
        self.reach = Reach(self.network)
        self.worker = self._service(cast("Network", self.reach))

    def take_over(self) -> None:
        """The network dies, and another process restores it."""
        self.network = self._network()
        self.ticker = self._service(self.network)
        self.ticker.recover(self.clock.now_s(), alone=False)
        self.reach.network = self.network

    def die(self) -> None:
        """The network dies."""
        self.reach.network = None

    def give_up(self) -> None:
        """Let everything that is under way take too long."""
        self.worker.tick()
        self.real.advance(ABANDONED_AFTER_S)
        self.worker.tick()

    def stored(self) -> list[Session]:
        with self.storage.reading() as work:
            return list(work.sessions.of_af(AF))

    def create(self, rate: str = "40 Mbps") -> Session:
        return self.worker.create(AF, asked(rate))

    def change(self, rate: str) -> Session:
        return self.worker.change(AF, "s1", lambda _: asked(rate))

    def _network(self) -> FakeNetwork:
        return FakeNetwork({"ue-1": UeAddress(ipv4=asked().ue.ipv4)}, capacity_kbps=100_000)

    def _service(self, network: Network) -> SessionService:
        return SessionService(
            storage=self.storage,
            network=network,
            measuring=SessionMeasuring(FakeMetering()),
            clock=self.clock,
            real_s=self.real.now_s,
            catalogue=load_catalogue(None),
            callbacks=TO_THIS_MACHINE,
            new_id=lambda: next(self.ids),
            notify=lambda: None,
        )


def asked(rate: str = "40 Mbps") -> SessionRequest:
    part = {
        "medCompN": 1,
        "flowInfos": [{"flowId": 1, "flowDescriptions": [RULE]}],
        "tsnQos": {"maxPer": "1E-3"},
        "mirBwDl": rate,
    }
    return request_of(
        {
            "notificationDestination": "http://af.example/",
            "ueIpv4Addr": "10.45.0.2",
            "multiModDatFlows": {"1": part},
        }
    )


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_what_the_network_granted_before_it_died_is_held_by_the_next_one(rig: Rig) -> None:
    rig.reach.after["reserve"] = rig.take_over
    session = rig.create()
    rig.ticker.tick()
    assert rig.network.levels(session.id) == {1: 0}
    assert rig.network.reservations[session.id].demands == session.demands


def test_until_it_is_confirmed_nobody_else_gets_what_was_granted(rig: Rig) -> None:
    first = rig.create("30 Mbps")

    def take_over_and_compete() -> None:
        rig.take_over()
        with pytest.raises(ResourcesRefused):
            rig.create("50 Mbps")

    rig.reach.after["reserve"] = take_over_and_compete
    second = rig.create("60 Mbps")
    rig.ticker.tick()
    assert rig.network.levels(first.id) == rig.network.levels(second.id) == {1: 0}


def test_a_change_that_was_granted_before_it_died_is_held_by_the_next_one(rig: Rig) -> None:
    session = rig.create()
    rig.reach.after["reserve"] = rig.take_over
    changed = rig.worker.change(AF, session.id, lambda _: asked("70 Mbps"))
    rig.ticker.tick()
    assert rig.network.reservations[session.id].demands == changed.demands != session.demands


def test_who_asks_the_next_one_is_answered_by_it(rig: Rig) -> None:
    rig.create()
    rig.reach.before["reserve"] = rig.take_over
    with pytest.raises(ResourcesRefused):
        rig.create("90 Mbps")
    rig.ticker.tick()
    assert list(rig.network.reservations) == [one.id for one in rig.stored()] == ["s1"]


def test_what_nobody_confirms_any_more_is_given_up_by_the_next_one(rig: Rig) -> None:
    def dies_too() -> None:
        rig.take_over()
        raise SystemExit

    rig.reach.after["reserve"] = dies_too
    with pytest.raises(SystemExit):
        rig.create()
    rig.ticker.tick()
    assert "s1" in rig.network.reservations, "whoever asked may still confirm it"
    rig.real.advance(ABANDONED_AFTER_S)
    rig.ticker.tick()
    assert not rig.network.reservations
    assert not rig.stored()


def test_without_a_network_nothing_is_begun(rig: Rig) -> None:
    rig.die()
    with pytest.raises(NotReady):
        rig.create()
    with rig.storage.reading() as work:
        assert not work.sessions.unsettled(10)


def test_a_change_that_found_no_network_can_be_made_as_soon_as_there_is_the_next_one(
    rig: Rig,
) -> None:
    session = rig.create()
    rig.reach.before["reserve"] = rig.die
    with pytest.raises(NotReady):
        rig.change("70 Mbps")
    rig.take_over()
    changed = rig.change("60 Mbps")
    assert rig.network.reservations[session.id].demands == changed.demands != session.demands


def test_a_change_whose_answer_came_too_late_is_undone_within_a_second(rig: Rig) -> None:
    session = rig.create()
    rig.take_over()
    rig.reach.after["reserve"] = is_late
    with pytest.raises(NotReady):
        rig.change("70 Mbps")
    rig.real.advance(1.0)
    rig.ticker.tick()
    assert rig.stored()[0].request == session.request
    assert rig.network.reservations[session.id].demands == session.demands
    assert rig.change("60 Mbps").request == asked("60 Mbps")


def test_a_change_that_is_heard_of_after_it_was_undone_changes_nothing(rig: Rig) -> None:
    session = rig.create()
    rig.take_over()
    heard: list[Reservation] = []

    def keep(reservation: Reservation, now_s: float) -> Holdings:
        heard.append(reservation)
        raise NotReady("no answer")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rig.network, "reserve", keep)
        with pytest.raises(NotReady):
            rig.change("70 Mbps")
    rig.real.advance(1.0)
    rig.ticker.tick()
    with pytest.raises(Conflict):
        rig.network.reserve(heard[0], rig.clock.now_s())
    assert rig.network.reservations[session.id].demands == session.demands


def test_a_session_that_was_confirmed_is_answered_though_the_network_died(rig: Rig) -> None:
    rig.reach.before["levels"] = rig.die
    session = rig.create()
    assert session.state is SessionState.ACTIVE
    rig.take_over()
    assert rig.network.levels(session.id) == {1: 0}


def test_a_session_is_deleted_though_the_network_died_and_the_next_one_does_not_have_it(
    rig: Rig,
) -> None:
    session = rig.create()
    rig.die()
    assert rig.worker.delete(AF, session.id) is None
    with pytest.raises(NotFound):
        rig.worker.read(AF, session.id)
    rig.take_over()
    assert not rig.network.reservations
    with rig.storage.reading() as work:
        assert not work.sessions.unsettled(10)


def test_who_was_slow_does_not_undo_what_the_network_was_asked_since(rig: Rig) -> None:
    session = rig.create("40 Mbps")

    def overtaken() -> None:
        rig.give_up()
        rig.reach.before["hold"] = lambda: rig.worker.change(
            AF, session.id, lambda _: asked("60 Mbps")
        )

    rig.reach.after["reserve"] = overtaken
    with pytest.raises(Conflict):
        rig.worker.change(AF, session.id, lambda _: asked("70 Mbps"))
    assert rig.stored()[0].request == asked("60 Mbps")
    assert rig.network.reservations[session.id].demands == rig.stored()[0].demands


def test_what_is_asked_after_it_was_given_up_is_not_held(rig: Rig) -> None:
    session = rig.create("40 Mbps")

    rig.reach.before["reserve"] = rig.give_up
    rig.reach.after["reserve"] = dies
    with pytest.raises((Conflict, SystemExit)):
        rig.worker.change(AF, session.id, lambda _: asked("70 Mbps"))
    assert (
        rig.network.reservations[session.id].demands == rig.stored()[0].demands == session.demands
    )


def test_a_session_that_was_given_up_before_it_was_admitted_holds_nothing(rig: Rig) -> None:
    rig.reach.before["reserve"] = rig.give_up
    with pytest.raises(Conflict):
        rig.create()
    assert not rig.stored()
    assert not rig.network.reservations


def test_a_session_that_was_deleted_holds_nothing_whoever_changes_it_and_dies(rig: Rig) -> None:
    session = rig.create()
    rig.reach.before["reserve"] = lambda: rig.worker.delete(AF, session.id)
    rig.reach.after["reserve"] = dies
    with pytest.raises((NotFound, SystemExit)):
        rig.change("70 Mbps")
    assert not rig.network.reservations


def test_nor_does_it_with_a_network_that_has_begun_since(rig: Rig) -> None:
    session = rig.create()

    def deleted() -> None:
        rig.worker.delete(AF, session.id)
        rig.take_over()

    rig.reach.before["reserve"] = deleted
    rig.reach.after["reserve"] = dies
    with pytest.raises((NotFound, SystemExit)):
        rig.change("70 Mbps")
    assert not rig.network.reservations


def test_who_was_slow_with_a_change_brings_no_session_back_that_was_deleted(rig: Rig) -> None:
    session = rig.create()

    def given_up() -> None:
        rig.give_up()
        # The slow one reads what is stored, and before the network hears of that it is gone.
        rig.reach.before["hold"] = lambda: rig.worker.delete(AF, session.id)

    rig.reach.after["reserve"] = given_up
    with pytest.raises((Conflict, NotFound)):
        rig.change("70 Mbps")
    assert not rig.network.reservations


def test_a_session_that_was_given_up_before_it_was_asked_for_holds_nothing(rig: Rig) -> None:
    rig.reach.before["reserve"] = rig.give_up
    rig.reach.after["reserve"] = dies
    with pytest.raises((Conflict, SystemExit)):
        rig.create()
    assert not rig.network.reservations


def test_what_a_create_without_an_answer_was_granted_is_free_within_a_second(rig: Rig) -> None:
    rig.take_over()
    rig.reach.after["reserve"] = is_late
    with pytest.raises(NotReady):
        rig.create("90 Mbps")
    rig.real.advance(1.0)
    rig.ticker.tick()
    assert not rig.network.reservations
    rig.create("90 Mbps")


def test_however_many_are_under_way_all_are_held_by_the_next_one(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(underway, "_BATCH", 5)
    left = rig.create("1 Kbps")
    with rig.storage.transaction() as work:
        for number in range(10):
            work.sessions.add(replace(left, id=f"{number}", state=SessionState.REQUESTED))
    rig.reach.after["reserve"] = rig.take_over
    session = rig.create()
    rig.ticker.tick()
    assert rig.network.levels(session.id) == {1: 0}


def dies() -> None:
    raise SystemExit


def is_late() -> None:
    raise NotReady("no answer")
