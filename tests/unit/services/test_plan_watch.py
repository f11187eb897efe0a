"""What plans are warned of, on a network that stands as the test says, and when they end."""

from dataclasses import replace

import pytest

from builders.planning import BUSY, Rig, windows
from builders.sessions import session
from nef.domain.plans import SEARCHES_APART_S


@pytest.fixture
def rig() -> Rig:
    return Rig()


# --- what is warned of ---


def test_a_choice_that_can_no_longer_be_kept_is_warned_of_once(rig: Rig) -> None:
    rig.warned()
    rig.choose(1)
    rig.step()
    assert rig.told == []
    rig.hold((0.0, 50), (70.0, 0))
    for _ in range(3):
        rig.step()
    assert rig.told == [[(70, 100)]]
    assert (rig.plan.selected, [one.id for one in rig.plan.candidates]) == (None, [2])


def test_what_only_gets_shorter_is_warned_of_with_what_is_left(rig: Rig) -> None:
    rig.warned()
    rig.choose(1)
    rig.hold((0.0, 50), (20.0, 0), (40.0, 50))
    rig.step()
    assert rig.told == [[(20, 40)]]


def test_time_that_goes_by_is_nothing_to_be_warned_of(rig: Rig) -> None:
    rig.warned()
    for _ in range(98):
        rig.step()
    assert rig.told == []
    assert windows(rig.plan.candidates) == [(70, 100)]


def test_a_change_beside_the_choice_is_nothing_to_be_warned_of(rig: Rig) -> None:
    rig.warned()
    rig.choose(2)
    rig.hold((0.0, 50), (70.0, 0))
    rig.step()
    assert rig.told == []
    assert rig.plan.selected == 2


def test_changes_are_warned_of_one_after_the_other(rig: Rig) -> None:
    rig.warned()
    rig.hold((0.0, 50), (70.0, 0))
    rig.step()
    rig.hold((0.0, 50), (30.0, 0), (40.0, 50))
    rig.step()
    rig.hold(*BUSY)
    rig.step()
    assert rig.told == [[(70, 100)], [(30, 40)]], "what opens up is no news while all holds"


def test_where_nothing_else_can_be_offered_nothing_is_said_until_something_can(rig: Rig) -> None:
    rig.warned()
    rig.choose(1)
    rig.hold((0.0, 50))
    for _ in range(4):
        rig.step()
    assert rig.told == []
    assert rig.plan.selected == 1
    rig.hold((0.0, 50), (80.0, 0))
    rig.step(SEARCHES_APART_S)
    assert rig.told == [[(80, 100)]]


def test_in_vain_is_not_sought_at_each_look(rig: Rig) -> None:
    rig.warned()
    rig.hold((0.0, 50))
    rig.step()
    first_s = rig.plan.sought_s
    rig.step()
    assert (first_s, rig.plan.sought_s) == (1.0, 1.0)
    rig.step(SEARCHES_APART_S - 1)
    later_s = rig.plan.sought_s
    assert later_s == 1.0 + SEARCHES_APART_S
    rig.hold(*BUSY)
    rig.step()
    assert rig.plan.sought_s is None, "all is as it was"
    assert rig.told == []


def test_who_is_not_warned_reads_the_candidates_of_now_until_one_is_chosen(rig: Rig) -> None:
    rig.ask()
    rig.hold((0.0, 50), (70.0, 0))
    rig.step()
    assert windows(rig.plan.candidates) == [(70, 100)]
    rig.choose(2)
    rig.hold((0.0, 50), (80.0, 0))
    rig.step()
    assert (rig.plan.selected, rig.told) == (2, [])


# --- the AF's own sessions ---


def hold_for(rig: Rig, name: str, blocks: int, *, af: str = "af", since_s: float) -> None:
    """A session that holds blocks from now on."""
    rig.information.held_by[name] = blocks
    held = rig.information.held["cell-1"]
    rig.hold(*[(time_s, number + blocks) for time_s, number in held])
    with rig.storage.transaction() as work:
        work.sessions.add(replace(session(name), af_id=af, created_at_s=since_s))


@pytest.mark.parametrize(
    ("af", "since_s", "disturbs"),
    [("af", 20.0, False), ("af", 45.0, False), ("af", 19.0, True), ("other", 21.0, True)],
)
def test_what_the_af_began_in_its_window_is_what_was_planned(
    rig: Rig, af: str, since_s: float, disturbs: bool
) -> None:
    rig.warned()
    rig.choose(1)
    rig.step(50)
    hold_for(rig, "s1", 40, af=af, since_s=since_s)
    rig.hold((0.0, 40), (60.0, 90), (70.0, 0))
    rig.step()
    assert bool(rig.told) == disturbs


def test_what_the_af_had_before_it_chose_is_not_what_was_planned(rig: Rig) -> None:
    rig.warned()
    rig.step(30)
    rig.choose(1)
    rig.step()
    hold_for(rig, "s1", 40, since_s=29.0)
    rig.hold((0.0, 40), (60.0, 90), (70.0, 0))
    rig.step()
    assert rig.told == [[(70, 100)]]


# --- the end ---


def test_a_plan_ends_with_its_chosen_window(rig: Rig) -> None:
    rig.ask()
    rig.choose(1)
    rig.step(59.9)
    assert not rig.ended()
    rig.step(0.1)
    assert rig.ended()


def test_a_plan_without_a_choice_ends_with_the_last_desired_time(rig: Rig) -> None:
    rig.warned((0, 30), (50, 65))
    rig.step(64.9)
    assert not rig.ended()
    assert rig.plan.candidates == ()
    rig.step(0.1)
    assert rig.ended()
    assert rig.told == [], "a plan ends without a word"


def test_where_its_cells_are_gone_a_plan_waits(rig: Rig) -> None:
    rig.warned()
    before = rig.plan
    rig.information.gone = {"ue-1", "ue-2", "ue-3"}
    rig.step()
    assert replace(rig.plan, sought_s=None) == before
    rig.step(99)
    assert rig.ended()
