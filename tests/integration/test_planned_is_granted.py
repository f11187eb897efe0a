"""What a plan offers is granted when its window comes, to whichever UEs; and no window is missed.

The promise holds where nobody else comes or goes, so nobody does here.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.plans import asking
from builders.reservations import demand, reservation
from builders.simulations import Simulated, one_cell
from fakes.storage import MemoryStorage
from nef.domain.errors import NoWindow, ResourcesRefused
from nef.domain.planned_qos import ladder_of
from nef.domain.plans import MOST_CANDIDATES, Plan
from nef.domain.qos import Catalogue, FlowDemand
from nef.network.simulator.cqi import Reliability
from nef.network.simulator.scenario import shipped_scenarios
from nef.ports.network import Reservation
from nef.services.plans import Planner

NOTHING = Catalogue(())
END_S = 60


class Planned:
    """A network, a plan made in it, and its sessions whenever they are asked for."""

    def __init__(self, network: Simulated, **changes: Any) -> None:
        self.network, self._ids = network, count()
        self.began_s = network.now_s
        planner = Planner(network.information, MemoryStorage())
        windows = changes.pop("windows", [(0, END_S)])
        request = asking(self.began_s, *windows, **changes)
        self.desired = windows
        asked = Plan(request, ladder_of(request, NOTHING))
        try:
            self.plan: Plan | None = planner.begun(asked, self.began_s)
        except NoWindow:
            self.plan = None
        #: Where nothing was offered, what was refused.
        self.asked = self.plan or asked

    @property
    def windows(self) -> list[tuple[float, float]]:
        """The windows in seconds from the plan on, in the order of time."""
        found = self.plan.candidates if self.plan else ()
        times = [(c.window.from_s - self.began_s, c.window.until_s - self.began_s) for c in found]
        return sorted(times)

    def go_to(self, time_s: float) -> None:
        self.network.step(max(self.began_s + time_s - self.network.now_s, 1e-6))
        self.network.tick(self.network.now_s)

    def are_granted(self, ues: list[str]) -> bool:
        """Whether all of these UEs get what was planned for, at once; nothing of it is kept."""
        made = [self._session(ue) for ue in ues]
        try:
            levels = [self.network.reserve(one, self.network.now_s) for one in made]
        except ResourcesRefused:
            levels = [{1: None}]
        for one in made:
            self.network.release(one.session_id, self.network.now_s)
        return all(level == {1: 0} for level in levels)

    def _session(self, ue: str) -> Reservation:
        plan = self.asked
        level = replace(plan.ladder[plan.rung], priority=plan.ladder[0].priority)
        return Reservation(
            f"{next(self._ids)}", ue, (FlowDemand(1, (), (level,)),), self.network.now_s
        )

    def within_reach(self) -> dict[str, list[str]]:
        """The UEs that a session of this kind reaches now, by cell, the neediest first."""
        found = defaultdict(list)
        kind = Reliability.of(self.asked.ladder[self.asked.rung].per)
        for cell_id, look in self.network.stage.ledger.looks().items():
            rates = {ue: look.rates[ue][kind] for ue in look.attached}
            found[cell_id] = sorted((u for u in rates if rates[u]), key=lambda u: rates[u])
        return found

    def attached(self) -> int:
        return sum(len(look.attached) for look in self.network.stage.ledger.looks().values())

    def choices(self, random: Random) -> Iterator[list[str]]:
        """Some who could be meant: the neediest of each cell, and others at random."""
        cells = self.within_reach()
        everybody = [ue for ues in cells.values() for ue in ues]
        number = min(self.asked.request.ues, self.attached())
        assert len(everybody) >= number > 0, "as many as are meant are within reach"
        for ues in cells.values():
            others = [ue for ue in everybody if ue not in ues]
            yield [*ues, *others][:number]
        yield random.sample(everybody, number)


def check_windows(planned: Planned, random: Random) -> None:
    """In each window, at its start, within and just before its end, all are granted."""
    for from_s, until_s in planned.windows:
        assert until_s - from_s >= 1.0
        for time_s in (from_s, random.uniform(from_s, until_s - 1e-3), until_s - 1e-3):
            if planned.began_s + time_s > planned.network.now_s or time_s == from_s:
                planned.go_to(time_s)
                for ues in planned.choices(random):
                    assert planned.are_granted(ues), (time_s, ues)


# --- the networks ---


@st.composite
def spans(draw: st.DrawFn) -> dict[str, int]:
    from_s = draw(st.integers(0, END_S - 5))
    return {"from_s": from_s, "until_s": draw(st.integers(from_s + 1, END_S + 5))}


@st.composite
def flows(draw: st.DrawFn) -> dict[str, Any]:
    rate, per = draw(st.integers(1, 60)), draw(st.sampled_from(["1E-3", "1E-6"]))
    priority = draw(st.sampled_from([20, 30, 40]))
    return {"rate": f"{rate} Mbps", "per": per, "priority": priority} | draw(spans())


@st.composite
def traces(draw: st.DrawFn) -> dict[str, Any]:
    times = draw(st.lists(st.integers(1, END_S), max_size=3, unique=True))
    values = draw(st.lists(st.integers(-12, 25), min_size=4, max_size=4))
    return {"trace": [list(one) for one in zip([0, *sorted(times)], values, strict=False)]}


@st.composite
def ways(draw: st.DrawFn) -> dict[str, Any]:
    """A straight way towards the antenna, past it, or away from it."""
    begin_s, takes_s = draw(st.floats(0, 30)), draw(st.floats(5, 60))
    xs = draw(st.tuples(st.floats(-3000, 3000), st.floats(-3000, 3000)))
    path = [[round(begin_s, 2), round(xs[0]), 40], [round(begin_s + takes_s, 2), round(xs[1]), 40]]
    return {"path": path, "line_of_sight": draw(st.booleans())}


@st.composite
def networks(draw: st.DrawFn, *, moving: bool) -> dict[str, Any]:
    radios: Any = st.one_of(st.builds(lambda v: {"sinr_db": v}, st.integers(-8, 25)), traces())
    if moving:
        radios = st.one_of(radios, ways())
    cells = draw(st.integers(1, 3))
    ues = draw(st.lists(st.tuples(radios, st.lists(flows(), max_size=2)), min_size=1, max_size=5))
    outages = st.lists(spans(), max_size=1)
    return {
        "name": "any",
        "cells": [
            {"id": f"cell-{n}", "bandwidth_mhz": 20, "site": {}, "outages": draw(outages)}
            for n in range(cells)
        ],
        "ues": [
            {
                "id": f"ue-{n}",
                "gpsi": f"msisdn-1000{n}",
                "supi": f"imsi-1000{n}",
                "ipv4": f"10.45.0.{n + 1}",
                "cell": f"cell-{draw(st.integers(0, cells - 1))}",
                "attached": draw(st.sampled_from([True, True, True, False])),
                "radio": radio,
                "background": background,
            }
            for n, (radio, background) in enumerate(ues)
        ],
    }


asked = st.fixed_dictionaries(
    {
        "numberOfUEs": st.integers(1, 6),
        "qosParamSet": st.fixed_dictionaries(
            {
                "gfbrDl": st.integers(1, 60).map(lambda mbps: f"{mbps} Mbps"),
                "per": st.sampled_from(["1E-3", "1E-6"]),
                "priorLevel": st.sampled_from([20, 30, 40]),
            }
        ),
        "altQosParamSets": st.sampled_from(
            [None, [{"gfbrDl": "5 Mbps"}], [{"per": "1E-2"}, {"gfbrDl": "1 Mbps"}]]
        ),
    }
)
others = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 40), st.sampled_from([20, 30, 40])), max_size=4
)


def network_of(document: dict[str, Any], load: list[tuple[int, int, int]], at_s: int) -> Simulated:
    """The network at a time, with the sessions of others; some have alternatives to fall to."""
    network = Simulated(document)
    if at_s:
        network.step(at_s)
        network.tick(network.now_s)
    for number, (ue, mbps, priority) in enumerate(load):
        flow = demand(mbps, mbps / 4, priority=priority)
        name = f"ue-{ue % len(document['ues'])}"
        one = reservation(f"other-{number}", flow, ue=name, since_s=network.now_s)
        try:
            network.reserve(one, network.now_s)
        except ResourcesRefused:
            continue
    return network


# --- what is promised ---


@settings(deadline=None)
@given(networks(moving=True), asked, others, st.integers(0, 20), st.randoms(use_true_random=False))
def test_in_each_offered_window_all_are_granted(
    document: dict[str, Any],
    changes: dict[str, Any],
    load: list[tuple[int, int, int]],
    at_s: int,
    random: Random,
) -> None:
    planned = Planned(network_of(document, load, at_s), **changes)
    check_windows(planned, random)


@settings(deadline=None)
@given(
    networks(moving=False),
    asked,
    others,
    st.integers(0, 20),
    st.lists(st.integers(0, END_S - 1).map(lambda s: s + 0.5), min_size=3, max_size=6),
)
def test_a_window_is_not_missed(
    document: dict[str, Any],
    changes: dict[str, Any],
    load: list[tuple[int, int, int]],
    at_s: int,
    times_s: list[float],
) -> None:
    planned = Planned(network_of(document, load, at_s), **changes | {"altQosParamSets": None})
    if len(planned.windows) == MOST_CANDIDATES:
        return
    for time_s in sorted(set(times_s)):
        if any(from_s <= time_s < until_s for from_s, until_s in planned.windows):
            continue
        planned.go_to(time_s)
        number = min(planned.asked.request.ues, planned.attached())
        cells = planned.within_reach()
        if number and sum(map(len, cells.values())) >= number:
            assert not all(planned.are_granted(ues[:number]) for ues in cells.values()), time_s


@pytest.mark.parametrize("scenario", shipped_scenarios())
@pytest.mark.parametrize("rate", ["2 Mbps", "20 Mbps", "40 Mbps", "90 Mbps"])
def test_in_every_scenario_that_ships_what_is_offered_is_granted(scenario: str, rate: str) -> None:
    for ues in (1, 2, 4):
        qos = {"gfbrDl": rate, "per": "1E-3"}
        planned = Planned(Simulated(scenario), windows=[(0, 130)], numberOfUEs=ues, qosParamSet=qos)
        check_windows(planned, Random(ues))


def test_a_gap_among_very_many_changes_is_not_overlooked() -> None:
    trace = [[second, -12 if second in (133, 301) else 20 + second % 2] for second in range(400)]
    network = Simulated(one_cell({"trace": trace}))
    qos = {"gfbrDl": "1 Mbps", "per": "1E-3"}
    planned = Planned(network, windows=[(0, 400)], numberOfUEs=1, qosParamSet=qos)
    assert planned.windows == [(0, 133), (134, 301), (302, 400)]


def test_the_camera_fleet_has_its_minute_and_no_other() -> None:
    qos = {"gfbrDl": "40 Mbps", "per": "1E-3"}
    network = Simulated("camera-fleet")
    planned = Planned(network, windows=[(0, 120)], numberOfUEs=4, qosParamSet=qos)
    assert planned.windows == [(30, 90)]
    cameras = [f"camera-{n}" for n in range(1, 5)]
    for time_s, granted in ((29.9, False), (30, True), (89.9, True), (90, False)):
        planned.go_to(time_s)
        assert planned.are_granted(cameras) == granted, time_s
