"""The relay over real sockets, with a NEF that answers what the test wants."""

import errno
import io
import socket
import threading
from contextlib import ExitStack
from functools import partial
from ipaddress import ip_address

import numpy as np
import pytest

from builders.userplane import (
    FAST,
    HELD,
    SERVER,
    SERVER6,
    SLOW,
    TOPOLOGY,
    UE,
    UE2,
    UE6,
    WEIGHTS,
    Endpoint,
    FakeNef,
    flow,
    grants,
    number_of,
    running,
    tos_of,
    two_flows,
)
from builders.waiting import until
from nef.network.userplane import connections, relay
from nef.network.userplane.loss import LossDraw
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
    nef = FakeNef(two_flows(HELD, SLOW // 4))  # at which all of it would take 18 s
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
        network.device.send(encode_attachment(stranger))
        network.send(1, to=stranger)
        network.send(2)
        assert number_of(network.device.next()) == 2


def test_ipv6_and_uplink_pass_unchanged() -> None:
    up = encode_udp((UE6, 7001), (SERVER6, 7000), 0, b"report")
    with FakeNef(grants()).serving() as url, running(url) as (network, _):
        network.send(7, to=UE6)
        assert network.device.next()[48:52] == (7).to_bytes(4, "big")
        network.device.send(up)
        assert network.server.next() == up


def test_noise_ends_its_connection_is_counted_and_harms_nobody_else() -> None:
    with FakeNef(grants()).serving() as url, running(url) as (network, end):
        for port in network.ports:
            for noise in (b"POST / HTTP/1.1\r\n\r\n", bytes(3000), b"\x45\0\0\x01more"):
                with socket.create_connection(("127.0.0.1", port)) as noisy:
                    noisy.sendall(noise)
                    assert is_closed(noisy)
        network.send(1)
        assert number_of(network.device.next()) == 1
        assert end()["malformed"] == 6


def is_closed(by_the_other: socket.socket) -> bool:
    by_the_other.settimeout(60)
    try:
        return by_the_other.recv(1) == b""
    except ConnectionResetError:
        return True  # with octets of ours unread


def test_a_packet_that_is_wrong_in_itself_is_counted_and_the_next_one_goes() -> None:
    with FakeNef(grants()).serving() as url, running(url) as (network, end):
        wrong = bytearray(encode_udp((SERVER, 7000), (UE, 7001), 0, b"wrong checksum"))
        wrong[10] ^= 1
        network.server.send(bytes(wrong))
        network.send(1)
        assert number_of(network.device.next()) == 1
        assert end()["malformed"] == 1


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


def test_a_connection_that_ends_is_a_detachment() -> None:
    with FakeNef(grants()).serving() as url, running(url) as (network, end):
        network.device.socket.close()
        network.device = Endpoint(network.ports[1], UE2)
        network.until_carried(UE2)
        network.send(1)
        network.send(2, to=UE2)
        assert number_of(network.device.next()) == 2
        bearer = end()["flows"]["default/camera-1"]
    assert bearer["packets_unattached"] >= 1


def test_a_device_that_comes_back_gets_what_waits() -> None:
    nef = FakeNef(two_flows(HELD, HELD))
    with nef.serving() as url, running(url) as (network, end):
        network.send_both(5, 0)
        network.until_carried()
        network.device.socket.close()
        network.device = Endpoint(network.ports[1], UE)
        network.until_carried()
        nef.document = two_flows(FAST, HELD)
        assert [number_of(packet) for packet in network.device.take(5)] == [0, 1, 2, 3, 4]
        assert end()["flows"]["s/1"]["packets_sent"] == 5


def test_a_device_that_does_not_read_loses_what_is_counted_and_stalls_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "MAX_WAITING_BYTES", 200_000)
    nef = FakeNef(grants(flow(2, "28fc", 8 * 10**9)))
    with nef.serving() as url, running(url) as (network, end):
        lazy, network.device = network.device, Endpoint(network.ports[1], UE2)
        # More than the kernel keeps for a connection on any system.
        for number in range(32_000):
            network.send(number, WEIGHTS)
        network.send(7, to=UE2)
        assert number_of(network.device.next()) == 7
        counts = end()["flows"]["s/2"]
        lazy.socket.close()
    assert counts["packets_unread"] > 0
    assert (
        counts["packets_in"]
        == 32_000
        == sum(counts[f"packets_{fate}"] for fate in ("sent", "unread", "overflowed", "lost"))
    )


def test_nothing_is_lost_at_a_high_rate_but_with_the_error_rate() -> None:
    """However late the relay, the server or the device is: there is nothing else that loses."""
    nef = FakeNef(grants(flow(2, "28fc", 10**9, "1E-2")))
    with nef.serving() as url, running(url) as (network, end):
        sending = threading.Thread(target=network.send_both, args=(0, 10_000))
        sending.start()
        kept = 10_000 - len(lost_of(10_000, 1e-2))
        numbers = [number_of(packet) for packet in network.device.take(kept)]
        sending.join()
        counts = end()["flows"]["s/2"]
    assert sorted(set(range(10_000)) - set(numbers)) == lost_of(10_000, 1e-2)
    assert (counts["packets_overflowed"], counts["packets_unread"]) == (0, 0)
    assert counts["packets_lost"] == 10_000 - kept


def lost_of(packets: int, error_rate: float, seed: int = 1) -> list[int]:
    return [int(n) for n in np.flatnonzero(LossDraw(seed, "s/2").lost(error_rate, packets))]


def test_connections_beyond_the_limit_are_closed_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with FakeNef(grants()).serving() as url, running(url) as (network, end):
        monkeypatch.setattr(relay, "MAX_CONNECTIONS", 2)
        with socket.create_connection(("127.0.0.1", network.ports[1])) as third:
            assert is_closed(third)
        network.send(1)
        assert number_of(network.device.next()) == 1
        assert end()["attachments_refused"] == 1


def test_a_relay_without_descriptors_says_so_and_listens_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none_left(*_: object) -> tuple[socket.socket, object]:
        monkeypatch.undo()
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(relay, "_HOUSEKEEPING_NS", 10**7)
    with FakeNef(grants()).serving() as url, running(url) as (network, _):
        monkeypatch.setattr(socket.socket, "accept", none_left)
        device = Endpoint(network.ports[1], UE2)
        network.send(1)
        assert number_of(network.device.next()) == 1
        network.device.socket.close()
        network.device = device
        network.until_carried(UE2)
    (message,) = caplog.messages
    assert "cannot be taken" in message


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
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = RelaySettings("127.0.0.1", 0, "127.0.0.1", port, "http://127.0.0.1:9")
        with pytest.raises(OSError, match=f"127.0.0.1:{port}"):
            run_relay(settings, threading.Event())


def test_it_is_ready_when_the_nef_has_told_what_is_granted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told, stop = list[str](), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    settings = RelaySettings("127.0.0.1", 0, "127.0.0.1", 0, f"http://127.0.0.1:{port}", 0.01)
    work = partial(run_relay, settings, stop, lambda event: told.append(event["event"]))
    thread = threading.Thread(target=work)
    thread.start()
    try:
        until(lambda: bool(caplog.messages and told))
        assert "nothing is carried" in caplog.messages[0]
        assert told == ["waiting"]
        with FakeNef(grants()).serving(port):
            until(lambda: told == ["waiting", "ready"])
    finally:
        stop.set()
        thread.join()
