"""The experiments as commands, small: what they leave behind, and that it is true."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from af_client.cli import main
from af_client.experiments.damage import RATES
from af_client.experiments.forms import Form
from af_client.experiments.reliability import Policy
from af_client.experiments.results import LossResult, ReliabilityResult, read_result
from af_client.models.digits import held_out_images
from af_client.models.training import DEFAULT_SEED
from builders.models import trained_pool

DOCS = Path(__file__).parents[2] / "docs"
_PNG = b"\x89PNG"
CELL = ("--bandwidth-mhz", "40", "--layers", "2", "--model", "mobilenet-224")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["experiment", *arguments])


@pytest.fixture(scope="module")
def admission(tmp_path_factory: pytest.TempPathFactory) -> ReliabilityResult:
    out = tmp_path_factory.mktemp("reliability")
    sinrs = ("--from-db", "10", "--to-db", "30", "--step-db", "20", "--ues", "7")
    done = run("reliability", "--out", str(out), *CELL, *sinrs)
    assert done.exit_code == 0, done.output
    assert "1.0 MobileNet-224, int8: downloads at once" in done.output
    assert (out / "experiment-reliability.png").read_bytes().startswith(_PNG)
    return read_result(out / "experiment-reliability.json", ReliabilityResult)


def test_reliability_for_each_flow_admits_more_than_for_all(admission: ReliabilityResult) -> None:
    assert admission.sinrs_db == [10, 30]
    counts = {
        policy: [each.downloads for each in admission.of("mobilenet-224", policy)]
        for policy in Policy
    }
    assert counts[Policy.STRICT][1] < counts[Policy.PER_FLOW][1] <= counts[Policy.LOOSE][1]


def test_a_cell_is_full_when_the_blocks_of_its_downloads_are(admission: ReliabilityResult) -> None:
    assert {each.cell_blocks for each in admission.admitted} == {106}
    for each in admission.admitted:
        if not each.exhausted:
            assert each.downloads == each.expected


def test_no_more_is_claimed_than_there_are_ues(tmp_path: Path) -> None:
    sinrs = ("--from-db", "30", "--to-db", "30", "--ues", "1")
    done = run("reliability", "--out", str(tmp_path), *CELL, *sinrs)
    assert "1 or more" in done.output
    result = read_result(tmp_path / "experiment-reliability.json", ReliabilityResult)
    assert all(each.exhausted and each.downloads == 1 for each in result.admitted)


def test_the_committed_downloads_are_what_a_nef_admits(tmp_path: Path) -> None:
    committed = read_result(DOCS / "experiment-reliability.json", ReliabilityResult)
    sinrs = ("--from-db", "10", "--to-db", "10", "--model", "googlenet")
    assert run("reliability", "--out", str(tmp_path), *sinrs).exit_code == 0
    again = read_result(tmp_path / "experiment-reliability.json", ReliabilityResult)
    assert [
        each for each in committed.admitted if (each.model, each.sinr_db) == ("googlenet", 10)
    ] == list(again.admitted)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "vgg19"), "'vgg19' is not in table A"),
        (("--bandwidth-mhz", "7"), "/document/cells/0/bandwidth_mhz"),
        (("--to-db", "-9"), "below --from-db"),
        (("--ues", "0"), "'--ues'"),
    ],
)
def test_what_cannot_be_asked_is_said(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = run("reliability", "--out", str(tmp_path), *arguments)
    assert done.exit_code != 0
    assert said in done.output
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> LossResult:
    out = tmp_path_factory.mktemp("losses")
    pool = str(trained_pool().folder)
    only = ("--pool", pool, "--model", "digits-small", "--seeds", "3")
    done = run("losses", "--out", str(out), *only)
    assert done.exit_code == 0, done.output
    assert "digits-small: accuracy in %" in done.output
    assert (out / "experiment-losses.png").read_bytes().startswith(_PNG)
    return read_result(out / "experiment-losses.json", LossResult)


def test_losses_are_measured_for_every_form_and_rate(costs: LossResult) -> None:
    assert (costs.items, costs.seeds, costs.packet_bytes) == (599, 3, 1376)
    found = {(cost.form, cost.per) for cost in costs.findings.weights}
    assert found == {(form, per) for form in Form for per in RATES}


def test_more_losses_cost_more(costs: LossResult) -> None:
    ends = [
        cost.mean
        for cost in costs.findings.weights
        if cost.form is Form.DYNAMIC_QUINT8 and cost.sheltered and not cost.repaired
    ]
    assert ends[0] - ends[-1] > 0.05


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--pool", "/nowhere"), "no models in /nowhere"),
        (("--seeds", "0"), "'--seeds'"),
        (("--labelled", "nothing.npz"), "for the models of a --pool"),
    ],
)
def test_what_cannot_be_measured_is_said(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = run("losses", "--out", str(tmp_path), *arguments)
    assert done.exit_code != 0
    assert said in done.output


def test_models_of_a_pool_are_measured_on_a_labelled_set(tmp_path: Path) -> None:
    images = held_out_images(DEFAULT_SEED)
    np.savez(tmp_path / "digits.npz", inputs=images.pixels[:60], labels=images.labels[:60])
    pool = ("--pool", str(trained_pool().folder), "--model", "digits-medium")
    labelled = ("--labelled", str(tmp_path / "digits.npz"), "--seeds", "2")
    done = run("losses", "--out", str(tmp_path), *pool, *labelled)
    assert done.exit_code == 0, done.output
    result = read_result(tmp_path / "experiment-losses.json", LossResult)
    assert (result.labelled_set, result.items) == ("digits.npz", 60)
    assert {cost.form for cost in result.findings.weights} == {Form.FLOAT32, Form.INT8}
    assert {cost.model for cost in result.findings.weights} == {"digits-medium"}


def test_a_file_that_is_no_labelled_set_is_named(tmp_path: Path) -> None:
    (tmp_path / "digits.npz").write_bytes(b"no set")
    pool = ("--pool", str(trained_pool().folder), "--model", "digits-small")
    done = run("losses", "--out", str(tmp_path), *pool, "--labelled", str(tmp_path / "digits.npz"))
    assert done.exit_code == 1
    assert "is no labelled set" in done.output


def test_a_model_that_the_pool_has_not_is_named(tmp_path: Path) -> None:
    pool = str(trained_pool().folder)
    done = run("losses", "--out", str(tmp_path), "--pool", pool, "--model", "digits-tiny")
    assert "holds no model 'digits-tiny'" in done.output
