"""A negotiation for a device that is always on: what is there now, and what is planned."""

from af_client.modelserver.steps import (
    Accepted,
    CreateSession,
    Declined,
    DeleteSession,
    DropPlan,
    FetchOutlook,
    Gone,
    ModifySession,
    PlanTransfer,
    Reported,
    Step,
)
from af_client.plans import PlanWarning
from builders.negotiations import (
    ENOUGH_BPS,
    a_negotiation,
    a_session,
    allocated,
    asking,
    ladder_of,
    news_of,
    planned,
    planning,
    serving,
    variants_of,
)
from builders.plan_requests import a_candidate


def plans_in(steps: list[Step]) -> int:
    """How many plans are asked for."""
    return sum(isinstance(step, PlanTransfer) for step in steps)


def test_what_fits_is_delivered_and_the_best_is_planned() -> None:
    negotiation = serving("small", always_on=True)
    assert negotiation.rung is not None
    assert plans_in(negotiation.due(0.1)) == 1


def test_nothing_is_planned_before_it_is_known_what_there_is() -> None:
    assert plans_in(a_negotiation(always_on=True).due(0.0)) == 0
    negotiation = asking("small", always_on=True)
    assert plans_in(negotiation.due(0.1)) == 0
    negotiation.answered(Accepted(a_session()), 0.2)
    assert plans_in(negotiation.due(0.3)) == 0


def test_who_is_not_always_on_has_no_plans() -> None:
    assert plans_in(serving("small").due(0.1)) == 0
    assert plans_in(serving("small", always_on=True, plan_within_s=0.0).due(0.1)) == 0
    assert serving("small").warned(PlanWarning("ref-p-1", (a_candidate(),))) == []
    assert serving("small").planned(Gone("404"), 0.0) == []


def test_who_has_the_best_has_no_plans() -> None:
    assert plans_in(serving("large", always_on=True).due(0.1)) == 0


def test_the_session_is_changed_when_the_window_begins() -> None:
    negotiation = planning()
    assert news_of(negotiation.planned(planned(), 0.2)) == [("large", "planned")]
    assert [type(step) for step in negotiation.due(1.0)] == [FetchOutlook]
    *news, command = negotiation.due(20.0)
    assert news_of(news) == [("large", "begun")]
    assert isinstance(command, ModifySession)
    assert ladder_of(command) == ["large", "medium", "small"]
    negotiation.answered(Accepted(a_session()), 20.1)
    (decision,) = negotiation.notified(allocated(), 20.2)
    assert variants_of([decision]) == ["large"]
    assert getattr(decision, "cause", None) == "plan"
    steps = negotiation.due(20.3)
    assert news_of(steps) == [("large", "over")]
    assert DropPlan(planned().plan) in steps


def test_the_loop_wakes_for_the_window() -> None:
    negotiation = planning(poll_s=1000.0)
    negotiation.bandwidth(Reported(0), 0.2)
    negotiation.planned(planned(), 0.3)
    assert negotiation.wake_s == 20


def test_a_device_for_which_nothing_fits_gets_its_first_session_in_the_window() -> None:
    negotiation = a_negotiation(always_on=True, poll_s=1000.0)
    negotiation.due(0.0)
    negotiation.bandwidth(Reported(1000), 0.1)
    assert plans_in(negotiation.due(0.2)) == 1
    negotiation.planned(planned(), 0.3)
    (command,) = [step for step in negotiation.due(20.0) if isinstance(step, CreateSession)]
    assert ladder_of(command) == ["large", "medium", "small"]


def test_a_network_that_improves_earlier_is_taken_at_its_word() -> None:
    negotiation = planning()
    negotiation.planned(planned(), 0.2)
    for now_s in (1.0, 2.0):
        negotiation.due(now_s)
        steps = negotiation.bandwidth(Reported(ENOUGH_BPS["large"]), now_s)
    assert ladder_of(steps[-1]) == ["large", "medium", "small"]
    negotiation.answered(Accepted(a_session()), 2.1)
    (decision,) = negotiation.notified(allocated(), 2.2)
    assert getattr(decision, "cause", None) == "bandwidth"
    assert news_of(negotiation.due(2.3)) == [("large", "over")]


def test_what_the_network_refuses_in_the_window_is_asked_for_again() -> None:
    negotiation = planning("medium", poll_s=1000.0)
    negotiation.planned(planned(), 0.2)
    negotiation.due(20.0)
    assert negotiation.answered(Declined({}, "no blocks"), 20.1) == []
    assert negotiation.rung is not None
    (command,) = negotiation.due(20.5)
    assert ladder_of(command) == ["large", "medium", "small"]


def test_no_window_begins_while_the_session_is_being_changed() -> None:
    negotiation = planning()
    negotiation.planned(planned(), 0.2)
    for now_s in (1.0, 2.0):
        negotiation.due(now_s)
        negotiation.bandwidth(Reported(ENOUGH_BPS["medium"]), now_s)
    assert news_of(negotiation.due(20.0)) == []
    negotiation.answered(Accepted(a_session()), 20.1)
    negotiation.notified(allocated(), 20.2)
    assert news_of(negotiation.due(20.3)) == [("large", "begun")]


def test_a_plan_outlives_its_session() -> None:
    negotiation = planning()
    negotiation.planned(planned(), 0.2)
    negotiation.answered(Gone("404"), 1.0)
    for now_s in (1.0, 20.0):
        negotiation.due(now_s)
        negotiation.bandwidth(Reported(0), now_s)
    assert news_of(negotiation.due(20.1)) == [("large", "begun")]


def test_who_stops_lets_both_go() -> None:
    negotiation = planning()
    negotiation.planned(planned(), 0.2)
    steps = negotiation.stop()
    assert news_of(steps) == [("large", "over")]
    assert steps[1:] == [DropPlan(planned().plan), DeleteSession(a_session())]
