"""What an AF is told of analytics: at once, each period, once a crossing, and no more than that."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from fakes.clock import FakeClock
from fakes.information import FakeInformation
from fakes.storage import MemoryStorage
from nef.domain.analytics import (
    AnalyticsEvent,
    AnalyticsRequest,
    AnalyticsSubscription,
    Failed,
    Failure,
    Measure,
    Question,
    Target,
    Threshold,
    Volume,
    Window,
)
from nef.domain.destinations import TO_THIS_MACHINE
from nef.domain.errors import InvalidRequest, NotFound, UeNotFound
from nef.domain.findings import Answer, DnPerformance
from nef.domain.notifications import AnalyticsEvents, Trial
from nef.domain.reporting import Direction, Method, Reporting
from nef.domain.subscriptions import Api, Subscription
from nef.services.analytics import Analyst, AnalyticsService, AnalyticsWatch
from nef.services.subscriptions import SubscriptionService

NOW_S = 1000.0
MBPS = 10**6
HERE, THERE = "http://127.0.0.1:9/here", "http://127.0.0.1:9/there"
UE = Target(gpsi="msisdn-1")


def question(event: str = "DN_PERFORMANCE", number: int = 0, **changes: Any) -> Question:
    made = Question(AnalyticsEvent(event), f"/analyEventsSubs/{number}", target=UE)
    return replace(made, **changes)


def below(mbps: float, direction: Direction = Direction.CROSSED, **changes: Any) -> Question:
    """Asks when the mean rate crosses a threshold."""
    thresholds = (Threshold(Measure.MEAN_RATE, mbps * MBPS),)
    return question(thresholds=thresholds, direction=direction, **changes)


def request(*questions: Question, **changes: Any) -> AnalyticsRequest:
    made = AnalyticsRequest(HERE, "n-1", questions or (question(),))
    return replace(made, **changes)


ONCE, AT_ONCE = Reporting(Method.ONE_TIME), Reporting(Method.ONE_TIME, immediate=True)
EVERY_TEN = Reporting(Method.PERIODIC, period_s=10.0)


class Rig:
    """The service with its network, store and clock in the hands of the test."""

    def __init__(self) -> None:
        self.network = FakeInformation()
        self.storage = MemoryStorage()
        self.clock = FakeClock(NOW_S)
        ids = itertools.count(1)
        analyst = Analyst(self.network)
        self.subscriptions = SubscriptionService(
            self.storage,
            self.clock,
            {Api.ANALYTICS: AnalyticsWatch(analyst)},
            lambda: f"s{next(ids)}",
            lambda: None,
            itertools.count().__next__,
        )
        self.service = AnalyticsService(analyst, self.clock, self.subscriptions, TO_THIS_MACHINE)

    def subscribe(
        self, *questions: Question, **changes: Any
    ) -> tuple[Subscription[AnalyticsSubscription], tuple[Answer, ...]]:
        return self.service.subscribe("af", request(*questions, **changes))

    def rate(self, mbps: float, ue_id: str = "ue-1") -> None:
        """From now on a UE could get this."""
        steps = self.network.rates_bps.setdefault(ue_id, [(0.0, 10 * MBPS)])
        steps.append((self.clock.time_s, round(mbps * MBPS)))

    def pass_s(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.subscriptions.tick()

    def told(self) -> list[AnalyticsEvents]:
        with self.storage.reading() as work:
            rows = reversed(work.outbox.find(None, None, 1000))
        contents = [row.notification.content for row in rows]
        return [one for one in contents if isinstance(one, AnalyticsEvents)]

    def rates(self) -> list[float]:
        """The mean rates that were told, in Mbit/s."""
        return [
            found.mean_rate.bps / MBPS
            for content in self.told()
            for answer in content.answers
            for found in answer.findings
            if isinstance(found, DnPerformance)
        ]

    def mine(self) -> list[Subscription[AnalyticsSubscription]]:
        return list(self.service.of_af("af"))


@pytest.fixture
def rig() -> Rig:
    return Rig()


# --- at once, once, and each period ---


def test_an_immediate_report_comes_with_the_subscription(rig: Rig) -> None:
    _, answers = rig.subscribe(reporting=Reporting(immediate=True))
    assert [answer.event for answer in answers] == [AnalyticsEvent.DN_PERFORMANCE]
    rig.pass_s(5)
    assert rig.told() == [], "it was told already"


def test_without_an_immediate_report_nothing_is_told_before_something_happens(rig: Rig) -> None:
    _, answers = rig.subscribe()
    assert answers == ()
    rig.pass_s(5)
    assert rig.told() == []


def test_once_and_immediately_leaves_nothing_behind(rig: Rig) -> None:
    subscription, answers = rig.subscribe(reporting=AT_ONCE)
    assert len(answers) == 1
    assert subscription.id
    assert rig.mine() == []
    rig.pass_s(5)
    assert rig.told() == []


def test_once_is_told_at_the_next_tick_and_then_it_is_over(rig: Rig) -> None:
    rig.subscribe(reporting=ONCE)
    assert len(rig.mine()) == 1
    for _ in range(3):
        rig.pass_s(0.1)
    assert len(rig.told()) == 1
    assert rig.mine() == []


def test_each_period_is_reported_however_late_the_ticks_come(rig: Rig) -> None:
    rig.subscribe(reporting=EVERY_TEN)
    times: list[float] = []
    for _ in range(105):
        rig.pass_s(0.97)
        if len(rig.told()) > len(times):
            times.append(rig.clock.time_s - NOW_S)
    assert [int(time_s // 10) for time_s in times] == list(range(1, 11))
    assert all(time_s % 10 < 0.97 + 1e-6 for time_s in times)


def test_an_immediate_report_is_one_of_those_that_may_come(rig: Rig) -> None:
    rig.subscribe(reporting=replace(EVERY_TEN, immediate=True, max_reports=3))
    for _ in range(10):
        rig.pass_s(10)
    assert len(rig.told()) == 2
    assert rig.mine() == []


def test_after_the_monitoring_duration_nothing_is_told_and_nothing_kept(rig: Rig) -> None:
    rig.subscribe(reporting=replace(EVERY_TEN, until_s=NOW_S + 25))
    rig.subscribe(reporting=Reporting(until_s=NOW_S + 25))
    for _ in range(5):
        rig.pass_s(10)
    assert len(rig.told()) == 2
    assert rig.mine() == []


def test_a_duration_that_is_over_already_is_refused(rig: Rig) -> None:
    with pytest.raises(InvalidRequest) as caught:
        rig.subscribe(reporting=Reporting(until_s=NOW_S))
    assert [param.pointer for param in caught.value.params] == ["/analyRepInfo/monDur"]
    assert rig.mine() == []


# --- thresholds ---

ROUND_TRIP = (10, 8, 3, 2, 3, 8, 9, 4, 10)  # twice below 5 and up again


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        (Direction.CROSSED, [3, 8, 4, 10]),
        (Direction.DESCENDING, [3, 4]),
        (Direction.ASCENDING, [8, 10]),
    ],
)
def test_each_crossing_is_told_once_and_in_order(
    rig: Rig, direction: Direction, expected: list[float]
) -> None:
    rig.subscribe(below(5, direction))
    for mbps in ROUND_TRIP:
        rig.rate(mbps)
        rig.pass_s(0.1)
        rig.pass_s(0.1)
    assert rig.rates() == expected


def test_being_beyond_a_threshold_at_the_start_is_no_crossing(rig: Rig) -> None:
    rig.rate(1)
    rig.subscribe(below(5))
    rig.pass_s(1)
    assert rig.told() == []
    rig.rate(6)
    rig.pass_s(1)
    assert rig.rates() == [6]


def test_the_value_itself_is_above_its_threshold(rig: Rig) -> None:
    rig.subscribe(below(5))
    for mbps in (5, 4.999999, 5):
        rig.rate(mbps)
        rig.pass_s(1)
    assert rig.rates() == [4.999999, 5]


def test_crossings_of_one_second_are_all_told(rig: Rig) -> None:
    rig.subscribe(below(5))
    for mbps in (1, 9, 1, 9):
        rig.rate(mbps)
        rig.pass_s(0.1)
    assert rig.rates() == [1, 9, 1, 9]


def test_thresholds_a_bit_apart_are_crossed_one_by_one(rig: Rig) -> None:
    rates = (7_654_321, 7_654_322)
    thresholds = tuple(Threshold(Measure.MEAN_RATE, rate) for rate in rates)
    rig.subscribe(question(thresholds=thresholds))
    for bps in (7_654_321, 7_654_320):
        rig.rate(bps / MBPS)
        rig.pass_s(1)
    assert len(rig.told()) == 2


def test_each_volume_has_thresholds_of_its_own(rig: Rig) -> None:
    small, large = Volume(1_250_000), Volume(12_500_000)  # 1 s and 10 s at 10 Mbit/s
    thresholds = (
        Threshold(Measure.TRANSFER_TIME, 2_000, small),
        Threshold(Measure.TRANSFER_TIME, 15_000, large),
    )
    rig.subscribe(
        question("E2E_DATA_VOL_TRANS_TIME", volumes=(small, large), thresholds=thresholds)
    )
    crossed = []
    for mbps in (9, 6, 4, 6, 10):  # 1.1 and 11 s, 1.7 and 17 s, 2.5 and 25 s, and back
        rig.rate(mbps)
        rig.pass_s(1)
        crossed.append(len(rig.told()))
    assert crossed == [0, 1, 2, 3, 4]


def test_a_transfer_that_will_never_end_is_beyond_every_threshold(rig: Rig) -> None:
    model = Volume(1_250_000)
    asked = question(
        "E2E_DATA_VOL_TRANS_TIME",
        volumes=(model,),
        thresholds=(Threshold(Measure.TRANSFER_TIME, 2_000, model),),
        direction=Direction.ASCENDING,
    )
    rig.subscribe(asked)
    rig.rate(0)
    rig.pass_s(1)
    [content] = rig.told()
    assert content.answers[0].findings == (), "there is no time to tell"
    rig.rate(10)
    rig.pass_s(1)
    rig.rate(0)
    rig.pass_s(1)
    assert len(rig.told()) == 2


def test_a_crossing_is_told_of_the_event_that_crossed_alone(rig: Rig) -> None:
    rig.subscribe(below(5), question("CONGESTION", 1))
    rig.rate(1)
    rig.pass_s(1)
    [content] = rig.told()
    assert [answer.event for answer in content.answers] == [AnalyticsEvent.DN_PERFORMANCE]


# --- changes ---


def test_without_a_threshold_every_change_is_told_but_one_a_second_at_the_most(rig: Rig) -> None:
    rig.subscribe()
    for n in range(1, 31):
        rig.rate(20 - n / 2)
        rig.pass_s(0.1)
    assert len(rig.told()) == 3
    rig.pass_s(1)
    assert rig.rates()[-1] == 5, "the last one is not forgotten"
    assert len(rig.told()) == 4
    rig.pass_s(1)
    assert len(rig.told()) == 4


def test_a_change_back_before_it_was_told_is_none(rig: Rig) -> None:
    rig.subscribe()
    rig.rate(9)
    rig.pass_s(0.1)
    rig.rate(8)
    rig.pass_s(0.1)
    rig.rate(9)
    rig.pass_s(1)
    assert rig.rates() == [9]


def test_a_change_that_had_to_wait_is_told_although_another_event_came_first(rig: Rig) -> None:
    rig.subscribe(below(5), question("CONGESTION", 1))
    rig.network.held["cell-1"] = [(0.0, 0), (NOW_S, 40)]
    rig.pass_s(0.1)  # the change of congestion, at once
    rig.network.held["cell-1"].append((rig.clock.time_s, 70))
    rig.rate(1)
    rig.pass_s(0.1)  # the crossing; the change has to wait
    events = [answer.event.value for one in rig.told() for answer in one.answers]
    assert events == ["CONGESTION", "DN_PERFORMANCE"]
    rig.pass_s(1)
    events = [answer.event.value for one in rig.told() for answer in one.answers]
    assert events == ["CONGESTION", "DN_PERFORMANCE", "CONGESTION"]


# --- failures ---


def test_what_is_not_offered_fails_beside_what_is(rig: Rig) -> None:
    subscription, answers = rig.subscribe(
        unsupported=("WLAN_PERFORMANCE",), reporting=Reporting(immediate=True)
    )
    assert subscription.body.failed == (Failed("WLAN_PERFORMANCE", Failure.OTHER),)
    assert len(answers) == 1
    assert rig.mine()[0].body.failed == subscription.body.failed


def test_where_nothing_can_be_reported_the_request_is_refused(rig: Rig) -> None:
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
def test_an_event_without_an_answer_says_why(rig: Rig, window: Window, failure: Failure) -> None:
    rig.network.seen_from_s = NOW_S - 10
    subscription, _ = rig.subscribe(question(), question("UE_MOBILITY", 1, window=window))
    assert subscription.body.failed == (Failed("UE_MOBILITY", failure),)


def test_what_was_needed_before_now_comes_too_late(rig: Rig) -> None:
    late = question("UE_MOBILITY", 1, needed_by_s=NOW_S - 1)
    subscription, _ = rig.subscribe(question(), late)
    why = Failure.UNSATISFIED_REQUESTED_ANALYTICS_TIME
    assert subscription.body.failed == (Failed("UE_MOBILITY", why),)


def test_what_can_no_longer_be_reported_is_told_each_period(rig: Rig) -> None:
    rig.subscribe(question(), question("UE_MOBILITY", 1), reporting=EVERY_TEN)
    rig.network.members = rig.network.members[1:]
    rig.pass_s(10)
    [content] = rig.told()
    assert content.answers == ()
    assert [one.failure for one in content.failed] == [Failure.UNAVAILABLE_DATA] * 2
    assert len(rig.mine()) == 1


@pytest.mark.parametrize("asked", [below(5), question()])
def test_that_an_answer_ends_is_told_once_and_again_when_it_has_come_back(
    rig: Rig, asked: Question
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


def test_what_failed_from_the_beginning_is_told_in_the_answer_alone(rig: Rig) -> None:
    late = question("UE_MOBILITY", 1, needed_by_s=NOW_S - 1)
    made, _ = rig.subscribe(question(), late)
    assert len(made.body.failed) == 1
    rig.pass_s(10)
    assert rig.told() == []


def test_a_crossing_while_there_was_no_answer_is_told_when_there_is_one(rig: Rig) -> None:
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
    rig: Rig, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        rig.subscribe(**changes)
    assert [param.pointer for param in caught.value.params] == [pointer]
    assert rig.mine() == []


@pytest.mark.parametrize(
    ("target", "name"), [(Target(gpsi="msisdn-9"), "gpsi"), (Target(group="g"), "exterGroupId")]
)
def test_who_is_not_known_is_not_found(rig: Rig, target: Target, name: str) -> None:
    with pytest.raises(UeNotFound) as caught:
        rig.subscribe(question(target=target))
    assert caught.value.param.pointer == f"/analyEventsSubs/0/tgtUe/{name}"


# --- one of an AF's own ---


def test_another_af_has_no_part_in_it(rig: Rig) -> None:
    subscription, _ = rig.subscribe()
    with pytest.raises(NotFound):
        rig.service.read("thief", subscription.id)
    with pytest.raises(NotFound):
        rig.service.replace("thief", subscription.id, request(destination=THERE))
    with pytest.raises(NotFound):
        rig.service.delete("thief", subscription.id)
    assert rig.service.of_af("thief") == []
    assert rig.service.read("af", subscription.id) == subscription


def test_a_test_notification_comes_before_everything(rig: Rig) -> None:
    rig.subscribe(test_notification=True, reporting=ONCE)
    rig.pass_s(1)
    with rig.storage.reading() as work:
        rows = [row.notification.content for row in reversed(work.outbox.find(None, None, 9))]
    assert rows[0] == Trial(Api.ANALYTICS)
    assert len(rows) == 2


def test_after_its_deletion_nothing_is_told(rig: Rig) -> None:
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


def test_a_replacement_begins_anew_and_takes_what_waits_along(rig: Rig) -> None:
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


def test_a_replacement_that_is_refused_leaves_the_old_one(rig: Rig) -> None:
    subscription, _ = rig.subscribe(below(5))
    with pytest.raises(InvalidRequest):
        rig.service.replace("af", subscription.id, request(question(target=Target())))
    assert rig.service.read("af", subscription.id) == subscription


# --- fetches ---


def test_a_fetch_keeps_nothing(rig: Rig) -> None:
    answer = rig.service.fetch(question())
    assert answer is not None
    assert answer.made_at_s == NOW_S
    assert rig.mine() == []


def test_a_fetch_of_what_is_not_known_has_no_answer(rig: Rig) -> None:
    rig.network.seen_from_s = NOW_S - 10
    assert rig.service.fetch(question(window=Window(NOW_S - 50, NOW_S - 40))) is None


def test_a_fetch_of_past_and_future_is_refused(rig: Rig) -> None:
    with pytest.raises(InvalidRequest):
        rig.service.fetch(question(window=Window(NOW_S - 50, NOW_S + 40)))
