"""From a refusal to the next request."""

from dataclasses import replace

import pytest

from af_client import (
    AcceptableRate,
    Alternative,
    MediaFlow,
    Problem,
    QosRequirement,
    Refused,
    SessionRequest,
    UeAddress,
)

TOPOLOGY = MediaFlow(1, per="1E-5", min_rate_dl_bps=1_000_000)
WEIGHTS = MediaFlow(
    2,
    per="1E-3",
    min_rate_dl_bps=64_000_000,
    max_rate_dl_bps=66_000_000,
    alternatives=(
        Alternative("medium", gbr_dl_bps=12_000_000),
        Alternative("small", gbr_dl_bps=800_000),
    ),
)
REQUEST = SessionRequest(UeAddress(ipv4="10.45.0.2"), flows=(TOPOLOGY, WEIGHTS))


def refused(**offers: AcceptableRate) -> Refused:
    """A refusal with an offer for each flow: flow_2, or session."""
    numbers = {name: 0 if name == "session" else int(name.removeprefix("flow_")) for name in offers}
    return Refused(Problem(403, acceptable={numbers[name]: o for name, o in offers.items()}))


def up_to(dl_bps: int | None, ul_bps: int | None = None) -> AcceptableRate:
    return AcceptableRate(max_rate_dl_bps=dl_bps, max_rate_ul_bps=ul_bps)


def test_a_guaranteed_rate_above_the_offer_becomes_the_offered_one() -> None:
    fitted = REQUEST.fitted_to(refused(flow_2=up_to(10_000_000)))
    small = (Alternative("small", gbr_dl_bps=800_000),)
    weights = replace(WEIGHTS, min_rate_dl_bps=10_000_000, alternatives=small)
    assert fitted == replace(REQUEST, flows=(TOPOLOGY, weights))


def test_what_is_within_the_offer_stays_as_it_is() -> None:
    fitted = REQUEST.fitted_to(refused(flow_1=up_to(2_000_000), flow_2=up_to(12_000_000)))
    assert fitted is not None
    assert fitted.flows[0] == TOPOLOGY
    assert fitted.flows[1].alternatives == WEIGHTS.alternatives


def test_the_uplink_is_fitted_too() -> None:
    flow = MediaFlow(3, min_rate_dl_bps=5, min_rate_ul_bps=1_000_000)
    fitted = replace(REQUEST, flows=(flow,)).fitted_to(refused(flow_3=up_to(None, 400_000)))
    assert fitted is not None
    assert fitted.flows == (replace(flow, min_rate_ul_bps=400_000),)


def test_an_offer_for_the_session_fits_its_one_requirement() -> None:
    asked = SessionRequest(
        REQUEST.ue,
        requirement=QosRequirement(gbr_dl_bps=50, mbr_dl_bps=60, per="1E-3"),
        alternative_requirements=(Alternative("a", gbr_dl_bps=40), Alternative("b", gbr_dl_bps=20)),
    )
    fitted = asked.fitted_to(refused(session=up_to(30)))
    assert fitted is not None
    assert fitted.requirement == QosRequirement(gbr_dl_bps=30, mbr_dl_bps=60, per="1E-3")
    assert [rung.ref for rung in fitted.alternative_requirements] == ["b"]


@pytest.mark.parametrize(
    "offers",
    [
        {},
        {"flow_9": up_to(1)},
        {"flow_2": up_to(64_000_000)},
        {"flow_2": up_to(0)},
        {"flow_2": up_to(1_000), "flow_1": up_to(0)},
        {"session": up_to(5)},
    ],
)
def test_where_there_is_nothing_to_try_there_is_no_next_request(
    offers: dict[str, AcceptableRate],
) -> None:
    assert REQUEST.fitted_to(refused(**offers)) is None


def test_a_rate_by_name_is_the_operators() -> None:
    named = replace(REQUEST, flows=(MediaFlow(2, qos_reference="model-weights"),))
    assert named.fitted_to(refused(flow_2=up_to(1_000))) is None


def test_a_loop_of_fitted_requests_ends() -> None:
    request, asked = REQUEST, [64_000_000]
    for rate_bps in (10_000_000, 10_000_000, 400_000):
        fitted = request.fitted_to(refused(flow_2=up_to(rate_bps)))
        if fitted is None:
            break
        request = fitted
        asked.append(request.flows[1].min_rate_dl_bps or 0)
    assert asked == [64_000_000, 10_000_000]
