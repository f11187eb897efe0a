"""Every event reaches the AF over HTTP when the network gives cause for it, and only then."""

from collections.abc import Iterator

import pytest
import requests

from builders.contracts import breaches
from builders.receivers import Receiver, receiving
from builders.service import AF, by_value, component, subscription
from builders.waiting import until
from nef.testing import RunningNef

# The demo's radio: good until 8 s, medium until 14 s, bad until 20 s, medium until 24 s, then good.
CONTRACT = "as-session-with-qos.yaml"
LADDER = (("medium", "8 Mbps"), ("small", "600 Kbps"))


pytestmark = pytest.mark.nef(scenario="fading-ue")


@pytest.fixture
def af() -> Iterator[Receiver]:
    """Of whatever it is sent, all keeps the contract."""
    with receiving() as receiver:
        yield receiver
    for _, _, body in receiver.requests:
        if "eventReports" in body:
            assert breaches(CONTRACT, "UserPlaneNotificationData", body) == []


def session(nef: RunningNef, af: Receiver, rate: str = "60 Mbps", **changes: object) -> str:
    body = by_value(component(2, rate, *LADDER), notificationDestination=af.url, **changes)
    response = requests.post(nef.url + AF, json=body, timeout=60)
    assert response.status_code == 201, response.text
    link: str = response.json()["self"]
    return link


def heard(af: Receiver, count: int) -> list[tuple[str, str | None]]:
    assert af.until(lambda: len(af.reports()) >= count), af.reports()
    return [(report["event"], report.get("appliedQosRef")) for report in af.reports()]


def test_an_allocation_is_told_with_the_flows_it_is_about(nef: RunningNef, af: Receiver) -> None:
    link = session(nef, af)
    heard(af, 1)
    _, headers, body = af.requests[0]
    assert headers["Content-Type"] == "application/json"
    assert body == {
        "transaction": link,
        "eventReports": [
            {
                "event": "SUCCESSFUL_RESOURCES_ALLOCATION",
                "multiModFlows": [{"medCompN": 2, "flowIds": [2]}],
            }
        ],
    }


def test_the_af_follows_the_radio_down_the_ladder_and_up_again(
    nef: RunningNef, af: Receiver
) -> None:
    session(nef, af)
    for seconds in (10, 6, 5, 5):  # into each phase of the radio
        nef.step(seconds)
    assert heard(af, 5) == [
        ("SUCCESSFUL_RESOURCES_ALLOCATION", None),
        ("QOS_NOT_GUARANTEED", "medium"),
        ("QOS_NOT_GUARANTEED", "small"),
        ("QOS_NOT_GUARANTEED", "medium"),
        ("QOS_GUARANTEED", None),
    ]


def test_what_fits_only_as_an_alternative_is_admitted_as_one(nef: RunningNef, af: Receiver) -> None:
    nef.step(16)
    session(nef, af)
    assert heard(af, 1) == [("SUCCESSFUL_RESOURCES_ALLOCATION", "small")]


def test_no_coverage_fails_the_allocation_and_coverage_brings_it(
    nef: RunningNef, af: Receiver
) -> None:
    nef.degrade("ue-1")
    session(nef, af)
    assert heard(af, 1) == [("FAILED_RESOURCES_ALLOCATION", None)]
    nef.recover("ue-1")
    assert heard(af, 2)[1] == ("SUCCESSFUL_RESOURCES_ALLOCATION", None)


def test_a_loss_of_all_coverage_guarantees_nothing(nef: RunningNef, af: Receiver) -> None:
    session(nef, af)
    nef.degrade("ue-1")
    assert heard(af, 2)[1] == ("QOS_NOT_GUARANTEED", None)


def test_the_end_of_the_duration_terminates_the_session(nef: RunningNef, af: Receiver) -> None:
    link = session(nef, af, qosDuration=3)
    nef.step(4)
    assert heard(af, 2)[1] == ("SESSION_TERMINATION", None)
    assert requests.get(link, timeout=60).status_code == 404


def test_a_ue_that_detaches_terminates_its_sessions(nef: RunningNef, af: Receiver) -> None:
    session(nef, af)
    nef.detach("ue-1")
    assert heard(af, 2)[1] == ("SESSION_TERMINATION", None)


def test_a_test_notification_comes_first_when_it_is_asked_for(
    nef: RunningNef, af: Receiver
) -> None:
    link = session(nef, af, requestTestNotification=True, supportedFeatures="2")
    heard(af, 1)
    assert af.requests[0][2] == {"subscription": link}


def test_nothing_is_said_after_a_delete(nef: RunningNef, af: Receiver) -> None:
    link = session(nef, af)
    heard(af, 1)
    assert requests.delete(link, timeout=60).status_code == 204
    nef.step(16)
    witness = session(nef, af)
    assert af.until(lambda: len(af.events(witness)) >= 1)
    assert af.events(link.rsplit("/", 1)[1]) == ["SUCCESSFUL_RESOURCES_ALLOCATION"]


def test_only_the_events_that_were_asked_for_are_sent(nef: RunningNef, af: Receiver) -> None:
    session(nef, af, events=["QOS_GUARANTEED"])
    for seconds in (10, 6, 5, 5):
        nef.step(seconds)
    assert heard(af, 1) == [("QOS_GUARANTEED", None)]


def test_a_created_session_does_not_wait_for_a_dead_receiver(nef: RunningNef) -> None:
    response = requests.post(nef.url + AF, json=subscription(), timeout=60)
    assert response.status_code == 201
    (note,) = nef.notified()
    assert note.subscription_id == response.json()["self"].rsplit("/", 1)[1]
    assert note.state == "pending"


def test_a_receiver_that_recovers_gets_what_it_missed(nef: RunningNef, af: Receiver) -> None:
    af.status = 503
    session(nef, af)
    assert af.until(lambda: len(af.requests) >= 1)
    af.status = 204
    assert af.until(lambda: len(af.requests) >= 2)
    ids = {headers["X-Notification-Id"] for _, headers, _ in af.requests}
    assert len(ids) == 1
    until(lambda: [note.state for note in nef.notified()] == ["delivered"])
