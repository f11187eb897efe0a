import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

import af_client.notifications
from af_client import Inbox, NoNotification, NotificationReceiver

SESSION = "http://nef.example/v1/af/subscriptions/s-1"
EVENT = {"transaction": SESSION, "eventReports": [{"event": "QOS_GUARANTEED"}]}


@pytest.fixture
def receiver() -> Iterator[NotificationReceiver]:
    with NotificationReceiver() as receiver:
        yield receiver


@pytest.fixture
def inbox(receiver: NotificationReceiver) -> Inbox:
    inbox = receiver.inbox()
    inbox.expect(SESSION)
    return inbox


@pytest.fixture
def post() -> Iterator[Callable[..., requests.Response]]:
    with requests.Session() as session:
        session.trust_env = False

        def post(url: str, document: Any, method: str = "POST", **headers: str) -> Any:
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            return session.request(method, url, data=body, headers=headers, timeout=60)

        yield post


Post = Callable[..., requests.Response]


def is_empty(inbox: Inbox) -> bool:
    try:
        inbox.get(0)
    except NoNotification:
        return True
    return False


def test_a_notification_of_a_known_session_arrives(inbox: Inbox, post: Post) -> None:
    answer = post(inbox.url, EVENT)
    assert (answer.status_code, answer.content) == (204, b"")
    assert inbox.get(0).reports[0].event == "QOS_GUARANTEED"


def test_a_test_notification_arrives(inbox: Inbox, post: Post) -> None:
    assert post(inbox.url, {"subscription": SESSION}).status_code == 204
    assert inbox.get(0).is_test


def test_a_repeated_delivery_arrives_once(inbox: Inbox, post: Post) -> None:
    for _ in range(2):
        assert post(inbox.url, EVENT, **{"X-Notification-Id": "d-1"}).status_code == 204
    assert inbox.get(0)
    assert is_empty(inbox)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_wrong_token_finds_nothing(inbox: Inbox, post: Post, method: str) -> None:
    answer = post(inbox.url[:-1], EVENT, method)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert is_empty(inbox)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_notifications_are_posted_and_nothing_else(inbox: Inbox, post: Post, method: str) -> None:
    answer = post(inbox.url, EVENT, method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert is_empty(inbox)


def test_a_notification_of_a_strange_session_finds_nothing(inbox: Inbox, post: Post) -> None:
    assert post(inbox.url, EVENT | {"transaction": SESSION + "x"}).status_code == 404
    assert is_empty(inbox)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_a_bad_request(inbox: Inbox, post: Post, body: bytes) -> None:
    answer = post(inbox.url, body)
    assert answer.status_code == 400
    assert answer.json()["status"] == 400
    assert is_empty(inbox)


@pytest.mark.parametrize(
    ("document", "param"),
    [
        ({"transaction": SESSION}, "/eventReports"),
        ({"transaction": SESSION, "eventReports": [{}]}, "/eventReports/0/event"),
        ([], ""),
    ],
)
def test_json_that_is_no_notification_is_told_what_is_wrong(
    inbox: Inbox, post: Post, document: Any, param: str
) -> None:
    answer = post(inbox.url, document)
    assert answer.status_code == 400
    assert [wrong["param"] for wrong in answer.json()["invalidParams"]] == [param]
    assert is_empty(inbox)


def test_a_body_beyond_a_megabyte_is_refused_unread(inbox: Inbox) -> None:
    with socket.create_connection(inbox_address(inbox), timeout=60) as connection:
        path = inbox.url.partition("://")[2].partition("/")[2]
        head = f"POST /{path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000001\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
    assert is_empty(inbox)


def test_a_body_of_a_megabyte_without_a_length_is_refused(inbox: Inbox) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(11):
            yield b" " * 100_000

    with requests.Session() as session:
        session.trust_env = False
        assert session.post(inbox.url, data=chunks(), timeout=60).status_code == 413


def test_a_full_inbox_asks_to_come_again(receiver: NotificationReceiver, post: Post) -> None:
    inbox = receiver.inbox(limit=1)
    inbox.expect(SESSION)
    assert post(inbox.url, EVENT).status_code == 204
    answer = post(inbox.url, EVENT)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_a_connection_that_says_nothing_is_closed(
    monkeypatch: pytest.MonkeyPatch, inbox: Inbox
) -> None:
    monkeypatch.setattr(af_client.notifications._Handler, "timeout", 0.05)
    with socket.create_connection(inbox_address(inbox), timeout=60) as connection:
        assert connection.recv(100) == b""


def test_each_inbox_has_a_url_of_its_own_that_cannot_be_guessed(
    receiver: NotificationReceiver,
) -> None:
    first, second = receiver.inbox().url, receiver.inbox().url
    assert first != second
    assert len(first.rsplit("/", 1)[1]) >= 32


def test_an_inbox_gets_nothing_of_its_neighbour(
    receiver: NotificationReceiver, inbox: Inbox, post: Post
) -> None:
    neighbour = receiver.inbox()
    neighbour.expect(SESSION)
    post(inbox.url, EVENT)
    assert is_empty(neighbour)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])  # noqa: S104 - it is refused
def test_who_listens_everywhere_says_where_the_nef_reaches_it(host: str) -> None:
    with pytest.raises(ValueError, match="is all addresses, and the NEF is told one"):
        NotificationReceiver(host)
    NotificationReceiver(host, public_url="http://af.example:8000")
    with pytest.raises(ValueError, match=r"'af\.example' is no URL"):
        NotificationReceiver(host, public_url="af.example")


def test_the_nef_is_told_the_public_url() -> None:
    with NotificationReceiver(public_url="https://af.example/hooks/") as receiver:
        assert receiver.inbox().url.startswith("https://af.example/hooks/notifications/")


def test_a_receiver_that_does_not_listen_has_no_url() -> None:
    with pytest.raises(RuntimeError, match="with NotificationReceiver"):
        _ = NotificationReceiver().url


def test_a_receiver_may_listen_on_ipv6() -> None:
    try:
        with NotificationReceiver("::1") as receiver, requests.Session() as session:
            session.trust_env = False
            inbox = receiver.inbox()
            assert inbox.url.startswith("http://[::1]:")
            assert session.post(inbox.url, json=EVENT, timeout=60).status_code == 204
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")


def test_at_the_end_nobody_listens_and_who_waits_is_told() -> None:
    with NotificationReceiver() as receiver:
        inbox = receiver.inbox()
    with pytest.raises(NoNotification, match="closed"):
        inbox.get()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(inbox_address(inbox), timeout=60)


def test_a_taken_port_is_an_error_that_says_so(receiver: NotificationReceiver) -> None:
    port = inbox_address(receiver.inbox())[1]
    with pytest.raises(OSError, match="in use"), NotificationReceiver(port=port):
        pytest.fail("two servers on one port")


def inbox_address(inbox: Inbox) -> tuple[str, int]:
    host, _, port = inbox.url.split("/")[2].partition(":")
    return host, int(port)
