"""What an AF sees of each fault, and what the client library does of itself: docs/faults.md."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from af_client import (
    FlowFilter,
    Inbox,
    MediaFlow,
    NefClient,
    NoNotification,
    NotFound,
    NotificationReceiver,
    Refused,
    ServerFailed,
    Session,
    SessionRequest,
    TimedOut,
    TooMany,
    UeAddress,
)
from builders.processes import NefProcess, start_nef
from builders.waiting import until

RULES = ("permit out 17 from 10.60.0.1 7000 to 10.45.0.2 7001",)
FLOWS = tuple(
    MediaFlow(n, filters=(FlowFilter(n, RULES, tos=f"{n:02x}fc"),), per="1E-3",
              min_rate_dl_bps=5_000_000)
    for n in (1, 2)
)  # fmt: skip
ONE, TWO = (SessionRequest(UeAddress(ipv4="10.45.0.2"), flows=FLOWS[:n]) for n in (1, 2))
DESTINED = SessionRequest(
    UeAddress(ipv4="10.45.0.2"), flows=FLOWS[:1], notification_destination="http://127.0.0.1:9/x"
)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NefProcess]:
    process = start_nef(tmp_path_factory.mktemp("nef"), "--mode", "manual")
    yield process
    process.stop()


@pytest.fixture
def nef(started: NefProcess) -> Iterator[NefProcess]:
    """A service without faults and without sessions, also afterwards."""
    yield started
    started.control("DELETE", "/faults")
    with NefClient(started.url, "af") as client:
        for session in client.sessions():
            client.delete_session(session.id)


@pytest.fixture
def client(nef: NefProcess) -> Iterator[NefClient]:
    with NefClient(nef.url, "af") as made:
        yield made


@contextmanager
def held(client: NefClient, request: SessionRequest) -> Iterator[tuple[Session, Inbox]]:
    """A session that holds what it asked for, and the inbox in which its AF has heard so."""
    with NotificationReceiver() as receiver:
        inbox = receiver.inbox()
        with client.qos_session(request, inbox=inbox) as session:
            assert events(inbox) == ["SUCCESSFUL_RESOURCES_ALLOCATION"] * len(request.flows)
            yield session, inbox


def set_fault(nef: NefProcess, name: str, **rule: Any) -> None:
    nef.control("PUT", f"/faults/{name}", {"times": 1} | rule)


def events(inbox: Inbox) -> list[str]:
    """The events of the next notification."""
    return [str(report.event) for report in inbox.get(60).reports]


def step(nef: NefProcess, seconds: float) -> None:
    nef.control("POST", "/simulation/step", {"seconds": seconds})


def outage(nef: NefProcess, *states: bool) -> None:
    for state in states:
        nef.control("PUT", "/cells/cell-1/state", {"outage": state})


def strikes(nef: NefProcess, name: str) -> tuple[int, int]:
    """How often a fault could have struck by chance, and how often it struck."""
    (fault,) = (f for f in nef.control("GET", "/faults")["faults"] if f["name"] == name)
    return fault["occasions"], fault["strikes"]


def test_resources_refused_offers_nothing_and_says_when_to_ask_again(
    nef: NefProcess, client: NefClient
) -> None:
    set_fault(nef, "resources-refused")
    with pytest.raises(Refused) as caught:
        client.create_session(DESTINED)
    assert (caught.value.acceptable, caught.value.retry_after_s) == ({}, 5)
    assert DESTINED.fitted_to(caught.value) is None
    assert client.sessions() == ()
    assert client.create_session(DESTINED).id


def test_allocation_fails_late_after_a_session_was_created(
    nef: NefProcess, client: NefClient
) -> None:
    set_fault(nef, "allocation-fails-late", afterS=3)
    with NotificationReceiver() as receiver:
        inbox = receiver.inbox()
        with client.qos_session(ONE, inbox=inbox) as session:
            step(nef, 3)
            assert events(inbox) == ["FAILED_RESOURCES_ALLOCATION"]
            assert client.session(session.id) == session
        with client.qos_session(ONE, inbox=inbox):
            assert events(inbox) == ["SUCCESSFUL_RESOURCES_ALLOCATION"], "asked for anew"


def test_bearer_lost_comes_back_by_itself(nef: NefProcess, client: NefClient) -> None:
    with held(client, TWO) as (session, inbox):
        set_fault(nef, "bearer-lost", lastsS=4)
        assert events(inbox) == ["LOSS_OF_BEARER"] * 2
        assert client.session(session.id) == session
        step(nef, 4)
        assert events(inbox) == ["RECOVERY_OF_BEARER"] * 2


def test_bearer_released_takes_one_flow_for_good_and_the_session_with_the_last(
    nef: NefProcess, client: NefClient
) -> None:
    with held(client, TWO) as (session, inbox):
        set_fault(nef, "bearer-released")
        assert events(inbox) == ["RELEASE_OF_BEARER"]
        assert client.session(session.id) == session
    with held(client, ONE) as (session, inbox):
        set_fault(nef, "bearer-released")
        assert events(inbox) == ["SESSION_TERMINATION"]
        with pytest.raises(NotFound):
            client.session(session.id)


def test_notification_delayed_keeps_the_order(nef: NefProcess, client: NefClient) -> None:
    with held(client, ONE) as (_, inbox):
        set_fault(nef, "notification-delayed", delayS=0.2)
        outage(nef, True, False)
        assert [events(inbox), events(inbox)] == [["QOS_NOT_GUARANTEED"], ["QOS_GUARANTEED"]]
    assert strikes(nef, "notification-delayed")[1] == 1


def test_notification_duplicated_is_seen_once(nef: NefProcess, client: NefClient) -> None:
    with held(client, ONE) as (_, inbox):
        set_fault(nef, "notification-duplicated")
        outage(nef, True, False)
        assert [events(inbox), events(inbox)] == [["QOS_NOT_GUARANTEED"], ["QOS_GUARANTEED"]]
        until(lambda: not nef.control("GET", "/notifications?state=pending")["notifications"])
        with pytest.raises(NoNotification):
            inbox.get(0)
    assert strikes(nef, "notification-duplicated")[1] == 1


def test_notification_lost_is_made_up_for_by_the_next_one(
    nef: NefProcess, client: NefClient
) -> None:
    with held(client, ONE) as (session, inbox):
        set_fault(nef, "notification-lost")
        outage(nef, True, False)
        assert events(inbox) == ["QOS_GUARANTEED"]
        (lost,) = nef.control("GET", f"/notifications?subscriptionId={session.id}&state=lost")[
            "notifications"
        ]
        assert lost["events"] == ["QOS_NOT_GUARANTEED"]


def test_response_slow_may_have_been_carried_out(nef: NefProcess) -> None:
    set_fault(nef, "response-slow", delayS=60)
    with (
        NefClient(nef.url, "af", timeout_s=(3.05, 0.3)) as hasty,
        NefClient(nef.url, "af") as patient,
    ):
        with pytest.raises(TimedOut):
            hasty.create_session(DESTINED)
        until(lambda: len(patient.sessions()) == 1)  # so: look before you ask again


@pytest.mark.parametrize(
    ("name", "error"), [("too-many-requests", TooMany), ("service-unavailable", ServerFailed)]
)
def test_refusals_to_serve_are_repeated_where_that_is_safe_and_raised_where_it_is_not(
    nef: NefProcess, client: NefClient, name: str, error: type[TooMany | ServerFailed]
) -> None:
    session = client.create_session(DESTINED)
    set_fault(nef, name, times=2, retryAfterS=0)
    assert client.session(session.id) == session
    assert strikes(nef, name) == (3, 2)
    set_fault(nef, name, times=2, retryAfterS=0)
    assert client.delete_session(session.id) == ()
    assert strikes(nef, name) == (3, 2)
    set_fault(nef, name, retryAfterS=7)
    with pytest.raises(error) as caught:
        client.create_session(DESTINED)
    assert caught.value.retry_after_s == 7
    assert strikes(nef, name) == (1, 1)
    assert client.sessions() == ()


@pytest.mark.parametrize("name", ["too-many-requests", "service-unavailable"])
def test_a_wait_that_is_too_long_is_left_to_the_af(
    nef: NefProcess, client: NefClient, name: str
) -> None:
    set_fault(nef, name, times=3, retryAfterS=11)
    with pytest.raises((TooMany, ServerFailed)) as caught:
        client.sessions()
    assert caught.value.retry_after_s == 11
    assert strikes(nef, name) == (1, 1)
