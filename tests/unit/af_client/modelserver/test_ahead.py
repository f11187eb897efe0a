"""Plans for a device that is always on: asked for, waited for, begun, changed and given up."""

from typing import Any

import pytest

from af_client.modelserver.ahead import Ahead
from af_client.modelserver.policy import Policy
from af_client.modelserver.selection import Choice, ladders
from af_client.modelserver.steps import (
    Answer,
    ChooseWindow,
    Declined,
    DropPlan,
    Failed,
    Gone,
    Planned,
    PlanNews,
    PlanTransfer,
    Step,
)
from af_client.plans import PlanWarning
from builders.negotiations import GPSI, LARGE, MEDIUM, SMALL, news_of, planned
from builders.plan_requests import a_candidate

VARIANTS = (SMALL, MEDIUM, LARGE)
#: What a session may ask for.
OF_LARGE, OF_MEDIUM, OF_SMALL = ladders(VARIANTS, 1.0, 0.2)
NOTHING = Choice(None, (), "nothing fits")
REFUSED = Declined({}, "at no time")


def ahead(**policy: Any) -> Ahead:
    return Ahead(GPSI, VARIANTS, Policy(**policy))


def waiting(answer: Planned | None = None) -> Ahead:
    """With a plan for the large variant, from 20 s to 60 s."""
    one = ahead()
    one.due(0.0, OF_SMALL)
    assert news_of(one.answered(answer or planned(), 0.1)) == [("large", "planned")]
    return one


def begun(**policy: Any) -> Ahead:
    one = ahead(**policy)
    one.due(0.0, OF_SMALL)
    one.answered(planned(), 0.1)
    choice, news = one.begin(20.0)
    assert (choice, news_of(news)) == (OF_LARGE, [("large", "begun")])
    return one


def asked_rates(steps: list[Step]) -> list[int | None]:
    """The rates of the plans that were asked for."""
    return [step.qos.gbr_dl_bps for step in steps if isinstance(step, PlanTransfer)]


def warning(*numbers: int, reference: str = "ref-p-1") -> PlanWarning:
    candidates = tuple(a_candidate(number, 70, 90) for number in numbers)
    return PlanWarning(reference, candidates)


# --- asking ---


def test_the_best_variant_is_planned_as_both_flows_together() -> None:
    (command,) = ahead(plan_within_s=90.0).due(0.0, OF_SMALL)
    assert isinstance(command, PlanTransfer)
    assert (command.gpsi, command.within_s, command.qos.per) == (GPSI, 90.0, "1E-3")
    assert command.qos.gbr_dl_bps == OF_LARGE.ladder[0].weights_rate_bps + 200_000


def test_who_asks_for_the_best_has_nothing_to_plan() -> None:
    assert ahead().due(0.0, OF_LARGE) == []


def test_where_nothing_fits_now_the_best_is_planned_too() -> None:
    assert len(asked_rates(ahead().due(0.0, NOTHING))) == 1


def test_one_plan_is_asked_for_at_a_time() -> None:
    one = ahead()
    one.due(0.0, OF_SMALL)
    assert one.due(5.0, OF_SMALL) == []
    one.answered(planned(), 5.0)
    assert one.due(6.0, OF_SMALL) == []


def test_a_refusal_leads_to_the_next_smaller_variant_that_is_still_better() -> None:
    one = ahead()
    (first,) = asked_rates(one.due(0.0, OF_SMALL))
    assert news_of(one.answered(REFUSED, 0.1)) == [("large", "refused")]
    (second,) = asked_rates(one.due(0.1, OF_SMALL))
    assert first is not None
    assert second is not None
    assert second < first
    assert news_of(one.answered(REFUSED, 0.2)) == [("medium", "refused")]
    assert one.due(0.2, OF_SMALL) == []


def test_after_a_refusal_of_all_it_asks_again_after_a_while_from_the_top() -> None:
    one = ahead(replan_s=10.0)
    asked = asked_rates(one.due(0.0, OF_MEDIUM))
    one.answered(REFUSED, 0.0)
    assert one.due(1.0, OF_MEDIUM) == []
    assert one.due(10.9, OF_MEDIUM) == []
    assert asked_rates(one.due(11.0, OF_MEDIUM)) == asked


def test_a_nef_that_fails_is_asked_again_after_a_while() -> None:
    one = ahead(replan_s=10.0)
    one.due(0.0, OF_SMALL)
    assert news_of(one.answered(Failed("no connection"), 1.0)) == [("large", "refused")]
    assert one.due(10.9, OF_SMALL) == []
    assert asked_rates(one.due(11.0, OF_SMALL)) != []


def test_a_nef_without_plans_is_asked_once() -> None:
    one = ahead()
    one.due(0.0, OF_SMALL)
    (news,) = one.answered(Gone("404"), 0.1)
    assert isinstance(news, PlanNews)
    assert (news.state, news.reason, news.window) == ("refused", "404", None)
    assert one.due(1e6, OF_SMALL) == []
    assert one.stop() == []


# --- the window ---


def test_the_variant_is_due_when_its_window_begins() -> None:
    one = waiting()
    assert one.wake_s == 20
    assert one.begin(19.9) == (None, [])
    choice, news = one.begin(20.0)
    assert choice == OF_LARGE
    (told,) = news
    assert isinstance(told, PlanNews)
    assert (told.state, told.window) == ("begun", a_candidate(1, 20, 60).window)


def test_what_is_refused_in_the_window_is_asked_for_again_with_growing_patience() -> None:
    one = begun(backoff_s=0.5, longest_backoff_s=2.0)
    asked = [step / 10 for step in range(201, 260) if one.begin(step / 10)[0]]
    assert asked == [20.5, 21.5, 23.5, 25.5]
    assert one.begin(25.6) == (None, [])
    assert one.wake_s == 27.5


def test_a_plan_is_over_when_the_session_has_its_variant() -> None:
    for one in (waiting(), begun()):
        news, drop = one.due(20.1, OF_LARGE)
        assert news_of([news]) == [("large", "over")]
        assert drop == DropPlan(planned().plan)
        assert one.wake_s == float("inf")
        assert one.begin(30.0) == (None, [])


def test_a_plan_that_was_reached_by_a_lesser_one_goes_on() -> None:
    assert waiting().due(10.0, OF_MEDIUM) == []


def test_a_window_that_passed_in_vain_is_followed_by_another_plan() -> None:
    one = begun(replan_s=10.0)
    assert news_of(one.due(60.0, OF_SMALL)) == [("large", "over")]
    assert one.due(69.9, OF_SMALL) == []
    assert asked_rates(one.due(70.0, OF_SMALL)) != []


def test_a_plan_that_is_given_up_is_dropped_once() -> None:
    one = waiting()
    assert news_of(one.stop()) == [("large", "over")]
    assert one.stop() == []


def test_a_plan_that_nobody_waits_for_is_dropped() -> None:
    late = planned(name="p-9")
    assert waiting().answered(late, 1.0) == [DropPlan(late.plan)]
    assert ahead().answered(late, 1.0) == [DropPlan(late.plan)]


# --- warnings ---


def test_a_warning_leads_to_the_first_of_the_other_windows() -> None:
    one = waiting()
    news, choose = one.warned(warning(2, 3))
    assert news_of([news]) == [("large", "warned")]
    assert choose == ChooseWindow(planned().plan, a_candidate(2, 70, 90))
    assert one.begin(20.0) == (None, [])
    assert news_of(one.answered(planned(70, 90), 1.0)) == [("large", "planned")]
    assert one.wake_s == 70


def test_a_warning_that_still_offers_what_was_chosen_changes_nothing() -> None:
    one = waiting()
    assert one.warned(PlanWarning("ref-p-1", (a_candidate(1, 20, 60),))) == []
    assert one.begin(20.0)[0] == OF_LARGE


def test_a_warning_about_another_plan_is_none() -> None:
    assert waiting().warned(warning(2, reference="ref-p-2")) == []
    assert ahead().warned(warning(2)) == []


def test_a_warning_that_overtakes_the_answer_is_not_lost() -> None:
    one = ahead()
    one.due(0.0, OF_SMALL)
    for early in (warning(8, reference="ref-p-2"), warning(2), warning(3)):
        assert one.warned(early) == []
    steps = one.answered(planned(), 0.1)
    assert news_of(steps) == [("large", "planned"), ("large", "warned")]
    assert steps[-1] == ChooseWindow(planned().plan, a_candidate(3, 70, 90))


@pytest.mark.parametrize("answer", [REFUSED, Failed("no answer"), Gone("404")])
def test_what_can_no_longer_be_chosen_ends_the_plan(answer: Answer) -> None:
    one = waiting()
    one.warned(warning(2))
    news, drop = one.answered(answer, 5.0)
    assert news_of([news]) == [("large", "over")]
    assert drop == DropPlan(planned().plan)
    assert one.due(14.9, OF_SMALL) == []
    assert asked_rates(one.due(15.0, OF_SMALL)) != []


def test_a_window_that_began_can_be_exchanged_too() -> None:
    one = begun(backoff_s=0.5)
    assert one.begin(20.5)[0] == OF_LARGE
    assert news_of(one.warned(warning(2))) == [("large", "warned")]
    one.answered(planned(70, 90), 21.0)
    assert one.begin(30.0) == (None, [])
    assert one.begin(70.0)[0] == OF_LARGE
    assert one.wake_s == 70.5, "the patience begins anew"


def test_a_plan_is_not_ended_while_another_window_is_being_chosen() -> None:
    one = waiting()
    one.warned(warning(2))
    assert one.due(5.0, OF_LARGE) == []
    one.answered(planned(70, 90), 5.1)
    assert news_of(one.due(5.2, OF_LARGE)) == [("large", "over")]
