"""The pictures of the experiments."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import matplotlib as mpl

from af_client.experiments.damage import RATES
from af_client.experiments.forms import Form
from af_client.experiments.losses import Findings, WeightCost
from af_client.experiments.reliability import Demand, Policy
from af_client.experiments.results import LossResult, ReliabilityResult
from af_client.experiments.topologies import TopologyFate

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator

_COLOURS = {
    Form.FLOAT32: "tab:blue",
    Form.INT8: "tab:green",
    Form.DYNAMIC_QINT8: "tab:orange",
    Form.DYNAMIC_QUINT8: "tab:red",
}
_LEGEND = {
    Policy.LOOSE: "everything at 1E-3 (upper bound)",
    Policy.PER_FLOW: "topology at 1E-5, weights at 1E-3",
    Policy.STRICT: "everything at 1E-5",
}


def save_reliability(result: ReliabilityResult, path: Path) -> None:
    """Draw, for each model, the downloads that a cell admits at once (PNG or SVG)."""
    columns = min(2, len(result.demands))
    rows = -(-len(result.demands) // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(5.6 * columns, 3.6 * rows + 1), squeeze=False, layout="constrained"
    )
    panels = list(grid.flat)
    for axes, demand in zip(panels, result.demands, strict=False):
        _draw_admission(axes, result, demand)
    for axes in panels[len(result.demands) :]:
        axes.set_visible(False)
    cell = result.cell
    figure.suptitle(
        "What per-flow reliability buys: model downloads of 1 s that one cell admits at once\n"
        f"{cell.bandwidth_mhz} MHz, {cell.layers} layers, {cell.downlink_share:.0%} downlink;"
        " every UE at the same SINR; asked of the NEF until it refuses"
    )
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def save_losses(result: LossResult, path: Path) -> None:
    """Draw accuracy over the error rate, and the fate of topologies (PNG or SVG)."""
    models = list(dict.fromkeys(cost.model for cost in result.findings.weights))
    figure = plt.figure(figsize=(max(12.0, 4 * len(models)), 13), layout="constrained")
    grid = figure.add_gridspec(3, 1)
    top, middle, bottom = (figure.add_subfigure(grid[row]) for row in range(3))
    _draw_row(
        top,
        models,
        partial(_draw_forms, result.findings),
        "Accuracy when packets of the weights are lost"
        " (scales, zero points, biases travel with the topology)",
    )
    _draw_row(
        middle,
        models,
        partial(_draw_remedies, result.findings),
        "What helps the 8-bit model of a pool (each at its own scale)",
    )
    _draw_topologies(bottom, result)
    figure.suptitle(
        f"What losses cost: {result.seeds} draws a point, ten times as many for parts of up to 100"
        f" packets; {result.items} of {result.labelled_set} each\n"
        "line: mean, band: 5th to 95th percentile\n"
    )
    figure.savefig(path, dpi=80)
    plt.close(figure)


def _draw_admission(axes: Axes, result: ReliabilityResult, demand: Demand) -> None:
    counts = {
        policy: [each.downloads for each in result.of(demand.model, policy)] for policy in Policy
    }
    sinrs = result.sinrs_db
    axes.plot(sinrs, counts[Policy.LOOSE], color="0.75", linewidth=7, label=_LEGEND[Policy.LOOSE])
    axes.plot(
        sinrs, counts[Policy.PER_FLOW], "o-", color="tab:blue", label=_LEGEND[Policy.PER_FLOW]
    )
    axes.plot(sinrs, counts[Policy.STRICT], "s--", color="tab:red", label=_LEGEND[Policy.STRICT])
    axes.fill_between(
        sinrs,
        counts[Policy.STRICT],
        counts[Policy.PER_FLOW],
        color="tab:blue",
        alpha=0.15,
        label="gained by asking per flow",
    )
    bits = "8 bit" if demand.precision == "int8" else "32 bit"
    axes.set_title(f"{demand.title}, {bits}: {demand.rung.rate_bps / 1e6:.0f} Mbit/s each")
    axes.set_xlabel("SINR of every UE, dB")
    axes.set_ylabel("downloads at once")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(bottom=-0.03 * max(1, *counts[Policy.LOOSE]))
    axes.grid(alpha=0.3)


def _draw_row(
    row: SubFigure, models: Sequence[str], draw: Callable[[str, Axes], None], title: str
) -> None:
    row.suptitle(title, fontsize=12, fontweight="bold")
    panels = row.subplots(1, len(models), squeeze=False)[0]
    for axes, model in zip(panels, models, strict=True):
        draw(model, axes)
        axes.set_title(model)
        axes.set_xscale("log")
        axes.set_xlabel("packet error rate of the weights")
        axes.axvline(1e-3, color="0.4", linestyle=":", linewidth=1, label="P.R.6.1-004: 1E-3")
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("right answers, %")
    row.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)


def _draw_forms(findings: Findings, model: str, axes: Axes) -> None:
    for form, colour in _COLOURS.items():
        costs = (c for c in findings.weights if c.model == model and c.form is form)
        _draw_costs(axes, (c for c in costs if c.sheltered and not c.repaired), colour, form)
    axes.set_ylim(0, 102)


def _draw_remedies(findings: Findings, model: str, axes: Axes) -> None:
    costs = [c for c in findings.weights if c.model == model and c.form is Form.INT8]
    remedies = (
        (False, False, "tab:red", "scales and biases among the weights"),
        (True, False, "tab:green", "with the topology"),
        (True, True, "tab:purple", "with the topology, and one repair round"),
    )
    for sheltered, repaired, colour, label in remedies:
        chosen = (c for c in costs if c.sheltered is sheltered and c.repaired is repaired)
        _draw_costs(axes, chosen, colour, label)


def _draw_costs(axes: Axes, costs: Iterable[WeightCost], colour: str, label: str) -> None:
    points = sorted(costs, key=lambda cost: cost.per)
    rates = [cost.per for cost in points]
    axes.plot(rates, [100 * c.mean for c in points], "o-", ms=4, color=colour, label=label)
    low, high = [100 * c.p5 for c in points], [100 * c.p95 for c in points]
    axes.fill_between(rates, low, high, color=colour, alpha=0.15)


def _draw_topologies(row: SubFigure, result: LossResult) -> None:
    row.suptitle("A topology must be whole", fontsize=12, fontweight="bold")
    chance, fates = row.subplots(1, 2)
    sizes = dict.fromkeys((each.size_bytes, each.packets) for each in result.whole)
    for size, packets in sizes:
        chances = [100 * each.chance for each in result.whole if each.size_bytes == size]
        label = f"{packets} packet{'s' if packets > 1 else ''} ({size / 1000:.0f} kB)"
        chance.plot(RATES, chances, "o-", ms=4, label=label)
    chance.axvline(1e-5, color="0.4", linestyle=":", linewidth=1, label="P.R.6.1-004: 1E-5")
    chance.set_xscale("log")
    chance.set_xlabel("packet error rate of the topology")
    chance.set_ylabel("arrives whole at the first attempt, %")
    chance.set_title("(1 - p)$^n$ for n packets")
    chance.grid(alpha=0.3)
    chance.legend(fontsize=9)
    _draw_fates(fates, result.findings.fates)


def _draw_fates(axes: Axes, fates: Sequence[TopologyFate]) -> None:
    plain = {(fate.model, fate.form): fate.size_bytes for fate in fates if not fate.sheltered}
    shown = [
        fate
        for fate in fates
        if fate.form in (Form.FLOAT32, Form.INT8)
        and not (fate.sheltered and fate.size_bytes == plain[fate.model, fate.form])
    ]
    names = [
        f"{fate.model}, {'8 bit' if fate.form is Form.INT8 else '32 bit'}"
        f"{', with biases' if fate.sheltered else ''} ({fate.packets})"
        for fate in shown
    ]
    parts = (
        ("does not load", "tab:green", [f.refused / f.places for f in shown]),
        ("loads unnoticed, same answers", "tab:orange", [f.unnoticed / f.places for f in shown]),
        ("loads unnoticed, other answers", "tab:red", [f.other_model / f.places for f in shown]),
    )
    left = [0.0] * len(shown)
    for label, colour, shares in parts:
        axes.barh(names, [100 * each for each in shares], left=left, color=colour, label=label)
        left = [a + 100 * b for a, b in zip(left, shares, strict=True)]
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelsize=8)
    axes.set_xlim(0, 100)
    axes.set_xlabel("places of one lost packet, %")
    axes.set_title("One packet lost, checksum not looked at (packets of the topology)", fontsize=10)
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.15), ncols=3, fontsize=8)
