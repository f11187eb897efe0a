"""The terminal: one panel about one UE."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from af_client.answers import (
    Answer,
    Bandwidth,
    Congestion,
    Location,
    QosOutlook,
    TransferTimes,
)
from af_client.live.board import Board
from af_client.questions import (
    BandwidthQuestion,
    CongestionQuestion,
    ConnectivityLossQuestion,
    LocationQuestion,
    QosQuestion,
    Question,
    ReachabilityQuestion,
    TransferTimeQuestion,
)

_BARS = "▁▂▃▄▅▆▇█"
_Row = tuple[str, Text, Text]


def render(title: str, questions: Sequence[Question[Answer]], board: Board, now_s: float) -> Panel:
    """Return the screen at a moment."""
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=14)
    table.add_column(min_width=18)
    table.add_column()
    for question in questions:
        for row in _rows(question, board, now_s):
            table.add_row(*row)
    heard = "no report yet" if board.heard_s is None else f"heard {now_s - board.heard_s:.0f} s ago"
    return Panel(table, title=title, title_align="left", subtitle=heard, subtitle_align="right")


def _rows(question: Question[Answer], board: Board, now_s: float) -> Iterator[_Row]:
    if isinstance(question, ConnectivityLossQuestion):
        return  # told in the row of reachability
    if question in board.missing:
        yield _label(question), Text("—"), Text(board.missing[question], style="dim")
        return
    answer = board.answers.get(question)
    match question:
        case TransferTimeQuestion(sizes=sizes):
            times = answer if isinstance(answer, TransferTimes) else None
            for n_bytes in sizes:
                yield _transfer_row(n_bytes, times)
        case ReachabilityQuestion():
            yield _label(question), _reachability(board), Text()
        case _:
            yield _label(question), *_cells(question, answer, board, now_s)


def _cells(
    question: Question[Answer], answer: Answer | None, board: Board, now_s: float
) -> tuple[Text, Text]:
    match answer:
        case Bandwidth(average_dl_bps=rate) if question == BandwidthQuestion():
            return _strong(_rate(rate)), Text(sparkline(board.rates(now_s)), style="blue")
        case Bandwidth(min_dl_bps=low, max_dl_bps=high, average_dl_bps=rate):
            span = f"{_rate(low)} to {_rate(high)}" if None not in (low, high) else ""
            return _strong(_rate(rate)), _sure(span, answer)
        case QosOutlook(holds=holds):
            return _yes_or_no(holds, "holds", "falls short"), _sure(_shortfalls(answer), answer)
        case Congestion(percent=percent):
            return _strong(f"{percent} %"), Text()
        case Location():
            tracking_area = f"tracking area {answer.tracking_area_id}"
            return _strong(answer.cell_id or "?"), Text(
                tracking_area if answer.tracking_area_id else "", style="dim"
            )
    return Text("…", style="dim"), Text()


def _transfer_row(n_bytes: int, times: TransferTimes | None) -> _Row:
    label = f"{_size(n_bytes)} take"
    if times is None:
        return label, Text("…", style="dim"), Text()
    time = times.of(n_bytes)
    if time is None:
        return label, Text("no end foreseen", style="red"), Text()
    return label, _strong(f"{time.seconds:.3g} s"), _sure("", time)


_LABELS: dict[type[Question[Any]], str] = {
    TransferTimeQuestion: "transfer time",
    CongestionQuestion: "congestion",
    LocationQuestion: "location",
    ReachabilityQuestion: "reachable",
}


def _label(question: Question[Answer]) -> str:
    match question:
        case BandwidthQuestion(within_s=seconds):
            return f"next {seconds} s" if seconds else "bandwidth"
        case QosQuestion(rate_dl_bps=rate, within_s=seconds):
            return f"{_rate(rate)}, {seconds} s" if seconds else _rate(rate)
    return _LABELS[type(question)]


def _reachability(board: Board) -> Text:
    if board.reachable is None:
        return Text("not known", style="dim")
    return _yes_or_no(board.reachable, "yes", "no")


def _yes_or_no(good: bool, yes: str, no: str) -> Text:
    return Text(yes, style="bold green") if good else Text(no, style="bold red")


def _shortfalls(outlook: QosOutlook) -> str:
    if outlook.holds:
        return ""
    first = min(outlook.shortfalls, key=lambda one: one.starts_at)
    return f"from {first.starts_at.astimezone():%H:%M:%S} to {first.ends_at.astimezone():%H:%M:%S}"


def _sure(text: str, answer: Answer) -> Text:
    sure = "" if answer.confidence is None else f"confidence {answer.confidence} %"
    return Text(", ".join(part for part in (text, sure) if part), style="dim")


def _strong(text: str) -> Text:
    return Text(text, style="bold")


def sparkline(rates: Sequence[int | None]) -> str:
    """Draw rates between zero and the highest of them; where none is known, leave room."""
    highest = max((rate for rate in rates if rate is not None), default=0)
    return "".join(" " if rate is None else _bar(rate, highest) for rate in rates)


def _bar(rate: int, highest: int) -> str:
    return _BARS[0] if not highest else _BARS[round((len(_BARS) - 1) * rate / highest)]


def _rate(bps: int | None) -> str:
    if bps is None:
        return "?"
    if bps == 0:
        return "nothing"
    if bps < 1_000_000:
        return f"{bps / 1e3:.0f} kbit/s"
    return f"{bps / 1e6:.1f} Mbit/s" if bps < 1_000_000_000 else f"{bps / 1e9:.2f} Gbit/s"


def _size(n_bytes: int) -> str:
    if n_bytes < 1_000_000:
        return f"{n_bytes / 1e3:.3g} kB"
    return f"{n_bytes / 1e6:.4g} MB"
