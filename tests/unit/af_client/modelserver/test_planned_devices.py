"""Devices that are always on: a better model is planned, delivered in its window, or given up."""

import pytest

from af_client.delivery.wire import Message, MessageType
from af_client.modelserver.steps import (
    Answer,
    Declined,
    DropPlan,
    Failed,
    Gone,
    PlanTransfer,
)
from af_client.plans import PlanWarning
from builders.model_servers import Server
from builders.negotiations import (
    DEVICE,
    allocated,
    planned,
)
from builders.plan_requests import a_candidate


def test_a_device_that_is_always_on_gets_the_better_model_in_its_window() -> None:
    server = Server().planned()
    assert server.started() == [("small", "missing")]
    server.turn(20.0)
    server.devices.notification(allocated(), 20.1)
    server.turn(20.2)
    assert server.started() == [("small", "missing"), ("large", "plan")]
    assert server.plans() == [("large", "planned"), ("large", "begun"), ("large", "over")]
    assert DropPlan(planned(20, 60).plan) in server.commands


def test_a_plan_is_told_with_its_window_in_seconds_since_1970() -> None:
    told = Server().planned().log.last("plan")
    window = a_candidate(1, 20, 60).window
    assert (told["from_s"], told["until_s"]) == (
        window.starts_at.timestamp(),
        window.ends_at.timestamp(),
    )
    assert told["device"] == "10.45.0.2"
    assert told["reason"]


def test_a_warning_leads_to_another_window() -> None:
    server = Server().planned()
    server.plan = planned(70, 90)
    server.devices.warning(PlanWarning("ref-p-1", (a_candidate(2, 70, 90),)), 2.0)
    server.turn(2.0)
    assert server.plans()[1:] == [("large", "warned"), ("large", "planned")]
    server.turn(20.0)
    assert server.plans()[3:] == []


@pytest.mark.parametrize("answer", [Gone("404"), Failed("500"), Declined({}, "at no time")])
def test_a_nef_that_does_not_plan_is_none_the_worse_for_it(answer: Answer) -> None:
    server = Server()
    server.plan = answer
    server.planned()
    assert server.started() == [("small", "missing")]
    assert server.plans()[0] == ("large", "refused")
    assert server.log.of("nef_failed") == []
    assert server.log.last("transfer_end")["outcome"] == "delivered"


def test_a_goodbye_lets_the_plan_go_too() -> None:
    server = Server().planned()
    server.hear(Message(MessageType.BYE, 0), 3.0)
    server.turn(3.0)
    assert server.plans()[1:] == [("large", "over")]
    assert DropPlan(planned(20, 60).plan) in server.commands


def test_a_plan_that_is_made_for_a_device_that_left_is_dropped() -> None:
    server = Server().planned()
    server.hear(Message(MessageType.BYE, 0), 3.0)
    server.turn(3.0)
    late = planned(name="p-9")
    (asked,) = [one for one in server.commands if isinstance(one, PlanTransfer)]
    server.devices.answer(DEVICE, asked, late, 3.1)
    server.turn(3.2)
    assert DropPlan(late.plan) in server.commands


def test_the_end_of_one_plan_is_no_answer_to_the_next() -> None:
    server = Server().planned()
    first = DropPlan(planned(20, 60).plan)
    server.plan = Failed("no answer")
    server.devices.warning(PlanWarning("ref-p-1", (a_candidate(2, 70, 90),)), 2.0)
    for now_s in (2.0, 2.1):
        server.turn(now_s)
    assert first in server.commands
    server.devices.due(12.0)
    (asked,) = [c for _, c in server.devices.commands() if isinstance(c, PlanTransfer)]
    server.devices.answer(DEVICE, first, Gone("deleted"), 12.1)
    server.devices.answer(DEVICE, asked, planned(30, 60, name="p-2"), 12.2)
    assert server.plans()[-1] == ("large", "planned")
