import socket
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from af_client.delivery import tunnel
from af_client.delivery.endpoint import ATTACH_EVERY_S, TunnelEndpoint
from af_client.delivery.tunnel import Endpoint, InnerPacket

LOCAL = Endpoint(ip_address("10.45.0.2"), 7001)
SERVER = Endpoint(ip_address("10.60.0.1"), 7000)


@pytest.fixture
def relay() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)
        yield listening


@pytest.fixture
def endpoint(relay: socket.socket) -> Iterator[TunnelEndpoint]:
    with TunnelEndpoint(relay.getsockname(), LOCAL) as endpoint:
        yield endpoint


def answer(relay: socket.socket, endpoint: TunnelEndpoint, *datagrams: bytes) -> None:
    endpoint.keep_attached(0.0)
    _, outer = relay.recvfrom(2048)
    for datagram in datagrams:
        relay.sendto(datagram, outer)


def test_it_attaches_at_once_and_then_every_second(
    relay: socket.socket, endpoint: TunnelEndpoint
) -> None:
    assert endpoint.keep_attached(5.0) == 5.0 + ATTACH_EVERY_S
    assert relay.recv(2048) == tunnel.attachment(LOCAL.address)
    endpoint.keep_attached(5.5)
    endpoint.send(SERVER, 0, b"next")
    assert relay.recv(2048).endswith(b"next")
    endpoint.keep_attached(6.0)
    assert relay.recv(2048) == tunnel.attachment(LOCAL.address)


def test_what_is_sent_is_one_inner_packet_from_its_own_address(
    relay: socket.socket, endpoint: TunnelEndpoint
) -> None:
    endpoint.send(SERVER, 0xB8, b"hello")
    assert tunnel.decode(relay.recv(2048)) == InnerPacket(LOCAL, SERVER, 0xB8, b"hello")


def test_only_whole_packets_for_its_own_address_and_port_come_in(
    relay: socket.socket, endpoint: TunnelEndpoint
) -> None:
    wanted = InnerPacket(SERVER, LOCAL, 0x28, b"weights")
    other = InnerPacket(SERVER, Endpoint(LOCAL.address, 9), 0x28, b"other")
    answer(relay, endpoint, b"rubbish", other.encode(), wanted.encode())
    assert endpoint.receive() == [wanted]
    assert endpoint.receive() == []


def test_a_relay_that_is_not_there_yet_does_no_harm() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        address = unused.getsockname()
    with TunnelEndpoint(address, LOCAL) as endpoint:
        for now_s in range(4):
            endpoint.keep_attached(float(now_s))
            assert endpoint.receive() == []


def test_a_relay_that_cannot_be_found_is_named() -> None:
    with pytest.raises(OSError, match=r"the relay nowhere\.invalid:4 cannot be found"):
        TunnelEndpoint(("nowhere.invalid", 4), LOCAL)
