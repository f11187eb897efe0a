"""The service that tells of events of UEs, on a simulated network in manual time."""

import itertools
from typing import Any

from builders.simulations import Simulated
from fakes.storage import MemoryStorage
from nef.domain.destinations import TO_THIS_MACHINE
from nef.domain.errors import NotFound
from nef.domain.monitoring_events import UeEvent
from nef.domain.notifications import MonitoringEvents
from nef.domain.subscriptions import Api
from nef.network.simulator.scenario import shipped_document
from nef.schemas.monitoring_event_requests import request_of, revision_of
from nef.services.monitoring_events import Lookout, MonitoringService, MonitoringWatch
from nef.services.subscriptions import SubscriptionService


def scenario(**changes: Any) -> dict[str, Any]:
    """Steady, with ue-1 and ue-2 in a group, and ue-3 in a second cell."""
    document = shipped_document("steady")
    document["cells"].append({"id": "cell-2", "bandwidth_mhz": 20})
    document["ues"][2]["cell"] = "cell-2"
    document["groups"] = [{"id": "cars@example.com", "ues": ["ue-1", "ue-2"]}]
    return document | changes


class Rig:
    """The service on a network, in manual time."""

    def __init__(self, storage: MemoryStorage | None = None) -> None:
        self.network = Simulated(scenario())
        self.storage = storage or MemoryStorage()
        lookout = Lookout(self.network.information)
        ids = itertools.count(1)
        self.subscriptions = SubscriptionService(
            self.storage,
            self.network.clock,
            {Api.MONITORING: MonitoringWatch(lookout)},
            lambda: f"s{next(ids)}",
            lambda: None,
            self.network.revision,
        )
        self.service = MonitoringService(
            lookout, self.network.clock, self.subscriptions, TO_THIS_MACHINE
        )

    def add(self, document: dict[str, Any]) -> tuple[str, list[str]]:
        """The id of what is kept, empty where nothing is, and what was told in the answer."""
        kept, told = self.service.subscribe("af", request_of(document))
        return kept.id if kept else "", names(told)

    def put(self, document: dict[str, Any], name: str = "s1") -> list[str]:
        return names(self.service.replace("af", name, request_of(document))[1])

    def patch(self, path: str, *values: str) -> None:
        operation = {"op": "add", "path": path, "value": list(values)}
        self.service.modify("af", "s1", revision_of([operation]))

    def step(self, seconds: float = 1.0) -> None:
        self.network.step(seconds)
        self.subscriptions.tick()

    def attach(self, ue_id: str, attached: bool, seconds: float = 1.0) -> None:
        self.network.attach(ue_id, attached, self.network.now_s)
        self.step(seconds)

    def notifications(self) -> list[Any]:
        with self.storage.reading() as work:
            rows = work.outbox.find(None, None, 1000)
        return [row.notification.content for row in reversed(rows)]

    @property
    def told(self) -> list[list[str]]:
        found = (c for c in self.notifications() if isinstance(c, MonitoringEvents))
        return [names(content.events) for content in found]

    def ended(self, name: str = "s1") -> bool:
        try:
            self.service.read("af", name)
        except NotFound:
            return True
        return False


def names(events: tuple[UeEvent, ...]) -> list[str]:
    return [event.type.value for event in events]
