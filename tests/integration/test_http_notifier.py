"""Notifications over a real socket."""

import threading
from collections.abc import Iterator

import pytest

from builders.receivers import Receiver, dripping, receiving
from nef.domain.destinations import TO_THIS_MACHINE
from nef.domain.events import EventReport, UserPlaneEvent
from nef.domain.notifications import Delivery, DeliveryState, Notification, SessionEvents
from nef.notifications import http
from nef.notifications.http import HttpNotifier
from nef.ports.notifier import DeliveryFailed


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def delivery(url: str) -> Delivery:
    report = EventReport(UserPlaneEvent.QOS_GUARANTEED, 0, (1,))
    note = Notification("s1", "af", url, SessionEvents((report,)), 0.0)
    return Delivery(17, note, DeliveryState.PENDING, 0, 0.0, 0.0)


@pytest.fixture
def notifier(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpNotifier]:
    monkeypatch.setattr(http, "TOTAL_S", 60.0)  # however busy the machine is
    notifier = HttpNotifier("http://nef", connections=2, policy=TO_THIS_MACHINE)
    yield notifier
    notifier.close()


def test_a_notification_arrives_as_json_with_its_id(
    notifier: HttpNotifier, receiver: Receiver
) -> None:
    notifier.send(delivery(receiver.url))
    ((path, headers, body),) = receiver.requests
    assert path == "/events"
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Notification-Id"] == "17"
    assert body["eventReports"] == [{"event": "QOS_GUARANTEED", "flowIds": [1]}]


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_an_error_of_the_receiver_is_a_failure_that_names_it(
    notifier: HttpNotifier, receiver: Receiver, status: int
) -> None:
    receiver.status = status
    with pytest.raises(DeliveryFailed, match=str(status)):
        notifier.send(delivery(receiver.url))


@pytest.mark.parametrize(("said", "asked_s"), [("7", 7.0), (None, 0.0), ("soon", 0.0), ("-1", 0.0)])
def test_a_receiver_that_is_busy_says_how_long_it_wants_to_be_left_alone(
    notifier: HttpNotifier, receiver: Receiver, said: str | None, asked_s: float
) -> None:
    receiver.status, receiver.retry_after = 429, said
    with pytest.raises(DeliveryFailed, match="429") as failed:
        notifier.send(delivery(receiver.url))
    assert failed.value.asked_s == asked_s


def test_a_redirect_is_not_followed(notifier: HttpNotifier, receiver: Receiver) -> None:
    receiver.status, receiver.location = 307, receiver.url + "/elsewhere"
    with pytest.raises(DeliveryFailed, match="307"):
        notifier.send(delivery(receiver.url))
    assert [path for path, _, _ in receiver.requests] == ["/events"]


def test_nobody_there_is_a_failure_that_says_so(notifier: HttpNotifier) -> None:
    with pytest.raises(DeliveryFailed, match=r"^nobody listens at 127\.0\.0\.1:9$"):
        notifier.send(delivery("http://127.0.0.1:9/events"))


def test_a_proxy_of_the_environment_is_not_used(
    notifier: HttpNotifier, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    notifier.send(delivery(receiver.url))
    assert len(receiver.requests) == 1


def test_a_receiver_that_always_says_a_little_more_has_no_more_time_than_others(
    notifier: HttpNotifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TOTAL_S", 0.3)
    # Each piece comes soon, and all of them are an answer that would do.
    answer = [b"HTTP/1.1 204 No Content\r\nX-A: ", *[b"a"] * 10, b"\r\n\r\n"]
    with (
        dripping(answer, 0.1) as url,
        pytest.raises(DeliveryFailed, match=r"no answer within 0\.3 s"),
    ):
        notifier.send(delivery(url))


def test_of_an_answer_only_the_status_is_waited_for(notifier: HttpNotifier) -> None:
    sent = threading.Event()

    def answer() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        sent.wait(2 * http.TOTAL_S)
        yield b"a"

    with dripping(answer(), 0.0) as url:
        notifier.send(delivery(url))
        sent.set()


def test_an_answer_that_is_all_header_is_a_failure(notifier: HttpNotifier) -> None:
    with (
        dripping([b"HTTP/1.1 204 No Content\r\n", b"X: " + b"a" * 1_000_000], 0.0) as url,
        pytest.raises(DeliveryFailed),
    ):
        notifier.send(delivery(url))


def test_one_connection_serves_several_notifications(
    notifier: HttpNotifier, receiver: Receiver
) -> None:
    for _ in range(3):
        notifier.send(delivery(receiver.url))
    assert len(receiver.callers) == 1


def test_a_cookie_of_a_receiver_is_not_kept(notifier: HttpNotifier, receiver: Receiver) -> None:
    receiver.cookie = "a=b"
    for _ in range(2):
        notifier.send(delivery(receiver.url))
    assert not any("Cookie" in headers for _, headers, _ in receiver.requests)


def test_after_a_close_a_notification_still_arrives(
    notifier: HttpNotifier, receiver: Receiver
) -> None:
    for _ in range(2):
        notifier.send(delivery(receiver.url))
        notifier.close()
    assert len(receiver.requests) == 2
