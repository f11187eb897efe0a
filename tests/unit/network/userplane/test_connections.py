"""A connection of the relay, with the endpoint at its other end."""

import socket
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from fakes.outlets import packets_of
from nef.network.userplane.connections import MAX_WAITING_BYTES, Connection, ConnectionOver
from nef.network.userplane.packets import encode_udp
from nef.network.userplane.runs import Run, run_of
from nef.network.userplane.streams import BUFFER_BYTES

PACKET = encode_udp((ip_address("10.60.0.1"), 1), (ip_address("10.45.0.2"), 2), 0, bytes(1400))


class Pair:
    """A connection, the socket at its other end, and the connections that want to be flushed."""

    def __init__(self) -> None:
        ours, self.other = socket.socketpair()
        self.to_flush: set[Connection] = set()
        self.connection = Connection(ours, bytearray(BUFFER_BYTES), self.to_flush)
        self.other.settimeout(60)

    def close(self) -> None:
        self.connection.socket.close()
        self.other.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    pair = Pair()
    yield pair
    pair.close()


def many(packets: int) -> Run:
    return Run(memoryview(PACKET * packets), len(PACKET), packets)


def test_what_comes_is_read_as_packets(pair: Pair) -> None:
    pair.other.sendall(PACKET * 3 + PACKET[:100])
    assert [packets_of(run) for run in pair.connection.read()] == [[PACKET] * 3]
    pair.other.sendall(PACKET[100:])
    assert [packets_of(run) for run in pair.connection.read()] == [[PACKET]]


def test_nothing_to_read_is_no_end(pair: Pair) -> None:
    assert list(pair.connection.read()) == []


def test_an_end_is_told_to_who_reads_and_to_who_writes(pair: Pair) -> None:
    pair.other.close()
    with pytest.raises(ConnectionOver, match="closed"):
        list(pair.connection.read())
    pair.connection.put(many(1))
    with pytest.raises(ConnectionOver):
        pair.connection.flush()


def test_what_waits_is_sent_in_order_with_a_flush(pair: Pair) -> None:
    pair.connection.put(run_of(b"first"))
    pair.connection.put(run_of(b"second"))
    assert pair.to_flush == {pair.connection}
    pair.connection.flush()
    assert pair.other.recv(100) == b"firstsecond"
    assert pair.to_flush == set()


def test_hundreds_of_runs_go_at_once(pair: Pair) -> None:
    for number in range(300):
        pair.connection.put(run_of(bytes([number % 256])))
    pair.connection.flush()
    assert pair.other.recv(1000) == bytes(number % 256 for number in range(300))


def test_what_the_kernel_has_no_room_for_waits_and_nothing_is_lost(pair: Pair) -> None:
    sent, read = many(2000), bytearray()
    assert pair.connection.put(sent)
    pair.connection.flush()
    assert pair.connection.is_stuck
    while len(read) < sent.total_bytes:
        read += pair.other.recv(1 << 20)
        pair.connection.flush()
    assert bytes(read) == bytes(sent.data)
    assert not pair.connection.is_stuck


def test_an_endpoint_that_does_not_read_is_not_kept_more_for_than_the_bound(pair: Pair) -> None:
    fitting = MAX_WAITING_BYTES // (100 * len(PACKET))
    assert all(pair.connection.put(many(100)) for _ in range(fitting))
    assert not pair.connection.put(many(100))
    pair.connection.flush()
    pair.other.recv(1 << 20)
    pair.connection.flush()
    assert pair.connection.put(many(1))  # what was taken makes room
