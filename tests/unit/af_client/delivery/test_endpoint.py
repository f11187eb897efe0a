import selectors
import socket
from collections.abc import Iterator
from ipaddress import ip_address

import numpy as np
import pytest

from af_client.delivery import tunnel
from af_client.delivery.endpoint import CONNECT_EVERY_S, FULL_BYTES, TunnelEndpoint
from af_client.delivery.segments import SegmentedPart
from af_client.delivery.tunnel import Endpoint, InnerPacket
from af_client.delivery.wire import Part
from builders.transfers import WEIGHTS
from builders.waiting import until

LOCAL = Endpoint(ip_address("10.45.0.2"), 7001)
SERVER = Endpoint(ip_address("10.60.0.1"), 7000)
ATTACHMENT = tunnel.attachment(LOCAL.address)


class Relay:
    """A listening socket, and the connection of an endpoint to it."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(60)
        self.connection: socket.socket | None = None

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.listening.getsockname()
        return host, port

    def accept(self) -> socket.socket:
        self.hang_up()
        self.connection, _ = self.listening.accept()
        self.connection.settimeout(60)
        assert take(self.connection, len(ATTACHMENT)) == ATTACHMENT
        return self.connection

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()

    def close(self) -> None:
        self.hang_up()
        self.listening.close()


def take(connection: socket.socket, size: int) -> bytes:
    octets = b""
    while len(octets) < size:
        octets += connection.recv(size - len(octets))
    return octets


@pytest.fixture
def relay() -> Iterator[Relay]:
    relay = Relay()
    yield relay
    relay.close()


@pytest.fixture
def endpoint(relay: Relay) -> Iterator[TunnelEndpoint]:
    with TunnelEndpoint(relay.address, LOCAL) as endpoint:
        yield endpoint


def ready(endpoint: TunnelEndpoint) -> bool:
    """Whether a selector wakes up for it soon."""
    with selectors.DefaultSelector() as selector:
        selector.register(endpoint, selectors.EVENT_READ)
        return bool(selector.select(60))


def received(endpoint: TunnelEndpoint, packets: int) -> list[InnerPacket]:
    found: list[InnerPacket] = []
    while len(found) < packets and ready(endpoint):
        found += [packet for run in endpoint.receive() for packet in run.packets()]
    return found


def test_it_attaches_at_once_and_stays_attached(relay: Relay, endpoint: TunnelEndpoint) -> None:
    assert endpoint.keep_attached(5.0) == 5.0 + CONNECT_EVERY_S
    connection = relay.accept()
    endpoint.keep_attached(6.0)
    endpoint.send(SERVER, 0, b"next")
    assert take(connection, 32).endswith(b"next")


def test_what_is_sent_is_one_inner_packet_from_its_own_address(
    relay: Relay, endpoint: TunnelEndpoint
) -> None:
    endpoint.keep_attached(0.0)
    connection = relay.accept()
    endpoint.send(SERVER, 0xB8, b"hello")
    assert tunnel.decode(take(connection, 33)) == InnerPacket(LOCAL, SERVER, 0xB8, b"hello")
    endpoint.send(SERVER, 0, b"hello", port_shift=1)
    shifted = Endpoint(LOCAL.address, LOCAL.port + 1)
    assert tunnel.decode(take(connection, 33)) == InnerPacket(shifted, SERVER, 0, b"hello")


def test_a_run_is_as_many_packets_as_it_has_segments(
    relay: Relay, endpoint: TunnelEndpoint
) -> None:
    endpoint.keep_attached(0.0)
    connection = relay.accept()
    run = SegmentedPart(WEIGHTS).run(7, Part.WEIGHTS, 3, np.zeros(5, np.uint8))
    endpoint.send_run(SERVER, 0x28, run)
    packets = [tunnel.decode(take(connection, 1428)) for _ in range(5)]
    assert [p.payload for p in packets] == [message.encode() for message in run.messages()]
    assert {(p.source, p.destination, p.tos) for p in packets} == {(LOCAL, SERVER, 0x28)}


def test_only_packets_for_its_own_address_and_port_come_in(
    relay: Relay, endpoint: TunnelEndpoint
) -> None:
    endpoint.keep_attached(0.0)
    wanted = InnerPacket(SERVER, LOCAL, 0x28, b"weights")
    other = InnerPacket(SERVER, Endpoint(LOCAL.address, 9), 0x28, b"another")
    relay.accept().sendall(other.encode() + wanted.encode() + other.encode() + wanted.encode())
    assert received(endpoint, 2) == [wanted, wanted]
    assert endpoint.receive() == []


def test_packets_under_equal_headers_come_as_one_run(
    relay: Relay, endpoint: TunnelEndpoint
) -> None:
    endpoint.keep_attached(0.0)
    packets = [InnerPacket(SERVER, LOCAL, 0x28, bytes([n]) * 100) for n in range(20)]
    relay.accept().sendall(b"".join(packet.encode() for packet in packets))
    found: list[InnerPacket] = []
    runs = 0
    while len(found) < 20 and ready(endpoint):
        for run in endpoint.receive():
            runs += 1
            found += run.packets()
    assert found == packets
    assert runs <= 3  # one, unless the kernel cut it


def test_a_relay_that_reads_slowly_makes_it_full_and_nothing_is_lost(
    relay: Relay, endpoint: TunnelEndpoint
) -> None:
    endpoint.keep_attached(0.0)
    connection = relay.accept()
    run = SegmentedPart(WEIGHTS).run(7, Part.WEIGHTS, 0, np.zeros(72, np.uint8))
    sent = 0
    while not endpoint.is_full:
        endpoint.send_run(SERVER, 0x28, run)
        sent += 1
    assert sent * 72 * 1428 > FULL_BYTES
    headers = tunnel.headers(LOCAL, SERVER, 0x28, 1400)
    for _ in range(sent):
        while select_readable(connection) is False:
            endpoint.receive()
        assert take_while(connection, endpoint, 72 * 1428) == bytes(run.framed(headers))
    assert not endpoint.is_full


def select_readable(connection: socket.socket) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        return bool(selector.select(0.01))


def take_while(connection: socket.socket, endpoint: TunnelEndpoint, size: int) -> bytes:
    """Read so much, while the endpoint is called whenever it wants to be."""
    octets = b""
    while len(octets) < size:
        if select_readable(connection):
            octets += connection.recv(size - len(octets))
        endpoint.receive()
    return octets


def test_a_relay_that_is_not_there_yet_does_no_harm_and_is_found_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        address = unused.getsockname()
    with TunnelEndpoint(address, LOCAL) as endpoint:
        for now_s in range(4):
            endpoint.keep_attached(float(now_s))
            endpoint.send(SERVER, 0, b"lost")
            assert endpoint.receive() == []
        with socket.create_server(address) as relay:
            relay.settimeout(60)
            endpoint.keep_attached(9.0)
            connection, _ = relay.accept()
            with connection:
                connection.settimeout(60)
                endpoint.send(SERVER, 0, b"here")
                assert (
                    take(connection, 20 + 32)
                    == ATTACHMENT + InnerPacket(LOCAL, SERVER, 0, b"here").encode()
                )


def test_a_connection_that_ended_is_made_anew(relay: Relay, endpoint: TunnelEndpoint) -> None:
    endpoint.keep_attached(0.0)
    relay.accept().sendall(InnerPacket(SERVER, LOCAL, 0, b"cut off").encode()[:30])
    relay.hang_up()
    assert ready(endpoint)
    while endpoint.keep_attached(0.5) > CONNECT_EVERY_S:
        endpoint.receive()
    assert endpoint.keep_attached(0.5) == CONNECT_EVERY_S
    endpoint.keep_attached(1.0)
    whole = InnerPacket(SERVER, LOCAL, 0, b"whole")
    relay.accept().sendall(whole.encode())
    assert received(endpoint, 1) == [whole]


def test_noise_from_the_relay_ends_the_connection_and_is_told(
    relay: Relay, endpoint: TunnelEndpoint, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.keep_attached(0.0)
    relay.accept().sendall(InnerPacket(SERVER, LOCAL, 0, b"good").encode() + bytes(40))
    assert [packet.payload for packet in received(endpoint, 1)] == [b"good"]
    while not caplog.messages:
        endpoint.receive()
    assert "no packet" in caplog.messages[0]
    endpoint.keep_attached(2.0)
    relay.accept()


def test_a_relay_that_cannot_be_found_is_named() -> None:
    with pytest.raises(OSError, match=r"the relay nowhere\.invalid:4 cannot be found"):
        TunnelEndpoint(("nowhere.invalid", 4), LOCAL)


def test_that_the_relay_is_not_there_is_told_once_and_that_it_is_again(
    relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = relay.address
    relay.close()
    with TunnelEndpoint((host, port), LOCAL) as endpoint:
        for tries in range(3):
            endpoint.keep_attached(tries * CONNECT_EVERY_S)
            until(lambda: not endpoint.receive() and endpoint._socket is None)
        (gone,) = caplog.messages
        assert f"no connection to the relay at {host}:{port}, tried again every 1 s: " in gone
        relay.listening = socket.create_server((host, port))
        relay.listening.settimeout(60)
        endpoint.keep_attached(3 * CONNECT_EVERY_S)
        until(lambda: not endpoint.receive() and len(caplog.messages) == 2)
        relay.accept()
    assert caplog.messages[1] == f"there is a connection to the relay at {host}:{port} again"
