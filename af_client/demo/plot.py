"""One picture of the demo: what the network reported and granted, and the model that was chosen."""

from pathlib import Path

import matplotlib as mpl

from af_client.demo.record import Record

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

_MBPS = 1e6


def save_plot(record: Record, path: Path) -> None:
    """Draw the record into a PNG or SVG file."""
    figure, (rates, models) = plt.subplots(
        2, 1, sharex=True, figsize=(11, 7), height_ratios=(3, 2), layout="constrained"
    )
    _draw_rates(rates, record)
    _draw_models(models, record)
    figure.suptitle("A model server adapts to what the network reports and grants")
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _draw_rates(axes: Axes, record: Record) -> None:
    times = [sample.at_s for sample in record.network]
    granted = [sample.weights_bps / _MBPS for sample in record.network]
    reported_at = [at_s for at_s, _ in record.reported]
    reported = [bps / _MBPS for _, bps in record.reported]
    axes.step(
        reported_at, reported, where="post", color="tab:blue", label="reported for a new flow"
    )
    axes.step(times, granted, where="post", color="tab:orange", label="granted to the weights")
    axes.fill_between(times, granted, step="post", color="tab:orange", alpha=0.2)
    axes.set_ylabel("Mbit/s")
    axes.grid(alpha=0.3)
    signal = axes.twinx()
    sinrs = [sample.sinr_db for sample in record.network]
    signal.plot(
        times, sinrs, color="tab:gray", linestyle=":", label="signal of the UE (SINR, right)"
    )
    signal.set_ylabel("dB")
    lines = [*axes.get_lines(), *signal.get_lines()]
    axes.legend(lines, [str(line.get_label()) for line in lines], loc="upper center", fontsize=9)


def _draw_models(axes: Axes, record: Record) -> None:
    sizes = {d.variant: d.size_bytes for d in record.downloads}
    order = sorted(sizes, key=lambda name: sizes[name])
    named = [(d.at_s, d.variant) for d in record.decisions if d.variant is not None]
    chosen = [(at_s, order.index(name)) for at_s, name in named if name in sizes]
    end_s = record.network[-1].at_s if record.network else 0.0
    if chosen:
        line = [*chosen, (end_s, chosen[-1][1])]
        axes.step(*zip(*line, strict=True), where="post", color="tab:green", label="chosen")
    for download in record.downloads:
        start_s = download.ready_at_s - download.took_s
        level = order.index(download.variant)
        axes.plot(
            [start_s, download.ready_at_s],
            [level, level],
            color="black",
            linewidth=6,
            solid_capstyle="butt",
        )
        axes.annotate(
            f"{download.took_s:.2f} s", (download.ready_at_s, level), (4, 6),
            textcoords="offset points", fontsize=8,
        )  # fmt: skip
    axes.plot([], [], color="black", linewidth=6, label="download")
    axes.set_yticks(range(len(order)), order)
    axes.set_ylim(-0.5, len(order) - 0.3)
    axes.set_xlabel("seconds of the scenario")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left", fontsize=9)
