"""`nef scenario`: what ships, what a file says, and what it does."""

from collections.abc import Iterator
from math import isnan
from pathlib import Path

import click
import orjson

from nef.commands.ending import or_fail, plotting
from nef.commands.headings import SentenceGroup
from nef.commands.tables import table_lines
from nef.network.simulator.files import scenario_source
from nef.network.simulator.parsing import schema
from nef.network.simulator.radio import peak_rate_bps
from nef.network.simulator.run import scenario_of
from nef.network.simulator.scenario import Cell, Scenario, Ue, shipped_document, shipped_scenarios
from nef.network.simulator.timeline import Timeline, alike, timeline_of

_MOST_ROWS = 30
_MOST_NAMES = 6


@click.group(cls=SentenceGroup)
def scenario() -> None:
    """Look at scenarios: NAME_OR_FILE is one that ships, or the path of a YAML file."""


@scenario.command("list")
def list_them() -> None:
    """List the scenarios that ship, each with what it is for."""
    for name in shipped_scenarios():
        click.echo(f"{name}: {shipped_document(name)['description']}")


@scenario.command("schema")
def print_schema() -> None:
    """Print the JSON schema of scenarios, for an editor that checks while you write."""
    click.echo(orjson.dumps(schema(), option=orjson.OPT_INDENT_2))


@scenario.command()
@click.argument("name_or_file")
def check(name_or_file: str) -> None:
    """Say whether a scenario is valid; each error with line, place and what would be right."""
    found = or_fail(lambda: scenario_of(scenario_source(name_or_file)))
    click.echo(f"{name_or_file} is valid: {_size(found)}")


@scenario.command()
@click.argument("name_or_file")
def describe(name_or_file: str) -> None:
    """Say in a page what a scenario has and does: cells, UEs, radio, and what it leaves."""
    timeline = or_fail(lambda: timeline_of(scenario_source(name_or_file)))
    for line in _description(timeline):
        click.echo(line)


@scenario.command()
@click.argument("name_or_file")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path),
              help="PNG, SVG or PDF file to write. [default: NAME.png]")  # fmt: skip
@click.option("--until-s", type=click.FloatRange(0, min_open=True),
              help="How long to play it. [default: its duration]")  # fmt: skip
def plot(name_or_file: str, out: Path | None, until_s: float | None) -> None:
    """Draw every UE's reported bandwidth and every cell's load over time."""
    with plotting():
        from nef.commands.plots import save_timeline  # noqa: PLC0415 - large, and not always there
    timeline = or_fail(lambda: timeline_of(scenario_source(name_or_file), until_s))
    path = out or Path(f"{timeline.scenario.name}.png")
    or_fail(lambda: save_timeline(timeline, path))
    click.echo(f"{path} shows {timeline.scenario.name}")


def _size(found: Scenario) -> str:
    counts = ((len(found.cells), "cell"), (len(found.ues), "UE"), (len(found.groups), "group"))
    told = [f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in counts if n]
    return f"{', '.join(told)}, {found.duration_s:g} s, seed {found.seed}"


def _description(timeline: Timeline) -> Iterator[str]:
    found = timeline.scenario
    rows = [(name, *row) for name, row in alike((ue.id, _ue_row(timeline, ue)) for ue in found.ues)]
    yield f"{found.name}: {found.description}"
    yield _size(found)
    yield ""
    yield from table_lines(
        ("cell", "MHz", "blocks", "peak Mbit/s", "held mean", "held most", "out of service"),
        [_cell_row(timeline, cell) for cell in found.cells],
    )
    yield ""
    yield from table_lines(
        ("UE", "cell", "SINR dB", "Mbit/s least", "mean", "most", "own flows"),
        rows[:_MOST_ROWS],
    )
    if len(rows) > _MOST_ROWS:
        yield f"and {len(rows) - _MOST_ROWS} more"
    yield "Mbit/s: what a new flow of error rate 1E-3 could get, over the time of the scenario"
    for group in found.groups:
        more = ", ..." if len(group.ue_ids) > _MOST_NAMES else ""
        names = ", ".join(group.ue_ids[:_MOST_NAMES])
        yield f"group {group.id}, {len(group.ue_ids)}: {names}{more}"


def _cell_row(timeline: Timeline, cell: Cell) -> tuple[str, ...]:
    loads = timeline.loads[cell.id]
    in_service = [load for load in loads if not isnan(load)]
    spans = ", ".join(f"{span.from_s:g} s to {span.until_s:g} s" for span in cell.outages)
    return (
        cell.id,
        f"{cell.carrier.bandwidth_mhz}",
        f"{cell.carrier.blocks}",
        f"{peak_rate_bps(cell.carrier) / 1e6:.0f}",
        f"{timeline.mean(loads):.0%}",
        f"{max(in_service, default=0):.0%}",
        spans or "never",
    )


def _ue_row(timeline: Timeline, ue: Ue) -> tuple[str, ...]:
    rates, sinrs = timeline.rates_bps[ue.id], timeline.sinrs_db[ue.id]
    least, most = min(sinrs), max(sinrs)
    return (
        ue.cell_id if ue.attached else f"{ue.cell_id} (off)",
        f"{least:.1f}" if least == most else f"{least:.1f} to {most:.1f}",
        *(f"{rate / 1e6:.1f}" for rate in (min(rates), timeline.mean(rates), max(rates))),
        ", ".join(str(flow.rate_dl) for flow in ue.background[:3]) or "none",
    )
