"""Notifications by websocket, between a served NEF and a real websocket client."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import SHUT_RDWR
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from builders.processes import NefProcess, start_nef
from builders.receivers import receiving
from builders.service import PUBLIC_URL, served
from nef.services.deliveries import DeliveryService
from nef.services.subscriptions import SubscriptionService

SESSIONS = "/3gpp-as-session-with-qos/v1/af-1/subscriptions"
ANALYTICS = "/3gpp-analyticsexposure/v1/af-1/subscriptions"
MONITORING = "/3gpp-monitoring-event/v1/af-1/subscriptions"
WANTED = {"requestWebsocketUri": True}
UE = "msisdn-001010000000001"


@pytest.fixture(scope="module")
def nef(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NefProcess]:
    process = start_nef(tmp_path_factory.mktemp("nef"), "--mode", "manual")
    yield process
    process.stop()


def ask(nef: NefProcess, path: str, body: dict[str, Any]) -> dict[str, Any]:
    response = requests.post(nef.url + path, json=body, timeout=60)
    assert response.status_code == 201, response.text
    document: dict[str, Any] = response.json()
    return document


def session(nef: NefProcess, **changes: Any) -> dict[str, Any]:
    rule = "permit out 17 from 10.60.0.1 7000 to 10.45.0.2 7001"
    body = {
        "notificationDestination": "http://127.0.0.1:9/nobody",
        "ueIpv4Addr": "10.45.0.2",
        "flowInfo": [{"flowId": 1, "flowDescriptions": [rule]}],
        "qosReference": "model-topology",
        "supportedFeatures": "3",
        "websockNotifConfig": WANTED,
    }
    return ask(nef, SESSIONS, body | changes)


@contextmanager
def opened(document: dict[str, Any]) -> Iterator[ClientConnection]:
    with connect(document["websockNotifConfig"]["websocketUri"], proxy=None) as socket:
        yield socket


def heard(socket: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(socket.recv(timeout=60))
    return message


def events(message: dict[str, Any]) -> list[str]:
    return [report["event"] for report in message["eventReports"]]


def test_what_happened_before_the_af_came_is_told_first_and_the_rest_as_it_happens(
    nef: NefProcess,
) -> None:
    document = session(nef, requestTestNotification=True)
    with opened(document) as socket:
        assert heard(socket) == {"subscription": document["self"]}
        assert events(heard(socket)) == ["SUCCESSFUL_RESOURCES_ALLOCATION"]
        nef.control("PUT", "/cells/cell-1/state", {"outage": True})
        message = heard(socket)
        assert message["transaction"] == document["self"]
        assert events(message) == ["QOS_NOT_GUARANTEED"]
        nef.control("PUT", "/cells/cell-1/state", {"outage": False})
        assert events(heard(socket)) == ["QOS_GUARANTEED"]


def test_nothing_is_posted_to_the_destination_of_one_who_has_a_websocket(nef: NefProcess) -> None:
    with receiving() as receiver:
        document = session(nef, notificationDestination=receiver.url)
        with opened(document) as socket:
            assert events(heard(socket)) == ["SUCCESSFUL_RESOURCES_ALLOCATION"]
        assert receiver.requests == []


def test_what_happens_while_the_websocket_is_broken_is_told_after_it_is_open_again(
    nef: NefProcess,
) -> None:
    document = session(nef)
    with opened(document) as socket:
        heard(socket)
        socket.socket.shutdown(SHUT_RDWR)  # no goodbye
    nef.control("PUT", "/cells/cell-1/state", {"outage": True})
    nef.control("PUT", "/cells/cell-1/state", {"outage": False})
    with opened(document) as socket:
        told = [*events(heard(socket)), *events(heard(socket))]
    assert told == ["QOS_NOT_GUARANTEED", "QOS_GUARANTEED"]


def test_each_session_has_its_own_websocket(nef: NefProcess) -> None:
    first, second = session(nef), session(nef)
    with opened(first) as one, opened(second) as other:
        assert heard(one)["transaction"] == first["self"]
        assert heard(other)["transaction"] == second["self"]


def test_a_second_websocket_takes_over_from_the_first(nef: NefProcess) -> None:
    document = session(nef)
    with opened(document) as old:
        heard(old)
        with opened(document) as new:
            with pytest.raises(ConnectionClosed) as closed:
                old.recv(timeout=60)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4000
            nef.control("PUT", "/cells/cell-1/state", {"outage": True})
            nef.control("PUT", "/cells/cell-1/state", {"outage": False})
            assert events(heard(new)) == ["QOS_NOT_GUARANTEED"]


def test_the_last_word_is_said_and_then_the_websocket_is_closed(nef: NefProcess) -> None:
    document = session(nef, qosDuration=1)
    with opened(document) as socket:
        heard(socket)
        nef.control("POST", "/simulation/step", {"seconds": 2})
        assert events(heard(socket)) == ["SESSION_TERMINATION"]
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=60)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1000


def test_a_websocket_of_nothing_is_refused(nef: NefProcess) -> None:
    document = session(nef)
    uri = document["websockNotifConfig"]["websocketUri"]
    with opened(document) as socket:
        heard(socket)
    posted = session(nef, websockNotifConfig={"requestWebsocketUri": False})
    wrong = (
        uri[:-1] + ("0" if uri[-1] != "0" else "1"),
        uri.replace("/af-1/", "/af-2/"),
        uri.replace("/sessions/", "/analytics/"),
        uri.replace("/sessions/", "/nonsense/"),
        uri.rsplit("/", 1)[0] + "/" + posted["self"].rsplit("/", 1)[1],
        nef.url.replace("http", "ws") + SESSIONS,
    )
    for one in wrong:
        with pytest.raises(InvalidStatus) as refusal, connect(one, proxy=None):
            pytest.fail(f"{one} was opened")
        assert refusal.value.response.status_code == 403


def test_what_the_af_says_is_ignored_and_too_much_of_it_closes_the_websocket(
    nef: NefProcess,
) -> None:
    document = session(nef)
    with opened(document) as socket:
        socket.send("hello?")
        heard(socket)
        socket.send("x" * 100_000)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=60)
    with opened(document):
        pass  # and can be opened again


def test_a_deleted_session_closes_its_websocket(nef: NefProcess) -> None:
    document = session(nef)
    with opened(document) as socket:
        heard(socket)
        requests.delete(document["self"], timeout=60).raise_for_status()
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=60)


def test_so_it_does_where_the_af_never_stops_talking(nef: NefProcess) -> None:
    document, closed = session(nef), threading.Event()
    with opened(document) as socket:
        heard(socket)

        def talk() -> None:
            with suppress(ConnectionClosed):
                while not closed.wait(0.05):
                    socket.send("hello?")

        talking = threading.Thread(target=talk)
        talking.start()
        try:
            requests.delete(document["self"], timeout=60).raise_for_status()
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=10)
        finally:
            closed.set()
            talking.join()


def test_a_patch_moves_the_notifications_from_posts_to_a_websocket(nef: NefProcess) -> None:
    document = session(nef, websockNotifConfig={"requestWebsocketUri": False})
    body = json.dumps({"websockNotifConfig": WANTED})
    headers = {"Content-Type": "application/merge-patch+json"}
    response = requests.put(
        document["self"], json=document | {"websockNotifConfig": WANTED}, timeout=60
    )
    assert response.status_code == 200, (response.text, body, headers)
    with opened(response.json()) as socket:
        assert events(heard(socket)) == ["SUCCESSFUL_RESOURCES_ALLOCATION"]


ONE_REPORT = {
    "analyEventsSubs": [{"analyEvent": "CONGESTION", "tgtUe": {"gpsi": UE}}],
    "analyRepInfo": {"notifMethod": "ONE_TIME"},
    "notifUri": "http://127.0.0.1:9/nobody",
    "notifId": "by-websocket",
    "websockNotifConfig": WANTED,
}


def test_analytics_come_by_websocket_too(nef: NefProcess) -> None:
    with opened(ask(nef, ANALYTICS, ONE_REPORT)) as socket:
        message = heard(socket)
    assert message["notifId"] == "by-websocket"
    assert message["analyEventNotifs"][0]["analyEvent"] == "CONGESTION"


def test_a_websocket_may_be_opened_at_the_very_moment_at_which_its_subscription_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its only report is written between the two looks at whether somebody is expected."""
    with served() as service:
        made = service.http.post(ANALYTICS, json=ONE_REPORT).json()
        for owner, name in (
            (SubscriptionService, "wants_websocket"),
            (DeliveryService, "waits_for_websocket"),
        ):
            look = getattr(owner, name)

            def looked(*args: Any, look: Callable[..., bool] = look) -> bool:
                found = look(*args)
                service.nef.services.simulation.tick()
                return found

            monkeypatch.setattr(owner, name, looked)
        uri = made["websockNotifConfig"]["websocketUri"]
        with service.http.websocket_connect(uri.removeprefix(PUBLIC_URL.replace("http", "ws"))):
            gone = service.http.get(service.path(made))
    assert gone.status_code == 404, "it has ended"


def test_monitoring_events_come_by_websocket_too(nef: NefProcess) -> None:
    body = {
        "monitoringType": "UE_REACHABILITY",
        "reachabilityType": "DATA",
        "msisdn": UE.removeprefix("msisdn-"),
        "maximumNumberOfReports": 5,
        "notificationDestination": "http://127.0.0.1:9/nobody",
        "websockNotifConfig": WANTED,
    }
    document = ask(nef, MONITORING, body)
    with opened(document) as socket:
        message = heard(socket)
    assert message["subscription"] == document["self"]
    assert message["monitoringEventReports"][0]["monitoringType"] == "UE_REACHABILITY"


def test_what_waits_survives_a_restart(tmp_path: Path) -> None:
    nef = start_nef(tmp_path, "--mode", "manual")
    document = session(nef)
    port = int(nef.url.rsplit(":", 1)[1])
    nef.kill()
    nef = start_nef(tmp_path, port=port)
    try:
        with opened(document) as socket:
            assert events(heard(socket)) == ["SUCCESSFUL_RESOURCES_ALLOCATION"]
    finally:
        nef.stop()


def test_an_af_that_reads_nothing_holds_up_nobody_else(nef: NefProcess) -> None:
    slow, quick = session(nef), session(nef)
    with opened(slow), opened(quick) as socket:
        heard(socket)
        done = threading.Event()

        def change() -> None:
            for outage in (True, False):
                nef.control("PUT", "/cells/cell-1/state", {"outage": outage})
            done.set()

        threading.Thread(target=change).start()
        assert events(heard(socket)) == ["QOS_NOT_GUARANTEED"]
        assert events(heard(socket)) == ["QOS_GUARANTEED"]
        assert done.wait(120)


def test_no_websocket_is_left_open_when_the_service_stops(tmp_path: Path) -> None:
    nef = start_nef(tmp_path, "--mode", "manual")
    with opened(session(nef)) as socket:
        heard(socket)
        nef.stop()  # it does not wait for the AF to go
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=60)
