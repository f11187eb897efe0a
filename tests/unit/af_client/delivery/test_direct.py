"""A plain socket as the way into the user plane."""

import selectors
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_address

import pytest

from af_client.delivery.direct import DirectEndpoint, PacketEndpoint, open_endpoint
from af_client.delivery.endpoint import TunnelEndpoint
from af_client.delivery.tunnel import MAX_PAYLOAD_BYTES, Endpoint, InnerPacket


def free(host: str) -> Endpoint:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return Endpoint(ip_address(host), probe.getsockname()[1])


@pytest.fixture(params=["127.0.0.1", "::1"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[DirectEndpoint, DirectEndpoint]]:
    with ExitStack() as stack:
        here, there = (stack.enter_context(DirectEndpoint(free(request.param))) for _ in range(2))
        yield here, there


def received(endpoint: PacketEndpoint, packets: int = 1) -> list[InnerPacket]:
    taken: list[InnerPacket] = []
    with selectors.DefaultSelector() as selector:
        selector.register(endpoint, selectors.EVENT_READ)
        while len(taken) < packets and selector.select(5):
            taken += [packet for run in endpoint.receive() for packet in run.packets()]
    return taken


Ends = tuple[DirectEndpoint, DirectEndpoint]


@pytest.mark.parametrize("tos", [0, 0x28, 0xB8, 0xFC])
def test_a_packet_arrives_with_its_ends_and_its_traffic_class(ends: Ends, tos: int) -> None:
    here, there = ends
    here.send(there.local, tos, b"weights")
    assert received(there) == [InnerPacket(here.local, there.local, tos, b"weights")]


def test_each_packet_has_a_traffic_class_of_its_own(ends: Ends) -> None:
    here, there = ends
    for tos in (0xB8, 0, 0x28):
        here.send(there.local, tos, b"")
    assert [packet.tos for packet in received(there, 3)] == [0xB8, 0, 0x28]


def test_the_longest_payload_passes_and_a_longer_one_is_refused(ends: Ends) -> None:
    here, there = ends
    here.send(there.local, 0, bytes(MAX_PAYLOAD_BYTES))
    with pytest.raises(ValueError, match="at most 1400"):
        here.send(there.local, 0, bytes(MAX_PAYLOAD_BYTES + 1))
    assert [len(packet.payload) for packet in received(there)] == [MAX_PAYLOAD_BYTES]


def test_nobody_at_the_other_end_is_a_loss_and_no_error(ends: Ends) -> None:
    here, there = ends
    for _ in range(3):
        here.send(Endpoint(there.local.address, 9), 0, b"lost")
    assert here.receive() == []
    there.send(here.local, 0, b"still there")
    assert [packet.payload for packet in received(here)] == [b"still there"]


def test_there_is_nothing_to_attach(ends: Ends) -> None:
    assert ends[0].keep_attached(5.0) == float("inf")
    assert ends[1].receive() == []


def test_mixed_versions_of_ip_are_refused() -> None:
    with DirectEndpoint(free("127.0.0.1")) as here, pytest.raises(ValueError, match="versions"):
        here.send(Endpoint(ip_address("::1"), 9), 0, b"")


def test_an_address_of_another_machine_is_named() -> None:
    elsewhere = Endpoint(ip_address("192.0.2.99"), 7000)
    with pytest.raises(OSError, match=r"192\.0\.2\.99:7000: not an address of this machine"):
        DirectEndpoint(elsewhere)


def test_a_port_that_is_taken_is_named(ends: Ends) -> None:
    with pytest.raises(OSError, match=f":{ends[0].local.port}"):
        DirectEndpoint(ends[0].local)


def test_packets_can_come_from_the_next_port(ends: Ends) -> None:
    _, there = ends
    local = free(str(there.local.address))
    with DirectEndpoint(local, (0, 1)) as two:
        two.send(there.local, 0, b"weights", port_shift=1)
        two.send(there.local, 0, b"topology")
        packets = received(there, 2)
    assert {packet.payload: packet.source.port - local.port for packet in packets} == {
        b"weights": 1,
        b"topology": 0,
    }


def test_a_next_port_that_is_taken_is_named_before_anything_is_sent(ends: Ends) -> None:
    taken = ends[0].local
    before = Endpoint(taken.address, taken.port - 1)
    with pytest.raises(OSError, match=f":{taken.port}: "):
        DirectEndpoint(before, (0, 1))


def test_without_a_relay_the_way_is_direct() -> None:
    local = free("127.0.0.1")
    with open_endpoint(None, local) as direct:
        assert isinstance(direct, DirectEndpoint)
    with open_endpoint(("127.0.0.1", 9), local) as tunnelled:
        assert isinstance(tunnelled, TunnelEndpoint)
