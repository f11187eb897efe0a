from itertools import product

import pytest

from af_client.experiments.reliability import (
    Admitted,
    CellSettings,
    Policy,
    demand,
    request,
)
from af_client.messages import SessionRequest
from af_client.modelserver.catalogue import ImageNetModel, Precision, catalogue
from af_client.modelserver.flows import TOPOLOGY_COMPONENT, WEIGHTS_COMPONENT

MODELS = {model.name: model for model in catalogue().models}
VGG16 = MODELS["vgg16"]


def rates(asked: SessionRequest) -> dict[int, tuple[int | None, str | None]]:
    return {flow.number: (flow.min_rate_dl_bps, flow.per) for flow in asked.flows}


@pytest.mark.parametrize(("model", "precision"), list(product(MODELS.values(), Precision)))
def test_a_download_asks_for_more_than_the_study_s_net_rate(
    model: ImageNetModel, precision: Precision
) -> None:
    wanted = demand(model, precision)
    net_bps = model.rate_bps(precision)
    # A tenth of the second is not for sending, and headers are 72 bytes for 1376.
    expected = net_bps / 0.9 * (1 + 72 / 1376)
    assert wanted.rung.weights_rate_bps == pytest.approx(expected, rel=0.001)


def test_the_topology_is_a_small_part_of_what_is_asked_for() -> None:
    rung = demand(VGG16, Precision.INT8).rung
    assert rung.topology_rate_bps < 0.002 * rung.weights_rate_bps


@pytest.mark.parametrize(
    ("policy", "topology", "weights"),
    [
        (Policy.LOOSE, "1E-3", "1E-3"),
        (Policy.PER_FLOW, "1E-5", "1E-3"),
        (Policy.STRICT, "1E-5", "1E-5"),
    ],
)
def test_policies_differ_in_their_error_rates_and_in_nothing_else(
    policy: Policy, topology: str, weights: str
) -> None:
    rung = demand(VGG16, Precision.INT8).rung
    asked = rates(request(rung, policy, 0))
    assert asked == {
        TOPOLOGY_COMPONENT: (rung.topology_rate_bps, topology),
        WEIGHTS_COMPONENT: (rung.weights_rate_bps, weights),
    }


def test_a_request_by_the_requirement_is_the_model_server_s_own() -> None:
    rung = demand(VGG16, Precision.INT8).rung
    flows = request(rung, Policy.PER_FLOW, 0).flows
    assert [flow.alternatives for flow in flows] == [(), ()]
    assert [flow.filters[0].tos for flow in flows] == ["b8fc", "28fc"]


def test_each_download_is_that_of_a_ue_of_the_scenario() -> None:
    cell = CellSettings(ues=250)
    rung = demand(VGG16, Precision.INT8).rung
    ues = cell.scenario(10)["ues"]
    asked = [request(rung, Policy.STRICT, number).ue.ipv4 for number in range(250)]
    assert asked == [ue["ipv4"] for ue in ues]
    for key in ("id", "gpsi", "supi", "ipv4"):
        assert len({ue[key] for ue in ues}) == 250
    assert {ue["radio"]["sinr_db"] for ue in ues} == {10}


@pytest.mark.parametrize(("blocks_each", "expected"), [(11, 24), (0, 0), (300, 0)])
def test_what_the_blocks_let_expect(blocks_each: int, expected: int) -> None:
    admitted = Admitted("vgg16", Policy.STRICT, 10.0, 0, blocks_each, 273, exhausted=False)
    assert admitted.expected == expected
