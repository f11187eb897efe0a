"""Whether an answer takes as long as ever when more is stored, and what that takes in memory.

    python -m bench.stored [--store sqlite postgresql] [--most 1000000]

Sessions are put into the store beside the service, which knows them by the store only.
"""

import argparse
import random
from collections.abc import Sequence
from statistics import median

import numpy as np

from bench.filling import EACH, owner, path_of
from bench.limits import Limits
from bench.sides import Client, Cost, Side, serving, store
from bench.stores import KINDS, Stores, running
from bench.table import printed
from bench.world import memory_mb

SIZES = (1_000, 10_000, 100_000, 1_000_000)
_ROUNDS = 5
_REQUESTS = 200
#: By how much more an answer may cost than with the fewest stored.
FLAT = 1.5
_HEADS = (
    "stored", "read CPU ms", "ratio", "limit", "", "p50 ms", "p99 ms",
    "list CPU ms", "ratio", "limit", "", "p50 ms", "p99 ms", "memory MB", "store MB",
)  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--store", nargs="+", choices=KINDS, default=KINDS)
    arguments.add_argument("--most", type=int, default=SIZES[-1])
    given = arguments.parse_args()
    limits = Limits()
    for kind in given.store:
        with running(kind) as stores:
            rows = table(stores, [size for size in SIZES if size <= given.most], kind, limits)
        print(f"\n{kind}: reads at random, and lists of the {EACH} sessions of an AF")
        printed(_HEADS, rows)
    limits.exit()


def table(stores: Stores, sizes: Sequence[int], kind: str, limits: Limits) -> list[tuple[str, ...]]:
    """One size after the other."""
    rows: list[tuple[str, ...]] = []
    first: list[float] = []
    stored = 0
    with serving(stores) as (_, nef, client):
        for size in sizes:
            store(client, nef, stored, size)
            stored = size
            costs = measured(client, nef, size)
            first = first or [_cpu_ms(each) for each in costs]
            named = [f"{kind}: {what} of {size:,}" for what in ("read", "list")]
            columns = [_columns(*one, limits) for one in zip(named, costs, first, strict=True)]
            memory, kept = f"{memory_mb(nef.pid):.0f}", f"{stores.size_mb(nef.database):.0f}"
            rows.append((f"{size:,}", *columns[0], *columns[1], memory, kept))
    return rows


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


def _columns(what: str, costs: list[Cost], first_ms: float, limits: Limits) -> tuple[str, ...]:
    every = np.concatenate([cost.latencies_ms for cost in costs])
    ratio = _cpu_ms(costs) / first_ms
    return (
        f"{_cpu_ms(costs):.2f}",
        f"{ratio:.2f}",
        f"{FLAT:g}",
        limits.check(what, ratio, FLAT),
        f"{np.percentile(every, 50):.2f}",
        f"{np.percentile(every, 99):.2f}",
    )


if __name__ == "__main__":
    main()
