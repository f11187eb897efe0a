"""Sessions and notifications with everything they need, and what the test cares about."""

from dataclasses import replace
from typing import Any

from nef.config import load_catalogue
from nef.domain.demands import demands_of
from nef.domain.events import EventReport, UserPlaneEvent
from nef.domain.lifecycle import SessionState
from nef.domain.notifications import Notification, SessionEvents
from nef.domain.qos import FlowGrant
from nef.domain.sessions import Session, SessionRequest
from nef.schemas.sessions import request_of

RULE = "permit out 17 from 10.60.0.1 7000 to 10.45.0.2 7001"


#: Real time as stores of the tests have it.
REAL_S = 1000.0


def request(**changes: Any) -> SessionRequest:
    """A request by name; `changes` are 3GPP's attributes, None leaves one out."""
    document = {
        "notificationDestination": "http://127.0.0.1:9090/events",
        "ueIpv4Addr": "10.45.0.2",
        "flowInfo": [{"flowId": 1, "flowDescriptions": [RULE], "tosTC": "b8fc"}],
        "qosReference": "model-weights",
        "altQoSReferences": ["model-weights-small"],
    } | changes
    return request_of({key: value for key, value in document.items() if value is not None})


def session(session_id: str = "s1", asked: SessionRequest | None = None, **changes: Any) -> Session:
    """An active session; `changes` are its own fields."""
    asked = asked or request()
    demands = demands_of(asked, load_catalogue(None))
    made = Session(
        id=session_id,
        af_id="af",
        ue_id="ue-1",
        request=asked,
        demands=demands,
        created_at_s=100.0,
        admitted_at_s=100.0,
        state=SessionState.ACTIVE,
        grants=tuple(FlowGrant(d.component, 0, allocated=True) for d in demands),
        changed_at_s=100.0,
    )
    return replace(made, **changes)


def notification(
    subscription_id: str = "s1", *reports: EventReport, **changes: Any
) -> Notification:
    """Something to tell the AF of a session."""
    told = reports or (EventReport(UserPlaneEvent.QOS_GUARANTEED, 2, (1, 2), "small"),)
    content = SessionEvents(told)
    made = Notification(subscription_id, "af", "http://127.0.0.1:9090/events", content, 100.0)
    return replace(made, **changes)
