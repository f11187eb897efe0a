"""Both ends of a transfer against each other, in virtual time, over a link that loses messages."""

import random
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from af_client.delivery.documents import DeviceReport, PartOffer
from af_client.delivery.incoming import LONGEST_LOADING_S, GivenUp, Offered, Received
from af_client.delivery.receiver import Receiver
from af_client.delivery.sender import SILENCE_S, Outcome, Rates, Sender
from af_client.delivery.wire import SEGMENT_BYTES, Message, MessageType, Part
from builders.transfers import RATES, TOPOLOGY, WEIGHTS, a_sender, an_offer
from fakes.userplane import Link, Loss, no_loss


def delivered(sender: Sender, receiver: Receiver | None = None, lost: Loss = no_loss) -> Link:
    """The link after both parts have arrived and the device has reported."""
    link = Link(sender, receiver or Receiver(), lost)
    link.run(lambda: any(isinstance(e, Received) for e in link.events))
    received = received_by(link)
    link.receiver.report(received.transfer, a_report(received), link.now_s)
    return link.run()


def received_by(link: Link) -> Received:
    return next(e for e in link.events if isinstance(e, Received))


def a_report(received: Received) -> DeviceReport:
    losses = (received.topology_lost, received.weights_lost)
    variant = received.offer.variant
    return DeviceReport(variant, 0.5, *losses, True, received.weights_intact, 0.9)


def first_of(kind: MessageType, part: Part = Part.NONE, index: int = 0) -> Loss:
    """Lose the first message of a kind, and nothing else."""
    wanted = [(kind, part, index)]

    def lost(message: Message) -> bool:
        key = (message.type, message.part, message.index)
        if key in wanted:
            wanted.remove(key)
            return True
        return False

    return lost


def test_a_model_arrives_to_the_last_bit() -> None:
    link = delivered(a_sender())
    received = received_by(link)
    assert (received.topology, bytes(received.weights)) == (TOPOLOGY, WEIGHTS)
    assert (received.topology_lost, received.weights_lost, received.weights_intact) == (0, 0, True)
    assert link.sender.outcome is Outcome.DELIVERED
    assert link.sender.report == a_report(received)


def test_the_device_learns_what_comes_before_it_has_come() -> None:
    link = delivered(a_sender(transfer=7))
    assert link.events[0] == Offered(7, an_offer())


def test_each_part_rides_the_flow_that_was_asked_for_it() -> None:
    link = delivered(a_sender())
    kinds = [(m.type, m.part) for _, m in link.down]
    assert kinds.index((MessageType.OFFER, Part.NONE)) == 0
    assert kinds.count((MessageType.DATA, Part.TOPOLOGY)) == 3
    assert kinds.count((MessageType.DATA, Part.WEIGHTS)) == 73


def test_lost_weights_are_zeros_and_are_not_sent_again() -> None:
    link = delivered(a_sender(), lost=first_of(MessageType.DATA, Part.WEIGHTS, 10))
    received = received_by(link)
    gap = slice(10 * SEGMENT_BYTES, 11 * SEGMENT_BYTES)
    assert received.weights[gap] == bytes(SEGMENT_BYTES)
    assert received.weights[: gap.start] == WEIGHTS[: gap.start]
    assert received.weights[gap.stop :] == WEIGHTS[gap.stop :]
    assert (received.weights_lost, received.weights_intact) == (1, False)
    assert link.sender.weights_sent.repeated == 0


def test_a_lost_topology_segment_is_sent_again() -> None:
    link = delivered(a_sender(), lost=first_of(MessageType.DATA, Part.TOPOLOGY, 1))
    received = received_by(link)
    assert (received.topology, received.topology_lost) == (TOPOLOGY, 1)
    tally = link.sender.topology_sent
    assert (tally.sent, tally.repeated) == (4, 1)


@pytest.mark.parametrize(
    "lost",
    [
        first_of(MessageType.OFFER),
        first_of(MessageType.END, Part.TOPOLOGY),
        first_of(MessageType.END, Part.WEIGHTS),
        first_of(MessageType.DATA, Part.WEIGHTS, 72),
        first_of(MessageType.RECEIPT, index=MessageType.DONE),
    ],
)
def test_the_loss_of_any_single_message_does_not_stop_a_transfer(lost: Loss) -> None:
    link = delivered(a_sender(), lost=lost)
    assert link.sender.outcome is Outcome.DELIVERED
    assert received_by(link).topology == TOPOLOGY


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 0.3))
def test_the_topology_arrives_whole_whatever_is_lost(seed: int, share: float) -> None:
    chance = random.Random(seed)
    link = delivered(a_sender(), lost=lambda _: chance.random() < share)
    received = received_by(link)
    assert received.topology == TOPOLOGY
    assert received.weights_intact == (received.weights == WEIGHTS)
    arrived = sum(
        received.weights[i : i + SEGMENT_BYTES] == WEIGHTS[i : i + SEGMENT_BYTES]
        for i in range(0, len(WEIGHTS), SEGMENT_BYTES)
    )
    assert received.weights_lost == 73 - arrived


def test_a_topology_with_another_checksum_comes_three_times_and_is_given_up() -> None:
    sender = a_sender()
    sender.offer = an_offer(topology=TOPOLOGY[:-1] + b"?")
    link = Link(sender, Receiver()).run()
    _, given_up = link.events
    assert isinstance(given_up, GivenUp)
    assert given_up.damaged
    assert sha256(TOPOLOGY).hexdigest() in given_up.reason
    assert sender.offer.topology.sha256 in given_up.reason
    assert (sender.topology_sent.sent, sender.topology_sent.repeated) == (9, 6)
    assert sender.report is not None
    assert (sender.report.topology_intact, sender.report.fault) == (False, given_up.reason)
    assert (link.receiver.busy, link.receiver.wake_s) == (False, None)


def test_the_weights_leave_slightly_under_the_granted_rate() -> None:
    link = delivered(a_sender())
    sent = [(at_s, m) for at_s, m in link.down if m.part is Part.WEIGHTS]
    bits = sum((m.size_bytes + 28) * 8 for _, m in sent[:-1])
    rate_bps = bits / (sent[-1][0] - sent[0][0])
    assert 0.95 * RATES.weights_bps < rate_bps <= RATES.weights_bps


def test_the_weights_follow_a_change_of_their_rate_in_mid_transfer() -> None:
    sender = a_sender(rates=Rates(1_000_000, 1_000_000))
    link = Link(sender, Receiver()).run(lambda: sender.weights_sent.sent >= 36)
    half_s = link.now_s
    sender.set_rates(Rates(1_000_000, 100_000_000))
    link.run(lambda: any(isinstance(e, Received) for e in link.events))
    assert link.now_s - half_s < half_s / 10


def test_a_rate_of_nothing_holds_the_weights_back() -> None:
    sender = a_sender(rates=Rates(1_000_000, 0))
    link = Link(sender, Receiver()).run(limit_s=2.0)
    assert sender.weights_sent.sent == 0
    sender.set_rates(RATES)
    link.run(lambda: any(isinstance(e, Received) for e in link.events))
    assert received_by(link).weights == WEIGHTS


def test_a_later_transfer_replaces_the_one_under_way() -> None:
    receiver = Receiver()
    first = a_sender(transfer=1)
    Link(first, receiver).run(lambda: first.weights_sent.sent >= 20)
    small = a_sender(transfer=2, variant="small", weights=WEIGHTS[:5000], now_s=1.0)
    link = Link(small, receiver)
    link.now_s = 1.0
    link.run(lambda: any(isinstance(e, Received) for e in link.events))
    assert received_by(link).transfer == 2
    assert received_by(link).weights == WEIGHTS[:5000]


def test_what_is_late_of_an_older_transfer_is_ignored() -> None:
    receiver = Receiver()
    delivered(a_sender(transfer=2, variant="small"), receiver)
    late = Message(MessageType.DATA, 1, Part.WEIGHTS, index=0, count=73, body=WEIGHTS[:1376])
    assert receiver.receive(late, 100.0) == []
    assert not receiver.busy


def test_an_abort_ends_the_transfer_on_both_sides() -> None:
    sender, receiver = a_sender(), Receiver()
    link = Link(sender, receiver).run(lambda: sender.weights_sent.sent >= 20)
    message = sender.abort("small fits now")
    assert message is not None
    assert receiver.receive(message, link.now_s) == [GivenUp(1, "small fits now")]
    assert (sender.outcome, receiver.busy) == (Outcome.ABORTED, False)
    assert sender.abort("again") is None
    assert list(sender.due(link.now_s + 1)) == []


def test_what_is_late_of_an_aborted_transfer_does_not_begin_it_anew() -> None:
    sender, receiver = a_sender(), Receiver()
    message = sender.abort("changed its mind before the first packet")
    assert message is not None
    receiver.receive(message, 0.0)
    late = Message(MessageType.DATA, 1, Part.WEIGHTS, index=0, count=73, body=WEIGHTS[:1376])
    assert receiver.receive(late, 0.1) == []
    assert not receiver.busy


def test_a_device_that_answers_nothing_is_given_up() -> None:
    sender = a_sender()
    Link(sender, Receiver(), lost=lambda _: True).run()
    assert sender.outcome is Outcome.UNANSWERED


def test_a_device_may_take_longer_to_load_a_model_than_silence_is_borne() -> None:
    link = Link(a_sender(), Receiver())
    link.run(lambda: link.now_s > 4 * SILENCE_S)
    is_waited_for = link.sender.outcome is None
    received = received_by(link)
    link.receiver.report(received.transfer, a_report(received), link.now_s)
    link.run()
    assert is_waited_for
    assert link.sender.outcome is Outcome.DELIVERED
    assert link.receiver.wake_s is None


def test_a_device_that_never_comes_to_the_end_of_loading_is_given_up() -> None:
    link = Link(a_sender(), Receiver()).run(limit_s=LONGEST_LOADING_S + 4 * SILENCE_S)
    assert link.now_s > LONGEST_LOADING_S
    assert link.sender.outcome is Outcome.UNANSWERED
    assert link.receiver.wake_s is None


def test_a_device_that_vanishes_while_it_loads_a_model_is_given_up() -> None:
    link = Link(a_sender(), Receiver())
    link.run(lambda: link.now_s > 4 * SILENCE_S)
    list(link.sender.due(link.now_s + SILENCE_S))
    assert link.sender.outcome is Outcome.UNANSWERED


def test_a_transfer_whose_server_vanished_is_given_up() -> None:
    sender = a_sender()
    dead = [False]
    link = Link(sender, Receiver(), lost=lambda _: dead[0])
    link.run(lambda: sender.weights_sent.sent >= 20)
    dead[0] = True
    link.run()
    assert isinstance(link.events[-1], GivenUp)
    assert not link.receiver.busy


def test_progress_counts_what_has_arrived() -> None:
    sender = a_sender()
    link = Link(sender, Receiver()).run(lambda: sender.weights_sent.sent >= 20)
    progress = link.receiver.progress
    assert progress is not None
    assert 20 * SEGMENT_BYTES <= progress.received_bytes < progress.offer.size_bytes
    delivered_link = delivered(a_sender())
    final = delivered_link.receiver.progress
    assert final is not None
    assert final.received_bytes == final.offer.size_bytes == len(TOPOLOGY) + len(WEIGHTS)


def test_a_report_is_repeated_until_its_receipt_and_then_no_more() -> None:
    link = delivered(a_sender(), lost=first_of(MessageType.RECEIPT, index=MessageType.DONE))
    assert [m.type for m in link.up].count(MessageType.DONE) == 2
    assert link.receiver.wake_s is None


def test_an_offer_of_another_size_than_its_segments_ends_that_transfer_only() -> None:
    receiver = Receiver()
    sender = a_sender()
    sender.offer = an_offer(weights=WEIGHTS + bytes(10_000))
    data = Message(MessageType.DATA, 1, Part.WEIGHTS, index=0, count=73, body=WEIGHTS[:1376])
    receiver.receive(data, 0.0)
    offer = next(iter(sender.due(0.0)))
    with pytest.raises(ValueError, match="not of the offered size"):
        receiver.receive(offer, 0.0)
    assert not receiver.busy
    assert received_by(delivered(a_sender(transfer=2), receiver)).weights == WEIGHTS


def test_offers_name_both_parts_by_size_and_checksum() -> None:
    offer = an_offer()
    assert isinstance(offer.topology, PartOffer)
    assert (offer.topology.segments, offer.weights.segments) == (3, 73)
