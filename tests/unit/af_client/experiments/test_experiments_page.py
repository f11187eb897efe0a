"""The page about the experiments says what the committed results say."""

import re
from pathlib import Path

import pytest

from af_client.experiments.forms import Form, joined
from af_client.experiments.losses import WeightCost, weight_costs
from af_client.experiments.reliability import Policy
from af_client.experiments.results import LossResult, ReliabilityResult, read_result, whole_chances
from af_client.experiments.subjects import subjects
from af_client.experiments.topologies import TopologyFate
from af_client.models.digits import held_out_images
from af_client.models.labelled import LabelledSet
from af_client.models.pool import Pool
from af_client.models.protection import MAX_PROTECTED_BYTES
from af_client.models.training import DEFAULT_SEED

DOCS = Path(__file__).parents[4] / "docs"
PAGE = (DOCS / "experiments.md").read_text("utf-8")
PROSE = " ".join(PAGE.split())
ADMISSION = read_result(DOCS / "experiment-reliability.json", ReliabilityResult)
LOSSES = read_result(DOCS / "experiment-losses.json", LossResult)
DENSE = ("digits-small", "digits-medium", "digits-large")
SHOWN_RATES = (1e-3, 1e-2, 3e-2, 1e-1)


def table(heading: str) -> list[list[str]]:
    """Return the cells below the table head that starts with `heading`."""
    lines = PAGE.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {heading} |")) + 2
    end = next(n for n in range(start, len(lines)) if not lines[n].startswith("|"))
    return [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines[start:end]]


def cost(
    model: str, form: Form, per: float, *, sheltered: bool = True, repaired: bool = False
) -> WeightCost:
    wanted = (model, form, per, sheltered, repaired)
    return next(
        each
        for each in LOSSES.findings.weights
        if (each.model, each.form, each.per, each.sheltered, each.repaired) == wanted
    )


def fall(model: str, form: Form, per: float) -> float:
    """By how many points accuracy falls on average."""
    found = cost(model, form, per)
    return 100 * (found.accuracy - found.mean)


def fates(model: str, form: Form) -> list[TopologyFate]:
    found = LOSSES.findings.fates
    return [each for each in found if (each.model, each.form) == (model, form)]


def shown(found: WeightCost) -> str:
    return f"{100 * found.mean:.1f} ({100 * found.p5:.0f} to {100 * found.p95:.0f})"


def downloads(model: str, policy: Policy) -> dict[float, int]:
    return {each.sinr_db: each.downloads for each in ADMISSION.of(model, policy)}


# --- what per-flow reliability buys ---


def test_downloads_are_those_of_the_results() -> None:
    rows = table("model | asks for, Mbit/s")
    assert [row[0] for row in rows] == [demand.title for demand in ADMISSION.demands]
    for row, demand in zip(rows, ADMISSION.demands, strict=True):
        by = [downloads(demand.model, policy) for policy in Policy]
        counts = [" / ".join(str(each[sinr_db]) for each in by) for sinr_db in (5, 10, 20, 30)]
        sums = " / ".join(str(sum(each.values())) for each in by)
        assert row[1:] == [f"{demand.rung.rate_bps / 1e6:.1f}", *counts, sums]


def test_what_is_said_of_the_gain_follows_from_the_downloads() -> None:
    sums = {
        demand.model: [sum(downloads(demand.model, policy).values()) for policy in Policy]
        for demand in ADMISSION.demands
    }
    gains = [per_flow / strict for _, per_flow, strict in sums.values() if strict]
    assert f"serves {min(gains):.2f} to {max(gains):.2f} times as many" in PROSE
    loose, per_flow, _ = sums["mobilenet-224"]
    assert f"{loose - per_flow} downloads of {loose} for the smallest model" in PROSE
    assert all(sums[model][0] == sums[model][1] for model in ("resnet-50", "vgg16"))
    fitting = [sinr_db for sinr_db, n in downloads("vgg16", Policy.PER_FLOW).items() if n]
    assert f"from {min(fitting):g} dB on" in PROSE
    assert sums["vgg16"][2] == 0


def test_the_conditions_are_those_of_the_results() -> None:
    cell = ADMISSION.cell
    assert (cell.bandwidth_mhz, cell.layers, cell.downlink_share, cell.ues) == (100, 4, 0.75, 64)
    sinrs = ADMISSION.sinrs_db
    assert f"at {len(sinrs)} SINRs from {sinrs[0]:g} to {sinrs[-1]:g} dB" in PROSE
    assert {each.cell_blocks for each in ADMISSION.admitted} == {273}
    assert not any(each.exhausted for each in ADMISSION.admitted)


def test_counts_are_what_the_blocks_let_expect() -> None:
    assert all(each.downloads == each.expected for each in ADMISSION.admitted)


# --- what losses cost: weights ---


def test_accuracies_are_those_of_the_results() -> None:
    rows = table("model | form | packets | no loss | 1E-3")
    assert len(rows) == 4 * len(Form)
    for model, form, packets, no_loss, *shares in rows:
        found = [cost(model, Form(form), per) for per in SHOWN_RATES]
        assert packets == str(found[0].packets)
        assert no_loss == f"{100 * found[0].accuracy:.1f}"
        assert shares == [shown(each) for each in found]


def test_single_losses_are_those_of_the_results() -> None:
    found = {
        (each.model, each.form.value): each for each in LOSSES.findings.singles if each.sheltered
    }
    rows = table("model | form | packets | tried | no loss")
    assert len(rows) == 16
    for model, form, packets, tried, no_loss, worst in rows:
        each = found[model, form]
        assert (packets, tried) == (str(each.packets), str(each.places))
        assert no_loss == f"{100 * each.accuracy:.1f}"
        assert worst == f"{100 * each.lowest:.1f}"


def test_remedies_are_those_of_the_results() -> None:
    ways = ((False, False), (True, False), (True, True))
    rows = table("model | together | apart")
    assert len(rows) == 4
    for model, *shares in rows:
        assert shares == [
            shown(cost(model, Form.INT8, 0.1, sheltered=sheltered, repaired=repaired))
            for sheltered, repaired in ways
        ]


def test_99_9_percent_suffice_on_average() -> None:
    models = (*DENSE, "digits-conv")
    assert max(fall(model, form, 1e-3) for model in models for form in Form) < 0.35
    kept = (Form.FLOAT32, Form.INT8)
    assert max(fall(model, form, 1e-3) for model in models for form in kept) < 0.055


def test_one_packet_ruins_the_compact_net() -> None:
    worst = [each.lowest for each in LOSSES.findings.singles if each.model == "digits-conv"]
    assert max(worst) < 0.11


def test_where_it_breaks() -> None:
    assert max(fall(model, Form.FLOAT32, 1e-2) for model in DENSE) < 0.25
    assert max(fall(model, Form.FLOAT32, 1e-1) for model in DENSE) < 0.85
    compact = [fall("digits-conv", Form.FLOAT32, per) for per in SHOWN_RATES[1:]]
    assert [f"{each:.0f}" for each in compact] == ["3", "8", "24"]
    assert cost("digits-conv", Form.FLOAT32, 0.1).p5 < 0.11


def test_8_bit_of_a_pool_keeps_what_float32_keeps() -> None:
    for model in DENSE:
        for per in SHOWN_RATES:
            assert fall(model, Form.INT8, per) < fall(model, Form.FLOAT32, per) + 0.1


def test_the_order_matters_and_so_does_the_sign() -> None:
    more = [
        fall(model, Form.FLOAT32_BY_INPUT, 0.1) - fall(model, Form.FLOAT32, 0.1)
        for model in DENSE[:2]
    ]
    assert [f"{each:.0f}" for each in more] == ["6", "2"]
    signs = [
        f"{100 * cost(model, form, 0.1).mean:.0f}"
        for model in ("digits-large", "digits-medium")
        for form in (Form.DYNAMIC_QUINT8, Form.DYNAMIC_QINT8)
    ]
    assert signs == ["15", "99", "40", "92"]
    small = [
        cost("digits-small", form, 0.1).mean for form in (Form.DYNAMIC_QUINT8, Form.DYNAMIC_QINT8)
    ]
    assert small[0] == pytest.approx(small[1], abs=0.005)


def test_what_helps() -> None:
    gains = [
        100 * (cost(model, Form.INT8, 0.1).mean - cost(model, Form.INT8, 0.1, sheltered=False).mean)
        for model in DENSE
    ]
    assert f"worth {gains[0]:.1f} points in `digits-small` and {gains[1]:.1f} in" in PROSE
    assert gains[2] == 0
    for model, within in (*((model, 0.001) for model in DENSE), ("digits-conv", 0.02)):
        repaired = cost(model, Form.INT8, 0.1, repaired=True)
        assert repaired.mean > repaired.accuracy - within


def test_what_is_too_large_to_be_sent_apart_is_not() -> None:
    assert f"up to {MAX_PROTECTED_BYTES // 1000} kB travel" in PROSE
    sizes = {fate.size_bytes for fate in fates("digits-large", Form.FLOAT32)}
    assert len(sizes) == 1
    assert len({fate.size_bytes for fate in fates("digits-small", Form.FLOAT32)}) == 2


# --- what losses cost: topology ---


def test_fates_of_topologies_are_those_of_the_results() -> None:
    found = {
        (each.model, each.form.value): each for each in LOSSES.findings.fates if each.sheltered
    }
    rows = table("model | form | bytes | packets | tried | does not load")
    assert len(rows) == 8
    for model, form, *counts in rows:
        each = found[model, form]
        sizes = [each.size_bytes, each.packets, each.places]
        ends = [each.refused, each.unnoticed, each.other_model]
        assert counts == [str(number) for number in (*sizes, *ends)]


def test_draws_of_topologies_are_those_of_the_results() -> None:
    rows = table("model | form | packets | 1E-4")
    assert len(rows) == 8
    for model, form, packets, *shares in rows:
        costs = [
            each
            for each in LOSSES.findings.topologies
            if (each.model, each.form, each.sheltered) == (model, form, True)
            and each.per in (1e-4, 1e-3, 1e-2, 1e-1)
        ]
        assert {(packets, 200)} == {(str(each.packets), each.draws) for each in costs}
        assert shares == [
            "/".join(f"{100 * share:.0f}" for share in (c.whole, c.refused, loads))
            for c in costs
            for loads in [c.unnoticed + c.other_model]
        ]


def test_a_graph_does_not_survive_a_hole() -> None:
    plain = [each for each in LOSSES.findings.fates if not each.sheltered]
    assert plain
    assert all(each.refused == each.places for each in plain)


def test_chances_of_a_whole_topology_are_those_of_the_formula() -> None:
    assert LOSSES.whole == whole_chances()
    rows = table("bytes | packets | 1E-5")
    for size, packets, *chances in rows:
        found = [each for each in whole_chances() if str(each.size_bytes) == size]
        assert packets == str(found[0].packets)
        assert chances == [f"{each.chance:.5f}" for each in found][:4]
        for each in found:
            assert each.chance == pytest.approx((1 - each.per) ** each.packets)
    assert f"at 1 Mbit it is {100 * float(rows[2][2]):.3f} %" in PROSE


# --- how ---


def test_the_method_is_that_of_the_results(pool: Pool) -> None:
    assert f"Segments of {LOSSES.packet_bytes} bytes" in PROSE
    assert f"all {LOSSES.items} held-out images" in PROSE
    draws = {cost.draws for cost in LOSSES.findings.weights}
    assert draws == {LOSSES.seeds, 10 * LOSSES.seeds}
    assert f"the mean of {LOSSES.seeds} draws, of {10 * LOSSES.seeds} for parts" in PROSE
    assert re.findall(r"^\| ([^|`]+?) \| [^|]+ \|$", PAGE, re.MULTILINE)[1:6] == [*Form]


def test_the_results_can_be_had_again(pool: Pool) -> None:
    """One form of one model, with every draw of the committed results."""
    images = held_out_images(DEFAULT_SEED)
    labelled = LabelledSet("digits", images.pixels, images.labels)
    model = joined(pool.split("digits-small"))
    again = next(
        each
        for each in subjects("digits-small", model, labelled)
        if each.form is Form.INT8 and each.sheltered
    )
    for found in weight_costs(again, labelled, LOSSES.seeds):
        committed = cost("digits-small", Form.INT8, found.per, repaired=found.repaired)
        assert found.packets == committed.packets
        assert found.lost_mean == committed.lost_mean
        # Another processor rounds otherwise, and a few images fall to the other side.
        assert found.mean == pytest.approx(committed.mean, abs=0.015)
