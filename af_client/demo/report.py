"""The end of the demo: a table of each download, and whether everything was as it must be."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from af_client.demo.record import Record
from af_client.demo.verdict import (
    TOPOLOGY_LOSS,
    WEIGHTS_LOSS,
    Download,
    Loss,
    consistent,
    moves,
    reliable,
    within_latency,
)

_FEWEST_DOWNLOADS = 3


def print_report(console: Console, record: Record) -> list[str]:
    """Print the table; returns what is not as it must be, in sentences."""
    console.print(_table(record.downloads))
    topology, weights = _total(record.downloads)
    console.print(
        "001: within a second. 004: topology whole, losses within 1E-5 and 1E-3.",
        "Reported: what a new flow could get, beside what the download holds.",
        sep="\n",
    )
    console.print(
        f"All packets: topology {topology.lost} of {topology.sent} lost"
        f" (allowed {TOPOLOGY_LOSS:g}),"
        f" weights {weights.lost} of {weights.sent} lost (allowed {WEIGHTS_LOSS:g})."
    )
    return shortcomings(record)


def shortcomings(record: Record) -> list[str]:
    """What is not as it must be: choices that did not follow the network, verdicts not met."""
    downloads = record.downloads
    down, up = moves(downloads)
    topology, weights = _total(downloads)
    checks = [
        (len(downloads) >= _FEWEST_DOWNLOADS, f"only {len(downloads)} models arrived"),
        (down >= 1, "the server never moved to a smaller model"),
        (up >= 1, "the server never moved to a larger model"),
        (any(d.cause == "notification" for d in downloads), "no notification led to a download"),
        (consistent(topology, TOPOLOGY_LOSS), "too many topology packets were lost"),
        (consistent(weights, WEIGHTS_LOSS), "too many weights packets were lost"),
    ]
    found = [sentence for passed, sentence in checks if not passed]
    late = [d for d in downloads if not within_latency(d)]
    found += [f"{d.variant} took {d.took_s:.2f} s, more than a second" for d in late]
    found += [f"{d.variant} lost too much on its way" for d in downloads if not reliable(d)]
    return found


def _total(downloads: Sequence[Download]) -> tuple[Loss, Loss]:
    return (
        sum((d.topology for d in downloads), Loss(0, 0)),
        sum((d.weights for d in downloads), Loss(0, 0)),
    )


def _table(downloads: Sequence[Download]) -> Table:
    table = Table(
        title="Every model that was downloaded",
        title_justify="left",
        box=None,
        padding=(0, 1, 0, 0),
    )
    for heading in ("at s", "model", "because of"):
        table.add_column(heading)
    for heading in (
        "MB",
        "report\nMbit/s",
        "took\ns",
        "lost:\ntopol.",
        "lost:\nweights",
        "accu-\nracy",
    ):
        table.add_column(heading, justify="right")
    for requirement in ("001", "004"):
        table.add_column(f"met\n{requirement}")
    for download in downloads:
        table.add_row(*_row(download))
    return table


def _row(download: Download) -> tuple[str, ...]:
    return (
        f"{download.ready_at_s:4.1f}",
        download.variant,
        download.cause,
        f"{download.size_bytes / 1e6:.2f}",
        f"{download.reported_bps / 1e6:.1f}",
        f"{download.took_s:.2f}",
        f"{download.topology.lost}/{download.topology.sent}",
        f"{download.weights.lost}/{download.weights.sent}",
        f"{download.accuracy:.1%}",
        _mark(met=within_latency(download)),
        _mark(met=reliable(download)),
    )


def _mark(*, met: bool) -> str:
    return "[green]yes[/]" if met else "[red]no[/]"
