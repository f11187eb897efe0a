"""What was found, as tables for a terminal of 100 columns."""

from collections import Counter
from collections.abc import Iterable
from math import floor

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from af_client.kpi.assess import AVAILABILITY, REQUIREMENTS, span
from af_client.kpi.counting import Counted
from af_client.kpi.results import Assessed, KpiResult
from af_client.kpi.statistics import Verdict

SHORT = {
    "P.R.6.1-001": "001",
    "P.R.6.1-002": "002",
    "P.R.6.1-003": "003",
    "P.R.6.1-004/topology": "004\ntopo",
    "P.R.6.1-004/weights": "004\nwghts",
}
_COLOUR = {Verdict.YES: "green", Verdict.NO: "red", Verdict.NOT_SHOWN: "yellow"}


def tables(result: KpiResult) -> list[Table]:
    """Return the verdicts, the reasons, the applications, and the packets that were counted."""
    return [_verdicts(result), _reasons(result), _applications(result), _packets(result.counted)]


def seconds(value: float | None) -> str:
    """Write a time, a dash for never."""
    return "—" if value is None else f"{value:.2f}"


def per_cent(share: float) -> str:
    """Write a share in per cent, one near 1 with as many nines as it has; never rounded up."""
    if share in {0.0, 1.0}:
        return f"{100 * share:g}"
    digits = 5 if share > 0.99 else 1
    return f"{floor(share * 10 ** (digits + 2)) / 10**digits:.{digits}f}"


def _verdicts(result: KpiResult) -> Table:
    setting = result.setting
    table = _table(
        f"{setting.ue} in {setting.scenario}: {setting.sampling.starts} downloads of each model,"
        f" over {span(setting.duration_s)} of simulated time"
    )
    table.add_column("model", no_wrap=True)
    table.add_column("bit", justify="right")
    for head in ("p50\ns", "p99\ns", "p5\nMbit/s", "needs\nMbit/s", "avail-\nable, %"):
        table.add_column(head, justify="right")
    for requirement in REQUIREMENTS:
        table.add_column(SHORT[requirement], justify="center")
    for each in result.assessed:
        table.add_row(*_figures(each), *(_mark(each.verdict(r)) for r in REQUIREMENTS))
    table.caption = (
        "P.R.6.1-001: within a second; -002: at the model's rate; -003: available 99.999 %;\n"
        "-004: 99.999 % of the topology's packets in time, 99.9 % of the weights'.\n"
        "p5: 95 of 100 downloads are faster. ?: what was counted shows neither yes nor no"
    )
    return table


def _figures(each: Assessed) -> list[str]:
    subject, figures = each.subject, each.figures
    return [
        subject.title,
        str(subject.bits),
        seconds(figures.p50_s),
        seconds(figures.p99_s),
        f"{figures.p5_bps / 1e6:.1f}",
        f"{subject.needed_bps / 1e6:.1f}",
        per_cent(figures.available.share),
    ]


def _reasons(result: KpiResult) -> Table:
    table = _table("Why not")
    table.add_column("model")
    table.add_column("bit", justify="right")
    table.add_column("")
    table.add_column("because")
    for each in result.assessed:
        worst = [f for f in each.findings if f.verdict is each.overall and f.reason]
        if worst:
            reasons = "; ".join(dict.fromkeys(
                f.reason for f in worst if f is worst[0] or f.requirement == AVAILABILITY
            ))  # fmt: skip
            subject = each.subject
            table.add_row(subject.title, str(subject.bits), _coloured(each.overall), reasons)
    return table


def _applications(result: KpiResult) -> Table:
    table = _table("The applications: for how many models all requirements are met")
    table.add_column("application")
    for head in ("8 bit\nyes", "8 bit\nno", "32 bit\nyes", "32 bit\nno", "not\nshown"):
        table.add_column(head, justify="right")
    table.add_column("to bridge\nat p99, s", justify="right")
    for name in dict.fromkeys(row.application for row in result.rows):
        rows = [row for row in result.rows if row.application == name]
        counts = Counter((row.precision, row.verdict) for row in rows)
        cells = [
            counts[precision, verdict]
            for precision in ("int8", "float32")
            for verdict in (Verdict.YES, Verdict.NO)
        ]
        unshown = sum(row.verdict is Verdict.NOT_SHOWN for row in rows)
        gaps = [row.gap_s for row in rows if row.verdict is Verdict.YES and row.gap_s is not None]
        bridged = f"{max(gaps):.2f}" if gaps else "—"
        table.add_row(name, *(str(each) for each in cells), str(unshown), bridged)
    table.caption = (
        "to bridge: how long recognition would wait for a model that is met, so that an interim\n"
        "model serves, or the next one is wanted that much ahead"
    )
    return table


def _packets(counted: Iterable[Counted]) -> Table:
    table = _table("Real packets through the user plane, first attempt")
    for head in (
        "flow of the",
        "granted",
        "sent",
        "lost",
        "arrived, %",
        "at least, %",
        "at most, %",
    ):
        table.add_column(head, justify="left" if head.startswith("flow") else "right")
    for each in counted:
        share = each.share
        rates = (per_cent(share.estimate), per_cent(share.low), per_cent(share.high))
        table.add_row(each.part, per(each.per), str(each.sent), str(each.lost), *rates)
    table.caption = "each bound by itself with 95 % certainty"
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", caption_justify="left", box=SIMPLE_HEAD,
                 pad_edge=False, collapse_padding=True)  # fmt: skip


def _coloured(verdict: Verdict) -> Text:
    return Text(verdict, style=_COLOUR[verdict])


def _mark(verdict: Verdict) -> Text:
    return Text("?" if verdict is Verdict.NOT_SHOWN else verdict, style=_COLOUR[verdict])


def per(error_rate: float) -> str:
    """Write an error rate as 3GPP does."""
    return f"{error_rate:.0E}".replace("E-0", "E-")
