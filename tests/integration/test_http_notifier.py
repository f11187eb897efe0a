"""Notifications over a real socket."""

from collections.abc import Iterator

import pytest

from builders.receivers import Receiver, receiving
from nef.domain.events import EventReport, UserPlaneEvent
from nef.domain.notifications import Delivery, DeliveryState, Notification, SessionEvents
from nef.notifications.http import HttpNotifier
from nef.ports.notifier import DeliveryFailed


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def delivery(url: str) -> Delivery:
    report = EventReport(UserPlaneEvent.QOS_GUARANTEED, 0, (1,))
    note = Notification("s1", "af", url, SessionEvents((report,)), 0.0)
    return Delivery(17, note, DeliveryState.PENDING, 0, 0.0)


def notifier() -> HttpNotifier:
    return HttpNotifier("http://nef", connections=2)


def test_a_notification_arrives_as_json_with_its_id(receiver: Receiver) -> None:
    notifier().send(delivery(receiver.url))
    ((path, headers, body),) = receiver.requests
    assert path == "/events"
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Notification-Id"] == "17"
    assert body["eventReports"] == [{"event": "QOS_GUARANTEED", "flowIds": [1]}]


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_an_error_of_the_receiver_is_a_failure_that_names_it(
    receiver: Receiver, status: int
) -> None:
    receiver.status = status
    with pytest.raises(DeliveryFailed, match=str(status)):
        notifier().send(delivery(receiver.url))


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.status, receiver.location = 307, receiver.url + "/elsewhere"
    with pytest.raises(DeliveryFailed, match="307"):
        notifier().send(delivery(receiver.url))
    assert [path for path, _, _ in receiver.requests] == ["/events"]


def test_nobody_there_is_a_failure_that_says_so() -> None:
    with pytest.raises(DeliveryFailed, match="ConnectionError"):
        notifier().send(delivery("http://127.0.0.1:9/events"))


def test_a_proxy_of_the_environment_is_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    notifier().send(delivery(receiver.url))
    assert len(receiver.requests) == 1
