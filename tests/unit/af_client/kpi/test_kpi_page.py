"""docs/kpi.md says what the committed results say, and what the code does."""

import re
from pathlib import Path

import pytest

from af_client.commands.kpi import kpi
from af_client.experiments.results import read_result
from af_client.kpi import assess, measuring
from af_client.kpi.assess import REQUIREMENTS, findings, needed_period_s
from af_client.kpi.report import per_cent, seconds
from af_client.kpi.results import Assessed, KpiResult
from af_client.kpi.run import COMPARED_BYTES
from af_client.kpi.statistics import CONFIDENCE, Verdict
from af_client.kpi.subjects import subjects
from af_client.modelserver.catalogue import catalogue
from af_client.modelserver.serving import SETTLING_S

DOCS = Path(__file__).parents[4] / "docs"
PAGE = (DOCS / "kpi.md").read_text("utf-8")
PROSE = " ".join(PAGE.split())
RESULT = read_result(DOCS / "kpi.json", KpiResult)


def of(model: str, bits: int) -> Assessed:
    found = (each for each in RESULT.assessed if each.subject.model == model)
    return next(each for each in found if each.subject.bits == bits)


def test_the_table_is_that_of_the_results() -> None:
    lines = PAGE.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("| model | bit |")) + 2
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[start : start + 14]]
    assert lines[start + 14] == ""
    for row, each in zip(rows, RESULT.assessed, strict=True):
        subject, figures = each.subject, each.figures
        assert row == [
            subject.title,
            str(subject.bits),
            f"{subject.needed_bps / 1e6:.1f}",
            f"{subject.rung.rate_bps / 1e6:.1f}",
            seconds(figures.p50_s),
            seconds(figures.p99_s),
            per_cent(figures.available.share),
            *(each.verdict(requirement) for requirement in REQUIREMENTS),
        ]


def test_the_verdicts_follow_from_the_committed_figures() -> None:
    assert [each.subject for each in RESULT.assessed] == list(subjects([], [1.0]))
    for each in RESULT.assessed:
        assert each.findings == findings(each.subject, each.figures, RESULT.counted)
    assert len(RESULT.rows) == 14 * len(catalogue().applications) == 98


def test_what_is_found_is_what_the_results_say() -> None:
    met = [each for each in RESULT.assessed if each.overall is Verdict.YES]
    small = sum(each.subject.bits == 8 for each in met)
    counts = f"**{small} of the 7 models meet everything in 8 bit**, {len(met) - small} in 32 bit"
    assert counts in PROSE
    most_bps, least_bps = of("vgg16", 32).figures.best_bps, of("vgg16", 32).figures.worst_bps
    assert f"up to {most_bps / 1e9:.2f} Gbit/s at night and {least_bps / 1e9:.2f} in the" in PROSE
    vgg16 = of("vgg16", 8).figures
    assert f"half of its downloads take {seconds(vgg16.p50_s)} s at most" in PROSE
    assert f"{1 - vgg16.granted.estimate:.1%}".replace("%", " %") in PROSE
    never = {e.subject.model for e in RESULT.assessed if not e.figures.available.guaranteed_s}
    assert never == {"vgg16", "alexnet", "resnet-152"}
    evenings = {per_cent(of(m, 32).figures.available.share) for m in ("resnet-50", "inception-v3")}
    assert {f"{share} % of the week" in PROSE for share in evenings} == {True}


def test_what_is_said_of_losses_and_gaps_is_what_the_results_say() -> None:
    assert {each.figures.topology.arrived.failures for each in RESULT.assessed} == {0}
    packets = min(each.figures.topology.arrived.trials for each in RESULT.assessed)
    assert f"of {packets} or more for each model" in PROSE
    least = min(each.figures.topology.sendable for each in RESULT.assessed)
    assert f"all but {1e6 * (1 - least):.1f} in a million" in PROSE
    topology, weights = RESULT.counted
    assert f"lost {topology.lost} of {topology.sent} packets on the flow granted 1E-5" in PROSE
    assert f"and {weights.lost} of {weights.sent} on the one granted 1E-3" in PROSE
    slowest_s = max(e.figures.p99_s or 0 for e in RESULT.assessed if e.overall is Verdict.YES)
    assert f"everything is {slowest_s:.2f} s." in PROSE
    assert f"wanted {slowest_s - 0.005:.2f} s ahead" in PROSE
    assert f"30 frames a second {slowest_s - 0.033:.2f} s." in PROSE
    assert max(each.difference_s for each in RESULT.compared) < 0.001
    assert {len(each.protocol_s) for each in RESULT.compared} == {5}


def test_the_rules_of_the_page_are_those_of_the_code() -> None:
    assert (assess.IN_TIME_SHARE, assess.RATE_SHARE, CONFIDENCE) == (0.99, 0.95, 0.95)
    assert needed_period_s(RESULT.assessed[0].subject) == pytest.approx(100_000)
    assert (measuring.PATIENCE_S, SETTLING_S, COMPARED_BYTES) == (30, 0.06, 30_000_000)
    options = {option.opts[0]: option.default for option in kpi.params}
    assert (options["--starts"], options["--packets"]) == (20_000, 1_000_000)
    assert RESULT.setting.sampling.starts == options["--starts"]
    assert RESULT.setting.scenario == options["--scenario"]
    for option in re.findall(r"--[a-z]+", PAGE):
        assert option in options, option


def test_there_is_a_reason_for_every_verdict_that_is_not_yes() -> None:
    for each in RESULT.assessed:
        for finding in each.findings:
            assert bool(finding.reason) == (finding.verdict is not Verdict.YES)
