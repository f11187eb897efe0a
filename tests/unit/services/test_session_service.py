"""The use cases of a session: what is stored, reserved and told, also when something goes wrong."""

import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

import pytest

from fakes.clock import FakeClock
from fakes.metering import FakeMetering
from fakes.storage import MemorySessions, MemoryStorage
from nef.config import load_catalogue
from nef.domain.destinations import TO_THIS_MACHINE
from nef.domain.errors import (
    Conflict,
    InvalidRequest,
    NefError,
    NotFound,
    NotReady,
    ResourcesRefused,
    UeNotFound,
)
from nef.domain.features import SUPPORTED
from nef.domain.filters import IpAddress
from nef.domain.lifecycle import SessionState
from nef.domain.notifications import SessionEvents, Trial
from nef.domain.sessions import Session, SessionRequest, UeAddress, Usage
from nef.domain.subscriptions import Api
from nef.domain.units import BitRate
from nef.ports.network import Levels, NetworkChanges, NetworkStep, Reservation
from nef.schemas.sessions import request_of
from nef.services import following
from nef.services.measuring import SessionMeasuring
from nef.services.sessions import SessionService
from nef.services.underway import ABANDONED_AFTER_S

AF = "af"
UE = "ue-1"


@dataclass
class ScriptedNetwork:
    """A network that does as the test says: grants, refuses, degrades, ends, or breaks down."""

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


class Rig:
    """A service with everything around it in the hands of the test."""

    def __init__(self) -> None:
        self.network = ScriptedNetwork()
        self.storage = MemoryStorage()
        self.metering = FakeMetering()
        self.clock = FakeClock(1000.0)
        self.real = FakeClock()
        self.rung = 0
        ids = itertools.count(1)
        self.service = SessionService(
            storage=self.storage,
            network=self.network,
            measuring=SessionMeasuring(self.metering),
            clock=self.clock,
            real_s=self.real.now_s,
            catalogue=load_catalogue(None),
            callbacks=TO_THIS_MACHINE,
            new_id=lambda: f"s{next(ids)}",
            notify=self._ring,
        )

    def _ring(self) -> None:
        self.rung += 1

    def create(self, **changes: object) -> Session:
        return self.service.create(AF, asked(**changes))

    def stored(self, session_id: str = "s1") -> Session | None:
        with self.storage.reading() as work:
            return work.sessions.get(session_id)

    def told(self) -> list[tuple[str, str | None]]:
        """What the outbox holds, the oldest first."""
        with self.storage.reading() as work:
            rows = reversed(work.outbox.find(None, None, 100))
            return [
                (report.event.value, report.applied_reference)
                for row in rows
                if isinstance(row.notification.content, SessionEvents)
                for report in row.notification.content.reports
            ]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def asked(**changes: object) -> SessionRequest:
    document = {
        "notificationDestination": "http://127.0.0.1:9090/events",
        "ueIpv4Addr": "10.45.0.2",
        "exterAppId": "recogniser",
        "qosReference": "model-weights",
        "altQoSReferences": ["model-weights-medium", "model-weights-small"],
    } | changes
    return request_of({key: value for key, value in document.items() if value is not None})


# --- creating ---


def test_an_admitted_session_is_stored_reserved_and_told(rig: Rig) -> None:
    session = rig.create()
    assert rig.stored(session.id) == session
    assert session.state is SessionState.ACTIVE
    assert rig.network.held[session.id].demands == session.demands
    assert rig.told() == [("SUCCESSFUL_RESOURCES_ALLOCATION", "model-weights")]
    assert rig.rung


def test_an_alternative_that_was_admitted_is_named(rig: Rig) -> None:
    rig.network.admits_at = 2
    rig.create()
    assert rig.told() == [("SUCCESSFUL_RESOURCES_ALLOCATION", "model-weights-small")]


def test_a_ue_without_coverage_gets_its_session_and_its_resources_later(rig: Rig) -> None:
    rig.network.admits_at = None
    session = rig.create()
    rig.network.regrade(session.id, 1)
    rig.service.tick()
    assert rig.told() == [
        ("FAILED_RESOURCES_ALLOCATION", None),
        ("SUCCESSFUL_RESOURCES_ALLOCATION", "model-weights-medium"),
    ]


def test_a_refused_session_leaves_nothing_behind(rig: Rig) -> None:
    rig.network.refuses = True
    with pytest.raises(ResourcesRefused):
        rig.create()
    assert rig.stored() is None
    assert rig.network.held == {}
    assert rig.told() == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"ueIpv4Addr": "10.45.0.99"}, UeNotFound),
        ({"qosReference": "no-such-profile"}, InvalidRequest),
        ({"notificationDestination": "ftp://127.0.0.1/"}, InvalidRequest),
        ({"qosReference": None, "altQoSReferences": None}, InvalidRequest),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    rig: Rig, changes: dict[str, object], error: type[NefError]
) -> None:
    with pytest.raises(error):
        rig.create(**changes)
    assert rig.stored() is None
    assert rig.network.held == {}


def test_features_are_negotiated_to_what_both_sides_have(rig: Rig) -> None:
    assert rig.create(supportedFeatures="FFF").request.features == SUPPORTED
    assert rig.create(supportedFeatures="").request.features == 0
    assert rig.create().request.features is None


@pytest.mark.parametrize(("features", "tests"), [("2", 1), ("10", 0), (None, 0)])
def test_a_test_notification_comes_first_where_it_was_negotiated(
    rig: Rig, features: str | None, tests: int
) -> None:
    rig.create(requestTestNotification=True, supportedFeatures=features)
    with rig.storage.reading() as work:
        oldest = work.outbox.find(None, None, 10)[-1]
    assert (oldest.notification.content == Trial(Api.SESSIONS)) == bool(tests)


def test_only_events_that_were_asked_for_are_told(rig: Rig) -> None:
    session = rig.create(events=["QOS_NOT_GUARANTEED"])
    rig.network.regrade(session.id, 1)
    rig.service.tick()
    assert rig.told() == [("QOS_NOT_GUARANTEED", "model-weights-medium")]


def test_a_change_of_the_network_while_it_admits_is_not_lost(rig: Rig) -> None:
    def fade() -> None:
        rig.network.regrade("s1", 2)
        rig.service.tick()

    rig.network.while_reserving = fade
    rig.create()
    assert rig.told() == [
        ("SUCCESSFUL_RESOURCES_ALLOCATION", "model-weights"),
        ("QOS_NOT_GUARANTEED", "model-weights-small"),
    ]


# --- following the network ---


def test_the_af_hears_of_each_rung_down_and_of_the_way_back(rig: Rig) -> None:
    session = rig.create()
    for level in (1, None, 2, 0):
        rig.network.regrade(session.id, level)
        rig.service.tick()
    assert rig.told()[1:] == [
        ("QOS_NOT_GUARANTEED", "model-weights-medium"),
        ("QOS_NOT_GUARANTEED", None),
        ("QOS_NOT_GUARANTEED", "model-weights-small"),
        ("QOS_GUARANTEED", None),
    ]


def test_a_tick_that_changes_nothing_tells_nothing(rig: Rig) -> None:
    session = rig.create()
    rig.network.changed.add(session.id)
    rig.service.tick()
    assert len(rig.told()) == 1


def test_a_session_that_the_network_ends_is_told_and_gone(rig: Rig) -> None:
    session = rig.create()
    rig.network.ended.add(session.id)
    rig.service.tick()
    assert rig.told()[-1] == ("SESSION_TERMINATION", None)
    assert rig.stored() is None
    assert rig.network.held == {}


def test_a_session_ends_with_its_duration_and_not_before(rig: Rig) -> None:
    rig.create(qosDuration=10)
    rig.clock.advance(9.5)
    rig.service.tick()
    assert rig.stored() is not None
    rig.clock.advance(1)
    rig.service.tick()
    assert rig.stored() is None
    assert rig.network.held == {}
    assert rig.told()[-1] == ("SESSION_TERMINATION", None)


# --- who may see what ---


def test_a_session_of_another_af_does_not_exist(rig: Rig) -> None:
    session = rig.create()
    for attempt in (
        lambda: rig.service.read("other", session.id),
        lambda: rig.service.delete("other", session.id),
        lambda: rig.service.change("other", session.id, lambda request: request),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert rig.service.of_af("other") == []
    assert rig.service.read(AF, session.id) == session


# --- changing ---


def test_a_change_takes_effect_in_store_and_network(rig: Rig) -> None:
    session = rig.create()
    rig.clock.advance(5)
    changed = rig.service.change(AF, session.id, lambda _: asked(qosReference="model-topology"))
    assert rig.stored() == changed
    assert changed.demands != session.demands
    held = rig.network.held[session.id]
    assert held.demands == changed.demands
    assert held.admitted_at_s == rig.clock.now_s()
    assert rig.told()[-1] == ("SUCCESSFUL_RESOURCES_ALLOCATION", "model-topology")


def test_a_change_of_other_things_asks_the_network_nothing(rig: Rig) -> None:
    session = rig.create()
    rig.network.refuses = True
    rig.clock.advance(5)
    changed = rig.service.change(AF, session.id, lambda old: replace(old, duration_s=60))
    assert changed.expires_at_s == rig.clock.now_s() + 60
    assert changed.admitted_at_s == session.admitted_at_s
    assert len(rig.told()) == 1


def test_what_is_still_to_be_told_follows_a_change_of_the_destination(rig: Rig) -> None:
    session = rig.create()
    moved = asked(notificationDestination="http://127.0.0.1:9090/elsewhere")
    rig.service.change(AF, session.id, lambda _: moved)
    with rig.storage.reading() as work:
        (row,) = work.outbox.find(session.id, None, 10)
    assert row.notification.destination == "http://127.0.0.1:9090/elsewhere"


def test_a_refused_change_leaves_the_session_as_it_was(rig: Rig) -> None:
    session = rig.create()
    rig.network.refuses = True
    with pytest.raises(ResourcesRefused):
        rig.service.change(AF, session.id, lambda _: asked(qosReference="model-topology"))
    after = rig.stored()
    assert after is not None
    assert (after.request, after.demands, after.grants, after.state, after.pending) == (
        session.request,
        session.demands,
        session.grants,
        SessionState.ACTIVE,
        None,
    )
    assert rig.network.held[session.id].demands == session.demands
    assert len(rig.told()) == 1


def test_a_session_stays_with_its_ue(rig: Rig) -> None:
    session = rig.create()
    with pytest.raises(InvalidRequest, match="stays with its UE"):
        rig.service.change(AF, session.id, lambda _: asked(ueIpv4Addr="10.45.0.3"))


def test_two_changes_at_once_do_not_both_win(rig: Rig) -> None:
    session = rig.create()
    outcomes: list[str] = []

    def second() -> None:
        rig.network.while_reserving = lambda: None
        try:
            rig.service.change(AF, session.id, lambda _: asked(qosReference="video-conference"))
        except Conflict:
            outcomes.append("conflict")

    rig.network.while_reserving = second
    changed = rig.service.change(AF, session.id, lambda _: asked(qosReference="model-topology"))
    assert outcomes == ["conflict"]
    assert changed.request.qos_reference == "model-topology"
    assert rig.network.held[session.id].demands == changed.demands


def test_a_session_deleted_while_it_changes_holds_nothing_afterwards(rig: Rig) -> None:
    session = rig.create()
    rig.network.while_reserving = lambda: rig.service.delete(AF, session.id)
    with pytest.raises(NotFound):
        rig.service.change(AF, session.id, lambda _: asked(qosReference="model-topology"))
    assert rig.stored() is None
    assert rig.network.held == {}


# --- deleting ---


def test_a_deleted_session_is_released_and_not_spoken_of_again(rig: Rig) -> None:
    session = rig.create()
    rig.service.delete(AF, session.id)
    assert rig.stored() is None
    assert rig.network.held == {}
    assert rig.told() == []
    with pytest.raises(NotFound):
        rig.service.delete(AF, session.id)


def test_nobody_waits_while_the_network_is_asked_what_a_session_used(rig: Rig) -> None:
    session = rig.create(usageThreshold={"totalVolume": 10**9})
    rig.metering.carried[session.id] = {"0/first": 500}
    changed: list[Session] = []

    def change() -> None:
        revised = rig.service.change(AF, session.id, lambda old: replace(old, duration_s=60))
        changed.append(revised)

    def elsewhere() -> None:
        rig.metering.while_asked = lambda: None
        other = threading.Thread(target=change)
        other.start()
        other.join(10)

    rig.metering.while_asked = elsewhere
    last = rig.service.delete(AF, session.id)
    assert changed
    assert last is not None
    assert isinstance(last.content, SessionEvents)
    assert last.content.reports[0].usage == Usage(0, 500, 500)
    assert rig.stored() is None
    assert rig.network.held == {}


def test_without_what_it_used_a_session_is_not_deleted(rig: Rig) -> None:
    def away() -> NoReturn:
        raise NotReady("nobody there")

    session = rig.create(usageThreshold={"totalVolume": 10**9})
    rig.metering.while_asked = away
    with pytest.raises(NotReady):
        rig.service.delete(AF, session.id)
    assert rig.service.read(AF, session.id) == session


# --- crashes ---


def test_a_create_that_breaks_down_is_given_up_by_the_next_start(rig: Rig) -> None:
    rig.network.breaks = True
    with pytest.raises(RuntimeError):
        rig.create()
    left = rig.stored()
    assert left is not None
    assert left.state is SessionState.REQUESTED
    with pytest.raises(NotFound):
        rig.service.read(AF, left.id)
    rig.network.breaks = False
    rig.service.recover(rig.clock.now_s())
    assert rig.stored() is None
    assert rig.network.held == {}
    assert rig.told() == []


def test_a_start_gives_all_sessions_back_what_they_hold_however_many_are_read_at_once(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_READ", 2)
    sessions = [rig.create() for _ in range(5)]
    held = dict(rig.network.held)
    rig.service.delete(AF, sessions[1].id)
    rig.network.held.clear()
    rig.network.granted.clear()
    rig.network.admits_at = 1
    rig.service.recover(rig.clock.now_s())
    del held[sessions[1].id]
    assert rig.network.held == held
    now = rig.service.of_af(AF)
    assert [one.grants[0].level for one in now] == [1, 1, 1, 1], "and they hear of it"
    assert rig.metering.resumed == sessions[-1].number


def test_a_tick_gives_up_what_it_has_seen_for_long_but_not_what_is_under_way(rig: Rig) -> None:
    rig.network.breaks = True
    with pytest.raises(RuntimeError):
        rig.create()
    rig.service.tick()
    rig.real.advance(ABANDONED_AFTER_S - 1)
    rig.service.tick()
    assert rig.stored() is not None
    rig.real.advance(1)
    rig.service.tick()
    assert rig.stored() is None


def test_however_fast_the_clock_goes_a_request_has_its_time(rig: Rig) -> None:
    def a_slow_answer() -> None:
        for _ in range(20):
            rig.real.advance(1)
            rig.clock.advance(1000)
            rig.service.tick()

    rig.network.while_reserving = a_slow_answer
    session = rig.create()
    changed = rig.service.change(AF, session.id, lambda _: asked(qosReference="model-topology"))
    assert rig.stored() == changed
    assert rig.network.held[session.id].demands == changed.demands


def test_a_step_of_a_day_does_not_undo_what_is_under_way(rig: Rig) -> None:
    def a_day() -> None:
        rig.service.tick()
        rig.clock.advance(86_400)
        rig.service.tick()

    rig.network.while_reserving = a_day
    assert rig.create() == rig.stored()


def test_each_change_of_a_session_has_all_the_time(rig: Rig) -> None:
    def most_of_the_time() -> None:
        rig.service.tick()
        rig.real.advance(ABANDONED_AFTER_S - 1)
        rig.service.tick()

    session = rig.create()
    rig.network.while_reserving = most_of_the_time
    for name in ("model-topology", "model-weights", "model-topology"):
        wanted = asked(qosReference=name)
        changed = rig.service.change(AF, session.id, lambda _, wanted=wanted: wanted)  # type: ignore[misc]
        assert rig.stored() == changed


def test_the_next_start_counts_anew(rig: Rig) -> None:
    """Who takes the network over knows nobody's beginning."""
    rig.network.breaks = True
    with pytest.raises(RuntimeError):
        rig.create()
    rig.service.tick()
    rig.real.advance(ABANDONED_AFTER_S)
    rig.network.breaks = False
    successor = replace(rig.service)
    successor.recover(rig.clock.now_s(), alone=False)
    assert rig.stored() is not None
    rig.real.advance(ABANDONED_AFTER_S)
    successor.tick()
    assert rig.stored() is None


def test_what_is_under_way_is_looked_for_once_a_second(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def nothing(_: MemorySessions, *limits: float) -> Sequence[Session]:
        looks.append(1)
        return ()

    monkeypatch.setattr(MemorySessions, "unsettled", nothing)
    for _ in range(8 * 3):
        rig.service.tick()
        rig.clock.advance(10)
        rig.real.advance(0.125)
    assert len(looks) == 3


def given_up(rig: Rig) -> None:
    """Whoever asks is frozen, say, and a tick in another process gives his intent up."""
    rig.service.tick()
    rig.real.advance(ABANDONED_AFTER_S)
    rig.service.tick()


def test_a_session_that_took_too_long_to_be_made_holds_nothing(rig: Rig) -> None:
    rig.network.while_reserving = lambda: given_up(rig)
    with pytest.raises(Conflict, match="too long"):
        rig.create()
    assert rig.stored() is None
    assert rig.network.held == {}


def test_a_change_that_took_too_long_is_undone_and_the_network_holds_what_is_stored(
    rig: Rig,
) -> None:
    session = rig.create()
    rig.network.while_reserving = lambda: given_up(rig)
    with pytest.raises(Conflict, match="undone"):
        rig.service.change(AF, session.id, lambda _: asked(qosReference="model-topology"))
    assert rig.service.read(AF, session.id).demands == session.demands
    assert rig.network.held[session.id].demands == session.demands


@pytest.mark.parametrize("deed", ["create", "change"])
def test_a_tick_that_is_too_late_to_give_it_up_leaves_it_as_it_is(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    intents: list[Session] = []
    rig.network.while_reserving = lambda: intents.extend(unsettled(rig))
    session = rig.create()
    if deed == "change":
        intents.clear()
        session = rig.service.change(AF, session.id, lambda _: asked(qosReference="model-topology"))
    held = dict(rig.network.held)
    monkeypatch.setattr(MemorySessions, "unsettled", lambda *_: intents)
    rig.service.tick()
    assert len(intents) == 1
    assert rig.service.read(AF, session.id) == session
    assert rig.network.held == held


def unsettled(rig: Rig) -> Sequence[Session]:
    with rig.storage.reading() as work:
        return work.sessions.unsettled(100)


def test_a_change_that_breaks_down_did_not_happen(rig: Rig) -> None:
    session = rig.create()
    rig.network.breaks = True
    with pytest.raises(RuntimeError):
        rig.service.change(AF, session.id, lambda _: asked(qosReference="model-topology"))
    rig.network.breaks = False
    rig.service.recover(rig.clock.now_s())
    after = rig.service.read(AF, session.id)
    assert after.state is SessionState.ACTIVE
    assert after.request == session.request
    assert rig.network.held[session.id].demands == session.demands


def test_a_start_gives_the_network_its_reservations_back(rig: Rig) -> None:
    first, second = rig.create(), rig.create()
    before = dict(rig.network.held)
    rig.network.held.clear()
    rig.network.granted.clear()
    rig.service.recover(rig.clock.now_s())
    assert rig.network.held == before
    assert rig.told() == [("SUCCESSFUL_RESOURCES_ALLOCATION", "model-weights")] * 2
    assert {first.id, second.id} == rig.network.held.keys()


def test_what_changed_while_the_service_was_down_is_told_by_its_start(rig: Rig) -> None:
    rig.create()
    rig.network.admits_at = 1
    rig.service.recover(rig.clock.now_s())
    assert rig.told()[-1] == ("QOS_NOT_GUARANTEED", "model-weights-medium")


# --- moment by moment ---


def step(rig: Rig, time_s: float, level: int | None, session_id: str = "s1") -> None:
    """The network grants something at a moment, and a tick will tell of it."""
    rig.network.regrade(session_id, level)
    levels = dict(rig.network.granted[session_id])
    rig.network.steps.append(NetworkStep(time_s, [(rig.network.held[session_id], levels)]))


def told_at(rig: Rig) -> list[tuple[float, str]]:
    with rig.storage.reading() as work:
        rows = reversed(work.outbox.find(None, None, 100))
    return [
        (row.notification.created_at_s, row.notification.content.reports[0].event.value)
        for row in rows
        if isinstance(row.notification.content, SessionEvents)
    ][1:]


def test_what_came_and_went_within_a_tick_is_told_as_of_then(rig: Rig) -> None:
    rig.create()
    step(rig, 1001.5, 2)
    step(rig, 1002.25, 0)
    rig.clock.advance(5.0)
    rig.service.tick()
    assert told_at(rig) == [(1001.5, "QOS_NOT_GUARANTEED"), (1002.25, "QOS_GUARANTEED")]


def test_what_could_not_be_recorded_is_told_by_the_next_tick_once_and_in_order(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.create()
    step(rig, 1001.5, 2)
    step(rig, 1002.25, 0)
    with monkeypatch.context() as patched:
        patched.setattr(rig.storage, "transaction", busy)
        with pytest.raises(TimeoutError):
            rig.service.tick()
    assert told_at(rig) == []
    rig.service.tick()
    rig.service.tick()
    assert told_at(rig) == [(1001.5, "QOS_NOT_GUARANTEED"), (1002.25, "QOS_GUARANTEED")]


def test_a_last_word_that_could_not_be_recorded_holds_at_the_next_tick(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.create()
    rig.network.regrade("s1", 1)
    with monkeypatch.context() as patched:
        patched.setattr(rig.storage, "transaction", busy)
        with pytest.raises(TimeoutError):
            rig.service.tick()
    rig.service.tick()
    stored = rig.stored()
    assert stored is not None
    assert [grant.level for grant in stored.grants] == [1]


def busy() -> NoReturn:
    raise TimeoutError("somebody else writes")


def test_what_happened_to_an_earlier_request_is_no_news_of_a_later_one(rig: Rig) -> None:
    rig.create()
    step(rig, 1000.5, 2)
    rig.clock.advance(1.0)
    rig.service.change(
        AF, "s1", lambda _: asked(qosReference="model-topology", altQoSReferences=None)
    )
    before = told_at(rig)
    rig.service.tick()
    assert told_at(rig) == before
    stored = rig.stored()
    assert stored is not None
    assert [grant.level for grant in stored.grants] == [0]


def test_where_the_network_has_gone_on_meanwhile_its_last_word_holds(rig: Rig) -> None:
    rig.create()
    step(rig, 1000.5, 2)
    rig.network.regrade("s1", 1)
    rig.service.tick()
    stored = rig.stored()
    assert stored is not None
    assert [grant.level for grant in stored.grants] == [1]


def test_a_session_is_over_at_its_moment_and_not_at_that_of_the_tick(rig: Rig) -> None:
    rig.create(qosDuration=3)
    rig.clock.advance(60.0)
    rig.service.tick()
    assert told_at(rig) == [(1003.0, "SESSION_TERMINATION")]
    assert rig.stored() is None
    assert rig.network.held == {}


def test_a_session_that_the_network_ended_is_over_since_then(rig: Rig) -> None:
    rig.create()
    rig.network.steps.append(NetworkStep(1000.75, ended=("s1",)))
    rig.network.ended = {"s1"}
    rig.clock.advance(2.0)
    rig.service.tick()
    assert told_at(rig) == [(1000.75, "SESSION_TERMINATION")]
