"""A NEF for tests, driven by its words and seen by an AF over HTTP."""

from typing import Any

import pytest
import requests

from builders.receivers import receiving
from builders.service import AF, by_value, component, subscription
from builders.simulations import one_cell
from builders.waiting import until
from nef.domain.errors import Conflict, InvalidRequest, InvalidValue, NotFound
from nef.testing import RunningNef, running_nef

EIGHT = component(2, "8 Mbps")


def session(
    nef: RunningNef,
    destination: str = "http://127.0.0.1:9/nobody",
    part: Any = EIGHT,
    **more: Any,
) -> str:
    """The id of a session of one component that was admitted."""
    body = by_value(part, notificationDestination=destination, **more)
    response = requests.post(nef.url + AF, json=body, timeout=60)
    assert response.status_code == 201, response.text
    link: str = response.json()["self"]
    return link.rsplit("/", 1)[1]


def test_what_was_notified_is_what_the_receiver_got(nef: RunningNef) -> None:
    with receiving() as af:
        name = session(nef, af.url)
        nef.degrade("ue-1")
        told = nef.notified(name)
    assert [one.document for one in told] == [body for _, _, body in af.requests]
    assert [one.state for one in told] == ["delivered", "delivered"]
    assert nef.events() == ["SUCCESSFUL_RESOURCES_ALLOCATION", "QOS_NOT_GUARANTEED"]


def test_what_nobody_receives_is_known_too_and_not_waited_for(nef: RunningNef) -> None:
    name, other = session(nef), session(nef)
    nef.fail_cell("cell-1")
    first, second = nef.notified(name)
    assert (first.state, first.events) == ("pending", ("SUCCESSFUL_RESOURCES_ALLOCATION",))
    assert second.subscription_id == name
    assert len(nef.notified()) == len(nef.notified(other)) + 2


def test_each_word_does_what_it_says(nef: RunningNef) -> None:
    good = nef.ue("ue-1").rate_dl_bps
    assert 0 < nef.degrade("ue-1", 0).rate_dl_bps < good
    assert nef.recover("ue-1").rate_dl_bps == good
    assert nef.fail_cell("cell-1").outage
    assert not nef.repair_cell("cell-1").outage
    name = session(nef)
    assert nef.cell("cell-1").blocks_granted > 0
    assert not nef.detach("ue-1").attached
    assert nef.events(name)[-1] == "SESSION_TERMINATION"
    assert nef.attach("ue-1").attached


def test_time_stands_until_it_is_stepped(nef: RunningNef) -> None:
    began = nef.now
    name = session(nef, qosDuration=3)
    nef.step(2)
    assert nef.events(name) == ["SUCCESSFUL_RESOURCES_ALLOCATION"]
    nef.step(2)
    assert nef.events(name)[1:] == ["SESSION_TERMINATION"]
    assert ((nef.now - began).total_seconds(), nef.time_s) == (4.0, 4.0)


def test_another_scenario_keeps_sessions_and_a_reset_does_not(nef: RunningNef) -> None:
    session(nef)
    nef.load(one_cell())
    assert nef.cell("cell-1").blocks_granted > 0
    nef.reset("steady")
    assert nef.cell("cell-1").blocks_granted == 0
    assert requests.get(nef.url + AF, timeout=60).json() == []


def test_what_the_scenario_does_not_have_is_not_found(nef: RunningNef) -> None:
    for ask in (nef.ue, nef.degrade, nef.detach, nef.cell, nef.fail_cell):
        with pytest.raises(NotFound, match="the scenario has no"):
            ask("nobody")


def test_of_a_large_scenario_only_the_first_are_told() -> None:
    with running_nef("stadium") as nef, pytest.raises(NotFound) as told:
        nef.degrade("nobody")
    assert str(told.value).endswith(" …")
    assert len(str(told.value)) < 200


def test_time_that_runs_by_itself_cannot_be_stepped() -> None:
    with running_nef(mode="real") as nef, pytest.raises(Conflict):
        nef.step(1)


def test_a_scenario_that_is_wrong_is_refused_before_anything_is_served() -> None:
    with pytest.raises(InvalidRequest), running_nef(one_cell(bandwidth_mhz=21)):
        pytest.fail("it was served")


def test_a_reset_that_is_refused_leaves_what_there_was(nef: RunningNef) -> None:
    with receiving() as af:
        session(nef, af.url)
        with pytest.raises(InvalidRequest):
            nef.reset("nowhere")
        nef.degrade("ue-1")
        assert af.until(lambda: af.events()[-1:] == ["QOS_NOT_GUARANTEED"])


def told(nef: RunningNef) -> list[tuple[float, tuple[str, ...]]]:
    """What was notified, with the second at which it happened."""
    began = nef.now.timestamp() - nef.time_s
    return [(round(one.at.timestamp() - began, 3), one.events) for one in nef.notified()]


PHASES = [
    (0.0, ("SUCCESSFUL_RESOURCES_ALLOCATION",)),
    (14.0, ("QOS_NOT_GUARANTEED",)),
    (20.0, ("QOS_GUARANTEED",)),
]


@pytest.mark.nef(scenario="fading-ue")
@pytest.mark.parametrize("steps", [1, 3, 300])
def test_what_happens_and_when_is_the_same_however_long_the_steps_are(
    nef: RunningNef, steps: int
) -> None:
    session(nef)
    for _ in range(steps):
        nef.step(30 / steps)
    assert told(nef) == PHASES


@pytest.mark.nef(scenario="fading-ue")
def test_and_when_time_runs_a_hundred_times_as_fast(nef: RunningNef) -> None:
    session(nef)
    nef.load("fading-ue", mode="x100")
    until(lambda: nef.time_s > 25)
    assert told(nef)[1:] == PHASES[1:]


@pytest.mark.parametrize("steps", [1, 7, 100])
def test_what_faults_break_and_when_is_the_same_however_long_the_steps_are(
    nef: RunningNef, steps: int
) -> None:
    nef.set_fault("bearer-lost", probability=1.0, after_s=1.3, lasts_s=2.9, ue="ue-1")
    session(nef)
    nef.clear_faults()
    nef.set_fault("bearer-released", times=1, from_s=6.1)
    for _ in range(steps):
        nef.step(10 / steps)
    assert told(nef) == [
        (0.0, ("SUCCESSFUL_RESOURCES_ALLOCATION",)),
        (1.3, ("LOSS_OF_BEARER",)),
        (4.2, ("RECOVERY_OF_BEARER",)),
        (6.1, ("SESSION_TERMINATION",)),
    ]
    assert nef.time_s == 10.0


def test_a_fault_is_triggered_and_what_it_lost_is_known(nef: RunningNef) -> None:
    with receiving() as af:
        name = session(nef, af.url)
        assert [one.state for one in nef.notified(name)] == ["delivered"]
        nef.trigger_fault("notification-lost")
        nef.degrade("ue-1")
        nef.recover("ue-1")
        assert [one.state for one in nef.notified(name)] == ["delivered", "lost", "delivered"]
        assert af.events() == ["SUCCESSFUL_RESOURCES_ALLOCATION", "QOS_GUARANTEED"]


def test_a_fault_that_makes_no_sense_is_refused_with_its_reason(nef: RunningNef) -> None:
    with pytest.raises(NotFound, match="there are: resources-refused"):
        nef.set_fault("rain")
    with pytest.raises(InvalidValue, match="from 0 to 1"):
        nef.set_fault("response-slow", probability=10)
    with pytest.raises(InvalidValue, match=r"^lasts_s: the fault response-slow does not have it"):
        nef.set_fault("response-slow", lasts_s=1)
    with pytest.raises(InvalidValue, match=r"^ue: the scenario has no such UE$"):
        nef.set_fault("bearer-lost", ue="nobody")
    with pytest.raises(InvalidValue, match=r"^seed: "):
        nef.set_fault("bearer-lost", seed=-1)
    with pytest.raises(InvalidValue, match=r"^times: "):
        nef.trigger_fault("bearer-lost", times=-1)


@pytest.mark.nef(scenario="street")
def test_a_session_is_told_what_it_has_after_each_handover(nef: RunningNef) -> None:
    session(nef, part=component(2, "40 Mbps", ("less", "5 Mbps")))
    nef.step(80)
    assert told(nef) == [
        (0.0, ("SUCCESSFUL_RESOURCES_ALLOCATION",)),
        (27.0, ("QOS_NOT_GUARANTEED",)),
        (57.0, ("QOS_GUARANTEED",)),
    ]
    assert nef.notified()[1].document["eventReports"][0]["appliedQosRef"] == "less"
    assert nef.ue("bus").cell_id == "cell-c"


@pytest.mark.nef(scenario="rough-day")
def test_a_rough_day_is_rough_in_the_same_way_each_time(nef: RunningNef) -> None:
    def day() -> tuple[list[int], list[tuple[float, tuple[str, ...]]]]:
        nef.reset("rough-day")
        answers = [requests.post(f"{nef.url}{AF}", json=subscription(), timeout=60)]
        while answers[-1].status_code != 201:
            answers.append(requests.post(f"{nef.url}{AF}", json=subscription(), timeout=60))
        path = f"{nef.url}{answers[-1].json()['self'].removeprefix(nef.url)}"
        answers += [requests.get(path, timeout=60) for _ in range(30)]
        nef.step(60)
        return [answer.status_code for answer in answers], told(nef)

    statuses, events = day()
    assert set(statuses) == {200, 201, 503}
    assert events[1:] == [(10.0, ("LOSS_OF_BEARER",)), (13.0, ("RECOVERY_OF_BEARER",))]
    assert day() == (statuses, events)
