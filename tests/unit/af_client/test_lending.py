"""Boxes behind the secret URLs of a receiver, reached over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from af_client import InvalidParam, NotificationReceiver
from af_client.inbox import Receipt
from af_client.schemas.base import Malformed


class Box:
    """Keeps what it gets, and answers as it is told."""

    def __init__(self, receipt: Receipt = Receipt.ACCEPTED) -> None:
        self.receipt = receipt
        self.received: list[tuple[Any, str | None]] = []
        self.closed = False

    def receive(self, document: Any, delivery_id: str | None) -> Receipt:
        if document == "malformed":
            raise Malformed((InvalidParam("/notifId", "is wrong"),))
        self.received.append((document, delivery_id))
        return self.receipt

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def receiver() -> Iterator[NotificationReceiver]:
    with NotificationReceiver() as receiver:
        yield receiver


def post(url: str, document: Any, **headers: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.post(url, json=document, headers=headers, timeout=60)


def test_what_is_posted_reaches_the_box(receiver: NotificationReceiver) -> None:
    box = Box()
    response = post(receiver.lend(box), {"a": 1}, **{"X-Notification-Id": "d-1"})
    assert response.status_code == 204
    assert box.received == [({"a": 1}, "d-1")]


@pytest.mark.parametrize(
    ("receipt", "status"), [(Receipt.UNKNOWN_SESSION, 404), (Receipt.FULL, 503)]
)
def test_a_box_decides_what_the_nef_hears(
    receiver: NotificationReceiver, receipt: Receipt, status: int
) -> None:
    assert post(receiver.lend(Box(receipt)), {}).status_code == status


def test_what_is_malformed_is_answered_with_where(receiver: NotificationReceiver) -> None:
    response = post(receiver.lend(Box()), "malformed")
    assert response.status_code == 400
    assert response.json()["invalidParams"] == [{"param": "/notifId", "reason": "is wrong"}]


def test_each_box_has_a_url_of_its_own(receiver: NotificationReceiver) -> None:
    first, second = Box(), Box()
    urls = [receiver.lend(first), receiver.lend(second)]
    assert len(set(urls)) == 2
    post(urls[1], {})
    assert (first.received, len(second.received)) == ([], 1)


def test_a_url_that_was_taken_back_leads_nowhere(receiver: NotificationReceiver) -> None:
    box = Box()
    url = receiver.lend(box)
    receiver.take_back(url)
    assert box.closed
    assert post(url, {}).status_code == 404
    receiver.take_back(url)  # twice is not more than once


def test_a_receiver_that_ends_closes_its_boxes() -> None:
    box = Box()
    with NotificationReceiver() as receiver:
        receiver.lend(box)
    assert box.closed
