"""The demo while it runs: the network above, the model server and the device below."""

from rich.console import Group
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from af_client.demo.record import Record

_HEARD = 5
_FULL_BPS = 130e6


def render(record: Record, now_s: float, length_s: float) -> Group:
    """The screen at a moment; times count from the start of the demo."""
    clock = Text(f"{min(now_s, length_s):4.1f} of {length_s:.0f} s", style="dim")
    return Group(clock, _network(record), _server(record), _device(record))


def _network(record: Record) -> Panel:
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=22)
    table.add_column(justify="right", min_width=14)
    table.add_column(width=40)
    sample = record.network[-1] if record.network else None
    table.add_row("signal of the UE", f"{sample.sinr_db:.1f} dB" if sample else "", "")
    table.add_row("reported bandwidth", *_rate(record.bandwidth_bps, "blue"))
    table.add_row("granted to weights", *_rate(sample.weights_bps if sample else 0, "yellow"))
    table.add_row("granted to topology", *_rate(sample.topology_bps if sample else 0, "yellow"))
    return Panel(table, title="network", title_align="left")


def _rate(bps: int, style: str) -> tuple[str, ProgressBar]:
    bar = ProgressBar(_FULL_BPS, min(bps, _FULL_BPS), width=40, complete_style=style)
    text = f"{bps / 1e6:.1f} Mbit/s" if bps >= 1e6 or not bps else f"{bps / 1e3:.0f} kbit/s"
    return text, bar


def _server(record: Record) -> Panel:
    heard = [
        Text(f"{at_s:5.1f} s  {event} {reference}", style="dim")
        for at_s, event, reference in record.notifications[-_HEARD:]
    ]
    choice = record.decisions[-1] if record.decisions else None
    lines = [
        Text(f"chosen: {choice.variant or 'nothing'}", style="bold green")
        if choice
        else Text("waiting")
    ]
    if choice:
        lines.append(Text(choice.reason, style="italic"))
    return Panel(Group(*lines, *heard), title="AI/ML model server (AF)", title_align="left")


def _device(record: Record) -> Panel:
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=22)
    table.add_column()
    progress = record.progress
    if progress:
        total = max(1, int(progress["total_bytes"]))
        bar = ProgressBar(total, int(progress["received_bytes"]), width=40)
        table.add_row(f"receiving {progress['variant']}", bar)
    ready = record.downloads[-1] if record.downloads else None
    if ready:
        table.add_row("recognising with", Text(ready.variant, style="bold green"))
        table.add_row("accuracy", f"{ready.accuracy:.1%} on images it has never seen")
    table.add_row("images recognised", str(record.recognised))
    return Panel(table, title="device", title_align="left")
