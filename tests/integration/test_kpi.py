"""`af-client kpi`, small: what it leaves behind, and that it is true and says so."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from af_client.cli import main
from af_client.experiments.results import read_result
from af_client.kpi.assess import AVAILABILITY, LATENCY, REQUIREMENTS
from af_client.kpi.results import Assessed, KpiResult
from af_client.kpi.statistics import Verdict

DOCS = Path(__file__).parents[2] / "docs"
SMALL = ("--starts", "400", "--packets", "20000", "--model", "mobilenet-224", "--model", "vgg16")


def run(*arguments: str) -> Result:
    runner = CliRunner(env={"COLUMNS": "100"})
    return runner.invoke(main, ["kpi", *arguments])


@pytest.fixture(scope="module")
def fading(tmp_path_factory: pytest.TempPathFactory) -> tuple[KpiResult, Path, str]:
    """The radio of the UE turns bad within the half minute that is played."""
    out = tmp_path_factory.mktemp("kpi")
    done = run("--scenario", "fading-ue", "--out", str(out), *SMALL)
    assert done.exit_code == 0, done.output
    return read_result(out / "kpi.json", KpiResult), out / "kpi.html", done.output


def of(result: KpiResult, model: str, bits: int) -> Assessed:
    return next(e for e in result.assessed if (e.subject.model, e.subject.bits) == (model, bits))


def test_every_application_has_a_row_for_every_model(
    fading: tuple[KpiResult, Path, str],
) -> None:
    result, _, _ = fading
    rows = {(row.application, row.model, row.precision) for row in result.rows}
    assert len(rows) == len(result.rows) == 7 * 2 * 2


def test_availability_is_the_time_in_which_the_radio_suffices(
    fading: tuple[KpiResult, Path, str],
) -> None:
    result, _, _ = fading
    # 46.8 Mbit/s fit into the good radio's 121, until 8 s and from 24 s on; not into 34 and 7.
    small = of(result, "mobilenet-224", 8).figures
    assert small.available.guaranteed_s == pytest.approx(14)
    assert (small.available.period_s, small.available.interruptions) == (30, 1)
    assert of(result, "vgg16", 8).figures.available.guaranteed_s == 0


def test_late_downloads_are_those_which_a_lesser_grant_delays(
    fading: tuple[KpiResult, Path, str],
) -> None:
    result, _, _ = fading
    small = of(result, "mobilenet-224", 8)
    # Nobody who starts in the last second before the radio turns is done before.
    late = 1 - small.figures.in_time.estimate
    assert 16 / 30 <= late <= 17.2 / 30
    assert small.verdict(LATENCY) is Verdict.NO
    assert small.figures.p50_s is not None
    assert small.figures.p50_s > 1 > small.figures.p50_s / 10
    assert "the network grants less at" in small.findings[0].reason


def test_real_packets_are_lost_as_the_user_plane_says(
    fading: tuple[KpiResult, Path, str],
) -> None:
    result, _, _ = fading
    assert [(each.part, each.per) for each in result.counted] == [
        ("topology", 1e-5),
        ("weights", 1e-3),
    ]
    for each in result.counted:
        assert each.sent == 20_000
        assert (each.overflowed, each.lost) == (0, each.reported_lost)
        assert each.lost < 60


def test_what_is_small_was_compared_with_the_delivery(
    fading: tuple[KpiResult, Path, str],
) -> None:
    (compared,) = fading[0].compared
    assert (compared.model, compared.precision) == ("mobilenet-224", "int8")
    assert compared.difference_s < 0.005


def test_the_tables_fit_a_terminal_of_100_columns(fading: tuple[KpiResult, Path, str]) -> None:
    assert max(len(line) for line in fading[2].splitlines() if "Written" not in line) <= 100
    assert "…" not in fading[2]


class _Elements(HTMLParser):
    """The elements of a page, and whatever could fetch something."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures, self.tables, self.fetched = 0, 0, set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.pictures += tag == "svg"
        self.tables += tag == "table"
        if tag in {"script", "link", "img", "iframe", "object"}:
            self.fetched.add(tag)
        for name, value in attrs:
            if name in {"src", "href", "xlink:href"} and not (value or "").startswith("#"):
                self.fetched.add(f"{name}={value}")


def test_the_page_has_all_in_it_and_fetches_nothing(fading: tuple[KpiResult, Path, str]) -> None:
    result, path, _ = fading
    text = path.read_text("utf-8")
    page = _Elements()
    page.feed(text)
    assert (page.pictures, page.fetched) == (4, set())
    assert page.tables >= 5
    assert not re.search(r"url\((?!#)|@import", text)
    for requirement in REQUIREMENTS:
        assert requirement.partition("/")[0] in text
    assert f"All {len(result.rows)} rows" in text
    assert "$" not in re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)


def test_the_committed_figures_are_what_is_measured_again(tmp_path: Path) -> None:
    done = run("--json", str(tmp_path / "kpi.json"), "--packets", "1000", "--model", "googlenet")
    assert done.exit_code == 0, done.output
    again = read_result(tmp_path / "kpi.json", KpiResult)
    committed = read_result(DOCS / "kpi.json", KpiResult)
    assert again.setting == committed.setting
    assert [e for e in committed.assessed if e.subject.model == "googlenet"] == list(again.assessed)


def test_a_minute_of_a_steady_network_does_not_show_five_nines(tmp_path: Path) -> None:
    few = ("--starts", "400", "--packets", "1000", "--model", "googlenet")
    done = run("--json", str(tmp_path / "kpi.json"), "--scenario", "steady", *few)
    assert done.exit_code == 0, done.output
    found = of(read_result(tmp_path / "kpi.json", KpiResult), "googlenet", 8)
    assert found.verdict(LATENCY) is Verdict.YES
    assert found.verdict(AVAILABILITY) is found.overall is Verdict.NOT_SHOWN
    assert found.figures.available.share == 1
    assert [path.name for path in tmp_path.iterdir()] == ["kpi.json"]


def test_what_is_wrong_in_a_scenario_of_ones_own_is_said(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("name: own\ncells: [{id: cell-1, bandwidth_mhz: 7}]\nues: []\n")
    done = run("--scenario", str(own), *SMALL)
    assert done.exit_code == 1
    assert "/document/ues: [] has less than 1 item" in done.output


def test_a_scenario_with_faults_is_refused(tmp_path: Path) -> None:
    cell, ue = "{id: cell-1, bandwidth_mhz: 20}", "id: ue-1, gpsi: msisdn-1000001, ipv4: 10.45.0.2"
    radio = "supi: imsi-1000001, cell: cell-1, radio: {sinr_db: 20}"
    faults = "[{name: bearer-lost, probability: 0.5}]"
    own = tmp_path / "own.yaml"
    own.write_text(f"name: own\ncells: [{cell}]\nues: [{{{ue}, {radio}}}]\nfaults: {faults}\n")
    done = run("--scenario", str(own), *SMALL)
    assert done.exit_code == 1
    assert "Error: the scenario sets faults (bearer-lost)" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scenario", "nowhere"), "no scenario is named 'nowhere'; there are: busy-cell"),
        (("--scenario", "nowhere.yaml"), "the scenario nowhere.yaml cannot be read"),
        (("--ue", "ue-99"), "'ue-99' is not in the scenario; its UEs are ue-1, crowd"),
        (("--application", "juggling"), "'juggling' is not in table B"),
        (("--model", "vgg19"), "'vgg19' is not in table A"),
        (("--starts", "0"), "--starts"),
        (("--json", "/nowhere/kpi.json"), "there is no folder /nowhere"),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_line(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert done.exit_code != 0
    assert said in done.output
    assert done.output.count("Error:") == 1
    assert "Traceback" not in done.output


def test_a_nef_that_does_not_start_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEF_SERVE_CATALOGUE", "/nowhere/catalogue.yaml")
    done = run(*SMALL)
    assert done.exit_code == 1
    assert "Error: nef ended with status 2" in done.output
