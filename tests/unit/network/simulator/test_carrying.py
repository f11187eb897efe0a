"""What the user plane is told to carry."""

from dataclasses import replace

import pytest

from builders.reservations import demand, level, reservation
from builders.simulations import Simulated, one_cell
from nef.domain.qos import FlowDemand, ServiceDataFlow
from nef.network.simulator.cqi import Reliability
from nef.ports.simulation import CarriedFlow

TWO = one_cell({"sinr_db": 22}, {"sinr_db": 10})


def carried(network: Simulated) -> list[CarriedFlow]:
    return list(network.carried(network.now_s)[1])


def version(network: Simulated) -> int:
    return network.carried(network.now_s)[0]


def test_an_empty_cell_is_shared_by_the_default_bearers() -> None:
    network = Simulated(TWO)
    first, second = carried(network)
    assert [(f.ue_id, f.component, f.session_id) for f in (first, second)] == [
        ("ue-1", None, None),
        ("ue-2", None, None),
    ]
    assert str(first.per) == "1E-6"
    assert first.priority == 90
    # Half the blocks each, and each in its own radio.
    halves = [network.seen_by(ue).rate_dl.bps / 2 for ue in ("ue-1", "ue-2")]
    assert [first.rate_dl_bps, second.rate_dl_bps] == [int(half) for half in halves]


def test_a_guaranteed_flow_has_its_rate_and_the_bearers_share_what_is_left() -> None:
    network = Simulated(TWO)
    before = carried(network)[-1].rate_dl_bps
    flows = (ServiceDataFlow(3, descriptions=("permit out ip from any to 10.45.0.2",)),)
    wanted = replace(demand(20, 5), flows=flows)
    network.reserve(reservation("s", wanted), network.now_s)
    flow, *bearers = carried(network)
    assert (flow.session_id, flow.component, flow.level) == ("s", 1, 0)
    assert flow.rate_dl_bps == 20_000_000
    assert flow.flows == flows
    assert flow.ipv4 is not None
    assert (str(flow.per), flow.priority) == ("1E-3", 20)
    assert flow.delay_ms == network.seen_by("ue-1").delay_ms == bearers[0].delay_ms > 0
    assert [b.component for b in bearers] == [None, None]
    assert bearers[-1].rate_dl_bps < before


def test_a_flow_that_fell_is_carried_at_the_rate_and_the_error_rate_of_its_rung() -> None:
    network = Simulated("fading-ue")
    ladder = (level(80), level(20), level(1, per="1E-2"))
    network.reserve(reservation("s", FlowDemand(2, (), ladder)), network.now_s)
    network.step(14)
    flow = carried(network)[0]
    assert (flow.level, flow.rate_dl_bps, str(flow.per)) == (2, 1_000_000, "1E-2")


def test_a_flow_without_guarantee_gets_a_share_like_a_bearer() -> None:
    network = Simulated(one_cell())
    network.reserve(reservation("s", demand(None)), network.now_s)
    flow, bearer = carried(network)
    assert flow.rate_dl_bps == bearer.rate_dl_bps > 0
    assert flow.level == 0


def test_a_share_is_bounded_by_the_maximum_rate() -> None:
    network = Simulated(one_cell())
    bounded = FlowDemand(1, (), (level(None, mbr_mbps=3),))
    network.reserve(reservation("s", bounded), network.now_s)
    assert carried(network)[0].rate_dl_bps == 3_000_000


def test_a_flow_that_lost_its_guarantee_is_carried_as_well_as_may_be() -> None:
    network = Simulated("fading-ue")
    network.reserve(reservation("s", demand(80)), network.now_s)
    network.step(14)
    flow = carried(network)[0]
    assert flow.level is None
    assert 0 < flow.rate_dl_bps < 80_000_000


def test_without_coverage_nothing_is_carried_and_nobody_else_loses_by_it() -> None:
    network = Simulated(TWO)
    network.force_sinr("ue-2", -30.0, network.now_s)
    alone, beyond = carried(network)
    assert beyond.rate_dl_bps == 0
    assert alone.rate_dl_bps == network.seen_by("ue-1").rate_dl.bps


def test_a_ue_that_left_has_no_bearer() -> None:
    network = Simulated(TWO)
    network.attach("ue-2", False, network.now_s)
    assert [f.ue_id for f in carried(network)] == ["ue-1"]


def test_all_that_is_carried_fits_into_the_cell() -> None:
    network = Simulated(TWO)
    network.reserve(reservation("a", demand(20, per="1E-5"), demand(None, component=2)), 0.0)
    network.reserve(reservation("b", demand(10), ue="ue-2"), network.now_s)
    [cell] = network.cells(network.now_s)
    best = {ue: network._ledger.rates(ue) for ue in ("ue-1", "ue-2")}
    blocks = sum(f.rate_dl_bps / best[f.ue_id][Reliability.ORDINARY] for f in carried(network))
    assert blocks <= cell.blocks


def test_the_version_grows_with_what_is_carried_and_not_with_time() -> None:
    network = Simulated(one_cell({"trace": [[0, 22], [5, 8.5]]}))
    seen = [version(network)]
    network.step(1)
    assert version(network) == seen[-1], "time alone changes nothing"
    network.reserve(reservation("s", demand(10)), network.now_s)
    seen.append(version(network))
    network.reserve(reservation("s", demand(11)), network.now_s)
    seen.append(version(network))
    network.step(4)
    seen.append(version(network))
    network.release("s", network.now_s)
    seen.append(version(network))
    network.attach("ue-1", False, network.now_s)
    seen.append(version(network))
    network.load("steady", None, None, network.now_s)
    seen.append(version(network))
    assert seen == sorted(set(seen))
    assert network.status(network.now_s).version == seen[-1]


def test_to_say_where_it_stands_no_flow_need_be_known(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Simulated(TWO)
    before = version(network)
    with monkeypatch.context() as patched:
        patched.setattr("nef.network.simulator.network.carried_flows", None)
        network.attach("ue-1", False, network.now_s)
        told = network.status(network.now_s).version
    assert before < told == version(network)
    assert [flow.ue_id for flow in carried(network)] == ["ue-2"]


def test_a_ue_that_leaves_uncovered_changes_the_version_too() -> None:
    network = Simulated(one_cell({"sinr_db": -30}))
    before = version(network)
    network.attach("ue-1", False, network.now_s)
    assert version(network) > before
