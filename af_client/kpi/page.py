"""One HTML page, with everything in it, for a person who reads it without help."""

from collections.abc import Iterable
from html import escape
from importlib import resources
from pathlib import Path
from string import Template

from af_client.kpi import plots
from af_client.kpi.assess import (
    IN_TIME_SHARE,
    RATE_SHARE,
    REQUIREMENTS,
    Row,
    needed_period_s,
    span,
)
from af_client.kpi.counting import Counted
from af_client.kpi.measuring import PATIENCE_S
from af_client.kpi.report import per, per_cent, seconds
from af_client.kpi.results import Assessed, KpiResult
from af_client.kpi.statistics import Verdict
from af_client.modelserver.catalogue import Application, MetBy, catalogue
from af_client.modelserver.serving import SETTLING_S


def write_page(result: KpiResult, path: Path) -> None:
    """Write the page; it needs no other file and no network."""
    text = resources.files(__package__).joinpath("page.html").read_text("utf-8")
    values = {**_words(result), **_rows(result), **_pictures(result)}
    path.write_text(Template(text).substitute(values), "utf-8")


def _words(result: KpiResult) -> dict[str, object]:
    setting, subject = result.setting, result.assessed[0].subject
    met = [each for each in result.assessed if each.overall is Verdict.YES]
    names = ", ".join(f"{escape(e.subject.title)} ({e.subject.bits} bit)" for e in met)
    return {
        "scenario": escape(setting.scenario),
        "ue": escape(setting.ue),
        "description": escape(setting.description),
        "models": len(result.assessed),
        "met": len(met),
        "names": f": {names}" if names else "",
        "budget": f"{subject.budget_s:g}",
        "in_time": f"{100 * IN_TIME_SHARE:g} %",
        "kept": f"{100 * RATE_SHARE:g} %",
        "period": f"{needed_period_s(subject):.0f}",
        "patience": f"{PATIENCE_S:g}",
        "starts": setting.sampling.starts,
        "span": span(setting.duration_s),
        "stretches": setting.stretches,
        "slowest": seconds(_slowest_s(result)),
        "packet_bytes": result.counted[0].packet_bytes,
        "compared": _compared(result),
        "delay": f"{1000 * setting.delay_s:g}",
        "settling": f"{1000 * SETTLING_S:g}",
        "seed": setting.sampling.seed,
        "row_count": len(result.rows),
    }


def _rows(result: KpiResult) -> dict[str, object]:
    wanted = {row.application for row in result.rows}
    applications = [each for each in catalogue().applications if each.name in wanted]
    slowest_s = _slowest_s(result)
    return {
        "verdicts": _joined(map(_verdict_row, result.assessed)),
        "applications": _joined(_application_row(each, slowest_s) for each in applications),
        "counted": _joined(map(_counted_row, result.counted)),
        "rows": _joined(map(_row, result.rows)),
    }


def _pictures(result: KpiResult) -> dict[str, object]:
    return {
        "latencies": plots.latencies(result),
        "rates": plots.rates(result),
        "guaranteed": plots.guaranteed(result),
        "reliabilities": plots.reliabilities(result),
    }


def _verdict_row(each: Assessed) -> str:
    subject, figures = each.subject, each.figures
    why = next((f.reason for f in each.findings if f.verdict is each.overall), "")
    return (
        f'<tr><td class="name">{escape(subject.title)}</td>{_number(subject.bits)}'
        f"{_number(seconds(figures.p50_s))}{_number(seconds(figures.p99_s))}"
        f"{''.join(_mark(each.verdict(requirement)) for requirement in REQUIREMENTS)}"
        f"<td>{escape(why)}</td></tr>"
    )


def _application_row(application: Application, slowest_s: float | None) -> str:
    recognition_s, download_s = application.recognition_latency_s, application.download_latency_s
    bridge = "no model meets all" if slowest_s is None else _bridge(application, slowest_s)
    return (
        f"<tr><td>{escape(application.name)}</td>{_number(f'{recognition_s:g}')}"
        f"{_number(f'{download_s:g}')}<td>{bridge}</td></tr>"
    )


def _bridge(application: Application, slowest_s: float) -> str:
    gap_s = slowest_s - application.recognition_latency_s
    if gap_s <= 0:
        return f"nothing needs to, if the recognition itself takes no more than {-gap_s:.2f} s"
    if application.met_by is MetBy.INTERIM_MODEL:
        return f"a lesser model, installed beforehand, serves for {gap_s:.2f} s"
    return f"the model is predicted, and wanted {gap_s:.2f} s ahead of its use"


def _counted_row(each: Counted) -> str:
    share = each.share
    bounds = f"{per_cent(share.low)} to {per_cent(share.high)}"
    numbers = (per(each.per), each.sent, each.lost, each.reported_lost)
    cells = map(_number, (*numbers, per_cent(share.estimate), bounds))
    return f"<tr><td>{each.part}</td>{''.join(cells)}</tr>"


def _row(row: Row) -> str:
    names = (row.application, row.model, row.precision)
    return (
        f"<tr>{''.join(f'<td>{escape(name)}</td>' for name in names)}{_mark(row.verdict)}"
        f"{_number(seconds(row.gap_s))}<td>{escape(row.reason)}</td></tr>"
    )


def _slowest_s(result: KpiResult) -> float | None:
    """Return the slowest p99 of the models that meet all."""
    met = (each.figures.p99_s for each in result.assessed if each.overall is Verdict.YES)
    return max((time_s for time_s in met if time_s is not None), default=None)


def _compared(result: KpiResult) -> str:
    if not result.compared:
        return "No model was granted that is small enough to compare it with the delivery itself."
    apart_ms = max(1000 * each.difference_s for each in result.compared)
    return (
        f"For {len(result.compared)} models below 30 MB it was compared with the delivery's own"
        f" sender and receiver in virtual time: the medians are {apart_ms:.1f} ms apart at most."
    )


def _mark(verdict: Verdict) -> str:
    name = "unshown" if verdict is Verdict.NOT_SHOWN else verdict.value
    return f'<td class="v {name}">{verdict.value}</td>'


def _number(value: object) -> str:
    return f'<td class="n">{value}</td>'


def _joined(rows: Iterable[str]) -> str:
    return "\n".join(rows)
