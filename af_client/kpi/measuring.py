"""What is measured of each model: grants asked of the NEF, then downloads in simulated time."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from af_client.delivery.sender import SHARE_OF_RATE
from af_client.delivery.wire import Part
from af_client.kpi.availability import Availability
from af_client.kpi.downloads import Download, Phase, Size, Terms, download, sizes_of
from af_client.kpi.network import Grant, Network, Stretch
from af_client.kpi.reliability import InTime, sendable_share
from af_client.kpi.statistics import Share, quantile
from af_client.kpi.subjects import Subject

#: What has not arrived by then never does.
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many downloads start at random times of the scenario, each with its own luck."""

    starts: int
    seed: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of a model; nothing of it is a verdict.

    `best_bps` and `worst_bps` are what both flows were granted at most and at least, 0 for nothing.
    Times that are infinite are None.
    """

    granted: Share
    best_bps: int
    worst_bps: int
    p50_s: float | None
    p99_s: float | None
    in_time: Share
    p5_bps: float
    rate_kept: Share
    topology: InTime
    weights: InTime
    available: Availability


#: For each stretch of the scenario what each demand for rates was granted, None for nothing.
Grants = Sequence[dict[tuple[int, int], Grant | None]]


def start_times(duration_s: float, sampling: Sampling) -> list[float]:
    """Draw the starts: one at random in each of as many equal parts of the scenario."""
    random = np.random.default_rng([sampling.seed, 0])
    parts = np.arange(sampling.starts) + random.random(sampling.starts)
    return [float(part) * duration_s / sampling.starts for part in parts]


def ask_all(
    network: Network,
    subjects: Sequence[Subject],
    told: Callable[[float], object],
) -> tuple[Grants, float]:
    """Ask for every model in every stretch of the scenario.

    Returns the grants, and the delay of a packet (0 where there is no coverage at any time).
    `told` hears the time of the scenario.
    """
    grants: list[dict[tuple[int, int], Grant | None]] = []
    delay_s: float | None = None
    for stretch in network.played.stretches:
        grants.append({})
        told(stretch.from_s)
        network.go_to(stretch.from_s)
        delay_s = network.delay_s() if delay_s is None else delay_s
        for subject in subjects:
            key = _rates(subject)
            if key not in grants[-1]:
                grants[-1][key] = network.ask(subject.rung)
    return grants, delay_s or 0.0


def measure(
    subject: Subject,
    stretches: Sequence[Stretch],
    grants: Grants,
    starts_s: Sequence[float],
    sampling: Sampling,
    terms: Terms,
    available: Availability,
) -> Figures:
    """Download a model at each start, and count."""
    sizes = sizes_of(subject.rung.variant, terms.header_bytes)
    courses = [_phases(subject, start_s, stretches, grants) for start_s in starts_s]
    random = np.random.default_rng([sampling.seed, 1])
    downloads = [download(sizes, phases, terms, random) for phases in courses]
    first = [phases[0].grant for phases in courses]
    in_time = (
        InTime(
            sendable_part(subject, part, size, stretches, grants, terms),
            Share(sum(a.sendable - a.in_time for a in arrivals), sum(a.sendable for a in arrivals)),
        )
        for part, size, arrivals in (
            (Part.TOPOLOGY, sizes[0], [each.topology for each in downloads]),
            (Part.WEIGHTS, sizes[1], [each.weights for each in downloads]),
        )
    )
    return _figures(subject, first, downloads, tuple(in_time), available)


def _figures(
    subject: Subject,
    grants: Sequence[Grant | None],
    downloads: Sequence[Download],
    parts: tuple[InTime, ...],
    available: Availability,
) -> Figures:
    budget_s, starts = subject.budget_s, len(downloads)
    times = [each.seconds for each in downloads]
    bits = 8 * subject.rung.variant.weights_bytes
    rates_bps = [grant.topology_bps + grant.weights_bps if grant else 0 for grant in grants]
    topology, weights = parts
    return Figures(
        granted=Share(sum(not (g and g.asked) for g in grants), starts),
        best_bps=max(rates_bps),
        worst_bps=min(rates_bps),
        p50_s=quantile(times, 0.5),
        p99_s=quantile(times, 0.99),
        in_time=Share(sum(time_s > budget_s for time_s in times), starts),
        p5_bps=quantile([bits / time_s for time_s in times], 0.05) or 0.0,
        rate_kept=Share(sum(bits / time_s < subject.needed_bps for time_s in times), starts),
        topology=topology,
        weights=weights,
        available=available,
    )


def _phases(
    subject: Subject, start_s: float, stretches: Sequence[Stretch], grants: Grants
) -> list[Phase]:
    """Return what is granted while a download may last; after a change it is asked for anew."""
    first = bisect_right([stretch.from_s for stretch in stretches], start_s) - 1
    phases: list[Phase] = []
    for stretch, granted in zip(stretches[first:], grants[first:], strict=True):
        if stretch.from_s >= start_s + PATIENCE_S:
            break
        phases.append(Phase(stretch.until_s - start_s, granted[_rates(subject)]))
    # Nothing changes after the end of the scenario.
    last_s = PATIENCE_S if first + len(phases) == len(stretches) else phases[-1].until_s
    phases[-1] = Phase(min(last_s, PATIENCE_S), phases[-1].grant)
    return phases


def sendable_part(
    subject: Subject,
    part: Part,
    size: Size,
    stretches: Sequence[Stretch],
    grants: Grants,
    terms: Terms,
) -> float:
    """Return the share of a part's packets that the grants leave time for, over all starts."""
    held = [granted[_rates(subject)] for granted in grants]
    rates_bps = [
        SHARE_OF_RATE * (g.topology_bps if part is Part.TOPOLOGY else g.weights_bps) if g else 0.0
        for g in held
    ]
    edges_s = [stretches[0].from_s, *(stretch.until_s for stretch in stretches)]
    window_s = (terms.begin_s, terms.budget_s - terms.delay_s)
    return sendable_share(edges_s, rates_bps, window_s, size.bits)


def _rates(subject: Subject) -> tuple[int, int]:
    return subject.rung.topology_rate_bps, subject.rung.weights_rate_bps
