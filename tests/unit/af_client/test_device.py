"""The device's agent and its recognition."""

import queue
from collections.abc import Callable

import numpy as np

from af_client.delivery import documents
from af_client.delivery.documents import DeviceReport, DeviceRequest
from af_client.delivery.incoming import Received
from af_client.delivery.losses import LossMap
from af_client.delivery.wire import Message, MessageType
from af_client.device.agent import DeviceAgent, Loaded
from af_client.device.recognition import Loader, Recognition
from af_client.models.digits import Images, Labels, Pixels
from builders.transfers import TOPOLOGY, WEIGHTS, a_sender, an_offer
from fakes.log import FakeLog

GPSI = "msisdn-001010000000001"


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
            models = agent.received(message, now_s)
            if models:
                return models[0]
        now_s += 0.01
        models = agent.due(now_s)[1]
        if models:
            return models[0]


def ready(agent: DeviceAgent, now_s: float = 1.0) -> Received:
    received = receive_model(agent)
    agent.loaded(Loaded(received, now_s, 0.97), now_s)
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
    agent.loaded(Loaded(received, 3.0, 0.9), 3.0)
    assert requests_of(sent(agent, 3.4)) == []
    assert len(requests_of(sent(agent, 3.5))) == 1


def test_a_model_that_cannot_be_loaded_is_reported_and_asked_for_again() -> None:
    log = FakeLog()
    agent = an_agent(log)
    received = receive_model(agent)
    agent.loaded(Loaded(received, 1.0, None, "ModelUnusable: cut"), 1.0)
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


# --- recognition ---

IMAGES = Images(np.zeros((150, 8, 8), np.float32), np.arange(150, dtype=np.int64) % 10)
RECEIVED = Received(
    1, an_offer(), TOPOLOGY, memoryview(WEIGHTS), 0, LossMap((), len(WEIGHTS)), 0, 0.0
)


def always(digit: int) -> Callable[[Pixels], Labels]:
    return lambda pixels: np.full(len(pixels), digit, np.int64)


def recognition(load: Loader, log: FakeLog) -> "queue.SimpleQueue[Loaded]":
    """What becomes of one model that is put in; stops afterwards."""
    results: queue.SimpleQueue[Loaded] = queue.SimpleQueue()
    running = Recognition(IMAGES, results.put, log, load)
    running.start()
    running.put(RECEIVED)
    outcome: queue.SimpleQueue[Loaded] = queue.SimpleQueue()
    outcome.put(results.get(timeout=10))
    running.stop()
    return outcome


def test_a_loaded_model_is_measured_on_all_held_out_images() -> None:
    loaded = recognition(lambda _: always(3), FakeLog()).get()
    assert (loaded.received, loaded.accuracy, loaded.fault) == (RECEIVED, 0.1, None)


def test_a_model_that_cannot_be_loaded_says_why_and_stops_nothing() -> None:
    def broken(_: Received) -> Callable[[Pixels], Labels]:
        raise ValueError("a wrong bit")

    loaded = recognition(broken, FakeLog()).get()
    assert (loaded.accuracy, loaded.fault) == (None, "ValueError: a wrong bit")


def test_the_model_before_serves_until_the_next_is_ready_and_when_it_fails() -> None:
    seen: queue.SimpleQueue[dict[str, object]] = queue.SimpleQueue()
    loads = iter([always(3)])

    def load(_: Received) -> Callable[[Pixels], Labels]:
        return next(loads)  # the second time there is none

    def log(event: str, /, **fields: object) -> None:
        seen.put(fields)

    results: queue.SimpleQueue[Loaded] = queue.SimpleQueue()
    running = Recognition(IMAGES, results.put, log, load)
    running.start()
    running.put(RECEIVED)
    first = seen.get(timeout=10)
    running.put(RECEIVED)
    assert [results.get(timeout=10).fault for _ in range(2)][1] is not None
    later = seen.get(timeout=10)
    running.stop()
    assert (first["images"], first["correct"], first["variant"]) == (100, 10, "large")
    assert later["images"] == 200
