"""Whether an answer takes as long as ever when more is stored, and what that takes in memory.

    python -m bench.stored [--most 1000000] [--database URL]

Sessions are put into the store beside the service, which knows them by the store only.
"""

import argparse
import random
from pathlib import Path
from statistics import median

import numpy as np

from bench.filling import EACH, owner, path_of
from bench.sides import Client, Cost, Side, serving, store
from bench.table import printed

SIZES = (1_000, 10_000, 100_000, 1_000_000)
_ROUNDS = 5
_REQUESTS = 200
_HEADS = (
    "stored", "read CPU ms", "ratio", "p50 ms", "p99 ms", "list CPU ms", "ratio", "p50 ms",
    "p99 ms", "memory MB",
)  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--most", type=int, default=SIZES[-1])
    arguments.add_argument("--database", help="SQLAlchemy URL of an empty database")
    given = arguments.parse_args()
    rows: list[tuple[str, ...]] = []
    first: tuple[float, float] | None = None
    with serving(given.database) as (_, nef, client):
        stored = 0
        for size in (size for size in SIZES if size <= given.most):
            store(client, nef, stored, size)
            stored = size
            reads, lists = measured(client, nef, size)
            first = first or (_cpu_ms(reads), _cpu_ms(lists))
            memory = f"{_memory_mb(nef.pid):.0f}"
            rows.append((str(size), *_columns(reads, first[0]), *_columns(lists, first[1]), memory))
    print(f"\nReads at random, and lists of the {EACH} sessions of an AF")
    printed(_HEADS, rows)


def measured(client: Client, side: Side, stored: int) -> tuple[list[Cost], list[Cost]]:
    """What it costs to read some of what is stored, and to list some AFs' sessions."""
    numbers = random.Random(stored)
    reads, lists = [], []
    for _ in range(_ROUNDS + 1):
        chosen = [numbers.randrange(stored) for _ in range(_REQUESTS)]
        paths = [path_of(side.root, number) for number in chosen]
        reads.append(client.ask(side, 1, [["GET", path, None] for path in paths])[0])
        owners = [side.of(owner(number // EACH)) for number in chosen]
        lists.append(client.ask(side, 1, [["GET", path, None] for path in owners])[0])
    return reads[1:], lists[1:]  # the first round warms up


def _cpu_ms(costs: list[Cost]) -> float:
    return median(cost.cpu_ms for cost in costs)


def _columns(costs: list[Cost], first_ms: float) -> tuple[str, ...]:
    every = np.concatenate([cost.latencies_ms for cost in costs])
    return (
        f"{_cpu_ms(costs):.2f}",
        f"{_cpu_ms(costs) / first_ms:.2f}",
        f"{np.percentile(every, 50):.2f}",
        f"{np.percentile(every, 99):.2f}",
    )


def _memory_mb(pid: int) -> float:
    """The resident memory of a process (Linux: proc(5))."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (found,) = (line for line in lines if line.startswith("VmRSS:"))
    return int(found.split()[1]) / 1024


if __name__ == "__main__":
    main()
