"""The checker finds what is wrong: for each rule a history that keeps it and ones that break it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chaos.checker import Arrived, Cell, Due, Found, Stored, contradictions, unfit_answers
from chaos.ledger import Deed, Kind, Said

CREATE, CHANGE, DELETE = Deed.CREATE, Deed.CHANGE, Deed.DELETE


def said(deed: Deed, status: int | None, value: int | None = 5, took_s: float = 0.1) -> Said:
    subscription_id = "s-1" if deed is CREATE and status == 201 else None
    return Said("af", 1, deed, value, status, took_s, subscription_id)


KEPT = Stored("s-1", "af", 1, 5, 0)
TOLD = Arrived(7, "s-1", 0)
GOOD = Found((KEPT,), {"s-1": 0}, (Cell("c", 10, 10),), (TOLD,), (Due(7, "s-1", "delivered"),))
NOTHING = Found()


def of_rate(rate_bps: int) -> Found:
    return replace(GOOD, stored=(replace(KEPT, value=rate_bps),))


@pytest.mark.parametrize(
    ("history", "found"),
    [
        ([said(CREATE, 201)], GOOD),
        ([said(CREATE, None)], GOOD),
        ([said(CREATE, 503)], NOTHING),
        ([said(CREATE, 403)], NOTHING),
        ([said(CREATE, 201), said(DELETE, 204)], NOTHING),
        ([said(CREATE, 201), said(DELETE, None)], NOTHING),
        ([said(CREATE, 201), said(DELETE, None)], GOOD),
        ([said(CREATE, 201), said(DELETE, None), said(DELETE, 404)], NOTHING),
        ([said(CREATE, 201), said(CHANGE, 200, 6)], of_rate(6)),
        ([said(CREATE, 201), said(CHANGE, None, 6)], of_rate(6)),
        ([said(CREATE, 201), said(CHANGE, None, 6)], GOOD),
        ([said(CREATE, 201), said(CHANGE, 403, 6)], GOOD),
        ([said(CREATE, 201), said(CHANGE, None, 6), said(CHANGE, 200, 7)], of_rate(7)),
    ],
)
def test_what_was_told_may_be_what_is_stored(history: Sequence[Said], found: Found) -> None:
    assert contradictions(history, found) == []


@pytest.mark.parametrize(
    ("history", "found", "complaint"),
    [
        ([said(CREATE, 201)], NOTHING, "not there"),
        ([said(CREATE, 403)], GOOD, "told nothing"),
        ([], GOOD, "told nothing"),
        ([said(CREATE, 201), said(DELETE, 204)], GOOD, "told nothing"),
        ([said(CREATE, 201), said(DELETE, None), said(DELETE, 404)], GOOD, "told nothing"),
        ([said(CREATE, 201), said(CHANGE, 200, 6)], GOOD, "is 5; its AF was told 6"),
        ([said(CREATE, 201), said(CHANGE, 403, 6)], of_rate(6), "is 6; its AF was told 5"),
        ([said(CREATE, 201), said(CHANGE, None, 6), said(CHANGE, 200, 7)], of_rate(6), "told 7"),
        ([said(CREATE, 201), said(CHANGE, 404, 6)], NOTHING, "should be there"),
    ],
)
def test_what_was_told_cannot_be_what_is_stored(
    history: Sequence[Said], found: Found, complaint: str
) -> None:
    (wrong,) = contradictions(history, found)
    assert complaint in wrong


TWICE = (KEPT, replace(KEPT, subscription_id="s-2"))
LATER = replace(TOLD, number=8)


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        (replace(GOOD, levels={}), "session s-1 has no reservation"),
        (replace(GOOD, levels={"s-1": 0, "s-9": 0}), "s-9, which is no session"),
        (replace(GOOD, levels={"s-1": 1}), "holds rung 1, and rung 0 is recorded"),
        (replace(GOOD, levels={"s-1": None}), "holds rung None, and rung 0 is recorded"),
        (replace(GOOD, cells=(Cell("c", 10, 11),)), "cell c has granted 11 of 10 blocks"),
        (replace(GOOD, arrived=()), "did not arrive"),
        (replace(GOOD, due=(Due(7, "s-1", "pending"),)), "notification 7 of s-1 is pending"),
        (replace(GOOD, due=(Due(7, "s-1", "given_up"),)), "notification 7 of s-1 is given_up"),
        (replace(GOOD, due=()), "the NEF knows of none"),
        (replace(GOOD, arrived=(), due=()), "nothing was told of session s-1"),
        (replace(GOOD, arrived=(replace(TOLD, told=1),)), "holds rung 0, and 1 was told last"),
        (
            replace(GOOD, arrived=(LATER, TOLD), due=(*GOOD.due, Due(8, "s-1", "delivered"))),
            "notification 7 of s-1 arrived after 8",
        ),
        (
            replace(GOOD, stored=TWICE, levels={"s-1": 0, "s-2": 0}),
            "session af/1 is there 2 times",
        ),
        (
            replace(GOOD, stored=(replace(KEPT, subscription_id="s-2"),), levels={"s-2": 0}),
            "has the id s-2; its AF was told s-1",
        ),
    ],
)
def test_what_contradicts_itself_is_found(found: Found, complaint: str) -> None:
    assert any(complaint in wrong for wrong in contradictions([said(CREATE, 201)], found))


def of_plan(one: Said) -> Said:
    return replace(one, kind=Kind.PLAN)


PLAN = Stored("s-1", "af", 1, 5, kind=Kind.PLAN)
#: Nothing is reserved for it, nor need anything be told.
PLANNED = Found((PLAN,))


def test_other_things_than_sessions_are_as_was_told_too() -> None:
    assert contradictions([of_plan(said(CREATE, 201))], PLANNED) == []
    (gone,) = contradictions([of_plan(said(CREATE, 201))], NOTHING)
    assert gone == "plan af/1 is not there; its AF was told 5"
    (changed,) = contradictions(
        [of_plan(said(CREATE, 201)), of_plan(said(CHANGE, 200, 6))], PLANNED
    )
    assert changed == "plan af/1 is 5; its AF was told 6"
    (back,) = contradictions([of_plan(said(CREATE, 201)), of_plan(said(DELETE, 204))], PLANNED)
    assert back == "plan af/1 is 5; its AF was told nothing"
    untold = replace(PLANNED, due=(Due(7, "s-1", "delivered"),))
    assert len(contradictions([of_plan(said(CREATE, 201))], untold)) == 1


def test_things_of_two_kinds_with_one_key_are_two_things() -> None:
    both = [said(CREATE, 201), of_plan(replace(said(CREATE, 201), subscription_id="s-2"))]
    found = replace(GOOD, stored=(KEPT, replace(PLAN, subscription_id="s-2")))
    assert contradictions(both, found) == []


def test_a_notification_may_come_twice() -> None:
    assert contradictions([said(CREATE, 201)], replace(GOOD, arrived=(TOLD, TOLD))) == []


def test_answers_are_of_some_statuses_soon_and_say_when_to_come_back() -> None:
    busy = replace(said(CREATE, 503), retry_after="1")
    assert unfit_answers([said(CREATE, 201), busy], 1.0) == []
    assert len(unfit_answers([said(CREATE, 500)], 1.0)) == 1
    assert len(unfit_answers([said(CREATE, None)], 1.0)) == 1
    assert len(unfit_answers([said(CREATE, 503)], 1.0)) == 1
    assert len(unfit_answers([said(CREATE, 201, took_s=2.0)], 1.0)) == 1
