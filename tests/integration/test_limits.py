"""What one client may ask for, over HTTP: refused with a reason, and nobody else notices."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from starlette.testclient import WebSocketDenialResponse

from builders import analytics_requests, monitoring_events
from builders.contracts import breaches
from builders.service import AF, Served, served, subscription
from nef.config import Limits

ANALYTICS = "/3gpp-analyticsexposure/v1/af-1/subscriptions"


@contextmanager
def limited(**changes: int) -> Iterator[Served]:
    unlimited = dict.fromkeys(Limits.__dataclass_fields__, 0)
    with served(limits=Limits(**unlimited | changes)) as nef:
        yield nef


def refused(response: Any, status: int, cause: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert breaches("as-session-with-qos.yaml", "ProblemDetails", document) == []
    assert document["cause"] == cause
    return document


def test_who_asks_too_often_is_told_when_to_come_again_and_others_are_served() -> None:
    with limited(requests_a_second=5) as nef:
        # Of twelve requests that fall into one second, or at worst two, one is too many.
        answers = [nef.http.get(AF) for _ in range(12)]
        late = next(one for one in answers if one.status_code != 200)
        document = refused(late, 429, "NF_CONGESTION_RISK")
        assert "5 times a second" in document["detail"]
        assert late.headers["retry-after"] == "1"
        assert nef.http.get(AF.replace("af-1", "af-2")).status_code == 200
        for _ in range(12):
            nef.control("GET", "/simulation")


def test_a_body_with_too_many_items_is_refused_and_one_with_few_enough_is_not() -> None:
    with limited(items=40) as nef:
        many = subscription(junk=[{"a": [1, 2]}] * 20)
        document = refused(nef.http.post(AF, json=many), 400, "INVALID_MSG_FORMAT")
        assert "more than 40 items" in document["detail"]
        nef.create(junk="," * 1000)  # commas in a text are none of its items


def test_an_af_has_so_many_sessions_and_no_more_until_it_ends_one() -> None:
    with limited(sessions=3) as nef:
        made = [nef.create() for _ in range(3)]
        document = refused(nef.http.post(AF, json=subscription()), 403, "QUOTA_EXCEEDED")
        assert "3 sessions" in document["detail"]
        assert len(nef.http.get(AF).json()) == 3
        other = nef.http.post(AF.replace("af-1", "af-2"), json=subscription())
        assert other.status_code == 201, other.text
        nef.http.delete(nef.path(made[0]))
        nef.create()


def test_subscriptions_of_all_other_apis_are_counted_together() -> None:
    with limited(subscriptions=2) as nef:
        analytics = analytics_requests.subscription()
        assert nef.http.post(ANALYTICS, json=analytics).status_code == 201
        monitoring = nef.http.post(monitoring_events.AF, json=monitoring_events.body())
        assert monitoring.status_code == 201
        refused(nef.http.post(ANALYTICS, json=analytics), 403, "QUOTA_EXCEEDED")
        nef.create()  # a session, and what is watched of it, is none of them


def test_a_subscription_to_analytics_counts_as_much_as_it_asks() -> None:
    events = ("DN_PERFORMANCE", "CONGESTION", "UE_MOBILITY")
    questions = [analytics_requests.question(event) for event in events]
    two, three = (analytics_requests.subscription(*questions[:n]) for n in (2, 3))
    with limited(subscriptions=4) as nef:
        path = nef.path(nef.http.post(ANALYTICS, json=two).json())
        document = refused(nef.http.post(ANALYTICS, json=three), 403, "QUOTA_EXCEEDED")
        assert "has 2 subscriptions, and may have 4, but not 3 more" in document["detail"]
        assert nef.http.put(path, json=three).status_code == 200  # one more
        refused(nef.http.post(ANALYTICS, json=two), 403, "QUOTA_EXCEEDED")
        one = analytics_requests.subscription()
        assert nef.http.put(path, json=one).status_code == 200
        assert nef.http.post(ANALYTICS, json=three).status_code == 201


def test_an_af_holds_so_many_websockets_open() -> None:
    wanted = {"websockNotifConfig": {"requestWebsocketUri": True}}
    with limited(websockets=1) as nef, ExitStack() as stack:
        first, second = (nef.create(**wanted) for _ in range(2))
        uris = [one["websockNotifConfig"]["websocketUri"] for one in (first, second)]
        paths = [uri.removeprefix("ws://nef.example") for uri in uris]
        opened = stack.enter_context(nef.http.websocket_connect(paths[0]))
        with pytest.raises(WebSocketDenialResponse) as refusal:
            stack.enter_context(nef.http.websocket_connect(paths[1]))
        assert refusal.value.status_code == 403
        assert refusal.value.json()["cause"] == "QUOTA_EXCEEDED"
        opened.close()
    with limited(websockets=1) as nef:
        path = nef.create(**wanted)["websockNotifConfig"]["websocketUri"]
        for _ in range(2):  # one after the other is one at a time
            with nef.http.websocket_connect(path.removeprefix("ws://nef.example")):
                pass
