"""Octets of a connection, cut into packets."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.outlets import packets_of
from nef.network.userplane.packets import MalformedPacket, encode_attachment, encode_udp
from nef.network.userplane.runs import Run
from nef.network.userplane.streams import BUFFER_BYTES, PacketStream

SERVER, UE, UE6 = (ip_address(a) for a in ("10.60.0.1", "10.45.0.2", "2001:db8::2"))


def down(size: int, tos: int = 0, mark: int = 0) -> bytes:
    return encode_udp((SERVER, 7000), (UE, 7001), tos, bytes([mark]) * size)


def runs_of(octets: bytes, *cuts: int) -> list[Run]:
    """What a stream finds in octets that are read in pieces of these sizes, and the rest."""
    stream, buffer = PacketStream(bytearray(BUFFER_BYTES)), octets
    runs: list[Run] = []
    for size in (*cuts, len(octets)):
        piece, buffer = buffer[:size], buffer[size:]
        stream.room()[: len(piece)] = piece
        runs += stream.take(len(piece))
    return runs


def packets(runs: list[Run]) -> list[bytes]:
    return [packet for run in runs for packet in packets_of(run)]


def test_packets_with_the_same_headers_are_one_run() -> None:
    octets = b"".join(down(1400, mark=n) for n in range(50))
    (run,) = runs_of(octets)
    assert (run.size_bytes, run.count, bytes(run.data)) == (1428, 50, octets)


@pytest.mark.parametrize(
    "other", [down(9, tos=4), down(10), encode_attachment(UE), encode_attachment(UE6)]
)
def test_a_packet_with_other_headers_ends_a_run(other: bytes) -> None:
    runs = runs_of(down(9) * 3 + other + down(9) * 2)
    assert [run.count for run in runs] == [3, 1, 2]
    assert packets(runs) == [down(9)] * 3 + [other] + [down(9)] * 2


def test_a_packet_that_alternates_with_another_is_found_each_time() -> None:
    octets = (down(9, tos=0xB8) + down(9, tos=0x28)) * 100
    assert b"".join(packets(runs_of(octets))) == octets


@given(st.data())
def test_it_does_not_matter_where_reads_cut(data: st.DataObject) -> None:
    sizes = st.integers(0, 40).map(down)
    others = st.sampled_from([encode_attachment(UE), encode_attachment(UE6), down(9)])
    sent = data.draw(st.lists(sizes | others, max_size=20))
    octets = b"".join(sent)
    cuts = data.draw(st.lists(st.integers(0, 90), max_size=30))
    assert packets(runs_of(octets, *cuts)) == sent


def test_a_run_outlives_the_buffer_it_was_read_into() -> None:
    stream = PacketStream(bytearray(BUFFER_BYTES))
    room = stream.room()
    room[:29] = down(1, mark=7)
    (run,) = stream.take(29)
    stream.room()[:29] = down(1, mark=8)
    assert bytes(run.data) == down(1, mark=7)


def test_streams_may_share_a_buffer() -> None:
    buffer = bytearray(BUFFER_BYTES)
    first, second = PacketStream(buffer), PacketStream(buffer)
    octets = down(4, mark=1)
    for stream in (first, second):
        stream.room()[:20] = octets[:20]
        assert list(stream.take(20)) == []
    for stream in (first, second):
        stream.room()[:12] = octets[20:]
        assert packets(list(stream.take(12))) == [octets]


def test_the_longest_packet_there_can_be_fits() -> None:
    longest = bytes([0x60, 0, 0, 0, 0xFF, 0xFF]) + bytes(34 + 65535)
    (run,) = runs_of(longest)
    assert (run.size_bytes, run.count) == (65575, 1)


@pytest.mark.parametrize(
    ("noise", "why"),
    [
        (b"POST / HTTP/1.1", "neither an IPv4 nor an IPv6 header"),
        (bytes(8), "neither an IPv4 nor an IPv6 header"),
        (b"\x45\x00\x00\x13\x00\x00", "shorter than its header"),
    ],
)
def test_what_starts_no_packet_has_no_boundaries(noise: bytes, why: str) -> None:
    with pytest.raises(MalformedPacket, match=why):
        runs_of(down(3) + noise)


def test_what_came_before_the_noise_is_found() -> None:
    stream = PacketStream(bytearray(BUFFER_BYTES))
    octets = down(3) + bytes(8)
    stream.room()[: len(octets)] = octets
    found = stream.take(len(octets))
    assert bytes(next(found).data) == down(3)
    with pytest.raises(MalformedPacket):
        next(found)
