"""The end of the demo: a table of each download, and whether everything was as it must be."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from af_client.demo.choices import wrong_choices
from af_client.demo.record import Missed, Record
from af_client.demo.verdict import (
    BUDGET_S,
    TOPOLOGY_LOSS,
    WEIGHTS_LOSS,
    Download,
    Loss,
    at_most,
    consistent,
    moves,
    unbroken,
    within_latency,
)
from af_client.modelserver.policy import Policy
from af_client.modelserver.selection import Variant

_FEWEST_DOWNLOADS = 3
#: What leads to another model and comes from the network, over HTTP.
_FROM_NETWORK = frozenset({"notification", "bandwidth", "outlook"})


def print_report(console: Console, record: Record, variants: Sequence[Variant]) -> list[str]:
    """Print the table; returns what is not as it must be, in sentences."""
    console.print(_table(record))
    topology, weights = _total(record.downloads)
    console.print(
        "001: within a second. 004: a sign against it, which is a topology with an error,",
        "or more losses than chance explains at 1E-5 (topology) and 1E-3 (weights).",
        "Report: what a new flow could get, beside what the download holds.",
        "Lost: what was missing in the end; some of the packets sent are repairs.",
        sep="\n",
    )
    for name, loss, allowed in (
        ("topology", topology, TOPOLOGY_LOSS),
        ("weights", weights, WEIGHTS_LOSS),
    ):
        console.print(
            f"All {name} packets: {loss.lost} of {loss.sent} lost, which shows no more than a rate"
            f"\nbelow {at_most(loss):.1e} (95 % sure); allowed is {allowed:.0e}."
        )
    return shortcomings(record, variants)


def shortcomings(record: Record, variants: Sequence[Variant]) -> list[str]:
    """What is not as it must be: choices that did not follow the network, verdicts not met."""
    downloads = record.downloads
    topology, weights = _total(downloads)
    checks = [
        (len(downloads) >= _FEWEST_DOWNLOADS, f"only {len(downloads)} models arrived"),
        (consistent(topology, TOPOLOGY_LOSS), "too many topology packets were lost"),
        (consistent(weights, WEIGHTS_LOSS), "too many weights packets were lost"),
    ]
    found = [sentence for passed, sentence in checks if not passed]
    found += _unmoved(record)
    late = [d for d in downloads if not within_latency(d) and not _machine_was_late(d, record)]
    found += [f"{d.variant} took {d.took_s:.2f} s, more than a second" for d in late]
    found += [f"{d.variant} lost too much on its way" for d in downloads if not unbroken(d)]
    found += [
        f"{one.variant} did not arrive at {one.at_s:.1f} s ({one.outcome}),"
        " though the network kept what it had granted"
        for one in record.missed
        if not _excused(one, record)
    ]
    return found + wrong_choices(record, variants, Policy())


def not_judged(record: Record) -> list[str]:
    """What was late, and might have been in time on a machine that is less busy, in sentences."""
    return [
        f"{d.variant} took {d.took_s:.2f} s, of which the programs waited up to"
        f" {_waited_s(d, record):.2f} s while others had the machine"
        for d in record.downloads
        if not within_latency(d) and _machine_was_late(d, record)
    ]


def _waited_s(download: Download, record: Record) -> float:
    return record.waited_s(download.ready_at_s - download.took_s, download.ready_at_s)


def _machine_was_late(download: Download, record: Record) -> bool:
    """Whether the wait for others can be all that P.R.6.1-001 was missed by."""
    return download.took_s - _waited_s(download, record) <= BUDGET_S


def _unmoved(record: Record) -> Iterator[str]:
    """It must have moved down and up, each time because of what came from the network."""
    steps = moves(record.downloads)
    for word, direction in (("smaller", -1), ("larger", 1)):
        causes = [
            _cause(b, record) for a, b in steps if (b.size_bytes - a.size_bytes) * direction > 0
        ]
        if not causes:
            yield f"the server never moved to a {word} model"
        for cause in causes:
            if cause not in _FROM_NETWORK:
                yield f"it moved to a {word} model because of {cause}, no word of the network"


def _cause(download: Download, record: Record) -> str:
    """Why it was another model than before; the device asks for any, the choice says which."""
    if download.cause not in ("missing", "stale"):
        return download.cause
    began_s = download.ready_at_s - download.took_s
    before = [d for d in record.decisions if d.at_s <= began_s and d.variant == download.variant]
    return before[-1].cause if before else download.cause


def _excused(missed: Missed, record: Record) -> bool:
    """Whether the network took back or changed what it had granted, while it was on its way."""
    return any(missed.started_s < at_s <= missed.at_s for at_s, _ in record.grants.changes)


def _total(downloads: Sequence[Download]) -> tuple[Loss, Loss]:
    return (
        sum((d.topology for d in downloads), Loss(0, 0)),
        sum((d.weights for d in downloads), Loss(0, 0)),
    )


def _table(record: Record) -> Table:
    table = Table(
        title="Every model that was sent",
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
    for heading in ("001\nmet", "004\nsign"):
        table.add_column(heading)
    rows = [(d.ready_at_s, _row(d, record)) for d in record.downloads]
    rows += [(one.at_s, _missed_row(one)) for one in record.missed]
    for _, row in sorted(rows):
        table.add_row(*row)
    return table


def _row(download: Download, record: Record) -> tuple[str, ...]:
    late = "[yellow]busy[/]" if _machine_was_late(download, record) else "[red]no[/]"
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
        "[green]yes[/]" if within_latency(download) else late,
        "none" if unbroken(download) else "[red]yes[/]",
    )


def _missed_row(missed: Missed) -> tuple[str, ...]:
    size = f"{missed.size_bytes / 1e6:.2f}"
    start = (f"{missed.at_s:4.1f}", missed.variant, f"[red]{missed.outcome}[/]", size)
    return (*start, *[""] * 5, "[red]no[/]", "")
