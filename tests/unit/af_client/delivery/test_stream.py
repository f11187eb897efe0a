"""What comes from the relay, cut into runs."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from af_client.delivery.stream import PacketRun, PacketStream
from af_client.delivery.tunnel import Endpoint, InnerPacket, NotAPacket

SERVER = Endpoint(ip_address("10.60.0.1"), 7000)
DEVICE = Endpoint(ip_address("10.45.0.2"), 7001)
SERVER6 = Endpoint(ip_address("2001:db8:60::1"), 7000)
DEVICE6 = Endpoint(ip_address("2001:db8:45::2"), 7001)

_PACKETS = st.builds(
    lambda payload, tos, six: (
        InnerPacket(SERVER6, DEVICE6, tos, payload)
        if six
        else InnerPacket(SERVER, DEVICE, tos, payload)
    ),
    st.binary(max_size=30),
    st.sampled_from([0xB8, 0x28]),
    st.booleans(),
)


def read(octets: bytes, *cuts: int) -> list[InnerPacket]:
    """The packets that are found where reads cut so."""
    stream = PacketStream()
    found: list[InnerPacket] = []
    for size in (*cuts, len(octets)):
        piece, octets = octets[:size], octets[size:]
        stream.room()[: len(piece)] = piece
        for run in stream.take(len(piece)):
            found += run.packets()
    return found


def runs(octets: bytes) -> list[PacketRun]:
    stream = PacketStream()
    stream.room()[: len(octets)] = octets
    return list(stream.take(len(octets)))


@given(st.lists(_PACKETS, max_size=20), st.lists(st.integers(0, 90), max_size=30))
def test_it_does_not_matter_where_reads_cut(sent: list[InnerPacket], cuts: list[int]) -> None:
    assert read(b"".join(packet.encode() for packet in sent), *cuts) == sent


def test_packets_under_equal_headers_are_one_run() -> None:
    first = [InnerPacket(SERVER, DEVICE, 0x28, bytes([n]) * 1400) for n in range(50)]
    second = [InnerPacket(SERVER, DEVICE, 0xB8, bytes([n]) * 1400) for n in range(5)]
    found = runs(b"".join(packet.encode() for packet in first + second))
    assert [(run.tos, run.payloads.shape) for run in found] == [
        (0x28, (50, 1400)),
        (0xB8, (5, 1400)),
    ]
    assert [packet for run in found for packet in run.packets()] == first + second


@pytest.mark.parametrize("noise", [bytes(8), b"POST / HTTP", b"\x45\0\0\x01\0\0"])
def test_what_starts_no_packet_is_told(noise: bytes) -> None:
    with pytest.raises(NotAPacket):
        runs(InnerPacket(SERVER, DEVICE, 0, b"good").encode() + noise)
