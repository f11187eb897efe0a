"""Handover: which cell serves a UE on its way, by event A3 of TS 38.331 5.5.4.4.

A pure function of the scenario, worked out before it is played: the cell of a UE over time.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nef.network.simulator.conditions import Path
from nef.network.simulator.cqi import Floats
from nef.network.simulator.scenario import Cell, Stay

#: How often a UE measures: a finer time to trigger makes no difference.
MEASURED_EVERY_S = 0.2
_NOT_HEARD = -np.inf


@dataclass(frozen=True, slots=True)
class Trigger:
    """When a neighbour takes over: it is better by so much, for so long."""

    hysteresis_db: float
    time_to_trigger_s: float


@dataclass(frozen=True, slots=True)
class Way:
    """The radio of a UE that is handed over: on the path to the cell that serves it then."""

    stays: tuple[Stay, ...]
    paths: tuple[Path, ...]

    def sinr_db(self, time_s: float) -> float:
        """The SINR from the serving cell."""
        stay = bisect_right(self.stays, time_s, key=lambda s: s.from_s) - 1
        return self.paths[stay].sinr_db(time_s)

    def steps_s(self, after_s: float) -> Iterable[float]:
        """Each handover, and what each path has while its cell serves."""
        ends_s = [*(stay.from_s for stay in self.stays[1:]), np.inf]
        for stay, path, end_s in zip(self.stays, self.paths, ends_s, strict=True):
            if end_s <= after_s:
                continue
            if stay.from_s > after_s:
                yield stay.from_s
            for time_s in path.steps_s(max(after_s, stay.from_s)):
                if time_s >= end_s:
                    break
                yield time_s


def way_of(cells: Sequence[Cell], paths: Mapping[str, Path], first: str, trigger: Trigger) -> Way:
    """The way of a UE that begins in the cell `first`; `paths` leads to each of the cells.

    A cell that the scenario has out of service is not heard.
    """
    path = paths[first]
    ends_s = [span.until_s for cell in cells for span in cell.outages if span.until_s < np.inf]
    last_s = max([path.times_s[-1], *ends_s]) + trigger.time_to_trigger_s + 1
    times_s = np.arange(0.0, last_s, MEASURED_EVERY_S)
    heard = np.array([_heard_dbm(cell, paths[cell.id], times_s) for cell in cells])
    names = [cell.id for cell in cells]
    stays = tuple(
        Stay(round(float(times_s[at]), 6), names[cell])
        for at, cell in _served(heard, names.index(first), trigger)
    )
    return Way(stays, tuple(paths[stay.cell_id] for stay in stays))


def _heard_dbm(cell: Cell, path: Path, times_s: Floats) -> Floats:
    """What a UE measures of a cell: its received power in one resource element (RSRP)."""
    heard: Floats = path.received_dbm(times_s) - 10 * np.log10(12 * cell.carrier.blocks)
    for span in cell.outages:
        heard[(times_s >= span.from_s) & (times_s < span.until_s)] = _NOT_HEARD
    return heard


def _served(heard: Floats, first: int, trigger: Trigger) -> Iterator[tuple[int, int]]:
    """Sample and cell of each handover, the first cell at sample 0; `heard` is (cells, samples)."""
    yield 0, first
    patience = round(trigger.time_to_trigger_s / MEASURED_EVERY_S)
    serving, at = first, 0
    while True:
        # A3-1: Mn - Hys > Mp, without offsets of cells or frequencies.
        better = heard[:, at:] - trigger.hysteresis_db > heard[serving, at:]
        ready = _lasting(better) > patience
        if not ready.any():
            return
        step = int(np.argmax(ready.any(axis=0)))
        at += step
        serving = int(np.argmax(np.where(ready[:, step], heard[:, at], _NOT_HEARD)))
        yield at, serving


def _lasting(true: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For how many samples in a row it has been true, up to and with each."""
    index = np.arange(true.shape[1])
    last_false: NDArray[np.int64] = np.maximum.accumulate(np.where(true, -1, index), axis=1)
    lasting: NDArray[np.int64] = index - last_false
    return lasting
