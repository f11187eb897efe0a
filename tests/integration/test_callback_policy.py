"""Where notifications may be sent to, over HTTP: refused when it is said, or when it is sent."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from builders import analytics_requests, monitoring_events, plans
from builders.receivers import receiving
from builders.service import AF, Served, served, subscription
from nef.domain.destinations import CallbackPolicy

ANALYTICS = "/3gpp-analyticsexposure/v1/af-1/subscriptions"
MERGE = {"content-type": "application/merge-patch+json"}
INSIDE = "http://10.0.0.7:6379/events?token=sEcR3t"
OUTSIDE = "http://af.example/events"


@pytest.fixture(scope="module")
def nef() -> Iterator[Served]:
    with served(callbacks=CallbackPolicy()) as service:
        yield service


def bodies() -> list[tuple[str, str, dict[str, Any]]]:
    """Each API by its path, with what it calls a destination, and a body without one."""
    window = plans.body(time.time(), (0, 1e6), warnNotifEnabled=True)
    return [
        (AF, "notificationDestination", subscription(requestTestNotification=True)),
        (ANALYTICS, "notifUri", analytics_requests.subscription()),
        (monitoring_events.AF, "notificationDestination", monitoring_events.body()),
        (plans.AF, "notificationDestination", window),
    ]


APIS = pytest.mark.parametrize(
    ("path", "name", "body"), bodies(), ids=["sessions", "analytics", "monitoring", "plans"]
)


def refused(response: Any, name: str) -> None:
    assert response.status_code == 400, response.text
    document = response.json()
    [param] = document["invalidParams"]
    assert param["param"] == f"/{name}"
    assert "10.0.0.7, which is not public (private), and in no network that" in param["reason"]
    assert "sEcR3t" not in response.text


@APIS
def test_what_leads_inside_is_refused_and_leaves_nothing(
    nef: Served, path: str, name: str, body: dict[str, Any]
) -> None:
    refused(nef.http.post(path, json=body | {name: INSIDE}), name)
    assert nef.http.get(path).json() == []


@APIS
def test_what_exists_cannot_be_changed_to_lead_inside(
    nef: Served, path: str, name: str, body: dict[str, Any]
) -> None:
    made = nef.http.post(path, json=body | {name: OUTSIDE})
    assert made.status_code == 201, made.text
    here = nef.path(made.json())
    before = nef.http.get(here).json()
    put = nef.http.put(here, json=body | {name: INSIDE})
    if put.status_code != 405:  # plans are not replaced
        refused(put, name)
    patch = nef.http.patch(here, json={name: INSIDE}, headers=MERGE)
    # Subscriptions to analytics are replaced only; a patch of monitoring is about other things.
    if patch.status_code not in {405, 415}:
        refused(patch, name)
    assert nef.http.get(here).json() == before
    nef.http.delete(here)


def test_a_name_that_leads_inside_when_it_is_called_is_given_up_with_the_reason() -> None:
    """The policy cannot know at creation what the DNS will say."""
    policy = CallbackPolicy()
    with (
        receiving() as receiver,
        served(callbacks=policy) as nef,
        pytest.MonkeyPatch.context() as m,
    ):
        port = receiver.server_port
        m.setattr("socket.getaddrinfo", leads_here)
        nef.create(notificationDestination=f"http://rebound.example:{port}/x?token=sEcR3t")
        nef.nef.services.deliveries.deliver()
        [told] = nef.control("GET", "/notifications")["notifications"]
        assert receiver.requests == []
    assert (told["state"], told["attempts"]) == ("given_up", 1)
    assert "rebound.example leads to 127.0.0.1, which is not public" in told["lastError"]


def leads_here(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
    assert host == "rebound.example"
    return [(2, 1, 6, "", ("8.8.8.8", port)), (2, 1, 6, "", ("127.0.0.1", port))]


def test_what_was_allowed_when_it_was_kept_is_given_up_once_it_is_not(tmp_path: Any) -> None:
    store = f"sqlite:///{tmp_path / 'nef.sqlite3'}"
    with receiving() as receiver:
        with served(database_url=store) as nef:
            nef.create(notificationDestination=receiver.url)
        with served(database_url=store, callbacks=CallbackPolicy()) as nef:
            nef.nef.services.deliveries.deliver()
            [told] = nef.control("GET", "/notifications")["notifications"]
        assert receiver.requests == []
    assert told["state"] == "given_up"
    assert "127.0.0.1, which is not public (loopback)" in told["lastError"]
