"""What a tick costs as the network grows: `make bench-scale`, or `python -m bench.scale --help`.

A tick lets a second of the simulation pass, in which the radio of one UE in a hundred changes, and
ends when the events are in the outbox of a store on disk. Times are CPU times of the process; each
size has a process of its own, so the memory is its own too.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from bench.network import Crowd, Rig
from nef.serving import leave_start_alone

SIZES = (1_000, 10_000, 100_000)
LARGEST = 1_000_000
TICKS = 20
#: So many sessions are made by the service at the beginning, and at the end, to be timed.
TIMED = 100

HEADINGS = (
    "flows", "cells", "UEs", "changing", "events", "tick, ms", "worst, ms", "ticks/s",
    "growth", "step, ms", "network, ms", "load, s", "memory, MB", "reserve, us", "create, ms",
    "idle, ms",
)  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """What was measured of a size; pairs are of the first sessions, and of the last ones."""

    crowd: Crowd
    ticks_s: list[float]
    step_s: float
    network_s: float
    load_s: float
    idle_s: float
    events: float
    memory_bytes: int
    reserve_s: tuple[float, float]
    create_s: tuple[float, float]

    @property
    def tick_s(self) -> float:
        return statistics.median(self.ticks_s)


def measured(crowd: Crowd) -> Figures:
    """Fill a network with sessions, and let it tick."""
    with tempfile.TemporaryDirectory() as folder:
        begun_s = time.process_time()
        rig = Rig(crowd, f"sqlite:///{Path(folder) / 'scale.sqlite3'}")
        load_s = time.process_time() - begun_s
        first = [_cpu_s(rig.create, n) for n in range(TIMED)]
        between = [rig.prepared(n) for n in range(TIMED, crowd.ues - TIMED)]
        reserved = [_cpu_s(rig.reserve, one) for one in between]
        rig.write_down()
        last = [_cpu_s(rig.create, n) for n in range(crowd.ues - TIMED, crowd.ues)]
        del between
        rig.service.tick()
        leave_start_alone()  # as a service does that has begun with these sessions
        before = rig.events()
        ticks_s = [_cpu_s(rig.tick) for _ in range(TICKS)]
        events = (rig.events() - before) / TICKS
        step_s = statistics.median(_cpu_s(rig.step) for _ in range(TICKS))
        idle_s = statistics.median(_cpu_s(rig.service.tick) for _ in range(TICKS))
        network_s = statistics.median(_cpu_s(rig.tick_alone) for _ in range(TICKS))
        rig.storage.close()
    few = len(reserved) // 10
    ends = (statistics.mean(reserved[:few]), statistics.mean(reserved[-few:]))
    creates = (statistics.mean(first), statistics.mean(last))
    memory_bytes = _resident_bytes()
    return Figures(
        crowd, ticks_s, step_s, network_s, load_s, idle_s, events, memory_bytes, ends, creates
    )


def row(found: Figures, before: Figures | None) -> tuple[str, ...]:
    """A line of the table; growth is by how much a tick costs more than in a smaller network."""
    crowd = found.crowd
    growth = f"x {found.tick_s / before.tick_s:.1f}" if before else ""
    return (
        f"{crowd.flows:,}",
        f"{crowd.cells:,}",
        f"{crowd.ues:,}",
        f"{crowd.ues // 100:,}",
        f"{found.events:.0f}",
        f"{found.tick_s * 1e3:.1f}",
        f"{max(found.ticks_s) * 1e3:.1f}",
        f"{1 / found.tick_s:.0f}",
        growth,
        f"{found.step_s * 1e3:.1f}",
        f"{found.network_s * 1e3:.1f}",
        f"{found.load_s:.1f}",
        f"{found.memory_bytes / 1e6:.0f}",
        " ... ".join(f"{s * 1e6:.0f}" for s in found.reserve_s),
        " ... ".join(f"{s * 1e3:.2f}" for s in found.create_s),
        f"{found.idle_s * 1e3:.2f}",
    )


def table(crowds: Sequence[Crowd]) -> None:
    """Measure one size after the other, and print each as soon as it is known."""
    _print_line(HEADINGS)
    _print_line(["---:"] * len(HEADINGS))
    before: Figures | None = None
    for crowd in crowds:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            found = alone.submit(measured, crowd).result()
        _print_line(row(found, before))
        before = found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--flows", type=int, nargs="+", default=SIZES, help="sizes to measure")
    parser.add_argument("--million", action="store_true", help="a million flows too; minutes, GBs")
    parser.add_argument("--flows-a-session", type=int, choices=(1, 2), default=2)
    parser.add_argument("--spread", action="store_true", help="each change at its own moment")
    told = parser.parse_args()
    sizes = [*told.flows, *([LARGEST] if told.million else [])]
    table([Crowd(size, told.flows_a_session, told.spread) for size in sizes])


def _cpu_s(work: Callable[..., object], *told: object) -> float:
    begun_s = time.process_time()
    work(*told)
    return time.process_time() - begun_s


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096


def _print_line(cells: Sequence[str]) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
