"""The relay over real sockets, with a NEF that answers what the test wants."""

import errno
import io
import socket
import threading
from contextlib import ExitStack
from ipaddress import ip_address

import pytest

from builders.userplane import (
    FAST,
    HELD,
    SERVER6,
    SLOW,
    TOPOLOGY,
    UE2,
    UE6,
    WEIGHTS,
    FakeNef,
    flow,
    grants,
    number_of,
    running,
    tos_of,
    two_flows,
)
from builders.waiting import until
from nef.network.userplane import attachments
from nef.network.userplane.packets import encode_attachment, encode_udp
from nef.network.userplane.relay import RelaySettings, run_relay


class Unwritable(io.StringIO):
    """A stream whose reader is gone."""

    def write(self, _: str) -> int:
        raise BrokenPipeError(32, "nobody reads")


def test_the_traffic_class_tells_flows_of_one_five_tuple_apart() -> None:
    with FakeNef(two_flows(FAST, HELD)).serving() as url, running(url) as (network, end):
        network.send_both(20, 20)
        arrived = [tos_of(packet) for packet in network.device.take(20)]
        flows = end()["flows"]
    assert arrived == [TOPOLOGY] * 20
    assert flows["s/1"]["packets_sent"] == 20
    assert flows["s/2"]["packets_sent"] == 0


def test_each_flow_gets_its_share_by_its_rate() -> None:
    # Both wait from the beginning, so that it does not matter when each packet was sent.
    nef = FakeNef(two_flows(HELD, HELD))
    with nef.serving() as url, running(url) as (network, _):
        network.send_both(200, 600)
        nef.document = two_flows(2 * SLOW, 20 * SLOW)
        arrived = [tos_of(packet) for packet in network.device.take(800)]
    of_weights = [at for at, tos in enumerate(arrived) if tos == WEIGHTS]
    # When 500 packets of the fast flow have come, about 50 of the slow one have.
    assert 25 <= arrived[: of_weights[499]].count(TOPOLOGY) <= 100


def test_a_change_of_grants_takes_hold_of_what_is_in_flight() -> None:
    nef = FakeNef(two_flows(HELD, SLOW))
    with nef.serving() as url, running(url) as (network, _):
        network.send_both(50, 400)
        before = [tos_of(packet) for packet in network.device.take(10)]
        nef.document = two_flows(FAST, HELD)
        after: list[int] = []
        while after.count(TOPOLOGY) < 50:
            after.append(tos_of(network.device.next()))
        nef.document = two_flows(HELD, FAST)
        rest = [tos_of(packet) for packet in network.device.take(440 - len(after))]
    assert before == [WEIGHTS] * 10
    assert after.count(WEIGHTS) < 300
    assert rest == [WEIGHTS] * len(rest)


def arrived_with_losses(seed: int, own_seed: int | None = None) -> set[int]:
    """Which of 1000 packets came at an error rate of 1E-1; twenty more say that all are done."""
    nef = FakeNef(grants(flow(2, "28fc", FAST, "1E-1"), seed=seed))
    with nef.serving() as url, running(url, own_seed) as (network, end):
        network.send_both(0, 1020)
        numbers: set[int] = set()
        while (number := number_of(network.device.next())) < 1000:
            numbers.add(number)
        assert end()["flows"]["s/2"]["packets_in"] == 1020
    return numbers


def test_the_error_rate_is_kept_and_repeats_for_the_seed() -> None:
    first = arrived_with_losses(1)
    assert 850 <= len(first) <= 950
    assert first == arrived_with_losses(1)
    assert first != arrived_with_losses(2)
    assert first == arrived_with_losses(2, own_seed=1)


def test_nothing_reaches_an_unattached_ue() -> None:
    with FakeNef(grants()).serving() as url, running(url) as (network, end):
        for number in range(5):
            network.send(number, to=UE2)
        network.send(99)
        assert number_of(network.device.next()) == 99
        bearer = end()["flows"]["default/camera-2"]
    assert (bearer["packets_in"], bearer["packets_sent"]) == (5, 0)


def test_a_ue_unknown_to_the_nef_gets_nothing_even_attached() -> None:
    stranger = ip_address("10.45.0.99")
    with FakeNef(grants()).serving() as url, running(url) as (network, _):
        network.device.socket.send(encode_attachment(stranger))
        network.send(1, to=stranger)
        network.send(2)
        assert number_of(network.device.next()) == 2


def test_ipv6_and_uplink_pass_unchanged() -> None:
    up = encode_udp((UE6, 7001), (SERVER6, 7000), 0, b"report")
    with FakeNef(grants()).serving() as url, running(url) as (network, _):
        network.send(7, to=UE6)
        assert network.device.next()[48:52] == (7).to_bytes(4, "big")
        network.device.socket.send(up)
        assert network.server.next() == up


def test_noise_on_either_side_is_counted_and_harms_nothing() -> None:
    with FakeNef(grants()).serving() as url, running(url) as (network, end):
        for noise in (b"", b"\x45", bytes(3000), bytes(60_000)):
            network.server.socket.send(noise)
            network.device.socket.send(noise)
        network.device.socket.send(encode_attachment(UE2))
        network.send(1, to=UE2)
        assert number_of(network.device.next()) == 1
        assert end()["malformed"] == 8


def test_a_nef_that_talks_nonsense_leaves_the_last_grants_and_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    nef = FakeNef(two_flows(FAST, HELD))
    with nef.serving() as url, running(url) as (network, _):
        nef.document = {"flows": "none"}
        until(lambda: bool(caplog.messages))
        asked = nef.asked
        until(lambda: nef.asked > asked + 3)
        network.send_both(3, 3)
        assert [tos_of(packet) for packet in network.device.take(3)] == [TOPOLOGY] * 3
        nef.document = two_flows(FAST, FAST)
        assert [tos_of(packet) for packet in network.device.take(3)] == [WEIGHTS] * 3
    gone, back = caplog.messages
    assert "the last ones stay" in gone
    assert "again" in back


def test_a_nef_that_stops_leaves_the_last_grants(caplog: pytest.LogCaptureFixture) -> None:
    with ExitStack() as nef_runs:
        url = nef_runs.enter_context(FakeNef(two_flows(FAST, HELD)).serving())
        with running(url) as (network, _):
            nef_runs.close()
            until(lambda: bool(caplog.messages))
            network.send_both(3, 3)
            assert [tos_of(packet) for packet in network.device.take(3)] == [TOPOLOGY] * 3
    (message,) = caplog.messages
    assert "the last ones stay" in message


def test_a_device_that_fell_silent_is_forgotten_while_the_relay_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with FakeNef(grants()).serving() as url, running(url) as (network, end):
        monkeypatch.setattr(attachments, "LIFETIME_S", 0)
        until(lambda: not network.carries())
        assert end()["flows"]["default/camera-1"]["packets_unattached"] > 0


def test_a_datagram_the_kernel_does_not_take_is_counted_and_the_next_one_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> int:
        monkeypatch.undo()
        raise OSError(errno.ENOBUFS, "no room")

    with FakeNef(grants()).serving() as url, running(url) as (network, end):
        monkeypatch.setattr(socket.socket, "sendto", full)
        network.send(1)
        network.send(2)
        assert number_of(network.device.next()) == 2
        assert end()["send_failed"] == 1


def test_counters_that_nobody_takes_stop_and_the_relay_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with FakeNef(grants()).serving() as url, running(url, counters=Unwritable()) as (network, _):
        until(lambda: bool(caplog.messages))
        network.send(1)
        assert number_of(network.device.next()) == 1
    (message,) = caplog.messages
    assert "nobody reads" in message


def test_an_address_that_is_taken_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        settings = RelaySettings("127.0.0.1", 0, "127.0.0.1", port, "http://127.0.0.1:9")
        with pytest.raises(OSError, match=f"127.0.0.1:{port}"):
            run_relay(settings, threading.Event())
