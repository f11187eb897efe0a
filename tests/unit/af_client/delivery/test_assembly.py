import numpy as np
import pytest

from af_client.delivery.assembly import Assembly, is_intact
from af_client.delivery.documents import PartOffer
from af_client.delivery.segments import SegmentedPart, SegmentRun, run_of
from af_client.delivery.wire import (
    SEGMENT_BYTES,
    MalformedMessage,
    Message,
    MessageType,
    Part,
    segment,
)
from builders.transfers import TOPOLOGY, WEIGHTS, offered

COUNT = 3
PART = TOPOLOGY[: SEGMENT_BYTES * 2 + 100]


def data(index: int, attempt: int = 0, count: int = COUNT, body: bytes | None = None) -> Message:
    content = segment(PART, index) if body is None else body
    return Message(MessageType.DATA, 1, Part.TOPOLOGY, attempt, index, count, content)


def assembled(*messages: Message) -> Assembly:
    assembly = Assembly(COUNT)
    for message in messages:
        assembly.take(run_of(message))
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
    assert (assembly.missing(), assembly.lost, assembly.complete) == ([(1, 1)], 1, False)
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
        assembly.take(run_of(message))
    assert (assembly.received, assembly.lost) == (0, COUNT)


def test_what_was_discarded_has_to_come_again() -> None:
    assembly = assembled(data(0), data(1), data(2))
    assembly.discard()
    assert assembly.missing() == [(0, 2)]


def test_another_checksum_is_not_intact() -> None:
    assert not is_intact(PART, PartOffer(len(PART), "0" * 64))


# --- runs ---

MANY = 40
LARGE = WEIGHTS[: SEGMENT_BYTES * MANY]


def a_run(*indices: int, attempt: int = 0) -> SegmentRun:
    """Segments of a part of 40, in that order."""
    whole = SegmentedPart(LARGE).run(1, Part.WEIGHTS, 0, np.zeros(MANY, np.uint8))
    chosen = np.array(indices)
    attempts = np.full(len(indices), attempt, np.uint8)
    return SegmentRun(
        1,
        Part.WEIGHTS,
        MANY,
        whole.indices[chosen],
        attempts,
        whole.checksums[chosen],
        whole.bodies[chosen],
    )


def of_runs(*runs: SegmentRun) -> Assembly:
    assembly = Assembly(MANY)
    for run in runs:
        assembly.take(run)
    return assembly


def test_runs_in_any_order_make_the_part() -> None:
    assembly = of_runs(a_run(*range(20, 40)), a_run(*range(20)))
    assert assembly.complete
    assert assembly.content(offered(LARGE)) == LARGE


def test_a_run_with_gaps_leaves_them_out() -> None:
    assembly = of_runs(a_run(0, 1, 5, 6, 39), a_run(3))
    assert assembly.missing() == [(2, 2), (4, 4), (7, 38)]
    assert assembly.held() == [(0, 1), (3, 3), (5, 6), (39, 39)]
    gone = set(range(MANY)) - {0, 1, 3, 5, 6, 39}
    for index in range(MANY):
        span = slice(index * SEGMENT_BYTES, (index + 1) * SEGMENT_BYTES)
        expected = bytes(SEGMENT_BYTES) if index in gone else LARGE[span]
        assert assembly.content(offered(LARGE))[span] == expected


def test_a_segment_twice_in_runs_or_in_one_of_them_counts_once() -> None:
    assembly = of_runs(a_run(0, 1, 2), a_run(2, 3, 3, 1))
    assert (assembly.received, assembly.missing()) == (4, [(4, 39)])


def test_what_a_later_attempt_brought_is_repaired() -> None:
    assembly = of_runs(a_run(*range(30)), a_run(*range(30, 40), attempt=1))
    assert (assembly.repaired, assembly.lost, assembly.complete) == (10, 10, True)


def test_a_run_of_which_one_does_not_fit_is_refused_as_a_whole() -> None:
    small = Assembly(MANY - 1)
    with pytest.raises(MalformedMessage):
        small.take(a_run(3, 39))
    assert small.received == 0


def test_losses_are_a_map_of_the_part() -> None:
    losses = of_runs(a_run(*range(2, 38))).losses(offered(LARGE[:-100]))
    assert (losses.ranges, len(losses)) == (((0, 1), (38, 39)), 4)
    assert losses.spans == ((0, 2 * SEGMENT_BYTES), (38 * SEGMENT_BYTES, len(LARGE) - 100))
    assert losses.lost_bytes == 4 * SEGMENT_BYTES - 100


def test_what_two_assemblies_hold_is_held_by_one_after_a_merge() -> None:
    kept, begun = of_runs(a_run(*range(10))), of_runs(a_run(8, 9, 30))
    kept.merge(begun)
    assert kept.held() == [(0, 9), (30, 30)]
    kept.take(a_run(*range(10, 40)))
    assert kept.content(offered(LARGE)) == LARGE
