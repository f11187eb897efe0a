"""What was found, as tables for a terminal."""

from collections.abc import Iterable

from rich.table import Table

from af_client.experiments.losses import RATES, Findings, TopologyFate, WeightCost
from af_client.experiments.reliability import Admitted, Policy
from af_client.experiments.results import LossResult, ReliabilityResult

_SHORT = {Policy.LOOSE: "all 1E-3", Policy.PER_FLOW: "per flow", Policy.STRICT: "all 1E-5"}


def reliability_tables(result: ReliabilityResult) -> list[Table]:
    """Return a table of the downloads at once, and one that sums up."""
    return [_admission(result), _summary(result)]


def loss_tables(result: LossResult) -> list[Table]:
    """Return a table of weights for each model, and two of topologies."""
    findings = result.findings
    models = dict.fromkeys(cost.model for cost in findings.weights)
    weights = [_weights(model, findings) for model in models]
    return [*weights, _fates(findings.fates), _whole(result)]


def _admission(result: ReliabilityResult) -> Table:
    cell = result.cell
    table = Table(
        title=f"Downloads at once in a cell of {cell.bandwidth_mhz} MHz, {cell.layers} layers"
        " (resource blocks of each)"
    )
    table.add_column("SINR, dB", justify="right")
    for demand in result.demands:
        for policy in Policy:
            table.add_column(f"{demand.title}\n{_SHORT[policy]}", justify="right")
    found = {(each.sinr_db, each.model, each.policy): each for each in result.admitted}
    for sinr_db in result.sinrs_db:
        cells = (
            _downloads(found[sinr_db, demand.model, policy])
            for demand in result.demands
            for policy in Policy
        )
        table.add_row(f"{sinr_db:g}", *cells)
    return table


def _downloads(admitted: Admitted) -> str:
    if not admitted.downloads:
        return "0"
    more = "+" if admitted.exhausted else ""
    return f"{admitted.downloads}{more} ({admitted.blocks_each})"


def _summary(result: ReliabilityResult) -> Table:
    table = Table(title="All conditions together")
    table.add_column("model")
    table.add_column("rate, Mbit/s", justify="right")
    for policy in Policy:
        table.add_column(f"downloads\n{_SHORT[policy]}", justify="right")
    table.add_column("per flow against\nall 1E-5", justify="right")
    for demand in result.demands:
        sums = [sum(e.downloads for e in result.of(demand.model, policy)) for policy in Policy]
        _, per_flow, strict = sums
        gain = f"{per_flow / strict:.2f} x" if strict else "—"
        rate = f"{demand.rung.rate_bps / 1e6:.1f}"
        table.add_row(demand.title, rate, *(str(each) for each in sums), gain)
    return table


def _weights(model: str, findings: Findings) -> Table:
    table = Table(title=f"{model}: accuracy in % with packets of the weights lost: mean (5th-95th)")
    for head in ("form", "apart", "repair", "packets", "no loss"):
        table.add_column(head, justify="left" if head == "form" else "right")
    for per in RATES:
        table.add_column(f"{per:.0E}".replace("E-0", "E-"), justify="right")
    for row in _rows(cost for cost in findings.weights if cost.model == model):
        first = row[0]
        table.add_row(
            first.form,
            _tick(is_so=first.sheltered),
            _tick(is_so=first.repaired),
            str(first.packets),
            _percent(first.accuracy),
            *(f"{_percent(c.mean)} ({_percent(c.p5)}-{_percent(c.p95)})" for c in row),
        )
    table.caption = "apart: scales, zero points and biases travel with the topology"
    return table


def _rows(costs: Iterable[WeightCost]) -> list[list[WeightCost]]:
    rows: dict[tuple[str, bool, bool], list[WeightCost]] = {}
    for cost in costs:
        rows.setdefault((cost.form, cost.sheltered, cost.repaired), []).append(cost)
    return list(rows.values())


def _fates(fates: Iterable[TopologyFate]) -> Table:
    table = Table(title="One packet of the topology lost, without a checksum: what becomes of it")
    for head in ("model", "form", "apart"):
        table.add_column(head)
    heads = ("bytes", "packets", "tried", "refused", "loads, same", "loads, other")
    for head in heads:
        table.add_column(head, justify="right")
    for fate in fates:
        counts = (fate.size_bytes, fate.packets, fate.places)
        ends = (fate.refused, fate.unnoticed, fate.other_model)
        numbers = (str(each) for each in (*counts, *ends))
        table.add_row(fate.model, fate.form, _tick(is_so=fate.sheltered), *numbers)
    table.caption = "same, other: what it recognises, against the whole model"
    return table


def _whole(result: LossResult) -> Table:
    table = Table(title="Chance that a topology arrives whole at the first attempt, (1 - p)^n")
    for head in ("bytes", "packets", *(f"{per:.0E}".replace("E-0", "E-") for per in RATES)):
        table.add_column(head, justify="right")
    sizes = dict.fromkeys((each.size_bytes, each.packets) for each in result.whole)
    for size, packets in sizes:
        chances = (f"{each.chance:.5f}" for each in result.whole if each.size_bytes == size)
        table.add_row(str(size), str(packets), *chances)
    return table


def _tick(*, is_so: bool) -> str:
    return "yes" if is_so else ""


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
