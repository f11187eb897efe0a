"""A transfer of weights of which the device has a part already."""

import random
from collections.abc import Callable

import pytest

from af_client.delivery.incoming import STALLED_S, GivenUp, Received
from af_client.delivery.receiver import Receiver
from af_client.delivery.wire import SEGMENT_BYTES, Message, MessageType, Part, segments_of
from builders.transfers import WEIGHTS, a_sender
from fakes.userplane import Link, Loss

SEGMENTS = segments_of(len(WEIGHTS))
LATER_S = STALLED_S + 5


def gaps(*indices: int) -> Loss:
    """Never let these segments of the weights through."""
    return lambda m: m.type is MessageType.DATA and m.part is Part.WEIGHTS and m.index in indices


def received(link: Link) -> Received:
    (model,) = [event for event in link.events if isinstance(event, Received)]
    return model


def again(receiver: Receiver, weights: bytes = WEIGHTS) -> Link:
    """Another transfer to the same device, later."""
    link = Link(a_sender(2, weights=weights, now_s=LATER_S), receiver)
    link.now_s = LATER_S
    return link.run(lambda: bool(link.events and isinstance(link.events[-1], Received)))


def test_a_transfer_with_gaps_is_made_whole_by_a_second_one_that_sends_little() -> None:
    first = Link(a_sender(), Receiver(), gaps(3, 40)).run()
    assert len(received(first).losses) == 2
    second = again(first.receiver)
    model = received(second)
    assert (bytes(model.weights), model.weights_intact) == (WEIGHTS, True)
    assert second.sender.weights_sent.spared > SEGMENTS // 2


def test_what_is_in_use_of_the_first_one_does_not_change_under_its_model() -> None:
    first = Link(a_sender(), Receiver(), gaps(3)).run()
    in_use = received(first).weights
    again(first.receiver)
    start = 3 * SEGMENT_BYTES
    assert bytes(in_use[start : start + SEGMENT_BYTES]) == bytes(SEGMENT_BYTES)


@pytest.mark.parametrize("end", ["abort", "silence"])
def test_a_broken_transfer_is_resumed(end: str) -> None:
    link = Link(a_sender(), Receiver())
    link.run(lambda: progress_of(link.receiver) > SEGMENTS // 2)
    if end == "abort":
        message = link.sender.abort("something else is right")
        assert message is not None
        link.receiver.receive(message, link.now_s)
    else:
        _, events = link.receiver.due(link.now_s + STALLED_S)
        assert any(isinstance(event, GivenUp) for event in events)
    second = again(link.receiver)
    assert bytes(received(second).weights) == WEIGHTS
    assert second.sender.weights_sent.spared > SEGMENTS // 4


def progress_of(receiver: Receiver) -> int:
    return 0 if receiver.progress is None else receiver.progress.weights_segments


def other(weights: bytes) -> bytes:
    return random.Random(9).randbytes(len(weights))


def shorter(weights: bytes) -> bytes:
    return weights[:-1]


@pytest.mark.parametrize("changed", [other, shorter])
def test_other_weights_are_sent_as_a_whole(changed: Callable[[bytes], bytes]) -> None:
    first = Link(a_sender(), Receiver(), gaps(3)).run()
    weights = changed(WEIGHTS)
    second = again(first.receiver, weights)
    assert bytes(received(second).weights) == weights
    assert second.sender.weights_sent.spared == 0


def test_whole_weights_are_not_kept_for_another_transfer() -> None:
    first = Link(a_sender(), Receiver()).run()
    second = again(first.receiver)
    assert not any(message.type is MessageType.HAVE for message in second.up)


def test_repaired_segments_count_for_the_transfer_that_repaired_them() -> None:
    once = {5}

    def lost(message: Message) -> bool:
        hit = gaps(*once, 40)(message)
        once.discard(message.index if hit else -1)
        return hit

    first = Link(a_sender(repair_s=2.0), Receiver(), lost).run()
    assert received(first).weights_repaired == 1
    assert received(again(first.receiver)).weights_repaired == 0
