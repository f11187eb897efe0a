"""The service of sessions with everything around it in the hands of the test."""

import itertools

from fakes.clock import FakeClock
from fakes.metering import FakeMetering
from fakes.scripted_network import ScriptedNetwork
from fakes.storage import MemoryStorage
from nef.config import load_catalogue
from nef.domain.destinations import TO_THIS_MACHINE
from nef.domain.notifications import SessionEvents
from nef.domain.sessions import Session, SessionRequest
from nef.schemas.sessions import request_of
from nef.services.measuring import SessionMeasuring
from nef.services.sessions import SessionService

AF = "af"


class Rig:
    """A service, and what it stands on."""

    def __init__(self) -> None:
        self.network = ScriptedNetwork()
        self.storage = MemoryStorage()
        self.metering = FakeMetering()
        self.clock = FakeClock(1000.0)
        self.real = FakeClock()
        self.rung = 0
        ids = itertools.count(1)
        self.service = SessionService(
            storage=self.storage,
            network=self.network,
            measuring=SessionMeasuring(self.metering),
            clock=self.clock,
            real_s=self.real.now_s,
            catalogue=load_catalogue(None),
            callbacks=TO_THIS_MACHINE,
            new_id=lambda: f"s{next(ids)}",
            notify=self._ring,
        )

    def _ring(self) -> None:
        self.rung += 1

    def create(self, **changes: object) -> Session:
        return self.service.create(AF, asked(**changes))

    def stored(self, session_id: str = "s1") -> Session | None:
        with self.storage.reading() as work:
            return work.sessions.get(session_id)

    def told(self) -> list[tuple[str, str | None]]:
        """What the outbox holds, the oldest first."""
        with self.storage.reading() as work:
            rows = reversed(work.outbox.find(None, None, 100))
            return [
                (report.event.value, report.applied_reference)
                for row in rows
                if isinstance(row.notification.content, SessionEvents)
                for report in row.notification.content.reports
            ]


def asked(**changes: object) -> SessionRequest:
    """A request by name with two alternatives; an attribute set to None is left out."""
    document = {
        "notificationDestination": "http://127.0.0.1:9090/events",
        "ueIpv4Addr": "10.45.0.2",
        "exterAppId": "recogniser",
        "qosReference": "model-weights",
        "altQoSReferences": ["model-weights-medium", "model-weights-small"],
    } | changes
    return request_of({key: value for key, value in document.items() if value is not None})
