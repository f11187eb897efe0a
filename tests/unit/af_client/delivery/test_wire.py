import pytest
from hypothesis import given
from hypothesis import strategies as st

from af_client.delivery.wire import (
    MAX_RANGES,
    SEGMENT_BYTES,
    MalformedMessage,
    Message,
    MessageType,
    OtherVersion,
    Part,
    decode,
    is_newer,
    ranges_bodies,
    ranges_of,
    segment,
    segments_of,
)

_U32 = st.integers(0, 2**32 - 1)
_MESSAGES = st.builds(
    Message,
    type=st.sampled_from(MessageType),
    transfer=_U32,
    part=st.sampled_from(Part),
    attempt=st.integers(0, 255),
    index=_U32,
    count=_U32,
    body=st.binary(max_size=SEGMENT_BYTES),
)


@given(_MESSAGES)
def test_what_is_written_is_read_back(message: Message) -> None:
    assert decode(message.encode()) == message
    assert len(message.encode()) == message.size_bytes <= 1400


@given(st.binary(max_size=1400))
def test_other_bytes_are_malformed_and_nothing_else(payload: bytes) -> None:
    with pytest.raises(MalformedMessage):
        decode(payload)


def test_a_message_is_written_octet_by_octet_as_its_page_shows() -> None:
    message = Message(MessageType.DATA, 0x01020304, Part.WEIGHTS, 0, 5, 6, b"model")
    header = "4d440103 01020304 02000005 00000005 00000006 d79572d9"
    assert message.encode() == bytes.fromhex(header) + b"model"


def test_one_wrong_bit_in_the_body_makes_a_message_worthless() -> None:
    written = bytearray(Message(MessageType.DATA, 1, Part.WEIGHTS, body=b"weights").encode())
    written[-1] ^= 1
    with pytest.raises(MalformedMessage, match="damaged"):
        decode(bytes(written))


def test_another_version_is_told_from_rubbish() -> None:
    written = bytearray(Message(MessageType.BYE, 1).encode())
    written[2] = 2
    with pytest.raises(OtherVersion, match="version 2; this side speaks 1"):
        decode(bytes(written))


@pytest.mark.parametrize(("offset", "value"), [(3, 99), (8, 3)])
def test_unknown_types_and_parts_are_refused(offset: int, value: int) -> None:
    written = bytearray(Message(MessageType.BYE, 1).encode())
    written[offset] = value
    with pytest.raises(MalformedMessage, match=str(value)):
        decode(bytes(written))


def test_a_body_that_does_not_fit_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ValueError, match="1377 bytes, at most 1376"):
        Message(MessageType.DATA, 1, body=b"x" * (SEGMENT_BYTES + 1)).encode()


@pytest.mark.parametrize("size", [1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 10_000])
def test_the_segments_of_a_part_make_the_part(size: int) -> None:
    part = bytes(i % 251 for i in range(size))
    segments = [segment(part, i) for i in range(segments_of(size))]
    assert b"".join(segments) == part
    assert all(segments)


@given(st.sets(st.integers(0, 400), max_size=100))
def test_gaps_are_written_as_ranges_and_read_back(indices: set[int]) -> None:
    pairs = [(index, index) for index in sorted(indices)]
    assert [pair for body in ranges_bodies(pairs) for pair in ranges_of(body)] == pairs


def test_more_gaps_than_fit_into_one_message_are_in_the_next_one() -> None:
    bodies = ranges_bodies([(n, n) for n in range(0, 1000, 2)])
    assert [len(ranges_of(body)) for body in bodies] == [MAX_RANGES, MAX_RANGES, 156]
    assert all(len(body) <= SEGMENT_BYTES for body in bodies)


def test_no_gap_is_a_message_without_ranges() -> None:
    assert ranges_bodies([]) == [b""]


@pytest.mark.parametrize("body", [b"1234567", bytes.fromhex("0000000500000004")])
def test_ranges_that_are_none_are_refused(body: bytes) -> None:
    with pytest.raises(MalformedMessage):
        ranges_of(body)


def test_the_order_of_transfers_survives_the_end_of_numbers() -> None:
    assert is_newer(0, than=2**32 - 1)
    assert not is_newer(2**32 - 1, than=0)
    assert not is_newer(7, than=7)
