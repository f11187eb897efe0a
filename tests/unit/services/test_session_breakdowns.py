"""Sessions whose request was never answered: given up, undone, or brought to an end."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from builders.session_service import AF, Rig, asked
from fakes.storage import MemorySessions
from nef.domain.errors import (
    Conflict,
    NotFound,
)
from nef.domain.lifecycle import SessionState
from nef.domain.sessions import Session
from nef.services import following
from nef.services.underway import ABANDONED_AFTER_S, DESERTED_AFTER_S


@pytest.fixture
def rig() -> Rig:
    return Rig()


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


def test_what_a_process_has_left_that_is_no_more_is_given_up_soon(rig: Rig) -> None:
    session = rig.create()
    rig.network.breaks = True
    with pytest.raises(RuntimeError):
        rig.service.change(AF, session.id, lambda _: asked(qosReference="model-topology"))
    rig.network.breaks = False
    with rig.storage.reading() as work:
        work.sessions.left.add(session.id)
    rig.service.tick()
    rig.real.advance(DESERTED_AFTER_S - 0.1)
    rig.service.tick()
    with pytest.raises(Conflict):
        rig.service.change(AF, session.id, lambda request: request)
    rig.real.advance(0.1)
    rig.service.tick()
    changed = rig.service.change(AF, session.id, lambda _: asked(qosReference="model-topology"))
    assert rig.network.held[session.id].demands == changed.demands != session.demands


def test_who_is_out_of_sight_for_a_moment_while_he_works_on_a_request_is_not_taken_for_dead(
    rig: Rig,
) -> None:
    def is_gone_for_a_moment_twice() -> None:
        for _ in range(2):
            rig.service.tick()
            rig.real.advance(10 * DESERTED_AFTER_S)
            with rig.storage.reading() as work:
                left = work.sessions.left
            left.update(one.id for one in work.sessions.unsettled(1))
            rig.service.tick()
            rig.real.advance(DESERTED_AFTER_S)
            left.clear()

    rig.network.while_reserving = is_gone_for_a_moment_twice
    assert rig.create() == rig.stored()


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
