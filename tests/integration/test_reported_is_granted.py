"""What is reported is what a session gets: at the reported rate yes, at 1.2 times that no."""

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.service import AF, Served, by_value, component, served
from builders.simulations import Simulated
from nef.domain.errors import ResourcesRefused
from nef.domain.units import BitRate
from nef.network.simulator.scenario import shipped_scenarios
from nef.schemas.analytics import data_document
from nef.schemas.analytics_requests import question_of
from nef.schemas.areas import area_document
from nef.schemas.sessions import request_of

ALL = [(name, ue.gpsi) for name in shipped_scenarios() for ue in Simulated(name).ues(0.0)]
LENGTHS_S = {name: Simulated(name).status(0.0).duration_s for name in shipped_scenarios()}
#: tscPrioLevel 3 is as important as 5QI 3, which is what a request without one is treated like.
OURS = 3


@pytest.fixture(scope="module")
def nef() -> Iterator[Served]:
    with served() as service:
        yield service


def at(scenario: str, part: float) -> float:
    """A time within a scenario, in whole milliseconds."""
    return round(part * LENGTHS_S[scenario], 3)


def begin(nef: Served, scenario: str, seed: int, at_s: float) -> None:
    """A scenario from its start, without anybody's sessions, at a time of its own."""
    services = nef.nef.services
    for session in services.sessions.of_af("af"):
        services.sessions.delete("af", session.id)
    services.simulation.load(scenario, seed, "manual")
    if at_s:
        services.simulation.step(at_s)


def asked(gpsi: str, rate: str, per: str, number: int = OURS) -> Any:
    return request_of(by_value(component(number, rate, per=per), ueIpv4Addr=None, gpsi=gpsi))


def reported(nef: Served, gpsi: str, per: str) -> BitRate | None:
    """The rate of now, as an AF reads it; None where there is none."""
    document = {"analyEvent": "DN_PERFORMANCE", "suppFeat": "0", "tgtUe": {"gpsi": gpsi}}
    question = question_of(document | {"analyEventFilter": {"qosReq": {"per": per}}})
    answer = nef.nef.services.analytics.fetch(question)
    assert answer is not None
    data = data_document(answer)["dnPerfInfos"][0]["dnPerf"][0]["perfData"]
    rates = {data[name] for name in ("minTrafficRate", "avgTrafficRate", "maxTrafficRate")}
    assert len(rates) == 1, "of a moment there is one rate"
    [rate] = rates
    return None if rate == "0 bps" else BitRate.parse(rate)


def is_granted(nef: Served, gpsi: str, rate: BitRate, per: str) -> bool:
    """Whether a session at this rate is admitted at its first rung; it is ended again."""
    sessions = nef.nef.services.sessions
    try:
        made = sessions.create("af", asked(gpsi, str(rate), per))
    except ResourcesRefused:
        return False
    sessions.delete("af", made.id)
    return all(grant.level == 0 for grant in made.grants)


def check(nef: Served, gpsi: str, per: str) -> bool:
    """Whether there was a rate at all, which then must be granted, and no more than it."""
    rate = reported(nef, gpsi, per)
    if rate is None:
        assert not is_granted(nef, gpsi, BitRate(1), per), "not even a bit was reported"
        return False
    assert is_granted(nef, gpsi, rate, per)
    assert not is_granted(nef, gpsi, BitRate(rate.bps * 12 // 10 + 1), per)
    assert not is_granted(nef, gpsi, BitRate(rate.bps + 1), per)
    return True


@pytest.mark.parametrize(("scenario", "gpsi"), ALL)
def test_for_every_scenario_and_ue_what_is_reported_is_granted(
    nef: Served, scenario: str, gpsi: str
) -> None:
    begin(nef, scenario, 1, 0.0)
    found = []
    for _ in range(21):
        found.append(check(nef, gpsi, "1E-3"))
        nef.nef.services.simulation.step(round(LENGTHS_S[scenario] / 21, 3))
    assert sum(found) > 10, "most of the time there is something to be had"


others = st.tuples(
    st.integers(0, 3), st.integers(1, 150), st.integers(1, 8), st.sampled_from(["1E-3", "1E-5"])
)


@settings(deadline=None)
@given(
    where=st.sampled_from(ALL),
    seed=st.integers(0, 2**31 - 1),
    part=st.floats(0.0, 1.0),
    load=st.lists(others, max_size=6),
    per=st.sampled_from(["1E-3", "1E-5"]),
)
def test_whatever_others_have_what_is_reported_is_granted(
    nef: Served,
    where: tuple[str, str],
    seed: int,
    part: float,
    load: list[tuple[int, int, int, str]],
    per: str,
) -> None:
    scenario, gpsi = where
    begin(nef, scenario, seed, at(scenario, part))
    names = [name for other, name in ALL if other == scenario]
    for index, mbps, number, other_per in load:
        request = asked(names[index % len(names)], f"{mbps} Mbps", other_per, number)
        try:
            nef.nef.services.sessions.create("af", request)
        except ResourcesRefused:
            continue
    check(nef, gpsi, per)


@settings(max_examples=25, deadline=None)
@given(
    scenario=st.sampled_from(sorted(LENGTHS_S)),
    part=st.floats(0.0, 1.0),
    per=st.sampled_from(["1E-3", "1E-5"]),
    taken=st.integers(0, 60),
)
def test_what_is_reported_of_several_is_granted_to_all_of_them_at_once(
    nef: Served, scenario: str, part: float, per: str, taken: int
) -> None:
    begin(nef, scenario, 1, at(scenario, part))
    names = [name for other, name in ALL if other == scenario]
    if taken:
        with suppress(ResourcesRefused):
            nef.nef.services.sessions.create("af", asked(names[0], f"{taken} Mbps", per))
    for cell in {ue.cell_id for ue in nef.nef.services.simulation.ues()}:
        together, alone = reported_in(nef, cell, per)
        if together:
            share = Fraction(together.bps, sum(rate.bps for rate in alone.values()))
            assert are_granted(nef, {gpsi: share * rate.bps for gpsi, rate in alone.items()}, per)
            more = share * Fraction(12, 10)
            wanted = {gpsi: more * rate.bps + 1 for gpsi, rate in alone.items()}
            assert not are_granted(nef, wanted, per)


def reported_in(nef: Served, cell: str, per: str) -> tuple[BitRate | None, dict[str, BitRate]]:
    """What the UEs of a cell could get all at once, and what each alone, if anything."""
    services = nef.nef.services
    gpsis = [ue.gpsi for ue in services.simulation.ues() if ue.cell_id == cell]
    [place] = [one for one in services.analytics.analyst.information.cells() if one.cell_id == cell]
    document = {"analyEvent": "DN_PERFORMANCE", "suppFeat": "0", "tgtUe": {"anyUeInd": True}}
    area = area_document([place])
    question = question_of(
        document | {"analyEventFilter": {"qosReq": {"per": per}, "locArea": area}}
    )
    answer = services.analytics.fetch(question)
    assert answer is not None
    data = data_document(answer)["dnPerfInfos"][0]["dnPerf"][0]["perfData"]
    alone = {gpsi: rate for gpsi in gpsis if (rate := reported(nef, gpsi, per)) is not None}
    together = data["aggTrafficRate"]
    return None if together == "0 bps" else BitRate.parse(together), alone


def are_granted(nef: Served, rates_bps: dict[str, Fraction], per: str) -> bool:
    """Whether all of these are admitted at once, each at its first rung; they are ended again."""
    sessions, made = nef.nef.services.sessions, []
    try:
        for gpsi, rate_bps in rates_bps.items():
            made.append(sessions.create("af", asked(gpsi, str(BitRate(int(rate_bps))), per)))
    except ResourcesRefused:
        return False
    finally:
        levels = [grant.level for one in made for grant in sessions.read("af", one.id).grants]
        for one in made:
            sessions.delete("af", one.id)
    return not any(levels)


def test_the_rate_of_the_next_seconds_is_granted_when_they_come(nef: Served) -> None:
    for scenario, gpsi in ALL:
        begin(nef, scenario, 1, 0.0)
        window = {"offsetPeriod": 30}
        document = {"analyEvent": "DN_PERFORMANCE", "tgtUe": {"gpsi": gpsi}, "analyRep": window}
        answer = nef.nef.services.analytics.fetch(question_of(document))
        assert answer is not None
        data = data_document(answer)["dnPerfInfos"][0]["dnPerf"][0]["perfData"]
        if data["minTrafficRate"] == "0 bps":
            continue
        least = BitRate.parse(data["minTrafficRate"])
        for _ in range(10):
            assert is_granted(nef, gpsi, least, "1E-3"), "the forecast was of the least"
            nef.nef.services.simulation.step(2.9)


def test_over_http_the_reported_rate_is_granted_and_more_is_refused(nef: Served) -> None:
    begin(nef, "busy-cell", 3, 12.0)
    fetch = {"analyEvent": "DN_PERFORMANCE", "suppFeat": "0"}
    for gpsi in (gpsi for name, gpsi in ALL if name == "busy-cell"):
        body = fetch | {"tgtUe": {"gpsi": gpsi}}
        response = nef.http.post("/3gpp-analyticsexposure/v1/af-1/fetch", json=body)
        data = response.json()["dnPerfInfos"][0]["dnPerf"][0]["perfData"]
        rate = BitRate.parse(data["avgTrafficRate"])
        more = BitRate(rate.bps * 12 // 10 + 1)
        ue = {"ueIpv4Addr": None, "gpsi": gpsi}
        refused = nef.http.post(AF, json=by_value(component(OURS, str(more)), **ue))
        assert refused.status_code == 403, refused.text
        granted = nef.http.post(AF, json=by_value(component(OURS, str(rate)), **ue))
        assert granted.status_code == 201, granted.text
        nef.http.delete(nef.path(granted.json()))
