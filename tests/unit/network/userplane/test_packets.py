"""Inner packets, octet by octet."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nef.domain.filters import IpAddress
from nef.network.userplane.packets import (
    InnerHeader,
    MalformedPacket,
    decode,
    destination_of,
    encode_attachment,
    encode_udp,
)

SERVER, UE = ip_address("10.60.0.1"), ip_address("10.45.0.2")
SERVER6, UE6 = ip_address("2001:db8:60::1"), ip_address("2001:db8:45::2")
PAIRS = [(SERVER, UE), (SERVER6, UE6)]


def packet(source: IpAddress = SERVER, to: IpAddress = UE, payload: bytes = b"abc") -> bytes:
    return encode_udp((source, 7000), (to, 7001), 0x2B, payload)


def with_octets(octets: bytes, at: int, original: bytes) -> bytes:
    return original[:at] + octets + original[at + len(octets) :]


@pytest.mark.parametrize(("source", "to"), PAIRS)
def test_what_was_encoded_is_decoded(source: IpAddress, to: IpAddress) -> None:
    header = decode(packet(source, to))
    assert header == InnerHeader(0x2B, 17, source.packed, 7000, to.packed, 7001)
    assert not header.attaches


@pytest.mark.parametrize(("source", "to"), PAIRS)
def test_the_payload_follows_the_udp_header(source: IpAddress, to: IpAddress) -> None:
    header_bytes = 28 if to.version == 4 else 48
    assert packet(source, to, b"payload")[header_bytes:] == b"payload"
    assert len(packet(source, to, bytes(1400))) == header_bytes + 1400


@pytest.mark.parametrize(("source", "to"), PAIRS)
def test_the_destination_is_found_without_decoding(source: IpAddress, to: IpAddress) -> None:
    assert destination_of(memoryview(packet(source, to))) == to.packed


@pytest.mark.parametrize("address", [UE, UE6])
def test_an_attachment_names_one_address_and_nothing_else(address: IpAddress) -> None:
    attachment = encode_attachment(address)
    assert len(attachment) == (20 if address.version == 4 else 40)
    header = decode(attachment)
    assert header.attaches
    assert header.source == header.destination == address.packed


def test_the_header_checksum_is_that_of_rfc_1071() -> None:
    # A header whose checksum is widely published: 192.168.0.1 to 192.168.0.199, UDP, 115 bytes.
    published = bytes.fromhex("45000073000040004011b861c0a80001c0a800c7")
    body = bytes.fromhex("00350035005f0000") + bytes(87)
    ours = encode_udp(
        (ip_address("192.168.0.1"), 53), (ip_address("192.168.0.199"), 53), 0, bytes(87)
    )
    assert ours == with_octets(b"\x40", 8, published) + body
    assert decode(ours).destination_port == 53


def test_a_payload_over_1400_bytes_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="1400"):
        packet(payload=bytes(1401))


def longer_than_allowed() -> bytes:
    size = 1401
    return with_octets(
        (size + 8).to_bytes(2, "big"),
        44,
        with_octets((size + 8).to_bytes(2, "big"), 4, packet(SERVER6, UE6, b"") + bytes(size)),
    )


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (b"", "neither"),
        (b"\x00" * 40, "neither"),
        (packet()[:19], "no IPv4 header"),
        (packet(SERVER6, UE6)[:39], "no IPv6 header"),
        (packet()[:-1], "31 bytes, it has 30"),
        (packet() + b"x", "31 bytes, it has 32"),
        (packet(SERVER6, UE6) + b"x", "11 bytes follow, 12 do"),
        (with_octets(b"\x46", 0, packet()), "options"),
        (with_octets(b"\x20", 6, packet()), "fragment"),
        (with_octets(b"\x00\x01", 6, packet()), "fragment"),
        (with_octets(b"\x41", 8, packet()), "checksum"),
        (with_octets(b"\x06", 6, packet(SERVER6, UE6)), "no UDP"),
        (with_octets(b"\x00\x0c", 24, packet()), "UDP header says 12 bytes, it has 11"),
        (longer_than_allowed(), "more than 1400"),
        (with_octets(b"\x3b", 6, packet(SERVER6, UE6)), "attachment"),
        (with_octets(b"\x00", 39, encode_attachment(UE6)), "attachment"),
    ],
)
def test_what_is_not_one_complete_packet_is_refused(wrong: bytes, why: str) -> None:
    with pytest.raises(MalformedPacket, match=why):
        decode(wrong)


@given(st.binary(max_size=80), st.sampled_from(PAIRS), st.integers(0, 60))
def test_no_octets_whatsoever_do_more_than_being_malformed(
    noise: bytes, pair: tuple[IpAddress, IpAddress], at: int
) -> None:
    for octets in (noise, with_octets(noise, at, packet(*pair))):
        try:
            decode(octets)
        except MalformedPacket:
            continue
