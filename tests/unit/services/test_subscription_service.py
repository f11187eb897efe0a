"""Subscriptions of any API: kept for their AF, looked at when due, and told of in one go."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from fakes.clock import FakeClock
from fakes.storage import MemoryStorage
from nef.domain.errors import InvalidRequest, NotFound, StoreUnavailable
from nef.domain.notifications import AnalyticsEvents, Delivery
from nef.domain.subscriptions import NEVER, SOON, Api, Due, Subscription
from nef.services.subscriptions import Look, SubscriptionService

API = Api.ANALYTICS
HERE, THERE = "http://127.0.0.1:9/here", "http://127.0.0.1:9/there"


@dataclass(frozen=True)
class Body:
    """What the script needs of a subscription."""

    destination: str = HERE
    looks: int = 0


def news(text: str) -> AnalyticsEvents:
    """Something that can be told apart."""
    return AnalyticsEvents(text, ())


@dataclass
class ScriptedWatch:
    """Does at each look what the test says; else nothing, and it wants to look again."""

    script: Callable[[Subscription[Body], float], Look] | None = None
    looked: list[str] = field(default_factory=list)

    def look(self, subscription: Subscription[Body], now_s: float) -> Look:
        self.looked.append(subscription.id)
        if self.script is None:
            return Look(subscription.body, subscription.due)
        return self.script(subscription, now_s)

    def destination(self, subscription: Subscription[Body]) -> str:
        return subscription.body.destination

    def weight(self, _: Body) -> int:
        return 1


class Rig:
    """A service with everything around it in the hands of the test."""

    def __init__(self) -> None:
        self.storage = MemoryStorage()
        self.clock = FakeClock(1000.0)
        self.watch = ScriptedWatch()
        self.rung = self.revision = 0
        ids = itertools.count(1)
        self.service = SubscriptionService(
            self.storage,
            self.clock,
            {API: self.watch},
            lambda: f"s{next(ids)}",
            self._ring,
            lambda: self.revision,
        )

    def _ring(self) -> None:
        self.rung += 1

    def add(self, af_id: str = "af", due: Due = SOON) -> Subscription[Body]:
        return self.service.add(af_id, API, Body(), due)

    def stored(self, name: str = "s1") -> Subscription[Body] | None:
        with self.storage.reading() as work:
            return work.subscriptions.get(API, name)

    def outbox(self) -> list[Delivery]:
        with self.storage.reading() as work:
            return list(reversed(work.outbox.find(None, None, 1000)))

    def told(self) -> list[str]:
        contents = (row.notification.content for row in self.outbox())
        return [c.notification_id for c in contents if isinstance(c, AnalyticsEvents)]

    def tells(self, *texts: str, over: bool = False, due: Due = SOON) -> None:
        """From now on each look tells these, and counts."""
        contents = tuple(map(news, texts))

        def script(subscription: Subscription[Body], _: float) -> Look:
            body = replace(subscription.body, looks=subscription.body.looks + 1)
            return Look(body, due, contents, over)

        self.watch.script = script


@pytest.fixture
def rig() -> Rig:
    return Rig()


# --- for its AF ---


def test_what_is_added_is_there_for_its_af_alone(rig: Rig) -> None:
    mine = rig.add()
    assert rig.service.read("af", API, mine.id) == mine
    assert rig.service.of_af("af", API) == [mine]
    assert rig.service.of_af("thief", API) == []
    with pytest.raises(NotFound):
        rig.service.read("thief", API, mine.id)


@pytest.mark.parametrize("af_id", ["thief", "af"])
def test_what_is_not_an_afs_can_be_neither_changed_nor_ended(rig: Rig, af_id: str) -> None:
    mine = rig.add()
    name = mine.id if af_id == "thief" else "s99"
    with pytest.raises(NotFound):
        rig.service.change(af_id, API, name, lambda body: (body, Due(5.0)))
    with pytest.raises(NotFound):
        rig.service.remove(af_id, API, name)
    assert rig.stored() == mine


def test_the_subscription_of_one_api_is_none_of_another(rig: Rig) -> None:
    mine = rig.add()
    with pytest.raises(NotFound):
        rig.service.read("af", Api.MONITORING, mine.id)


def test_what_is_to_be_told_at_once_is_due_at_once(rig: Rig) -> None:
    rig.service.add("af", API, Body(), NEVER, (news("first"), news("second")))
    assert rig.told() == ["first", "second"]
    assert {row.due_at_s for row in rig.outbox()} == {0.0}
    assert {row.notification.destination for row in rig.outbox()} == {HERE}
    assert rig.rung > 0


# --- looks ---


def test_a_look_that_finds_something_writes_and_tells_it_together(rig: Rig) -> None:
    rig.add()
    rig.tells("one", "two", due=Due(1005.0))
    rig.service.tick()
    after = rig.stored()
    assert after is not None
    assert (after.body.looks, after.due) == (1, Due(1005.0))
    assert rig.told() == ["one", "two"]
    assert rig.rung == 1


def test_a_look_that_finds_nothing_writes_nothing(rig: Rig) -> None:
    before = rig.add()
    rig.service.tick()
    assert rig.watch.looked == ["s1"]
    assert rig.stored() == before
    assert rig.rung == 0


def test_what_is_not_due_is_not_looked_at(rig: Rig) -> None:
    rig.add(due=NEVER)
    rig.add(due=Due(1010.0))
    rig.service.tick()
    assert rig.watch.looked == []
    rig.clock.advance(10.0)
    rig.service.tick()
    assert rig.watch.looked == ["s2"]


def test_the_last_look_tells_and_ends_it(rig: Rig) -> None:
    rig.add()
    rig.tells("goodbye", over=True, due=NEVER)
    rig.service.tick()
    rig.service.tick()
    assert rig.stored() is None
    assert rig.told() == ["goodbye"]


def test_an_end_without_a_word_is_an_end(rig: Rig) -> None:
    rig.add()
    rig.tells(over=True, due=NEVER)
    rig.service.tick()
    assert rig.stored() is None
    assert rig.told() == []


def test_each_is_looked_at_once_a_tick_even_if_it_is_due_again(rig: Rig) -> None:
    for _ in range(3):
        rig.add()
    rig.tells("x")
    rig.service.tick()
    assert rig.watch.looked == ["s1", "s2", "s3"]
    assert rig.told() == ["x"] * 3


def test_more_than_a_page_of_them_are_all_looked_at_once(rig: Rig) -> None:
    with rig.storage.transaction() as work:
        for n in range(1203):
            work.subscriptions.add(Subscription(f"m{n}", "af", API, Body(), 0.0, SOON))
    rig.service.tick()
    assert rig.watch.looked == [f"m{n}" for n in range(1203)]


def test_ending_some_of_a_page_skips_none_of_the_next(rig: Rig) -> None:
    with rig.storage.transaction() as work:
        for n in range(505):
            work.subscriptions.add(Subscription(f"m{n}", "af", API, Body(), 0.0, SOON))

    def script(subscription: Subscription[Body], _: float) -> Look:
        return Look(subscription.body, SOON, over=subscription.id in ("m0", "m499"))

    rig.watch.script = script
    rig.service.tick()
    assert len(rig.watch.looked) == len(set(rig.watch.looked)) == 505
    assert len(rig.service.of_af("af", API)) == 503


def test_one_that_cannot_be_looked_at_keeps_nobody_from_being_told(rig: Rig) -> None:
    for _ in range(3):
        rig.add()

    def script(subscription: Subscription[Body], _: float) -> Look:
        if subscription.id == "s2":
            raise RuntimeError("this one is broken")
        return Look(subscription.body, SOON, (news(subscription.id),))

    rig.watch.script = script
    with pytest.raises(ExceptionGroup) as caught:
        rig.service.tick()
    assert [str(error) for error in caught.value.exceptions] == ["this one is broken"]
    assert rig.told() == ["s1", "s3"]


def test_without_a_store_nobody_else_is_looked_at_and_it_is_said_as_it_is(rig: Rig) -> None:
    rig.add()
    rig.add()

    def script(subscription: Subscription[Body], _: float) -> Look:
        raise StoreUnavailable("the disk is full")

    rig.watch.script = script
    with pytest.raises(StoreUnavailable):
        rig.service.tick()
    assert rig.watch.looked == ["s1"]
    rig.tells("after all", due=NEVER)
    rig.service.tick()
    assert rig.told() == ["after all", "after all"]


# --- two at a time ---


def test_a_change_during_a_look_wins_and_is_looked_at_next(rig: Rig) -> None:
    mine = rig.add()

    def script(subscription: Subscription[Body], _: float) -> Look:
        if not subscription.body.looks:
            rig.service.change("af", API, mine.id, lambda _: (Body(THERE, looks=7), SOON))
        return Look(replace(subscription.body, looks=8), SOON, (news("told"),))

    rig.watch.script = script
    rig.service.tick()
    after = rig.stored()
    assert after is not None
    assert after.body == Body(THERE, looks=7)
    assert rig.told() == [], "what was found of the old one is nobody's news"
    rig.service.tick()
    assert rig.told() == ["told"]
    assert rig.outbox()[0].notification.destination == THERE


def test_what_was_ended_during_a_look_stays_ended_and_silent(rig: Rig) -> None:
    mine = rig.add()

    def script(subscription: Subscription[Body], _: float) -> Look:
        rig.service.remove("af", API, mine.id)
        return Look(replace(subscription.body, looks=1), SOON, (news("too late"),))

    rig.watch.script = script
    rig.service.tick()
    assert rig.stored() is None
    assert rig.told() == []


def test_a_tick_during_a_change_does_not_undo_it(rig: Rig) -> None:
    mine = rig.add()
    rig.tells("tick")
    tried: list[int] = []

    def revise(body: Body) -> tuple[Body, Due]:
        if not tried:
            rig.service.tick()
        tried.append(body.looks)
        return replace(body, destination=THERE), Due(1005.0)

    changed = rig.service.change("af", API, mine.id, revise)
    assert tried == [0, 1], "the second time with what the tick had written"
    assert (changed.body, changed.due) == (Body(THERE, looks=1), Due(1005.0))
    assert rig.stored() == changed


def test_what_waits_for_a_change_is_looked_at_once_for_each(rig: Rig) -> None:
    rig.add(due=Due(None, on_change=True))
    rig.service.tick()
    rig.service.tick()
    assert (rig.watch.looked, rig.service.is_behind()) == (["s1"], False)
    rig.revision += 1
    assert rig.service.is_behind()
    rig.service.tick()
    assert rig.watch.looked == ["s1", "s1"]


def test_a_look_that_failed_is_repeated_without_another_change(rig: Rig) -> None:
    rig.add(due=Due(None, on_change=True))

    def fail(_: Subscription[Body], _now_s: float) -> Look:
        raise RuntimeError

    rig.watch.script = fail
    with pytest.raises(ExceptionGroup):
        rig.service.tick()
    rig.tells("after all", due=NEVER)
    rig.service.tick()
    assert rig.told() == ["after all"]


def test_the_moment_of_a_look_is_the_one_at_which_it_is_due(rig: Rig) -> None:
    times_s = [1002.0 + 2e-7, 1002.0 - 2e-7]
    for due_s in times_s:
        rig.add(due=Due(due_s))
    rig.tells("now", due=NEVER)
    rig.clock.advance(2.0)
    rig.service.tick()
    assert [row.notification.created_at_s for row in rig.outbox()] == times_s


# --- changes ---


def test_a_change_sends_what_waits_to_the_new_destination(rig: Rig) -> None:
    mine = rig.add()
    rig.tells("waiting")
    rig.service.tick()
    rig.service.change("af", API, mine.id, lambda body: (replace(body, destination=THERE), NEVER))
    [row] = rig.outbox()
    assert row.notification.destination == THERE
    assert rig.told() == ["waiting"]


def test_a_change_that_is_refused_changes_nothing(rig: Rig) -> None:
    mine = rig.add()

    def refuse(_: Body) -> Any:
        raise InvalidRequest

    with pytest.raises(InvalidRequest):
        rig.service.change("af", API, mine.id, refuse)
    assert rig.stored() == mine


def test_an_end_takes_back_what_waits(rig: Rig) -> None:
    mine, other = rig.add(), rig.add()
    rig.tells("x")
    rig.service.tick()
    rig.service.remove("af", API, mine.id)
    assert [row.notification.subscription_id for row in rig.outbox()] == [other.id]
    with pytest.raises(NotFound):
        rig.service.remove("af", API, mine.id)


def test_moments_before_the_last_change_are_not_looked_at_again(rig: Rig) -> None:
    mine = rig.add()
    rig.tells("first")
    rig.service.tick()
    rig.watch.looked.clear()
    rig.clock.time_s -= 0.5  # a restart lives through its last moments again
    rig.service.tick()
    assert rig.watch.looked == []
    rig.clock.advance(0.5)
    rig.service.tick()
    assert rig.watch.looked == [mine.id]
