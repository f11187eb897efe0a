"""What was found, as tables for a terminal."""

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.table import Table

from af_client.experiments.damage import RATES
from af_client.experiments.losses import Findings, SingleLoss, WeightCost
from af_client.experiments.reliability import Admitted, Demand, Policy
from af_client.experiments.results import LossResult, ReliabilityResult
from af_client.experiments.topologies import TopologyCost, TopologyFate

_APART = "apart: scales, zero points and biases travel with the topology"
_SHORT = {Policy.LOOSE: "all 1E-3", Policy.PER_FLOW: "per flow", Policy.STRICT: "all 1E-5"}


def reliability_tables(result: ReliabilityResult) -> list[Table]:
    """Return a table of the downloads at once for each model, and one that sums up."""
    return [*(_admission(result, demand) for demand in result.demands), _summary(result)]


def loss_tables(result: LossResult) -> list[Table]:
    """Return a table of weights for each model, and two of topologies."""
    findings = result.findings
    models = dict.fromkeys(cost.model for cost in findings.weights)
    weights = [_weights(model, findings) for model in models]
    return [
        *weights,
        _singles(findings.singles),
        _fates(findings.fates),
        _draws(result),
        _whole(result),
    ]


def _admission(result: ReliabilityResult, demand: Demand) -> Table:
    table = Table(
        title=f"{demand.title}, {demand.precision}: downloads at once,"
        f" {demand.rung.rate_bps / 1e6:.1f} Mbit/s each"
    )
    table.add_column("SINR, dB", justify="right")
    for policy in Policy:
        table.add_column(f"downloads\n{_SHORT[policy]}", justify="right")
    for policy in Policy:
        table.add_column(f"blocks each\n{_SHORT[policy]}", justify="right")
    for row in zip(*(result.of(demand.model, policy) for policy in Policy), strict=True):
        blocks = (str(each.blocks_each or "—") for each in row)
        table.add_row(f"{row[0].sinr_db:g}", *map(_downloads, row), *blocks)
    cell_blocks = result.admitted[0].cell_blocks
    table.caption = f"the cell has {cell_blocks} resource blocks"
    return table


def _downloads(admitted: Admitted) -> str:
    return f"{admitted.downloads}{' or more' if admitted.exhausted else ''}"


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
    table = Table(
        title=f"{model}: accuracy in % when packets of the weights are lost\n"
        "mean, and 5th to 95th percentile",
        pad_edge=False,
        box=SIMPLE_HEAD,
    )
    table.add_column("form")
    for head in ("packets", "none", *map(_rate, RATES)):
        table.add_column(head, justify="right")
    for row in _rows(cost for cost in findings.weights if cost.model == model):
        name = f"{row[0].form}{_how(sheltered=row[0].sheltered, repaired=row[0].repaired)}"
        cells = (f"{_percent(c.mean)}\n{100 * c.p5:.0f}-{100 * c.p95:.0f}" for c in row)
        table.add_row(name, str(row[0].packets), _percent(row[0].accuracy), *cells)
    table.caption = _APART
    return table


def _rows(costs: Iterable[WeightCost]) -> list[list[WeightCost]]:
    rows: dict[tuple[str, bool, bool], list[WeightCost]] = {}
    for cost in costs:
        rows.setdefault((cost.form, cost.sheltered, cost.repaired), []).append(cost)
    return list(rows.values())


def _singles(singles: Iterable[SingleLoss]) -> Table:
    table = Table(title="One packet of the weights is lost: accuracy in %", pad_edge=False)
    table.add_column("model and form")
    for head in ("packets", "tried", "none lost", "mean", "worst"):
        table.add_column(head, justify="right")
    for each in singles:
        name = f"{each.model}, {each.form}{_how(sheltered=each.sheltered)}"
        shares = (_percent(share) for share in (each.accuracy, each.mean, each.lowest))
        table.add_row(name, str(each.packets), str(each.places), *shares)
    table.caption = _APART
    return table


def _fates(fates: Iterable[TopologyFate]) -> Table:
    table = Table(title="One packet of the topology is lost and no checksum looked at")
    table.add_column("model and form")
    for head in ("bytes", "packets", "tried", "does not\nload", "same\nanswers", "other\nanswers"):
        table.add_column(head, justify="right")
    for fate in fates:
        name = f"{fate.model}, {fate.form}{_how(sheltered=fate.sheltered)}"
        counts = (fate.size_bytes, fate.packets, fate.places)
        ends = (fate.refused, fate.unnoticed, fate.other_model)
        table.add_row(name, *(str(each) for each in (*counts, *ends)))
    table.caption = _APART
    return table


def _draws(result: LossResult) -> Table:
    table = Table(
        title="Topologies that nobody repairs or checks, % of the draws:\n"
        "arrives whole / does not load / loads with holes",
        pad_edge=False,
        box=SIMPLE_HEAD,
    )
    table.add_column("model and form")
    for head in ("packets", "draws", *map(_rate, RATES[2:])):
        table.add_column(head, justify="right")
    rows: dict[tuple[str, str, bool], list[TopologyCost]] = {}
    for cost in result.findings.topologies:
        rows.setdefault((cost.model, cost.form, cost.sheltered), []).append(cost)
    for (model, form, sheltered), costs in rows.items():
        name = f"{model}, {form}{_how(sheltered=sheltered)}"
        counts = (str(costs[0].packets), str(costs[0].draws))
        table.add_row(name, *counts, *map(_shares, costs[2:]))
    table.caption = _APART
    return table


def _shares(cost: TopologyCost) -> str:
    loads = cost.unnoticed + cost.other_model
    return "/".join(f"{100 * each:.0f}" for each in (cost.whole, cost.refused, loads))


def _whole(result: LossResult) -> Table:
    table = Table(title="Chance that a topology arrives whole at the first attempt, (1 - p)^n")
    for head in ("bytes", "packets", *map(_rate, RATES)):
        table.add_column(head, justify="right")
    sizes = dict.fromkeys((each.size_bytes, each.packets) for each in result.whole)
    for size, packets in sizes:
        chances = (f"{each.chance:.5f}" for each in result.whole if each.size_bytes == size)
        table.add_row(str(size), str(packets), *chances)
    return table


def _how(*, sheltered: bool, repaired: bool = False) -> str:
    return f"{', apart' if sheltered else ''}{', repaired' if repaired else ''}"


def _rate(per: float) -> str:
    return f"{per:.0E}".replace("E-0", "E-")


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
