"""A model server without sockets: devices, transfers and the NEF's answers in virtual time."""

from dataclasses import replace

import pytest

from af_client.delivery import documents
from af_client.delivery.documents import Offer, model_key
from af_client.delivery.tunnel import InnerPacket
from af_client.delivery.wire import Message, MessageType, Part
from af_client.modelserver.devices import DEVICE_SILENCE_S
from af_client.modelserver.serving import SETTLING_S
from af_client.modelserver.steps import (
    Accepted,
    Declined,
    DeleteSession,
    Failed,
    FetchOutlook,
    Reported,
)
from builders.model_servers import OTHER, PREDICTED_S, REQUEST, Server, types_of
from builders.negotiations import (
    DEVICE,
    ENOUGH_BPS,
    GPSI,
    SERVER,
    a_notification,
    a_report,
    a_session,
    guaranteed,
    not_guaranteed,
)
from builders.transfers import an_offer


def test_a_request_gets_a_receipt_and_then_the_model_that_the_network_carries() -> None:
    server = Server()
    server.ask(0.0)
    assert types_of(server.turn(0.0)) == [MessageType.RECEIPT]
    server.running()
    assert server.started() == [("large", "missing")]
    first = server.turn(1.0)
    assert types_of(first)[-4:] != []
    assert MessageType.OFFER in types_of(first)


def test_nothing_is_sent_before_the_relay_can_know_the_grant() -> None:
    server = Server().running(now_s=0.0)
    assert MessageType.OFFER not in types_of(server.turn(SETTLING_S / 2))
    assert MessageType.OFFER in types_of(server.turn(SETTLING_S))


def test_a_repeated_request_starts_no_second_transfer() -> None:
    server = Server().running()
    server.ask(0.5)
    assert len(server.started()) == 1
    server.done(1, "large", 1.0)
    server.ask(1.5)
    assert len(server.started()) == 1


def test_a_stale_model_is_delivered_anew() -> None:
    server = Server().idle()
    server.ask(6.0, number=2, request=replace(REQUEST, model="large", reason="stale"))
    assert server.started()[1:] == [("large", "stale")]


HOLDING = replace(REQUEST, model="large", reason="stale", holds=(model_key(an_offer()),))


def recalled(server: Server, now_s: float = 6.0) -> int:
    """Let a device that holds the large model ask for it; the number of the recall."""
    server.ask(now_s, number=2, request=HOLDING)
    (message,) = (m for m in server.turn(now_s + 1) if m.type is MessageType.USE)
    assert documents.read(Offer, message.body).variant == "large"
    return message.transfer


def test_what_the_device_holds_is_not_sent_but_recalled() -> None:
    server = Server().idle()
    transfer = recalled(server)
    assert MessageType.DATA not in types_of(server.turn(7.5))
    server.done(transfer, "large", 8.0)
    ended = server.log.last("transfer_end")
    assert (ended["outcome"], ended["cause"]) == ("already_there", "stale")
    assert (ended["topology_sent"], ended["weights_sent"]) == (0, 0)
    assert len(server.started()) == 1


def test_what_was_thought_to_be_there_and_is_not_is_sent_at_once() -> None:
    server = Server().idle()
    transfer = recalled(server)
    server.hear(Message(MessageType.NACK, transfer), 7.5)
    assert server.log.last("transfer_end")["outcome"] == "not_there"
    assert server.started()[1:] == [("large", "stale")]
    assert MessageType.OFFER in types_of(server.turn(8.0))


def test_a_model_of_the_same_name_that_is_not_the_same_is_sent() -> None:
    server = Server().idle()
    stale = replace(HOLDING, holds=(model_key(an_offer(weights=b"older")),))
    server.ask(6.0, number=2, request=stale)
    assert server.started()[1:] == [("large", "stale")]


def test_what_a_device_holds_now_counts_also_where_it_is_told_in_a_repeated_request() -> None:
    server = Server().idle()
    server.ask(3.0, request=replace(REQUEST, holds=(model_key(an_offer()),)))
    server.devices.notification(not_guaranteed("small"), 4.0)
    assert MessageType.USE in types_of(server.turn(5.0))
    assert len(server.started()) == 1


def test_a_recall_is_taken_back_when_nothing_is_right_any_more() -> None:
    server = Server().idle()
    recalled(server)
    server.devices.notification(not_guaranteed(), 7.5)
    assert MessageType.ABORT in types_of(server.turn(7.6))
    assert server.log.last("transfer_end")["outcome"] == "aborted"


def test_a_device_that_does_not_answer_a_recall_is_given_up() -> None:
    server = Server().idle()
    recalled(server)
    for tenth in range(70, 130):
        server.turn(tenth / 10)
    assert server.log.last("transfer_end")["outcome"] == "unanswered"


def test_a_smaller_grant_replaces_the_transfer_under_way() -> None:
    server = Server().running()
    server.turn(0.1)
    server.devices.notification(not_guaranteed("small"), 0.2)
    messages = server.turn(0.3)
    assert types_of(messages)[0] is MessageType.ABORT
    assert server.started() == [("large", "missing"), ("small", "notification")]
    ended = server.log.last("transfer_end")
    assert (ended["outcome"], ended["variant"]) == ("aborted", "large")


def test_a_notification_between_transfers_leads_to_the_right_model() -> None:
    server = Server(dwell_s=0).idle()
    server.devices.notification(not_guaranteed("medium"), 3.0)
    assert server.started()[1:] == [("medium", "notification")]
    server.done(2, "medium", 4.0)
    server.devices.notification(guaranteed(), 5.0)
    assert server.started()[2:] == [("large", "notification")]


def test_without_any_guarantee_the_transfer_ends_and_goes_on_when_there_is_one() -> None:
    server = Server().running()
    server.devices.notification(not_guaranteed(), 0.2)
    assert server.log.last("decision")["variant"] is None
    assert server.log.last("transfer_end")["outcome"] == "aborted"
    server.devices.notification(guaranteed(), 3.0)
    assert server.started() == [("large", "missing"), ("large", "missing")]


def test_a_device_gets_ahead_of_time_what_will_last() -> None:
    server = server_with(ENOUGH_BPS["medium"], Server().idle())
    assert server.started() == [("large", "missing"), ("medium", "outlook")]


def test_what_is_under_way_when_a_loss_is_foreseen_goes_on_until_it_comes() -> None:
    server = server_with(ENOUGH_BPS["medium"], Server().running())
    assert server.started() == [("large", "missing")]
    server.devices.notification(not_guaranteed("medium"), 3.2)
    assert server.started() == [("large", "missing"), ("medium", "notification")]


def test_what_a_transfer_should_take_stands_beside_what_it_took() -> None:
    server = Server().idle()
    begun, ended = server.log.last("transfer_start"), server.log.last("transfer_end")
    assert begun["expected_s"] == ended["expected_s"] > 0
    assert begun["predicted_s"] == ended["predicted_s"] == PREDICTED_S
    assert ended["seconds"] == 0.8


def server_with(lasting_bps: int, server: Server) -> Server:
    """A server that was told a second later what the network will keep."""
    server.lasting_bps = lasting_bps
    server.turn(3.0)
    server.turn(3.1)
    return server


def test_a_guarantee_of_what_the_device_has_already_sends_nothing() -> None:
    server = Server().idle()
    server.devices.notification(not_guaranteed(), 3.0)
    server.devices.notification(guaranteed(), 4.0)
    assert len(server.started()) == 1


def test_the_end_of_a_transfer_says_what_the_device_measured() -> None:
    server = Server().idle()
    ended = server.log.last("transfer_end")
    assert (ended["outcome"], ended["accuracy"], ended["weights_lost"]) == ("delivered", 0.98, 3)
    assert (ended["seconds"], ended["cause"]) == (0.8, "missing")
    assert ended["reported_bps"] == ENOUGH_BPS["large"]


def test_a_model_that_could_not_be_loaded_is_not_taken_for_there() -> None:
    server = Server(dwell_s=0).running()
    server.done(1, "large", 1.0, fault="ModelUnusable: cut")
    server.devices.notification(not_guaranteed("medium"), 2.0)
    server.devices.notification(guaranteed(), 3.0)
    assert [variant for variant, _ in server.started()] == ["large", "medium", "large"]


def test_a_device_that_started_anew_gets_its_model_from_the_beginning() -> None:
    server = Server().running()
    server.ask(0.5, request=replace(REQUEST, instance="i-2"))
    assert server.started() == [("large", "missing"), ("large", "missing")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"application": "chess"}, "'chess', only for recognition, surveillance"),
        ({"formats": (9,)}, "format 1"),
    ],
)
def test_what_cannot_be_served_is_refused_with_the_reason(
    change: dict[str, object], reason: str
) -> None:
    server = Server()
    server.ask(0.0, request=replace(REQUEST, **change))  # type: ignore[arg-type] # one of two
    (message,) = server.turn(0.0)
    assert message.type is MessageType.REFUSAL
    assert reason in documents.read_reason(message.body)
    assert server.commands == []


def test_packets_that_are_no_messages_are_dropped() -> None:
    server = Server().running()
    server.devices.packet(InnerPacket(DEVICE, SERVER, 0, b"rubbish"), 0.1)
    server.hear(Message(MessageType.REQUEST, 9, body=b"{}"), 0.1)
    server.hear(Message(MessageType.DONE, 1, body=b"[]"), 0.1)
    server.hear(Message(MessageType.NACK, 1, Part.TOPOLOGY, body=b"odd"), 0.1)
    server.hear(Message(MessageType.ACK, 1), 0.1, source=OTHER)
    server.done(1, "large", 1.0)
    assert server.log.last("transfer_end")["outcome"] == "delivered"


def test_a_goodbye_lets_the_session_go() -> None:
    server = Server().idle()
    server.hear(Message(MessageType.BYE, 0), 3.0)
    server.turn(3.0)
    assert DeleteSession(a_session()) in server.commands
    assert server.log.last("device_left")["device"] == "10.45.0.2"


def test_a_device_that_fell_silent_is_let_go() -> None:
    server = Server().idle()
    server.turn(2.0 + DEVICE_SILENCE_S)
    assert DeleteSession(a_session()) in server.commands


def test_at_the_end_all_sessions_are_deleted_and_transfers_aborted() -> None:
    server = Server().running()
    server.devices.leave("the model server stops")
    messages = server.turn(1.0)
    assert types_of(messages) == [MessageType.ABORT]
    assert DeleteSession(a_session()) in server.commands


def test_a_session_that_is_created_for_a_device_that_left_is_deleted() -> None:
    server = Server()
    server.ask(0.0)
    server.turn(0.0)
    server.devices.due(0.0)
    ((whose, command),) = server.devices.commands()
    server.hear(Message(MessageType.BYE, 0), 0.1)
    server.devices.answer(whose, command, Accepted(a_session()), 0.2)
    server.turn(0.3)
    assert DeleteSession(a_session()) in server.commands


def test_each_device_hears_of_its_own_session_only() -> None:
    server = Server().running()
    server.ask(0.0, request=REQUEST)
    server.hear(Message(MessageType.REQUEST, 1, body=documents.write(REQUEST)), 0.0, OTHER)
    server.devices.notification(a_notification(a_report("QOS_GUARANTEED"), number=2), 0.1)
    assert server.log.last("notification")["device"] is None
    assert len(server.started()) == 1


def test_every_answer_of_the_nef_is_told() -> None:
    server = Server().running()
    assert server.log.last("bandwidth")["average_dl_bps"] == ENOUGH_BPS["large"]
    created = server.log.last("session")
    assert (created["state"], created["session"]) == ("created", "s-1")
    assert [rung["variant"] for rung in created["ladder"]] == ["large", "medium", "small"]
    heard = server.log.of("notification")
    assert [(n["report"], n["components"]) for n in heard] == [
        ("SUCCESSFUL_RESOURCES_ALLOCATION", [1]),
        ("SUCCESSFUL_RESOURCES_ALLOCATION", [2]),
    ]


def test_an_outage_of_the_nef_is_told_once_and_its_end_too() -> None:
    server = Server().running()
    fetch = FetchOutlook(GPSI)
    for _ in range(3):
        server.devices.answer(DEVICE, fetch, Failed("no connection"), 1.0)
    server.devices.answer(DEVICE, fetch, Reported(1), 2.0)
    names = [name for name, _ in server.log.said]
    assert (names.count("nef_failed"), names.count("nef_answers_again")) == (1, 1)


def test_a_refusal_of_the_network_is_told_with_its_answer() -> None:
    server = Server()
    server.ask(0.0)
    server.turn(0.0)
    server.devices.due(0.0)
    for whose, command in server.devices.commands():
        server.devices.answer(whose, command, Declined({2: 20_000_000}, "no blocks"), 0.1)
    told = server.log.last("session")
    assert (told["state"], told["answer"]) == ("refused", "no blocks")
