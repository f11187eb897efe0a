"""What an AF is told of analytics: at once, each period, once a crossing, and no more than that."""

from dataclasses import replace
from typing import Any

import pytest

from builders.analytics_rig import (
    AT_ONCE,
    EVERY_TEN,
    HERE,
    NOW_S,
    ONCE,
    THERE,
    AnalyticsRig,
    below,
    question,
    request,
)
from nef.domain.analytics import (
    AnalyticsEvent,
    AnalyticsRequest,
    Failed,
    Failure,
    Question,
    Target,
    Window,
)
from nef.domain.errors import InvalidRequest, NotFound, UeNotFound
from nef.domain.notifications import Trial
from nef.domain.reporting import Reporting
from nef.domain.subscriptions import Api


@pytest.fixture
def rig() -> AnalyticsRig:
    return AnalyticsRig()


# --- at once, once, and each period ---


def test_an_immediate_report_comes_with_the_subscription(rig: AnalyticsRig) -> None:
    _, answers = rig.subscribe(reporting=Reporting(immediate=True))
    assert [answer.event for answer in answers] == [AnalyticsEvent.DN_PERFORMANCE]
    rig.pass_s(5)
    assert rig.told() == [], "it was told already"


def test_without_an_immediate_report_nothing_is_told_before_something_happens(
    rig: AnalyticsRig,
) -> None:
    _, answers = rig.subscribe()
    assert answers == ()
    rig.pass_s(5)
    assert rig.told() == []


def test_once_and_immediately_leaves_nothing_behind(rig: AnalyticsRig) -> None:
    subscription, answers = rig.subscribe(reporting=AT_ONCE)
    assert len(answers) == 1
    assert subscription.id
    assert rig.mine() == []
    rig.pass_s(5)
    assert rig.told() == []


def test_once_is_told_at_the_next_tick_and_then_it_is_over(rig: AnalyticsRig) -> None:
    rig.subscribe(reporting=ONCE)
    assert len(rig.mine()) == 1
    for _ in range(3):
        rig.pass_s(0.1)
    assert len(rig.told()) == 1
    assert rig.mine() == []


def test_each_period_is_reported_however_late_the_ticks_come(rig: AnalyticsRig) -> None:
    rig.subscribe(reporting=EVERY_TEN)
    times: list[float] = []
    for _ in range(105):
        rig.pass_s(0.97)
        if len(rig.told()) > len(times):
            times.append(rig.clock.time_s - NOW_S)
    assert [int(time_s // 10) for time_s in times] == list(range(1, 11))
    assert all(time_s % 10 < 0.97 + 1e-6 for time_s in times)


def test_an_immediate_report_is_one_of_those_that_may_come(rig: AnalyticsRig) -> None:
    rig.subscribe(reporting=replace(EVERY_TEN, immediate=True, max_reports=3))
    for _ in range(10):
        rig.pass_s(10)
    assert len(rig.told()) == 2
    assert rig.mine() == []


def test_after_the_monitoring_duration_nothing_is_told_and_nothing_kept(rig: AnalyticsRig) -> None:
    rig.subscribe(reporting=replace(EVERY_TEN, until_s=NOW_S + 25))
    rig.subscribe(reporting=Reporting(until_s=NOW_S + 25))
    for _ in range(5):
        rig.pass_s(10)
    assert len(rig.told()) == 2
    assert rig.mine() == []


def test_a_duration_that_is_over_already_is_refused(rig: AnalyticsRig) -> None:
    with pytest.raises(InvalidRequest) as caught:
        rig.subscribe(reporting=Reporting(until_s=NOW_S))
    assert [param.pointer for param in caught.value.params] == ["/analyRepInfo/monDur"]
    assert rig.mine() == []


# --- failures ---


def test_what_is_not_offered_fails_beside_what_is(rig: AnalyticsRig) -> None:
    subscription, answers = rig.subscribe(
        unsupported=("WLAN_PERFORMANCE",), reporting=Reporting(immediate=True)
    )
    assert subscription.body.failed == (Failed("WLAN_PERFORMANCE", Failure.OTHER),)
    assert len(answers) == 1
    assert rig.mine()[0].body.failed == subscription.body.failed


def test_where_nothing_can_be_reported_the_request_is_refused(rig: AnalyticsRig) -> None:
    with pytest.raises(InvalidRequest) as caught:
        rig.service.subscribe(
            "af", AnalyticsRequest(HERE, "n", (), unsupported=("WLAN_PERFORMANCE", "X"))
        )
    reasons = [param.reason for param in caught.value.params]
    assert reasons == ["WLAN_PERFORMANCE: OTHER", "X: OTHER"]
    assert rig.mine() == []


FAILURES = [
    (Window(NOW_S - 50, NOW_S + 50), Failure.BOTH_STAT_PRED_NOT_ALLOWED),
    (Window(NOW_S - 50, NOW_S - 40), Failure.UNAVAILABLE_DATA),
]


@pytest.mark.parametrize(("window", "failure"), FAILURES)
def test_an_event_without_an_answer_says_why(
    rig: AnalyticsRig, window: Window, failure: Failure
) -> None:
    rig.network.seen_from_s = NOW_S - 10
    subscription, _ = rig.subscribe(question(), question("UE_MOBILITY", 1, window=window))
    assert subscription.body.failed == (Failed("UE_MOBILITY", failure),)


def test_what_was_needed_before_now_comes_too_late(rig: AnalyticsRig) -> None:
    late = question("UE_MOBILITY", 1, needed_by_s=NOW_S - 1)
    subscription, _ = rig.subscribe(question(), late)
    why = Failure.UNSATISFIED_REQUESTED_ANALYTICS_TIME
    assert subscription.body.failed == (Failed("UE_MOBILITY", why),)


def test_what_can_no_longer_be_reported_is_told_each_period(rig: AnalyticsRig) -> None:
    rig.subscribe(question(), question("UE_MOBILITY", 1), reporting=EVERY_TEN)
    rig.network.members = rig.network.members[1:]
    rig.pass_s(10)
    [content] = rig.told()
    assert content.answers == ()
    assert [one.failure for one in content.failed] == [Failure.UNAVAILABLE_DATA] * 2
    assert len(rig.mine()) == 1


@pytest.mark.parametrize("asked", [below(5), question()])
def test_that_an_answer_ends_is_told_once_and_again_when_it_has_come_back(
    rig: AnalyticsRig, asked: Question
) -> None:
    rig.subscribe(asked)
    members = rig.network.members
    for _ in range(2):
        rig.network.members = members[1:]
        for _ in range(3):
            rig.pass_s(10)
        rig.network.members = members
        rig.pass_s(10)
    failures = [one for content in rig.told() for one in content.failed]
    assert failures == [Failed("DN_PERFORMANCE", Failure.UNAVAILABLE_DATA)] * 2


def test_what_failed_from_the_beginning_is_told_in_the_answer_alone(rig: AnalyticsRig) -> None:
    late = question("UE_MOBILITY", 1, needed_by_s=NOW_S - 1)
    made, _ = rig.subscribe(question(), late)
    assert len(made.body.failed) == 1
    rig.pass_s(10)
    assert rig.told() == []


def test_a_crossing_while_there_was_no_answer_is_told_when_there_is_one(rig: AnalyticsRig) -> None:
    rig.subscribe(below(5))
    members, rig.network.members = rig.network.members, rig.network.members[1:]
    rig.pass_s(1)
    rig.rate(2)
    rig.network.members = members
    rig.pass_s(1)
    assert rig.rates() == [2]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"destination": "mailto:somebody"}, "/notifUri"),
        ({"questions": (question(target=Target()),)}, "/analyEventsSubs/0/tgtUe"),
    ],
)
def test_what_makes_no_sense_is_refused_and_not_kept(
    rig: AnalyticsRig, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        rig.subscribe(**changes)
    assert [param.pointer for param in caught.value.params] == [pointer]
    assert rig.mine() == []


@pytest.mark.parametrize(
    ("target", "name", "who"),
    [
        (Target(gpsi="msisdn-9"), "gpsi", "UE msisdn-9"),
        (Target(group="g"), "exterGroupId", "group g"),
    ],
)
def test_who_is_not_known_is_not_found(
    rig: AnalyticsRig, target: Target, name: str, who: str
) -> None:
    with pytest.raises(UeNotFound) as caught:
        rig.subscribe(question(target=target))
    assert caught.value.param.pointer == f"/analyEventsSubs/0/tgtUe/{name}"
    assert str(caught.value).startswith(f"this network has no {who}; nef s")


# --- one of an AF's own ---


def test_another_af_has_no_part_in_it(rig: AnalyticsRig) -> None:
    subscription, _ = rig.subscribe()
    with pytest.raises(NotFound):
        rig.service.read("thief", subscription.id)
    with pytest.raises(NotFound):
        rig.service.replace("thief", subscription.id, request(destination=THERE))
    with pytest.raises(NotFound):
        rig.service.delete("thief", subscription.id)
    assert rig.service.of_af("thief") == []
    assert rig.service.read("af", subscription.id) == subscription


def test_a_test_notification_comes_before_everything(rig: AnalyticsRig) -> None:
    rig.subscribe(test_notification=True, reporting=ONCE)
    rig.pass_s(1)
    with rig.storage.reading() as work:
        rows = [row.notification.content for row in reversed(work.outbox.find(None, None, 9))]
    assert rows[0] == Trial(Api.ANALYTICS)
    assert len(rows) == 2


def test_after_its_deletion_nothing_is_told(rig: AnalyticsRig) -> None:
    subscription, _ = rig.subscribe(below(5))
    rig.rate(1)
    rig.pass_s(1)
    assert len(rig.told()) == 1
    rig.service.delete("af", subscription.id)
    rig.rate(9)
    rig.pass_s(1)
    assert rig.told() == [], "not even what waited"
    with pytest.raises(NotFound):
        rig.service.delete("af", subscription.id)


def test_a_replacement_begins_anew_and_takes_what_waits_along(rig: AnalyticsRig) -> None:
    subscription, _ = rig.subscribe(below(5))
    rig.rate(1)
    rig.pass_s(1)
    changed, _ = rig.service.replace(
        "af", subscription.id, request(below(3), destination=THERE, notification_id="n-2")
    )
    assert (changed.id, changed.body.reported.count) == (subscription.id, 0)
    rig.pass_s(1)
    rig.rate(4)
    rig.pass_s(1)
    assert [content.notification_id for content in rig.told()] == ["n-1", "n-2"]
    with rig.storage.reading() as work:
        rows = work.outbox.find(None, None, 9)
    assert {row.notification.destination for row in rows} == {THERE}


def test_a_replacement_that_is_refused_leaves_the_old_one(rig: AnalyticsRig) -> None:
    subscription, _ = rig.subscribe(below(5))
    with pytest.raises(InvalidRequest):
        rig.service.replace("af", subscription.id, request(question(target=Target())))
    assert rig.service.read("af", subscription.id) == subscription


# --- fetches ---


def test_a_fetch_keeps_nothing(rig: AnalyticsRig) -> None:
    answer = rig.service.fetch(question())
    assert answer is not None
    assert answer.made_at_s == NOW_S
    assert rig.mine() == []


def test_a_fetch_of_what_is_not_known_has_no_answer(rig: AnalyticsRig) -> None:
    rig.network.seen_from_s = NOW_S - 10
    assert rig.service.fetch(question(window=Window(NOW_S - 50, NOW_S - 40))) is None


def test_a_fetch_of_past_and_future_is_refused(rig: AnalyticsRig) -> None:
    with pytest.raises(InvalidRequest):
        rig.service.fetch(question(window=Window(NOW_S - 50, NOW_S + 40)))
