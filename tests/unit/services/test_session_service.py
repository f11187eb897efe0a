"""The use cases of a session: what is stored, reserved and told, also when something goes wrong."""

import threading
from dataclasses import replace
from typing import NoReturn

import pytest

from builders.session_service import AF, Rig, asked
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
from nef.domain.lifecycle import SessionState
from nef.domain.notifications import SessionEvents, Trial
from nef.domain.sessions import Session, Usage
from nef.domain.subscriptions import Api


@pytest.fixture
def rig() -> Rig:
    return Rig()


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


def test_a_change_asks_for_no_test_notification(rig: Rig) -> None:
    session = rig.create()
    tried = asked(requestTestNotification=True, supportedFeatures="2")
    assert rig.service.change(AF, session.id, lambda _: tried).request.test_notification
    with rig.storage.reading() as work:
        contents = [one.notification.content for one in work.outbox.find(None, None, 10)]
    assert Trial(Api.SESSIONS) not in contents


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
        other.join(120)

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
