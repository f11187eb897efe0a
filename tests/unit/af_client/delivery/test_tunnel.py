from ipaddress import ip_address

import pytest

from af_client.delivery.tunnel import Endpoint, InnerPacket, NotAPacket, attachment, decode

SERVER = Endpoint(ip_address("10.60.0.1"), 7000)
DEVICE = Endpoint(ip_address("10.45.0.2"), 7001)
SERVER6 = Endpoint(ip_address("2001:db8:60::1"), 7000)
DEVICE6 = Endpoint(ip_address("2001:db8:45::2"), 7001)


def test_a_packet_is_written_octet_by_octet_as_the_page_of_the_user_plane_shows() -> None:
    expected = "45b8002400004000401125a60a3c00010a2d00021b581b5900100000" + b"topology".hex()
    assert InnerPacket(SERVER, DEVICE, 0xB8, b"topology").encode().hex() == expected


def test_an_attachment_is_written_as_the_page_of_the_user_plane_shows() -> None:
    expected = "4500001400004000403b26520a2d00020a2d0002"
    assert attachment(DEVICE.address).hex() == expected


@pytest.mark.parametrize(("source", "destination"), [(SERVER, DEVICE), (SERVER6, DEVICE6)])
@pytest.mark.parametrize("size", [0, 1, 1400])
def test_what_is_written_is_read_back(source: Endpoint, destination: Endpoint, size: int) -> None:
    packet = InnerPacket(source, destination, 0x28, b"x" * size)
    written = packet.encode()
    assert decode(written) == packet
    assert len(written) == size + source.header_bytes


@pytest.mark.parametrize("endpoint", [SERVER, SERVER6])
def test_an_attachment_is_no_packet_of_an_application(endpoint: Endpoint) -> None:
    with pytest.raises(NotAPacket, match="protocol 59"):
        decode(attachment(endpoint.address))


@pytest.mark.parametrize("source", [SERVER, SERVER6])
def test_a_packet_cut_anywhere_is_none(source: Endpoint) -> None:
    destination = DEVICE if source is SERVER else DEVICE6
    written = InnerPacket(source, destination, 0, b"payload").encode()
    for length in range(len(written)):
        with pytest.raises(NotAPacket):
            decode(written[:length])


def test_options_and_wrong_lengths_are_refused() -> None:
    written = bytearray(InnerPacket(SERVER, DEVICE, 0, b"payload").encode())
    with pytest.raises(NotAPacket, match="options"):
        decode(bytes([0x46]) + bytes(written[1:]))
    written[25] += 1
    with pytest.raises(NotAPacket, match="UDP packet of 16"):
        decode(bytes(written))


def test_more_than_fits_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ValueError, match="1401 bytes of payload, at most 1400"):
        InnerPacket(SERVER, DEVICE, 0, b"x" * 1401).encode()


def test_a_packet_has_one_version_of_ip() -> None:
    with pytest.raises(ValueError, match="different versions"):
        InnerPacket(SERVER, DEVICE6, 0, b"").encode()


def test_an_endpoint_is_written_as_people_write_it() -> None:
    assert [str(SERVER), str(SERVER6)] == ["10.60.0.1:7000", "[2001:db8:60::1]:7000"]
