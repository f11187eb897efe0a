"""The device's agent and its recognition."""

from af_client.delivery import documents
from af_client.delivery.documents import DeviceReport, DeviceRequest, Offer, model_key
from af_client.delivery.incoming import Recalled, Received
from af_client.delivery.losses import LossMap
from af_client.delivery.wire import Message, MessageType
from af_client.device.agent import DeviceAgent, Interim, Loaded, NotThere
from builders.transfers import TOPOLOGY, WEIGHTS, a_sender, an_offer
from fakes.log import FakeLog

GPSI = "msisdn-001010000000001"
NO_LOSSES = LossMap((), len(WEIGHTS))


def an_agent(log: FakeLog | None = None, refresh_s: float = 4.0) -> DeviceAgent:
    return DeviceAgent("i-1", GPSI, "recognition", refresh_s, log or FakeLog())


def sent(agent: DeviceAgent, now_s: float) -> list[Message]:
    return agent.due(now_s)[0]


def requests_of(messages: list[Message]) -> list[tuple[int, DeviceRequest]]:
    return [
        (m.transfer, documents.read(DeviceRequest, m.body))
        for m in messages
        if m.type is MessageType.REQUEST
    ]


def receipt(number: int = 1) -> Message:
    return Message(MessageType.RECEIPT, number, index=MessageType.REQUEST)


def receive_model(agent: DeviceAgent, transfer: int = 1, begin_s: float = 0.0) -> Received:
    """Let a whole model arrive; returns it."""
    sender, now_s = a_sender(transfer, now_s=begin_s), begin_s
    while True:
        for message in sender.due(now_s):
            for model in agent.received(message, now_s):
                assert isinstance(model, Received)
                return model
        now_s += 0.01
        for model in agent.due(now_s)[1]:
            assert isinstance(model, Received)
            return model


def ready(agent: DeviceAgent, now_s: float = 1.0) -> Received:
    received = receive_model(agent)
    agent.result(Loaded(received, now_s, 0.97), now_s)
    return received


def test_it_asks_for_a_model_at_once_and_says_what_for() -> None:
    ((number, request),) = requests_of(sent(an_agent(), 0.0))
    assert number == 1
    assert request == DeviceRequest("i-1", GPSI, "recognition", None, "missing")


def test_it_asks_again_soon_until_there_is_a_receipt_and_then_seldom() -> None:
    agent = an_agent()
    sent(agent, 0.0)
    assert requests_of(sent(agent, 0.4)) == []
    assert len(requests_of(sent(agent, 0.5))) == 1
    agent.received(receipt(), 0.6)
    assert requests_of(sent(agent, 5.0)) == []
    ((number, _),) = requests_of(sent(agent, 10.6))
    assert number == 1


def test_that_nobody_answers_is_told_once_and_again_of_what_is_asked_later() -> None:
    log = FakeLog()
    agent = an_agent(log, refresh_s=1.0)
    for half_seconds in range(20):
        sent(agent, half_seconds / 2)
    assert log.of("unanswered") == [{"requests": 6}]
    ready(agent, now_s=10.0)
    for half_seconds in range(22, 40):
        sent(agent, half_seconds / 2)
    assert len(log.of("unanswered")) == 2


def test_who_is_answered_or_refused_does_not_complain() -> None:
    log = FakeLog()
    agent, refused = an_agent(log), an_agent(log)
    refusal = Message(MessageType.REFUSAL, 1, body=documents.write_reason("no such device"))
    for half_seconds in range(40):
        sent(agent, half_seconds / 2)
        agent.received(receipt(), half_seconds / 2)
        sent(refused, half_seconds / 2)
        refused.received(refusal, half_seconds / 2)
    assert log.of("unanswered") == []


def test_a_receipt_of_another_request_changes_nothing() -> None:
    agent = an_agent()
    sent(agent, 0.0)
    agent.received(receipt(number=9), 0.1)
    assert len(requests_of(sent(agent, 0.5))) == 1


def test_a_model_that_came_is_reported_until_the_server_knows() -> None:
    agent = an_agent()
    received = ready(agent)
    reports = [m for m in sent(agent, 1.0) if m.type is MessageType.DONE]
    report = documents.read(DeviceReport, reports[0].body)
    assert (report.variant, report.accuracy, report.weights_lost) == ("large", 0.97, 0)
    assert report.seconds == round(1.0 - received.offered_s, 4)
    assert MessageType.DONE in [m.type for m in sent(agent, 1.3)]
    agent.received(Message(MessageType.RECEIPT, 1, index=MessageType.DONE), 1.4)
    assert MessageType.DONE not in [m.type for m in sent(agent, 2.0)]


def test_a_model_becomes_stale_and_is_asked_for_anew() -> None:
    agent = an_agent(refresh_s=4.0)
    ready(agent, now_s=1.0)
    assert requests_of(sent(agent, 4.9)) == []
    ((number, request),) = requests_of(sent(agent, 5.0))
    assert (number, request.model, request.reason) == (2, "large", "stale")


def test_nothing_is_asked_for_while_something_arrives_or_is_loaded() -> None:
    agent = an_agent(refresh_s=0.5)
    ready(agent, now_s=1.0)
    received = receive_model(agent, transfer=2, begin_s=1.1)
    assert requests_of(sent(agent, 3.0)) == []
    agent.result(Loaded(received, 3.0, 0.9), 3.0)
    assert requests_of(sent(agent, 3.4)) == []
    assert len(requests_of(sent(agent, 3.5))) == 1


def test_a_model_that_cannot_be_loaded_is_reported_and_asked_for_again() -> None:
    log = FakeLog()
    agent = an_agent(log)
    received = receive_model(agent)
    agent.result(Loaded(received, 1.0, None, "ModelUnusable: cut"), 1.0)
    (report,) = [m for m in sent(agent, 1.0) if m.type is MessageType.DONE]
    assert documents.read(DeviceReport, report.body).fault == "ModelUnusable: cut"
    assert (agent.model, log.of("model_ready")) == (None, [])
    assert log.last("model_unusable")["fault"] == "ModelUnusable: cut"
    assert len(requests_of(sent(agent, 2.0))) == 1


def test_a_transfer_that_stalled_is_asked_for_again_at_once() -> None:
    agent = an_agent()
    offer = next(iter(a_sender().due(0.0)))
    agent.received(offer, 0.0)
    ((number, _),) = requests_of(sent(agent, 6.0))
    assert number == 2


def test_a_transfer_whose_topology_is_never_right_is_asked_for_again_later() -> None:
    agent, sender = an_agent(), a_sender()
    sender.offer = an_offer(topology=TOPOLOGY[:-1] + b"?")
    now_s = 0.0
    while sender.outcome is None and now_s < 3.0:
        for message in sender.due(now_s):
            agent.received(message, now_s)
        for answer in sent(agent, now_s):
            sender.receive(answer, now_s)
        now_s += 0.01
    assert sender.report is not None
    assert requests_of(sent(agent, now_s)) == []
    ((number, _),) = requests_of(sent(agent, now_s + 1.0))
    assert number == 2


def test_a_transfer_that_the_server_replaces_is_not_asked_for() -> None:
    log = FakeLog()
    agent = an_agent(log)
    agent.received(next(iter(a_sender().due(0.0))), 0.0)
    body = documents.write_reason("small is right now")
    agent.received(Message(MessageType.ABORT, 1, body=body), 0.1)
    assert requests_of(sent(agent, 1.0)) == []
    assert log.last("transfer_given_up")["reason"] == "small is right now"


def test_a_refusal_is_told_and_the_request_repeated_much_later() -> None:
    log = FakeLog()
    agent = an_agent(log)
    sent(agent, 0.0)
    body = documents.write_reason("no models for chess")
    agent.received(Message(MessageType.REFUSAL, 1, body=body), 0.1)
    assert log.last("refused")["reason"] == "no models for chess"
    assert requests_of(sent(agent, 5.0)) == []
    assert len(requests_of(sent(agent, 10.1))) == 1


def test_progress_is_told_at_most_ten_times_a_second_and_at_the_end() -> None:
    log = FakeLog()
    receive_model(an_agent(log))
    told = log.of("progress")
    assert 2 <= len(told) <= 4
    last = told[-1]
    assert last["received_bytes"] == last["total_bytes"] == len(TOPOLOGY) + len(WEIGHTS)
    assert (last["variant"], last["weights_received"]) == ("large", last["weights_segments"])


def test_it_says_goodbye() -> None:
    assert an_agent().goodbye().type is MessageType.BYE


# --- what it has ---


def use(transfer: int, offer: Offer) -> Message:
    return Message(MessageType.USE, transfer, body=documents.write(offer))


def holding(*offers: Offer) -> tuple[DeviceAgent, list[Offer]]:
    """An agent of a device that holds these models; the list may be changed."""
    held = list(offers)
    agent = DeviceAgent("i-1", GPSI, "recognition", 4.0, FakeLog(), lambda: tuple(held))
    return agent, held


def test_the_request_names_what_the_device_holds_by_its_checksums() -> None:
    agent, _ = holding(an_offer("small"))
    ((_, request),) = requests_of(sent(agent, 0.0))
    assert request.holds == (model_key(an_offer()),)
    assert an_offer().weights.sha256.startswith(model_key(an_offer())[1])


def test_a_device_that_keeps_nothing_says_nothing_of_it() -> None:
    ((_, request),) = requests_of(sent(an_agent(), 0.0))
    assert request.holds is None


def test_a_change_of_what_is_held_is_told_at_once_in_the_same_request() -> None:
    agent, held = holding()
    sent(agent, 0.0)
    agent.received(receipt(), 0.1)
    assert requests_of(sent(agent, 0.2)) == []
    held.append(an_offer())
    ((number, request),) = requests_of(sent(agent, 0.3))
    assert (number, request.holds) == (1, (model_key(an_offer()),))
    assert requests_of(sent(agent, 0.4)) == []


def test_of_more_models_than_a_message_names_the_last_used_are_named() -> None:
    offers = [an_offer(str(n), weights=bytes([n])) for n in range(40)]
    agent, _ = holding(*offers)
    ((_, request),) = requests_of(sent(agent, 0.0))
    assert request.holds is not None
    assert len(request.holds) >= 12
    assert request.holds == tuple(map(model_key, offers[: len(request.holds)]))


def test_a_recalled_model_is_loaded_and_reported_without_a_loss() -> None:
    agent, _ = holding(an_offer())
    (recalled,) = agent.received(use(7, an_offer()), 1.0)
    assert recalled == Recalled(7, an_offer(), 1.0)
    received = Received(7, an_offer(), TOPOLOGY, memoryview(WEIGHTS), 0, NO_LOSSES, 0, 1.0)
    agent.result(Loaded(received, 1.2, 0.97, recalled=True), 1.2)
    (done,) = (m for m in sent(agent, 1.2) if m.type is MessageType.DONE)
    report = documents.read(DeviceReport, done.body)
    assert (done.transfer, report.seconds, report.weights_lost) == (7, 0.2, 0)
    assert (report.weights_intact, agent.model) == (True, "large")


def test_a_recalled_model_that_is_not_there_is_said_to_be_missing_and_asked_for_again() -> None:
    agent, _ = holding()
    sent(agent, 0.0)
    agent.received(use(7, an_offer()), 1.0)
    agent.result(NotThere(7, an_offer(), "it was dropped"), 1.1)
    assert (MessageType.NACK, 7) in [(m.type, m.transfer) for m in sent(agent, 1.1)]
    assert agent.model is None
    assert len(requests_of(sent(agent, 2.2))) == 1


def test_the_model_it_began_with_is_in_use_but_the_right_one_is_missing() -> None:
    agent, _ = holding(an_offer("small"))
    agent.result(Interim(an_offer("small"), "preinstalled", 0.8), 0.0)
    ((_, request),) = requests_of(sent(agent, 0.0))
    assert (request.model, request.reason) == ("small", "missing")
