"""Sessions that follow the network: what is told of each change, and as of when."""

from collections.abc import Callable
from typing import NoReturn

import pytest

from builders.session_service import AF, Rig, asked
from nef.domain.notifications import SessionEvents
from nef.ports.network import NetworkStep
from nef.services.following import Following


@pytest.fixture
def rig() -> Rig:
    return Rig()


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


@pytest.mark.parametrize("by_steps", [True, False])
@pytest.mark.parametrize("is_new", [True, False])
def test_what_changes_before_a_session_is_confirmed_is_told_though_who_confirms_is_killed_then(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, is_new: bool, by_steps: bool
) -> None:
    def fades() -> None:
        if by_steps:
            step(rig, 1000.0, 2)
        rig.network.regrade("s1", 2)
        rig.service.tick()

    if not is_new:
        rig.create()
    rig.network.while_reserving = fades
    is_killed_after_confirming(monkeypatch, rig.create if is_new else lambda: change(rig))
    rig.service.tick()
    rig.service.tick()
    stored = rig.stored()
    assert stored is not None
    assert [grant.level for grant in stored.grants] == [2]
    assert [event for event, _ in rig.told()][-1] == "QOS_NOT_GUARANTEED"


def test_what_changes_while_a_session_is_under_way_at_a_start_is_told_when_it_is_confirmed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def another_network() -> None:
        rig.network.admits_at = 2
        rig.service.recover(rig.clock.now_s(), alone=False)

    rig.create()
    rig.network.while_reserving = another_network
    is_killed_after_confirming(monkeypatch, lambda: change(rig))
    rig.service.tick()
    stored = rig.stored()
    assert stored is not None
    assert [grant.level for grant in stored.grants] == [2]


def change(rig: Rig) -> None:
    rig.service.change(AF, "s1", lambda _: asked(qosReference="model-topology"))


class Killed(BaseException):
    """The process is no more."""


def is_killed_after_confirming(
    monkeypatch: pytest.MonkeyPatch, request: Callable[[], object]
) -> None:
    """What is written stays, and nothing comes after it."""

    def killed(*_: object) -> NoReturn:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Following, "is_up_to_date", killed)
        with pytest.raises(Killed):
            request()


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
