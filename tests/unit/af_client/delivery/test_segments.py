"""Many segments as one thing, and each of them the message that it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from af_client.delivery import segments
from af_client.delivery.segments import Octets, SegmentedPart, SegmentRun
from af_client.delivery.wire import (
    SEGMENT_BYTES,
    MalformedMessage,
    Message,
    MessageType,
    Part,
    segments_of,
)
from builders.transfers import WEIGHTS

PART = SegmentedPart(WEIGHTS)


def a_run(first: int = 0, count: int = 10) -> SegmentRun:
    return PART.run(0x01020304, Part.WEIGHTS, first, np.arange(count, dtype=np.uint8))


def rows_of(*payloads: bytes) -> Octets:
    return np.frombuffer(b"".join(payloads), np.uint8).reshape(len(payloads), -1)


def read(*payloads: bytes) -> tuple[list[Message], list[str]]:
    """Every message that is said, runs as messages of their own, and the complaints."""
    refused: list[MalformedMessage] = []
    said: list[Message] = []
    for item in segments.read(rows_of(*payloads), refused.append):
        said += item.messages() if isinstance(item, SegmentRun) else [item]
    return said, [str(fault) for fault in refused]


def test_a_run_is_written_as_its_messages_one_by_one() -> None:
    run = a_run(first=20)
    messages = [
        Message(
            MessageType.DATA,
            0x01020304,
            Part.WEIGHTS,
            n,
            20 + n,
            segments_of(len(WEIGHTS)),
            WEIGHTS[(20 + n) * SEGMENT_BYTES : (21 + n) * SEGMENT_BYTES],
        )
        for n in range(10)
    ]
    assert list(run.messages()) == messages
    assert bytes(run.framed()) == b"".join(message.encode() for message in messages)
    assert bytes(run.framed(b"before")) == b"".join(b"before" + m.encode() for m in messages)
    assert (len(run), run.message_bytes) == (10, 1400)


def test_the_last_segment_is_a_run_of_its_own_size() -> None:
    (message,) = PART.run(1, Part.WEIGHTS, PART.count - 1, np.zeros(1, np.uint8)).messages()
    assert message.body == WEIGHTS[(PART.count - 1) * SEGMENT_BYTES :]


def test_what_is_written_as_a_run_is_read_as_one() -> None:
    payloads = rows_of(*(message.encode() for message in a_run().messages()))
    refused: list[MalformedMessage] = []
    (item,) = segments.read(payloads, refused.append)
    assert isinstance(item, SegmentRun)
    assert list(item.messages()) == list(a_run().messages())


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_what_is_mixed_is_read_in_order(kinds: list[int]) -> None:
    other = Message(MessageType.DATA, 2, Part.WEIGHTS, 0, 1, 9, WEIGHTS[:SEGMENT_BYTES])
    end = Message(MessageType.NACK, 1, Part.WEIGHTS, body=bytes(SEGMENT_BYTES))
    ours = list(a_run().messages())
    sent = [{0: ours[n % 10], 1: ours[(n + 3) % 10], 2: other, 3: end}[k]
            for n, k in enumerate(kinds)]  # fmt: skip
    assert read(*(message.encode() for message in sent)) == (sent, [])


def test_a_damaged_segment_is_left_out_and_told() -> None:
    payloads = [bytearray(message.encode()) for message in a_run().messages()]
    payloads[3][-1] ^= 1
    payloads[7][30] ^= 1
    said, refused = read(*map(bytes, payloads))
    assert [message.index for message in said] == [0, 1, 2, 4, 5, 6, 8, 9]
    assert len(refused) == 2


def test_segments_that_are_damaged_all_are_told_all() -> None:
    payloads = [bytearray(message.encode()) for message in a_run().messages()]
    for payload in payloads:
        payload[-1] ^= 1
    assert read(*map(bytes, payloads)) == ([], ["a damaged segment"] * 10)


@pytest.mark.parametrize(("offset", "value"), [(0, 0), (2, 9), (8, 7), (10, 0)])
def test_segments_of_another_protocol_or_part_are_refused(offset: int, value: int) -> None:
    payloads = [bytearray(message.encode()) for message in a_run().messages()]
    for payload in payloads:
        payload[offset] = value
    said, refused = read(*map(bytes, payloads))
    assert (said, len(refused)) == ([], 10)


def test_rubbish_between_messages_is_refused_and_the_rest_is_read() -> None:
    bye = Message(MessageType.BYE, 1).encode()
    said, refused = read(bye, bytes(len(bye)), bye)
    assert [message.type for message in said] == [MessageType.BYE] * 2
    assert len(refused) == 1
