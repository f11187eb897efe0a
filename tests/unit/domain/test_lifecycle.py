"""The life cycle of a session."""

from itertools import product

import pytest

from nef.domain.errors import Conflict
from nef.domain.lifecycle import (
    ENDING,
    TRANSITIONS,
    UNSETTLED,
    VISIBLE,
    SessionState,
    Trigger,
    after,
    mermaid,
)


def reachable(start: SessionState) -> set[SessionState]:
    found, waiting = {start}, [start]
    while waiting:
        state = waiting.pop()
        steps = {then for (here, _), then in TRANSITIONS.items() if here is state}
        waiting += steps - found
        found |= steps
    return found


def test_every_state_can_be_reached_and_every_session_can_end() -> None:
    assert reachable(SessionState.REQUESTED) == set(SessionState)
    for state in SessionState:
        assert reachable(state) & set(ENDING)


def test_every_trigger_is_of_use() -> None:
    assert {trigger for _, trigger in TRANSITIONS} == set(Trigger)


def test_the_af_sees_nothing_that_still_may_be_refused_or_is_on_its_way_out() -> None:
    hidden = {SessionState.REQUESTED, SessionState.RELEASING}
    assert set(SessionState) - VISIBLE == hidden


def test_what_is_being_released_has_no_way_back() -> None:
    assert reachable(SessionState.RELEASING) == {SessionState.RELEASING}


def test_a_step_that_the_table_does_not_have_is_a_conflict() -> None:
    for state, trigger in product(SessionState, Trigger):
        if (state, trigger) in TRANSITIONS:
            assert after(state, trigger) is TRANSITIONS[state, trigger]
        else:
            with pytest.raises(Conflict, match=state.value):
                after(state, trigger)


def test_whatever_is_under_way_may_be_released() -> None:
    for state in VISIBLE | {SessionState.REQUESTED}:
        assert after(state, Trigger.RELEASE) is SessionState.RELEASING


def test_a_crash_leaves_work_in_exactly_the_states_between_an_intent_and_its_outcome() -> None:
    assert set(SessionState) - UNSETTLED == {SessionState.ACTIVE}


def test_the_drawing_has_every_step_and_no_other() -> None:
    first, start, *arrows = mermaid().splitlines()
    assert (first, start.strip()) == ("stateDiagram-v2", "[*] --> requested")
    steps = {f"{state} --> {then}: {trigger}" for (state, trigger), then in TRANSITIONS.items()}
    ends = {f"{state} --> [*]" for state in ENDING}
    assert {arrow.strip() for arrow in arrows} == steps | ends
    assert len(arrows) == len(TRANSITIONS) + len(ENDING)
