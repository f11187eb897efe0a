"""Whether an answer takes as long as ever when more is stored, and what that takes in memory.

    python -m bench.stored [--store sqlite postgresql] [--most 1000000]

Sessions are put into the store beside the service, which knows them by the store only. For each
number of them there is a service of its own, and these are asked in turns: the ratio is the median
of those of the rounds.
"""

import argparse
import random
from collections.abc import Sequence
from statistics import median

import numpy as np

from af_client.demo.programs import Programs
from bench.filling import EACH, owner, path_of
from bench.limits import Limits
from bench.sides import Client, Cost, Side, asking, nef, store
from bench.stores import KINDS, Stores, running
from bench.table import printed
from bench.world import memory_mb

SIZES = (1_000, 10_000, 100_000, 1_000_000)
_ROUNDS = 15
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
    """A row for each number of stored sessions, all held against that of the fewest."""
    with Programs() as programs, asking(programs) as client:
        sides = [nef(programs, stores.new(f"nef_{size}")) for size in sizes]
        for side, size in zip(sides, sizes, strict=True):
            store(client, side, 0, size)
        rounds = [_round(client, sides, sizes, number) for number in range(_ROUNDS + 1)]
        costs = list(zip(*rounds[1:], strict=True))  # the first round warms up
        return [
            (
                f"{size:,}",
                *_columns(f"{kind}: read of {size:,}", _reads(costs[0]), _reads(own), limits),
                *_columns(f"{kind}: list of {size:,}", _lists(costs[0]), _lists(own), limits),
                f"{memory_mb(side.pid):.0f}",
                f"{stores.size_mb(side.database):.0f}",
            )
            for side, size, own in zip(sides, sizes, costs, strict=True)
        ]


#: What reads and lists of one number of stored sessions cost in one round.
Costs = tuple[Cost, Cost]


def _round(client: Client, sides: Sequence[Side], sizes: Sequence[int], number: int) -> list[Costs]:
    numbers = random.Random(number)
    return [asked(client, *each, numbers) for each in zip(sides, sizes, strict=True)]


def asked(client: Client, side: Side, stored: int, numbers: random.Random) -> Costs:
    """What it costs to read some of what is stored, and to list some AFs' sessions."""
    chosen = [numbers.randrange(stored) for _ in range(_REQUESTS)]
    paths = [path_of(side.root, number) for number in chosen]
    reads, _ = client.ask(side, 1, [["GET", path, None] for path in paths])
    owners = [side.of(owner(number // EACH)) for number in chosen]
    lists, _ = client.ask(side, 1, [["GET", path, None] for path in owners])
    return reads, lists


def _reads(costs: Sequence[Costs]) -> list[Cost]:
    return [reads for reads, _ in costs]


def _lists(costs: Sequence[Costs]) -> list[Cost]:
    return [lists for _, lists in costs]


def _columns(
    what: str, fewest: Sequence[Cost], costs: Sequence[Cost], limits: Limits
) -> tuple[str, ...]:
    every = np.concatenate([cost.latencies_ms for cost in costs])
    ratio = median(own.cpu_ms / few.cpu_ms for own, few in zip(costs, fewest, strict=True))
    return (
        f"{median(cost.cpu_ms for cost in costs):.2f}",
        f"{ratio:.2f}",
        f"{FLAT:g}",
        limits.check(what, ratio, FLAT),
        f"{np.percentile(every, 50):.2f}",
        f"{np.percentile(every, 99):.2f}",
    )


if __name__ == "__main__":
    main()
