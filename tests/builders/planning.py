"""The service that plans transfers, on a network that stands as the test says."""

import itertools
from typing import Any

from builders.plans import asking
from fakes.clock import FakeClock
from fakes.information import FakeInformation
from fakes.storage import MemoryStorage
from nef.domain.destinations import TO_THIS_MACHINE
from nef.domain.notifications import PlanWarning
from nef.domain.plans import Plan, PlanChanges
from nef.domain.qos import Catalogue
from nef.domain.subscriptions import Api, Subscription
from nef.services.plans import Planner, PlanService, PlanWatch
from nef.services.subscriptions import SubscriptionService

#: A cell of 100 blocks, each 100 kbit/s for a UE: half of it is held but for two windows.
BUSY = [(0.0, 50), (20.0, 0), (60.0, 50), (70.0, 0)]
#: For the two UEs of the cell this takes 80 blocks.
QOS = {"gfbrDl": "4 Mbps"}
URL = "http://af.example/plans"


class Rig:
    """The service with its watch, in the seconds of the test."""

    def __init__(self) -> None:
        self.information = FakeInformation(held={"cell-1": list(BUSY)})
        self.storage, self.clock = MemoryStorage(), FakeClock(0.0)
        planner = Planner(self.information, self.storage)
        ids = itertools.count(1)
        self.subscriptions = SubscriptionService(
            self.storage,
            self.clock,
            {Api.TRANSFERS: PlanWatch(planner)},
            lambda: f"p{next(ids)}",
            lambda: None,
            lambda: 0,
        )
        catalogue = Catalogue(())
        self.service = PlanService(
            planner, self.clock, catalogue, self.subscriptions, TO_THIS_MACHINE
        )

    def ask(self, *windows: tuple[float, float], **changes: Any) -> Subscription[Plan]:
        request = asking(0.0, *windows, **{"qosParamSet": QOS} | changes)
        return self.service.create("af", request)

    def warned(self, *windows: tuple[float, float], **changes: Any) -> Subscription[Plan]:
        return self.ask(*windows, notificationDestination=URL, warnNotifEnabled=True, **changes)

    def choose(self, chosen: int, name: str = "p1") -> Subscription[Plan]:
        return self.service.modify("af", name, PlanChanges(selected=chosen))

    def step(self, seconds: float = 1.0) -> None:
        self.clock.advance(seconds)
        self.subscriptions.tick()

    def hold(self, *steps: tuple[float, int]) -> None:
        """Something that no forecast knew."""
        self.information.held["cell-1"] = list(steps)

    @property
    def plan(self) -> Plan:
        found: Plan = self.service.read("af", "p1").body
        return found

    @property
    def told(self) -> list[list[tuple[float, float]]]:
        """The windows of each warning, in order."""
        with self.storage.reading() as work:
            rows = list(work.outbox.find(None, None, 100))[::-1]
        contents = [row.notification.content for row in rows]
        assert all(isinstance(one, PlanWarning) for one in contents)
        return [windows(one.candidates) for one in contents if isinstance(one, PlanWarning)]

    def ended(self) -> bool:
        return list(self.service.of_af("af")) == []


def windows(candidates: Any) -> list[tuple[float, float]]:
    return [(one.window.from_s, one.window.until_s) for one in candidates]
