"""Plans on a network that stands as the test says: what is offered, and what can be chosen."""

import pytest

from builders.planning import URL, Rig, windows
from nef.domain.errors import InvalidRequest, NotFound, NoWindow
from nef.domain.plans import MOST_CANDIDATES, PlanChanges


@pytest.fixture
def rig() -> Rig:
    return Rig()


# --- what is offered ---


def test_windows_with_room_are_offered_the_longest_first(rig: Rig) -> None:
    assert windows(rig.ask().body.candidates) == [(20, 60), (70, 100)]


def test_of_equals_the_emptier_is_first_and_then_the_earlier(rig: Rig) -> None:
    rig.hold((0.0, 20), (10.0, 0), (20.0, 50), (30.0, 10), (40.0, 50), (50.0, 0), (60.0, 50))
    found = windows(rig.ask((0, 10), (12, 22), (30, 40), (50, 60), (10, 12)).body.candidates)
    assert found == [(0, 20), (50, 60), (30, 40)]


def test_no_more_are_offered_than_can_be_surveyed(rig: Rig) -> None:
    rig.hold(*[(float(n), 90 * (n % 2)) for n in range(40)])
    assert len(rig.ask(numberOfUEs=1).body.candidates) == MOST_CANDIDATES


def test_less_than_a_second_is_no_window(rig: Rig) -> None:
    rig.hold((0.0, 90), (10.0, 0), (10.999, 90), (50.0, 0), (51.0, 90))
    assert windows(rig.ask().body.candidates) == [(50, 51)]
    with pytest.raises(NoWindow):
        rig.ask((0, 40))


def test_no_cell_of_the_area_may_be_too_full(rig: Rig) -> None:
    rig.information.held["cell-2"] = [(0.0, 0), (40.0, 61), (50.0, 60)]
    assert windows(rig.ask().body.candidates) == [(70, 100), (20, 40), (50, 60)]


def test_the_first_qos_that_fits_is_planned(rig: Rig) -> None:
    alternatives = [{"gfbrDl": "6 Mbps"}, {"gfbrDl": "5 Mbps"}, {"gfbrDl": "1 Mbps"}]
    plan = rig.ask(qosParamSet={"gfbrDl": "9 Mbps"}, altQosParamSets=alternatives).body
    assert (plan.rung, windows(plan.candidates)) == (2, [(20, 60), (70, 100)])


def test_where_nothing_fits_the_refusal_says_what_would_for_a_second(rig: Rig) -> None:
    rig.hold((0.0, 50), (20.0, 0), (20.5, 20), (25.0, 50))
    with pytest.raises(NoWindow, match=r"at most 4 Mbps, from 1970-01-01T00:00:20\+00:00 on"):
        rig.ask(qosParamSet={"gfbrDl": "6 Mbps"})
    rig.hold((0.0, 100))
    with pytest.raises(NoWindow, match="they could carry no rate at all"):
        rig.ask()
    rig.information.gone = {"ue-1", "ue-2", "ue-3"}
    with pytest.raises(NoWindow, match="no UE is attached"):
        rig.ask()
    assert rig.ended(), "nothing is kept of what was refused"


def test_a_plan_for_no_cell_of_ours_is_refused(rig: Rig) -> None:
    nowhere = {"plmnId": {"mcc": "001", "mnc": "01"}, "tac": "00ffff"}
    with pytest.raises(InvalidRequest) as refused:
        rig.ask(locationArea5G={"nwAreaInfo": {"tais": [nowhere]}})
    assert [param.pointer for param in refused.value.params] == ["/locationArea5G"]


# --- what is chosen ---


def test_a_choice_is_kept_and_can_be_changed(rig: Rig) -> None:
    rig.ask()
    assert rig.choose(2).body.selected == 2
    assert rig.choose(1).body.selected == 1
    assert rig.choose(1).body.selected == 1, "the same again is no change"


def test_what_has_ceased_to_fit_cannot_be_chosen_and_nothing_else_of_the_patch_holds(
    rig: Rig,
) -> None:
    rig.ask()
    rig.hold((0.0, 50))
    before = rig.plan
    with pytest.raises(NoWindow):
        rig.service.modify("af", "p1", PlanChanges(selected=1, destination="http://other.example"))
    assert rig.plan == before


def test_who_chooses_again_learns_whether_it_still_fits(rig: Rig) -> None:
    rig.ask((0, 100))
    first = rig.choose(1).body
    assert rig.choose(1).body == first, "it fits, and nothing begins anew"
    rig.hold((0.0, 100))
    with pytest.raises(NoWindow):
        rig.choose(1)
    assert rig.plan.selected == 1, "the plan is kept as it was"


def test_what_is_over_cannot_be_chosen(rig: Rig) -> None:
    rig.ask()
    rig.clock.advance(60)
    with pytest.raises(NoWindow, match="over"):
        rig.choose(1)


def test_warnings_need_a_place_to_go_to_whenever_they_are_wanted(rig: Rig) -> None:
    rig.ask()
    with pytest.raises(InvalidRequest):
        rig.service.modify("af", "p1", PlanChanges(warned=True))
    rig.service.modify("af", "p1", PlanChanges(warned=True, destination=URL))
    rig.service.modify("af", "p1", PlanChanges(warned=False))
    request = rig.plan.request
    assert (request.warned, request.destination) == (False, URL)


def test_a_plan_is_its_afs_alone(rig: Rig) -> None:
    rig.ask()
    for call in (rig.service.read, rig.service.delete):
        with pytest.raises(NotFound):
            call("other", "p1")
    with pytest.raises(NotFound):
        rig.service.modify("other", "p1", PlanChanges(selected=1))
    assert rig.service.of_af("other") == []
    rig.service.delete("af", "p1")
    assert rig.ended()
