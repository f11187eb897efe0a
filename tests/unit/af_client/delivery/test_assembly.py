import pytest

from af_client.delivery.assembly import Assembly, is_intact
from af_client.delivery.documents import PartOffer
from af_client.delivery.wire import (
    SEGMENT_BYTES,
    MalformedMessage,
    Message,
    MessageType,
    Part,
    segment,
)
from builders.transfers import TOPOLOGY, offered

COUNT = 3
PART = TOPOLOGY[: SEGMENT_BYTES * 2 + 100]


def data(index: int, attempt: int = 0, count: int = COUNT, body: bytes | None = None) -> Message:
    content = segment(PART, index) if body is None else body
    return Message(MessageType.DATA, 1, Part.TOPOLOGY, attempt, index, count, content)


def assembled(*messages: Message) -> Assembly:
    assembly = Assembly(COUNT)
    for message in messages:
        assembly.take(message)
    return assembly


def test_segments_in_any_order_make_the_part() -> None:
    assembly = assembled(data(2), data(0), data(1))
    assert assembly.complete
    assert assembly.content(offered(PART)) == PART
    assert is_intact(assembly.content(offered(PART)), offered(PART))


def test_what_was_lost_reads_as_zeros_and_is_named() -> None:
    assembly = assembled(data(0), data(2))
    content = assembly.content(offered(PART))
    assert content[SEGMENT_BYTES : SEGMENT_BYTES * 2] == bytes(SEGMENT_BYTES)
    assert (list(assembly.missing()), assembly.lost, assembly.complete) == ([1], 1, False)
    assert not is_intact(content, offered(PART))


def test_a_segment_that_comes_twice_counts_once() -> None:
    assert assembled(data(0), data(0)).received == 1


def test_earlier_attempts_of_what_arrived_were_lost() -> None:
    assert assembled(data(0, attempt=2), data(1), data(2)).lost == 2


def test_an_earlier_attempt_that_was_only_late_was_not_lost() -> None:
    assert assembled(data(0, attempt=1), data(0, attempt=0), data(1), data(2)).lost == 0


@pytest.mark.parametrize(
    "message",
    [
        data(0, count=4),
        data(3),
        data(0, body=b"short"),
        data(1, body=b""),
        data(2, body=b""),
    ],
)
def test_a_segment_that_does_not_fit_is_refused_and_changes_nothing(message: Message) -> None:
    assembly = Assembly(COUNT)
    with pytest.raises(MalformedMessage):
        assembly.take(message)
    assert (assembly.received, assembly.lost) == (0, COUNT)


def test_what_was_discarded_has_to_come_again() -> None:
    assembly = assembled(data(0), data(1), data(2))
    assembly.discard()
    assert list(assembly.missing()) == [0, 1, 2]


def test_another_checksum_is_not_intact() -> None:
    assert not is_intact(PART, PartOffer(len(PART), "0" * 64))
