"""The service of analytics with a network, a store and a clock in the hands of the test."""

import itertools
from dataclasses import replace
from typing import Any

from fakes.clock import FakeClock
from fakes.information import FakeInformation
from fakes.storage import MemoryStorage
from nef.domain.analytics import (
    AnalyticsEvent,
    AnalyticsRequest,
    AnalyticsSubscription,
    Measure,
    Question,
    Target,
    Threshold,
)
from nef.domain.destinations import TO_THIS_MACHINE
from nef.domain.findings import Answer, DnPerformance
from nef.domain.notifications import AnalyticsEvents
from nef.domain.reporting import Direction, Method, Reporting
from nef.domain.subscriptions import Api, Subscription
from nef.services.analytics import Analyst, AnalyticsService, AnalyticsWatch
from nef.services.subscriptions import SubscriptionService

NOW_S = 1000.0
MBPS = 10**6
HERE, THERE = "http://127.0.0.1:9/here", "http://127.0.0.1:9/there"
UE = Target(gpsi="msisdn-1")


def question(event: str = "DN_PERFORMANCE", number: int = 0, **changes: Any) -> Question:
    """A question about `UE`."""
    made = Question(AnalyticsEvent(event), f"/analyEventsSubs/{number}", target=UE)
    return replace(made, **changes)


def below(mbps: float, direction: Direction = Direction.CROSSED, **changes: Any) -> Question:
    """Asks when the mean rate crosses a threshold."""
    thresholds = (Threshold(Measure.MEAN_RATE, mbps * MBPS),)
    return question(thresholds=thresholds, direction=direction, **changes)


def request(*questions: Question, **changes: Any) -> AnalyticsRequest:
    """What an AF subscribes to; how it is reported is among the changes."""
    made = AnalyticsRequest(HERE, "n-1", questions or (question(),))
    return replace(made, **changes)


ONCE, AT_ONCE = Reporting(Method.ONE_TIME), Reporting(Method.ONE_TIME, immediate=True)
EVERY_TEN = Reporting(Method.PERIODIC, period_s=10.0)


class AnalyticsRig:
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
