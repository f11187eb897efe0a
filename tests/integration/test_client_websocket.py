"""The client hears of its sessions by websocket, from a served NEF."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from af_client import (
    FlowFilter,
    MediaFlow,
    NefClient,
    NoNotification,
    SessionRequest,
    UeAddress,
    WebsocketReceiver,
)
from af_client.websocket import WebsocketInbox
from builders.processes import NefProcess, start_nef
from builders.waiting import until

RULE = "permit out 17 from 10.60.0.1 7000 to 10.45.0.2 7001"
FLOW = MediaFlow(1, filters=(FlowFilter(1, (RULE,)),), per="1E-3", min_rate_dl_bps=5_000_000)
REQUEST = SessionRequest(UeAddress(ipv4="10.45.0.2"), flows=(FLOW,))


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NefProcess]:
    process = start_nef(tmp_path_factory.mktemp("nef"), "--mode", "manual")
    yield process
    process.stop()


@pytest.fixture
def nef(started: NefProcess) -> Iterator[NefProcess]:
    """A service whose cell is well, and stays so."""
    yield started
    outage(started, False)


def events(inbox: WebsocketInbox, count: int) -> list[str]:
    return [report.event for _ in range(count) for report in inbox.get(60).reports]


def settled(nef: NefProcess) -> None:
    """Wait until the NEF has noted that all was delivered: else it would come twice."""
    until(lambda: not nef.control("GET", "/notifications?state=pending")["notifications"])


def outage(nef: NefProcess, *states: bool) -> None:
    for state in states:
        nef.control("PUT", "/cells/cell-1/state", {"outage": state})


def test_a_session_is_followed_without_any_port_of_the_afs(nef: NefProcess) -> None:
    with WebsocketReceiver() as receiver, NefClient(nef.url, "af") as client:
        inbox = receiver.inbox()
        with client.qos_session(REQUEST, inbox=inbox) as session:
            assert session.request.websocket
            outage(nef, True, False)
            assert events(inbox, 3) == [
                "SUCCESSFUL_RESOURCES_ALLOCATION",
                "QOS_NOT_GUARANTEED",
                "QOS_GUARANTEED",
            ]
        assert client.sessions() == ()


def test_a_websocket_that_breaks_is_opened_again_and_nothing_is_lost(tmp_path: Path) -> None:
    nef = start_nef(tmp_path, "--mode", "manual")
    port = int(nef.url.rsplit(":", 1)[1])
    with (
        ExitStack() as to_stop,
        WebsocketReceiver() as receiver,
        NefClient(nef.url, "af") as client,
    ):
        inbox = receiver.inbox()
        with client.qos_session(REQUEST, inbox=inbox):
            assert events(inbox, 1) == ["SUCCESSFUL_RESOURCES_ALLOCATION"]
            settled(nef)
            nef.kill()
            again = start_nef(tmp_path, port=port)
            to_stop.callback(again.stop)
            outage(again, True, False)
            assert events(inbox, 2) == ["QOS_NOT_GUARANTEED", "QOS_GUARANTEED"]


def test_a_full_inbox_keeps_what_comes_next_waiting(nef: NefProcess) -> None:
    with WebsocketReceiver() as receiver, NefClient(nef.url, "af") as client:
        inbox = receiver.inbox(limit=1)
        with client.qos_session(REQUEST, inbox=inbox):
            outage(nef, True, False, True, False)
            assert len(events(inbox, 5)) == 5


def test_after_the_end_of_a_session_nothing_more_is_heard_of_it(nef: NefProcess) -> None:
    with WebsocketReceiver() as receiver, NefClient(nef.url, "af") as client:
        inbox = receiver.inbox()
        with client.qos_session(REQUEST, inbox=inbox):
            events(inbox, 1)
        outage(nef, True)
        with pytest.raises(NoNotification):
            inbox.get(0.3)
