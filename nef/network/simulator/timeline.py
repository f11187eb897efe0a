"""What a scenario does by itself: every UE's rate and every cell's load over time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

import numpy as np

from nef.network.simulator.clock import SimulationClock
from nef.network.simulator.network import SimulatedNetwork
from nef.network.simulator.run import Run, Source
from nef.network.simulator.scenario import Scenario

_Row = TypeVar("_Row")

#: A timeline has the moments at which something changes, and at least so many in all.
_LEAST_MOMENTS = 200


@dataclass(frozen=True)
class Timeline:
    """A scenario that was played without AFs up to `until_s`, at `times_s` from its start.

    `rates_bps` of each UE is what a new flow of error rate 1E-3 could get, `sinrs_db` its radio;
    `loads` of each cell is the share of its blocks that guaranteed flows hold, from 0 to 1, and
    nan while it is out of service.
    """

    scenario: Scenario
    until_s: float
    times_s: tuple[float, ...]
    sinrs_db: dict[str, tuple[float, ...]]
    rates_bps: dict[str, tuple[int, ...]]
    loads: dict[str, tuple[float, ...]]

    def mean(self, values: tuple[float, ...]) -> float:
        """The mean over time of values that hold until the next moment."""
        lasts_s = np.diff(self.times_s, append=self.until_s)
        known = ~np.isnan(values)
        if not lasts_s[known].sum():
            return float("nan")
        return float(np.average(np.array(values)[known], weights=lasts_s[known]))


def alike(rows: Iterable[tuple[str, _Row]]) -> list[tuple[str, _Row]]:
    """Named rows, with one for those that follow each other and differ in nothing but names."""
    runs = [list(run) for _, run in groupby(rows, key=itemgetter(1))]
    return [
        (run[0][0] if len(run) == 1 else f"{run[0][0]} to {run[-1][0]}", run[0][1]) for run in runs
    ]


def timeline_of(source: Source, until_s: float | None = None) -> Timeline:
    """Play a scenario from its start, in no time; raises InvalidRequest where it is not valid."""
    clock = SimulationClock(lambda: 0.0)
    network = SimulatedNetwork(clock)
    network.load(source, None, "manual", 0.0)
    run = network.stage.ledger.run
    scenario = run.scenario
    until_s = until_s or scenario.duration_s
    times_s = tuple(_moments(run, until_s))
    ues, cells = [], []
    for time_s in times_s:
        if time_s > clock.now_s():
            clock.advance(time_s - clock.now_s())
        ues.append(network.ues(clock.now_s()))
        cells.append(network.cells(clock.now_s()))
    return Timeline(
        scenario,
        until_s,
        times_s,
        {column[0].ue_id: tuple(ue.sinr_db for ue in column) for column in zip(*ues, strict=True)},
        {c[0].ue_id: tuple(ue.rate_dl_bps for ue in c) for c in zip(*ues, strict=True)},
        {
            c[0].cell_id: tuple(
                float("nan") if cell.outage else cell.blocks_granted / cell.blocks for cell in c
            )
            for c in zip(*cells, strict=True)
        },
    )


def _moments(run: Run, until_s: float) -> Iterator[float]:
    changes_s = run.changes_s(run.scenario.ues, 0.0, until_s)
    grid_s = np.linspace(0.0, until_s, _LEAST_MOMENTS, endpoint=False).tolist()
    yield from sorted({t for t in (*changes_s, *grid_s) if t < until_s})
