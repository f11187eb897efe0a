"""SIGKILL in the middle of the demo's scenario: no session, reservation or notification is lost."""

import threading
from pathlib import Path

import pytest

from af_client import (
    Alternative,
    FlowFilter,
    MediaFlow,
    NefClient,
    NefError,
    SessionRequest,
    UeAddress,
)
from builders.processes import NefProcess, start_nef
from builders.receivers import receiving

UE = UeAddress(ipv4="10.45.0.2")
AF = "restart-af"


def request(destination: str, name: str, rate_bps: int = 20_000_000) -> SessionRequest:
    """A session whose weights have a rung for each phase of the demo's radio."""
    rule = f"permit out 17 from 10.60.0.1 {7000 + int(name)} to 10.45.0.2 7001"
    ladder = (Alternative("medium", gbr_dl_bps=6_000_000), Alternative("small", gbr_dl_bps=500_000))
    weights = MediaFlow(
        2,
        filters=(FlowFilter(int(name), (rule,), "28fc"),),
        per="1E-3",
        min_rate_dl_bps=rate_bps,
        alternatives=ladder,
    )
    return SessionRequest(ue=UE, flows=(weights,), notification_destination=destination)


def holdings(nef: NefProcess) -> list[tuple[str, int]]:
    flows = nef.control("GET", "/flows")["flows"]
    return sorted((flow["flowKey"], flow["level"]) for flow in flows)


def at_five_seconds(folder: Path, port: int = 0) -> NefProcess:
    nef = start_nef(folder, "--scenario", "fading-ue", "--mode", "manual", port=port)
    nef.control("POST", "/simulation/step", {"seconds": 5})
    return nef


def test_sessions_reservations_and_due_notifications_survive_sigkill(
    tmp_path: Path,
) -> None:
    nef = at_five_seconds(tmp_path)
    port = int(nef.url.rsplit(":", 1)[1])
    dead = "http://127.0.0.1:9/not-listening"
    client = NefClient(nef.url, AF)
    quiet = [client.create_session(request(dead, str(n))) for n in (1, 2, 3)]
    nef.control("POST", "/simulation/step", {"seconds": 5})  # the radio has turned bad
    before = holdings(nef)
    assert len(before) == 3
    assert any(level for _, level in before), "the radio should have cost somebody a rung"
    nef.kill()

    nef = start_nef(tmp_path, port=port)
    try:
        assert {s.id for s in client.sessions()} == {s.id for s in quiet}
        assert holdings(nef) == before
        assert nef.control("GET", "/simulation")["timeS"] == pytest.approx(10)
        pending = nef.control("GET", "/notifications?state=pending")["notifications"]
        assert {note["subscriptionId"] for note in pending} == {s.id for s in quiet}
        with receiving() as receiver:
            for session in quiet:
                client.modify_session(session.id, notification_destination=receiver.url)
            nef.control("POST", "/simulation/step", {"seconds": 20})  # and good again
            degraded = [key.partition("/")[0] for key, level in before if level != 0]
            assert receiver.until(
                lambda: all("QOS_GUARANTEED" in receiver.events(one) for one in degraded)
            )
    finally:
        nef.stop()


def test_what_was_due_when_it_died_is_delivered_in_order_by_the_next_start(tmp_path: Path) -> None:
    nef = at_five_seconds(tmp_path)
    port = int(nef.url.rsplit(":", 1)[1])
    with receiving() as once:
        url, receiver_port = once.url, once.server_port
    # Nobody listens there any more, until the service has died and started again.
    session = NefClient(nef.url, AF).create_session(request(url, "1", 60_000_000))
    nef.control("POST", "/simulation/step", {"seconds": 5})
    nef.kill()

    with receiving(receiver_port) as receiver:
        nef = start_nef(tmp_path, port=port)
        try:
            assert receiver.until(lambda: len(receiver.events(session.id)) >= 2)
        finally:
            nef.stop()
        events = receiver.events(session.id)
    assert events == ["SUCCESSFUL_RESOURCES_ALLOCATION", "QOS_NOT_GUARANTEED"]


def test_every_acknowledged_create_is_there_after_sigkill_under_load(tmp_path: Path) -> None:
    nef = start_nef(tmp_path, "--scenario", "steady")
    port = int(nef.url.rsplit(":", 1)[1])
    acknowledged: list[str] = []
    enough = threading.Event()

    def load(worker: int) -> None:
        client = NefClient(nef.url, AF)
        body = SessionRequest(
            ue=UE,
            qos_reference="best-effort",
            flow_filters=(FlowFilter(worker, ("permit out ip from any to 10.45.0.2",)),),
            notification_destination="http://127.0.0.1:9/not-listening",
        )
        try:
            for _ in range(200):
                acknowledged.append(client.create_session(body).id)
                if len(acknowledged) > 60:
                    enough.set()
        except NefError:
            enough.set()  # it was killed

    threads = [threading.Thread(target=load, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    assert enough.wait(120)
    nef.kill()
    for thread in threads:
        thread.join()

    nef = start_nef(tmp_path, port=port)
    try:
        stored = {session.id for session in NefClient(nef.url, AF).sessions()}
        assert set(acknowledged) <= stored
        carried = {key.split("/")[0] for key, _ in holdings(nef)}
        assert carried == stored
    finally:
        nef.stop()
