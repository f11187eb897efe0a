"""What every store promises of subscriptions, and of what is told of analytics."""

from dataclasses import replace
from typing import Any

import pytest

from builders.findings import FINDINGS, FROM_S, answer, full_subscription
from nef.domain.analytics import AnalyticsEvent, AnalyticsSubscription, Failed, Failure
from nef.domain.errors import Conflict
from nef.domain.notifications import AnalyticsEvents, Content, Notification
from nef.domain.subscriptions import NEVER, Api, Due, Subscription
from nef.ports.storage import Storage

BODY = full_subscription()
Analytics = Subscription[AnalyticsSubscription]


def subscription(name: str = "s1", **changes: Any) -> Analytics:
    made: Analytics = Subscription(name, "af", Api.ANALYTICS, BODY, 100.0)
    return replace(made, **changes)


def add(store: Storage, *ones: Analytics) -> list[Analytics]:
    with store.transaction() as work:
        return [work.subscriptions.add(one) for one in ones]


def read(store: Storage, name: str = "s1", api: Api = Api.ANALYTICS) -> Analytics | None:
    with store.reading() as work:
        return work.subscriptions.get(api, name)


def rewrite(store: Storage, one: Analytics) -> Analytics:
    with store.transaction() as work:
        return work.subscriptions.replace(one)


def due(
    store: Storage, now_s: float, after: int = 0, limit: int = 100, *, changed: bool = False
) -> list[str]:
    with store.reading() as work:
        found = work.subscriptions.due(now_s, after, limit, changed=changed)
        return [one.id for one in found]


def next_due(store: Storage, after_s: float) -> Due:
    with store.reading() as work:
        return work.subscriptions.next_due(after_s)


# --- one subscription ---


def test_a_subscription_is_read_with_every_field_as_it_was_written(store: Storage) -> None:
    [written] = add(store, subscription(due=Due(7.5)))
    found = read(store)
    assert found == written == subscription(due=Due(7.5), number=written.number)
    assert found is not None
    assert found.body == BODY
    [question] = found.body.request.questions
    assert [threshold.name for threshold in question.thresholds] == [
        threshold.name for threshold in BODY.request.questions[0].thresholds
    ]


def test_what_is_not_there_is_not_there(store: Storage) -> None:
    add(store, subscription())
    assert read(store, "s2") is None
    assert read(store, "s1", Api.SESSIONS) is None


def test_apis_do_not_share_their_names(store: Storage) -> None:
    add(store, subscription())
    with store.transaction() as work:
        work.subscriptions.remove(Api.MONITORING, "s1")
        assert work.subscriptions.of_af(Api.MONITORING, "af") == []
    assert read(store) is not None


def test_a_change_is_read_back_with_the_next_version(store: Storage) -> None:
    [first] = add(store, subscription())
    body = replace(BODY, reported=BODY.reported.told(FROM_S + 60), failed=())
    written = rewrite(store, replace(first, body=body, due=Due(3.25)))
    assert read(store) == written
    assert (written.body, written.due, written.version) == (body, Due(3.25), first.version + 1)
    assert written.number == first.number


def test_of_two_writers_who_read_the_same_only_one_wins(store: Storage) -> None:
    [first] = add(store, subscription())
    written = rewrite(store, replace(first, due=Due(1.0)))
    with pytest.raises(Conflict):
        rewrite(store, replace(first, due=Due(2.0)))
    assert read(store) == written
    assert rewrite(store, written).version == written.version + 1


def test_what_was_removed_cannot_be_written_and_stays_away(store: Storage) -> None:
    [first] = add(store, subscription())
    with store.transaction() as work:
        work.subscriptions.remove(Api.ANALYTICS, "s1")
        work.subscriptions.remove(Api.ANALYTICS, "s1")
    with pytest.raises(Conflict):
        rewrite(store, first)
    assert read(store) is None


def test_an_exception_takes_back_everything_of_its_transaction(store: Storage) -> None:
    [kept] = add(store, subscription("kept"))
    with pytest.raises(ZeroDivisionError), store.transaction() as work:  # noqa: PT012 - the last one raises
        work.subscriptions.add(subscription("lost"))
        work.subscriptions.replace(replace(kept, due=Due(9.0)))
        work.outbox.add(notification(), 0.0)
        work.subscriptions.remove(Api.ANALYTICS, "kept")
        _ = 1 / 0
    assert read(store, "kept") == kept
    assert read(store, "lost") is None
    assert told(store) == []


# --- many ---


def test_an_af_lists_its_own_the_oldest_first(store: Storage) -> None:
    add(store, subscription("b"), subscription("x", af_id="other"), subscription("a"))
    with store.reading() as work:
        assert [one.id for one in work.subscriptions.of_af(Api.ANALYTICS, "af")] == ["b", "a"]
        assert list(work.subscriptions.of_af(Api.ANALYTICS, "nobody")) == []


def test_those_of_an_af_are_weighed_and_what_is_watched_of_its_sessions_is_not(
    store: Storage,
) -> None:
    watched, heavy = subscription("w", api=Api.SESSIONS), replace(subscription("h"), weight=5)
    add(store, subscription("a"), heavy, subscription("x", af_id="other"), watched)
    with store.reading() as work:
        assert work.subscriptions.weight_of_af("af") == 6
        assert work.subscriptions.weight_of_af("nobody") == 0
        assert [one.weight for one in work.subscriptions.of_af(Api.ANALYTICS, "af")] == [1, 5]


def test_what_has_no_time_is_never_due_and_what_is_for_each_tick_always(store: Storage) -> None:
    add(
        store,
        subscription("never"),
        subscription("always", due=Due(0.0)),
        subscription("later", due=Due(50.0)),
    )
    assert due(store, 0.0) == ["always"]
    assert due(store, 49.999) == ["always"]
    assert due(store, 50.0) == ["always", "later"]


def test_what_waits_for_a_change_is_due_when_there_is_one(store: Storage) -> None:
    add(
        store,
        subscription("by-change", due=Due(None, on_change=True)),
        subscription("by-both", due=Due(5.0, on_change=True)),
        subscription("by-time", due=Due(5.0)),
        subscription("later", due=Due(9.0)),
    )
    assert due(store, 4.0, changed=False) == []
    assert due(store, 4.0, changed=True) == ["by-change", "by-both"]
    assert due(store, 5.0, changed=True) == ["by-change", "by-both", "by-time"]
    assert due(store, 5.0, changed=False) == ["by-both", "by-time"]


def test_the_next_moment_is_the_first_of_all_that_come(store: Storage) -> None:
    assert next_due(store, 0.0) == NEVER
    add(store, subscription("later", due=Due(9.0)), subscription("soon", due=Due(5.0)))
    assert next_due(store, 0.0) == Due(5.0)
    assert next_due(store, 5.0) == Due(9.0)
    add(store, subscription("by-change", due=Due(None, on_change=True)))
    assert next_due(store, 9.0) == Due(None, on_change=True)


def test_what_is_due_comes_in_pages_in_the_order_of_creation(store: Storage) -> None:
    made = add(store, *(subscription(f"s{n}", due=Due(float(-n))) for n in range(7)))
    names, last = [], 0
    while page := due(store, 0.0, last, 3):
        assert len(page) <= 3
        names += page
        last = next(one.number for one in made if one.id == page[-1])
    assert names == [f"s{n}" for n in range(7)]


def test_numbers_are_given_once_also_after_a_removal(store: Storage) -> None:
    [_, second] = add(store, subscription("a"), subscription("b"))
    with store.transaction() as work:
        work.subscriptions.remove(Api.ANALYTICS, "b")
    [third] = add(store, subscription("c"))
    assert third.number > second.number, "whoever pages through them misses none"


# --- what is told ---


def notification(*contents: Content) -> Notification:
    content = contents[0] if contents else AnalyticsEvents("n-1", ())
    return Notification("s1", "af", "http://127.0.0.1:9/x", content, 100.0)


def told(store: Storage) -> list[Content]:
    with store.reading() as work:
        return [row.notification.content for row in work.outbox.find(None, None, 100)]


@pytest.mark.parametrize("event", list(AnalyticsEvent))
def test_every_kind_of_finding_is_told_as_it_was_found(
    store: Storage, event: AnalyticsEvent
) -> None:
    content = AnalyticsEvents("n-1", (answer(event), answer(event, findings=())))
    with store.transaction() as work:
        work.outbox.add(notification(content), 0.0)
    assert told(store) == [content]


def test_all_kinds_and_failures_are_told_together(store: Storage) -> None:
    failed = tuple(Failed(f"EVENT_{failure}", failure) for failure in Failure)
    mixed = answer(AnalyticsEvent.UE_COMM, *FINDINGS.values(), readings={})
    content = AnalyticsEvents("n-1", (mixed,), failed)
    with store.transaction() as work:
        work.outbox.add(notification(content), 0.0)
    with store.transaction() as work:
        [delivery] = work.outbox.claim(0.0, 30.0, 10)
    assert delivery.notification == notification(content)
