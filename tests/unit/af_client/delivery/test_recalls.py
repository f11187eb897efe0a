"""Both ends of a recall: a device is told to use what it has."""

from contextlib import suppress

import pytest

from af_client.delivery import documents
from af_client.delivery.documents import DeviceReport
from af_client.delivery.incoming import GivenUp, Offered, Recalled
from af_client.delivery.recall import Recall
from af_client.delivery.receiver import Receiver
from af_client.delivery.sender import SILENCE_S, Outcome
from af_client.delivery.wire import MalformedMessage, Message, MessageType, Part
from builders.transfers import RATES, a_sender, an_offer

REPORT = DeviceReport("large", 0.1, 0, 0, True, True, 0.98)


def a_recall(transfer: int = 1) -> Recall:
    return Recall(transfer, an_offer(), RATES, 0.0)


def said(recall: Recall, now_s: float) -> list[MessageType]:
    return [message.type for message in recall.due(now_s)]


def use(transfer: int = 1) -> Message:
    return next(a_recall(transfer).due(0.0))


def answers(receiver: Receiver, now_s: float = 0.0) -> list[tuple[MessageType, Part]]:
    return [(message.type, message.part) for message in receiver.due(now_s)[0]]


def test_the_device_learns_which_model_it_shall_use_and_reports_it() -> None:
    recall, receiver = a_recall(), Receiver()
    (message,) = recall.due(0.0)
    assert receiver.receive(message, 0.1) == [Recalled(1, an_offer(), 0.1)]
    receiver.report(1, REPORT, 0.2)
    for answer in receiver.due(0.2)[0]:
        recall.receive(answer, 0.2)
    assert (recall.outcome, recall.report) == (Outcome.ALREADY_THERE, REPORT)
    for receipt in recall.due(0.2):
        receiver.receive(receipt, 0.2)
    assert answers(receiver, 5.0) == []
    assert recall.wake_s is None


def test_it_is_said_again_until_there_is_a_report_and_taken_once() -> None:
    recall, receiver = a_recall(), Receiver()
    taken, now_s = [], 0.0
    while now_s < 3.0:
        for message in recall.due(now_s):
            taken += receiver.receive(message, now_s)
        for answer in receiver.due(now_s)[0]:
            recall.receive(answer, now_s)
        now_s += 0.05
    assert len(taken) == 1
    # 0, 0.15, 0.45, 1.05, 2.05: and each was answered, so that the device is not given up.
    assert recall.outcome is None
    assert recall.wake_s == pytest.approx(3.05, abs=0.1)


def test_a_device_that_takes_long_to_load_but_answers_is_not_given_up() -> None:
    recall = a_recall()
    for tenth in range(200):
        for _ in recall.due(tenth / 10):
            recall.receive(Message(MessageType.ACK, 1), tenth / 10)
    assert recall.outcome is None


def test_a_device_that_does_not_know_the_message_is_given_up() -> None:
    recall = a_recall()
    list(recall.due(0.0))
    last_s = 0.0
    while (wake_s := recall.wake_s) is not None:
        last_s = wake_s
        list(recall.due(wake_s))
    assert (recall.outcome, last_s) == (Outcome.UNANSWERED, SILENCE_S)


def test_a_model_that_is_missed_has_to_be_sent_and_a_lost_answer_is_repeated() -> None:
    recall, receiver = a_recall(), Receiver()
    receiver.receive(use(), 0.0)
    answers(receiver)
    receiver.miss(1)
    answers(receiver)  # lost
    assert receiver.receive(use(), 0.2) == []
    ((kind, part),) = answers(receiver)
    recall.receive(Message(kind, 1, part), 0.3)
    assert recall.outcome is Outcome.NOT_THERE
    assert said(recall, 0.5) == []


def test_it_takes_the_place_of_the_transfer_under_way_and_an_older_one_changes_nothing() -> None:
    receiver = Receiver()
    offer = next(iter(a_sender(5).due(0.0)))
    assert isinstance(receiver.receive(offer, 0.0)[0], Offered)
    busy = [receiver.busy]
    assert receiver.receive(use(4), 0.1) == []
    busy.append(receiver.busy)
    assert isinstance(receiver.receive(use(6), 0.2)[0], Recalled)
    busy.append(receiver.busy)
    assert receiver.receive(offer, 0.3) == []
    assert busy == [True, True, False]


def test_a_transfer_that_begins_later_takes_its_place() -> None:
    receiver = Receiver()
    receiver.receive(use(1), 0.0)
    (event,) = receiver.receive(next(iter(a_sender(2).due(0.0))), 0.1)
    assert isinstance(event, Offered)
    assert receiver.busy


def test_what_the_server_takes_back_is_told_once() -> None:
    recall = a_recall()
    list(recall.due(0.0))
    message = recall.abort("small is right now")
    assert message is not None
    assert documents.read_reason(message.body) == "small is right now"
    assert (recall.abort("again"), said(recall, 9.0)) == (None, [])
    receiver = Receiver()
    receiver.receive(use(1), 0.0)
    assert not any(isinstance(e, GivenUp) for e in receiver.receive(message, 0.1))


def test_rubbish_and_other_transfers_change_nothing() -> None:
    recall = a_recall()
    recall.receive(Message(MessageType.NACK, 2), 0.0)
    recall.receive(Message(MessageType.NACK, 1, Part.WEIGHTS), 0.0)
    with suppress(MalformedMessage):
        recall.receive(Message(MessageType.DONE, 1, body=b"[]"), 0.0)
    assert recall.outcome is None
    with pytest.raises(MalformedMessage):
        Receiver().receive(Message(MessageType.USE, 1, body=b"{}"), 0.0)
