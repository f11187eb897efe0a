"""Tables and pictures of results, made up here so that every cell can be told."""

from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from af_client.experiments.damage import RATES
from af_client.experiments.forms import Form
from af_client.experiments.losses import Findings, SingleLoss, WeightCost
from af_client.experiments.plots import save_losses, save_reliability
from af_client.experiments.reliability import Admitted, CellSettings, Policy, demand
from af_client.experiments.report import loss_tables, reliability_tables
from af_client.experiments.results import (
    LossResult,
    ReliabilityResult,
    read_result,
    whole_chances,
    write_result,
)
from af_client.experiments.topologies import TopologyCost, TopologyFate
from af_client.modelserver.catalogue import Precision, catalogue

WAYS = ((False, False), (True, False), (True, True))


def admission(*sinrs_db: float, models: int = 1) -> ReliabilityResult:
    """Twice as many downloads per flow as with everything strict; the UEs run out at 30 dB."""
    demands = tuple(demand(model, Precision.INT8) for model in catalogue().models[:models])
    counts = {Policy.LOOSE: 9, Policy.PER_FLOW: 8, Policy.STRICT: 4}
    admitted = tuple(
        Admitted(each.model, policy, sinr_db, count, 273 // count, 273, exhausted=sinr_db == 30)
        for each in demands
        for sinr_db in sinrs_db
        for policy, count in counts.items()
    )
    return ReliabilityResult(CellSettings(), demands, admitted)


def losses(*models: str) -> LossResult:
    costs = tuple(
        WeightCost(model, form, apart, repaired, per, 20, 500, 500 * per, 0, 0.9, 0.8, 0.7, 0.95, 0)
        for model in models
        for form in Form
        for apart, repaired in WAYS
        for per in RATES
    )
    keys = [(model, form, apart) for model in models for form in Form for apart in (False, True)]
    singles = tuple(SingleLoss(*key, 500, 24, 0.9, 0.85, 0.123) for key in keys)
    fates = tuple(
        TopologyFate(*key, 2000 + 5000 * key[2], 2, 2, refused=1, unnoticed=0, other_model=1)
        for key in keys
    )
    topologies = tuple(
        TopologyCost(*key, per, 200, 2, 0.5, 0.25, 0.15, 0.1) for key in keys for per in RATES
    )
    findings = Findings(costs, singles, fates, topologies)
    return LossResult("a set", 10, 20, 1376, findings, whole_chances())


def printed(tables: list[Table], width: int = 80) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        for table in tables:
            console.print(table)
    return capture.get()


def test_downloads_and_their_blocks_stand_side_by_side() -> None:
    text = printed(reliability_tables(admission(10)))
    row = next(line for line in text.splitlines() if line.startswith("│       10 │"))
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "10",
        "9",
        "8",
        "4",
        "30",
        "34",
        "68",
    ]
    assert "the cell has 273 resource blocks" in text


def test_the_sum_tells_the_gain() -> None:
    text = printed(reliability_tables(admission(10, 20, models=2)))
    assert text.count("2.00 x") == 2


def test_more_may_fit_where_the_ues_ran_out() -> None:
    text = printed(reliability_tables(admission(20, 30)), width=120)
    assert text.count("9 or more") == 1


def test_accuracies_are_given_with_their_spread() -> None:
    text = printed(loss_tables(losses("some-net")))
    assert "some-net: accuracy in % when packets of the weights are lost" in text
    assert "80.0" in text
    assert "70-95" in text
    assert "12.3" in text


def test_what_becomes_of_topologies_adds_up_what_loads() -> None:
    text = printed(loss_tables(losses("some-net")), width=120)
    assert "50/25/25" in text


def test_no_line_is_cut_in_a_terminal_of_80_columns() -> None:
    text = printed([*loss_tables(losses("some-net")), *reliability_tables(admission(10))])
    assert max(map(len, text.splitlines())) <= 80
    for rate in ("1E-5", "1E-3", "1E-1"):
        assert rate in text


@pytest.mark.parametrize("models", [1, 2, 3])
def test_pictures_are_drawn_for_any_number_of_models(models: int, tmp_path: Path) -> None:
    save_reliability(admission(10, 20, models=models), tmp_path / "admission.svg")
    save_losses(losses(*(f"net-{number}" for number in range(models))), tmp_path / "losses.svg")
    for name in ("admission.svg", "losses.svg"):
        assert "<svg" in (tmp_path / name).read_text("utf-8")


def test_results_can_be_read_back(tmp_path: Path) -> None:
    for result in (admission(10), losses("some-net")):
        write_result(result, tmp_path / "result.json")
        assert read_result(tmp_path / "result.json", type(result)) == result
