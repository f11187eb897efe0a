"""Runs the whole: asks the NEF, downloads, counts, judges; prints, and writes what was found."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from af_client.delivery.wire import Part
from af_client.experiments.network import serving_nef
from af_client.experiments.results import write_result
from af_client.kpi.assess import Row, findings, row
from af_client.kpi.availability import availability, walk
from af_client.kpi.counting import Counted, count_packets
from af_client.kpi.downloads import Phase, Terms, download, sizes_of
from af_client.kpi.measuring import (
    PATIENCE_S,
    Figures,
    Grants,
    Sampling,
    ask_all,
    measure,
    start_times,
)
from af_client.kpi.network import Network, source_of
from af_client.kpi.protocol import transfer_s
from af_client.kpi.reliability import InTime
from af_client.kpi.report import tables
from af_client.kpi.results import Assessed, Bounds, Compared, KpiResult, Setting
from af_client.kpi.subjects import Subject, subjects
from af_client.modelserver.catalogue import Application, catalogue
from af_client.progress import progress

#: Up to this size the delivery itself is run beside the closed form.
COMPARED_BYTES = 30_000_000
_COMPARISONS = 5


@dataclass(frozen=True, slots=True)
class KpiSettings:
    """What is measured; () stands for all. `packets` go through the user plane for each part."""

    scenario: str
    ue: str | None
    models: tuple[str, ...]
    applications: tuple[str, ...]
    sampling: Sampling
    packets: dict[Part, int]
    longest_count_s: float = 20.0


def run_kpi(
    settings: KpiSettings, json_file: Path | None, page: Path | None, console: Console
) -> KpiResult:
    """Measure over a NEF of its own, print, and write what is asked for.

    Raises LookupError for a name that is not known, ScenarioUnusable, ProgramFailed and Unanswered
    where the NEF does not start or play it, NefError, and NothingToCount.
    """
    if page is not None:  # what it takes is looked for before anything is measured
        from af_client.kpi.page import write_page  # noqa: PLC0415 - drawing takes long to load
    applications = _applications(settings.applications)
    budgets_s = [each.download_latency_s for each in applications]
    wanted = subjects(settings.models, budgets_s)
    source = source_of(settings.scenario)
    with progress("The NEF starts") as told, serving_nef() as nef_url:
        told(f"It plays {settings.scenario}")
        with closing(Network(nef_url, source, settings.ue)) as network:
            result = _measured(network, wanted, applications, settings, told)
    if json_file is not None:
        write_result(result, json_file)
    if page is not None:
        write_page(result, page)
    for table in tables(result):
        console.print(table)
    for written in (json_file, page):
        if written is not None:
            console.print(f"Written: {written}", soft_wrap=True)
    return result


def _measured(
    network: Network,
    wanted: Sequence[Subject],
    applications: Sequence[Application],
    settings: KpiSettings,
    told: Callable[[str], object],
) -> KpiResult:
    played, sampling = network.played, settings.sampling
    starts_s = start_times(played.duration_s, sampling)
    asking = f"Asking for every model in {played.scenario}, %s s of {played.duration_s:g} s"
    grants, delay_s = ask_all(network, wanted, lambda at: told(asking % f"{at:g}"))
    told("A session lives through the scenario")
    held = walk(network, wanted)
    told("Packets are counted in the user plane")
    counted = count_packets(network, settings.packets, settings.longest_count_s)
    told("Downloading in simulated time")
    setting = Setting(
        played.scenario,
        played.description,
        played.ue,
        played.duration_s,
        len(played.stretches),
        delay_s,
        sampling,
    )
    header_bytes = played.device.header_bytes
    assessed: list[Assessed] = []
    for subject in wanted:
        terms = Terms(subject.budget_s, delay_s, header_bytes)
        available = availability(held, subject)
        figures = measure(subject, played.stretches, grants, starts_s, sampling, terms, available)
        assessed.append(_assessed(subject, figures, counted))
    compared = tuple(_compared(wanted, grants, delay_s, header_bytes))
    rows = _rows(applications, assessed)
    return KpiResult(setting, tuple(assessed), rows, held, counted, compared)


def _assessed(subject: Subject, figures: Figures, counted: Sequence[Counted]) -> Assessed:
    return Assessed(
        subject,
        figures,
        _bounds(figures.topology),
        _bounds(figures.weights),
        findings(subject, figures, counted),
    )


def _rows(applications: Iterable[Application], assessed: Sequence[Assessed]) -> tuple[Row, ...]:
    return tuple(
        row(application, each.subject, each.figures, each.findings)
        for application in applications
        for each in assessed
        if each.subject.budget_s == application.download_latency_s
    )


def _compared(
    wanted: Sequence[Subject], grants: Grants, delay_s: float, header_bytes: int
) -> list[Compared]:
    """Run the delivery of small models in virtual time, and the closed form under the same."""
    found = []
    for subject in wanted:
        variant, rung = subject.rung.variant, subject.rung
        rates = (rung.topology_rate_bps, rung.weights_rate_bps)
        grant = next((g[rates] for g in grants if g.get(rates)), None)
        if grant is None or not grant.asked or variant.weights_bytes > COMPARED_BYTES:
            continue
        terms = Terms(subject.budget_s, delay_s, header_bytes)
        sizes = sizes_of(variant, header_bytes)
        phases = [Phase(PATIENCE_S, grant)]
        random = np.random.default_rng(0)
        protocol = [transfer_s(variant, grant, terms, seed) for seed in range(_COMPARISONS)]
        closed = [download(sizes, phases, terms, random).seconds for _ in range(_COMPARISONS)]
        found.append(Compared(subject.model, subject.precision, tuple(protocol), tuple(closed)))
    return found


def _bounds(share: InTime) -> Bounds:
    return Bounds(share.estimate, share.low, share.high)


def _applications(names: Sequence[str]) -> list[Application]:
    """Return the applications whose names begin so; raises LookupError where none does."""
    every = catalogue().applications
    found: dict[str, Application] = {}
    for name in names or [each.name for each in every]:
        fitting = [each for each in every if each.name.lower().startswith(name.lower())]
        if not fitting:
            known = ", ".join(repr(each.name) for each in every)
            raise LookupError(f"{name!r} is not in table B; choose of {known}")
        found.update((each.name, each) for each in fitting)
    return list(found.values())
