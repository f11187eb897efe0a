import pytest

from af_client import UeAddress
from af_client.delivery.sender import Rates
from af_client.modelserver.steps import (
    Accepted,
    CheckSession,
    CreateSession,
    Decision,
    Declined,
    DeleteSession,
    Failed,
    FetchOutlook,
    Gone,
    ModifySession,
    Reported,
    Step,
)
from builders.negotiations import (
    ENOUGH_BPS,
    a_negotiation,
    a_notification,
    a_report,
    a_session,
    allocated,
    asking,
    guaranteed,
    ladder_of,
    not_guaranteed,
    serving,
    variants_of,
)


def is_question(steps: list[Step]) -> bool:
    """Whether all that is asked for is what the network can do."""
    return [type(step) for step in steps] == [FetchOutlook]


def test_it_asks_for_the_best_variant_that_fits_with_the_smaller_ones_below() -> None:
    negotiation = a_negotiation()
    assert is_question(negotiation.due(0.0))
    (command,) = negotiation.bandwidth(Reported(ENOUGH_BPS["medium"]), 0.0)
    assert isinstance(command, CreateSession)
    assert ladder_of(command) == ["medium", "small"]
    assert command.request.ue == UeAddress(ipv4="10.45.0.2")
    assert [a.ref for a in command.request.flows[1].alternatives] == ["small"]


def test_nothing_is_right_before_the_network_says_so() -> None:
    negotiation = asking()
    assert negotiation.answered(Accepted(a_session()), 0.0) == []
    assert negotiation.rung is None
    (decision,) = negotiation.notified(allocated(), 0.1)
    assert variants_of([decision]) == ["large"]
    assert isinstance(decision, Decision)
    assert "is the best for 100 Mbps" in decision.reason


def test_the_network_may_begin_with_a_smaller_variant() -> None:
    negotiation = asking()
    negotiation.answered(Accepted(a_session()), 0.0)
    assert variants_of(negotiation.notified(allocated("medium"), 0.1)) == ["medium"]


def test_both_flows_are_waited_for_also_where_they_are_told_one_by_one() -> None:
    negotiation = asking()
    negotiation.answered(Accepted(a_session()), 0.0)
    success = "SUCCESSFUL_RESOURCES_ALLOCATION"
    assert negotiation.notified(a_notification(a_report(success, 2)), 0.1) == []
    steps = negotiation.notified(a_notification(a_report(success, 1)), 0.2)
    assert variants_of(steps) == ["large"]


def test_a_notification_that_overtakes_the_answer_is_not_lost() -> None:
    negotiation = asking()
    assert negotiation.notified(allocated(), 0.0) == []
    assert variants_of(negotiation.answered(Accepted(a_session()), 0.1)) == ["large"]


def test_each_notification_moves_the_choice_along_the_ladder() -> None:
    negotiation = serving(dwell_s=0)
    assert variants_of(negotiation.notified(not_guaranteed("medium"), 1.0)) == ["medium"]
    assert variants_of(negotiation.notified(not_guaranteed("small"), 2.0)) == ["small"]
    assert variants_of(negotiation.notified(not_guaranteed(), 3.0)) == [None]
    assert variants_of(negotiation.notified(not_guaranteed("medium"), 4.0)) == ["medium"]
    assert variants_of(negotiation.notified(guaranteed(), 5.0)) == ["large"]


def test_the_rates_are_those_of_the_rung_that_holds() -> None:
    negotiation = serving()
    negotiation.notified(not_guaranteed("small"), 1.0)
    rung = negotiation.rung
    assert rung is not None
    assert negotiation.holding.rates == Rates(200_000, rung.weights_rate_bps)
    negotiation.notified(not_guaranteed(), 2.0)
    assert negotiation.holding.rates == Rates(0, 0)


def test_without_the_topology_no_variant_is_right() -> None:
    negotiation = serving()
    lost = a_notification(a_report("QOS_NOT_GUARANTEED", 1))
    (decision,) = negotiation.notified(lost, 1.0)
    assert isinstance(decision, Decision)
    assert (decision.rung, "topology" in decision.reason) == (None, True)
    again = a_notification(a_report("QOS_GUARANTEED", 1))
    assert variants_of(negotiation.notified(again, 2.0)) == ["large"]


def test_a_lost_bearer_carries_nothing_until_it_is_recovered_at_whatever_rung() -> None:
    negotiation = serving()
    lost = a_notification(a_report("LOSS_OF_BEARER", 1), a_report("LOSS_OF_BEARER", 2))
    assert variants_of(negotiation.notified(lost, 1.0)) == [None]
    back = [a_report("RECOVERY_OF_BEARER", 1), a_report("RECOVERY_OF_BEARER", 2)]
    assert variants_of(negotiation.notified(a_notification(*back), 2.0)) == ["large"]
    negotiation.notified(lost, 3.0)
    lower = a_notification(*back, a_report("QOS_NOT_GUARANTEED", 2, ref="small"))
    assert variants_of(negotiation.notified(lower, 4.0)) == ["small"]


def test_a_session_whose_bearer_was_released_is_deleted_and_made_anew() -> None:
    negotiation = serving()
    released = a_notification(a_report("RELEASE_OF_BEARER", 1))
    deletion, decision = negotiation.notified(released, 1.0)
    assert isinstance(deletion, DeleteSession)
    assert variants_of([decision]) == [None]
    assert is_question(negotiation.due(1.0))


def test_a_failed_allocation_waits_for_coverage() -> None:
    negotiation = asking()
    negotiation.answered(Accepted(a_session()), 0.0)
    failed = a_notification(a_report("FAILED_RESOURCES_ALLOCATION"))
    assert variants_of(negotiation.notified(failed, 0.1)) == [None]
    assert variants_of(negotiation.notified(allocated("small"), 9.0)) == ["small"]


def test_a_rung_that_was_never_asked_for_holds_nothing() -> None:
    negotiation = serving()
    (decision,) = negotiation.notified(not_guaranteed("huge"), 1.0)
    assert isinstance(decision, Decision)
    assert (decision.rung, "'huge'" in decision.reason) == (None, True)


def test_other_events_change_nothing() -> None:
    negotiation = serving()
    assert negotiation.notified(a_notification(a_report("USAGE_REPORT")), 1.0) == []
    assert negotiation.notified(a_notification(), 1.0) == []
    assert negotiation.rung is not None


# --- refusals ---


def test_a_refusal_leads_to_the_next_variant_that_would_be_accepted() -> None:
    negotiation = asking()
    refusal = Declined({1: 50_000_000, 2: 5_000_000}, "403")
    (command,) = negotiation.answered(refusal, 0.1)
    assert ladder_of(command) == ["small"]


def test_a_refusal_that_says_nothing_leads_to_the_next_smaller_variant() -> None:
    (command,) = asking().answered(Declined({}, "403"), 0.1)
    assert ladder_of(command) == ["medium", "small"]


def test_what_is_acceptable_for_the_session_as_a_whole_counts_too() -> None:
    (command,) = asking().answered(Declined({0: 20_000_000}, "403"), 0.1)
    assert ladder_of(command) == ["medium", "small"]


def test_when_everything_is_refused_it_tries_again_later() -> None:
    negotiation = asking("small")
    assert variants_of(negotiation.answered(Declined({}, "403"), 0.0)) == [None]
    negotiation.due(0.6)
    assert negotiation.bandwidth(Reported(ENOUGH_BPS["small"]), 0.6) == []
    (command,) = negotiation.bandwidth(Reported(ENOUGH_BPS["small"]), 1.1)
    assert ladder_of(command) == ["small"]


def test_where_nothing_fits_it_says_so_once_and_goes_on_looking() -> None:
    negotiation = a_negotiation()
    (decision,) = negotiation.bandwidth(Reported(1_000), 0.0)
    assert isinstance(decision, Decision)
    assert (decision.rung, decision.cause) == (None, "bandwidth")
    assert negotiation.bandwidth(Reported(1_000), 0.5) == []
    (command,) = negotiation.bandwidth(Reported(ENOUGH_BPS["small"]), 1.0)
    assert ladder_of(command) == ["small"]


# --- above the ladder ---


def test_a_better_variant_is_asked_for_when_the_bandwidth_stays() -> None:
    negotiation = serving("medium")
    assert negotiation.bandwidth(Reported(ENOUGH_BPS["large"]), 1.0) == []
    (command,) = negotiation.bandwidth(Reported(ENOUGH_BPS["large"]), 1.5)
    assert isinstance(command, ModifySession)
    assert (command.session_id, ladder_of(command)) == ("s-1", ["large", "medium", "small"])
    assert negotiation.rung is not None
    assert negotiation.rung.variant.name == "medium"


def test_what_the_session_holds_itself_counts_as_there() -> None:
    negotiation = serving("medium")
    missing_bps = ENOUGH_BPS["large"] - negotiation.own_bps
    negotiation.bandwidth(Reported(missing_bps), 1.0)
    assert len(negotiation.bandwidth(Reported(missing_bps), 1.5)) == 1


def test_a_bandwidth_that_comes_and_goes_raises_nothing() -> None:
    negotiation = serving("medium")
    for now_s in range(1, 9):
        bandwidth_bps = ENOUGH_BPS["large"] if now_s % 2 else 0
        assert negotiation.bandwidth(Reported(bandwidth_bps), float(now_s)) == []


def test_the_better_variant_is_right_when_the_network_has_allocated_it() -> None:
    negotiation = serving("medium", raise_after_reports=1)
    negotiation.bandwidth(Reported(ENOUGH_BPS["large"]), 1.0)
    # Still about the old ladder: it must not be taken for the new one's top.
    assert negotiation.notified(guaranteed(), 1.1) == []
    assert variants_of(negotiation.answered(Accepted(a_session()), 1.2)) == []
    steps = negotiation.notified(allocated(), 1.3)
    assert variants_of(steps) == ["large"]


def test_a_refused_raise_keeps_what_there_is_and_waits_before_the_next() -> None:
    negotiation = serving("medium", raise_after_reports=1)
    negotiation.bandwidth(Reported(ENOUGH_BPS["large"]), 1.0)
    assert variants_of(negotiation.answered(Declined({2: 20_000_000}, "403"), 1.1)) == []
    assert negotiation.rung is not None
    assert negotiation.bandwidth(Reported(ENOUGH_BPS["large"]), 1.6) == []
    assert len(negotiation.bandwidth(Reported(ENOUGH_BPS["large"]), 2.2)) == 1


def test_what_was_notified_during_a_refused_raise_is_about_the_old_ladder() -> None:
    negotiation = serving("medium", raise_after_reports=1)
    negotiation.bandwidth(Reported(ENOUGH_BPS["large"]), 1.0)
    negotiation.notified(not_guaranteed("small"), 1.1)
    assert variants_of(negotiation.answered(Declined({}, "403"), 1.2)) == ["small"]


# --- faults ---


def test_a_nef_that_fails_is_asked_again_with_growing_patience() -> None:
    negotiation = a_negotiation()
    waits_s, now_s = [], 0.0
    for _ in range(6):
        assert is_question(negotiation.due(now_s))
        negotiation.bandwidth(Failed("no connection"), now_s)
        waits_s.append(negotiation.wake_s - now_s)
        now_s = negotiation.wake_s
    assert waits_s == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]


def test_a_change_of_unknown_outcome_is_asked_for_again() -> None:
    negotiation = asking()
    assert negotiation.answered(Failed("timed out"), 0.0) == []
    steps = negotiation.due(0.5)
    assert [ladder_of(s) for s in steps if isinstance(s, CreateSession)] == [
        ["large", "medium", "small"]
    ]


def test_after_an_outage_it_looks_whether_the_session_still_exists() -> None:
    negotiation = serving()
    negotiation.bandwidth(Failed("no connection"), 1.0)
    assert negotiation.bandwidth(Reported(0), 2.0) == [CheckSession("s-1")]
    assert negotiation.answered(Accepted(a_session()), 2.1) == []
    assert negotiation.bandwidth(Reported(0), 2.5) == []


@pytest.mark.parametrize("when", ["checked", "modified"])
def test_a_session_that_is_gone_is_made_anew(when: str) -> None:
    negotiation = serving("medium", raise_after_reports=1)
    if when == "modified":
        negotiation.bandwidth(Reported(ENOUGH_BPS["large"]), 1.0)
    assert variants_of(negotiation.answered(Gone("404"), 1.1)) == [None]
    assert is_question(negotiation.due(1.6))
    (command,) = negotiation.bandwidth(Reported(ENOUGH_BPS["small"]), 1.7)
    assert isinstance(command, CreateSession)


def test_a_session_that_the_network_ended_is_made_anew() -> None:
    negotiation = serving()
    ended = a_notification(a_report("SESSION_TERMINATION"))
    assert variants_of(negotiation.notified(ended, 1.0)) == [None]
    (command,) = negotiation.bandwidth(Reported(ENOUGH_BPS["small"]), 1.1)
    assert isinstance(command, CreateSession)


def test_a_session_of_which_nothing_is_heard_is_given_up() -> None:
    negotiation = asking(allocation_s=5.0)
    negotiation.answered(Accepted(a_session()), 0.0)
    assert negotiation.wake_s <= 5.0
    steps = negotiation.due(5.0)
    assert DeleteSession(a_session()) in steps
    assert variants_of(steps) == [None]


def test_at_the_end_the_session_is_deleted_once() -> None:
    negotiation = serving()
    assert negotiation.stop() == [DeleteSession(a_session())]
    assert negotiation.stop() == []


def test_the_bandwidth_is_looked_at_all_the_while_but_never_twice_at_once() -> None:
    negotiation = serving(poll_s=0.5)
    assert is_question(negotiation.due(0.5))
    assert negotiation.due(0.6) == []
    negotiation.bandwidth(Reported(0), 0.7)
    assert negotiation.due(1.1) == []
    assert is_question(negotiation.due(1.2))
