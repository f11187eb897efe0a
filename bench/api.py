"""What a request costs, beside the least that an application on the same store could cost.

    python -m bench.api [--rounds 5] [--requests 200] [--database URL]

The NEF and the yardstick serve the same bodies, each a process of its own on loopback, and a third
process asks, of one and of the other in turns. The ratio is the median of those of the rounds.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from statistics import median

import numpy as np

from bench.filling import EACH, owner
from bench.sides import BODY, Client, Cost, Side, serving, store
from bench.table import printed
from bench.world import GPSI

#: How many sessions are stored while it is measured.
STORED = 10_000
CONNECTIONS = (1, 32)
#: What the NEF may cost, as multiples of the yardstick.
LIMITS = {"create": 2.7, "read": 2.0, "delete": 2.7}

PATCH = {"qosDuration": 3600}
QUESTION = {"analyEvent": "DN_PERFORMANCE", "tgtUe": {"gpsi": GPSI}, "suppFeat": "0"}


Costs = dict[tuple[str, str, int], list[Cost]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--requests", type=int, default=200)
    arguments.add_argument("--database", help="SQLAlchemy URL of an empty database for both")
    given = arguments.parse_args()
    costs: Costs = defaultdict(list)
    with serving(given.database) as (yardstick, nef, client):
        sides = (yardstick, nef)
        for side in sides:
            store(client, side, 0, STORED)
            measure(client, side, 1, 50)  # until everything is warm
        for _ in range(given.rounds):
            for connections in CONNECTIONS:
                for side in sides:
                    for kind, cost in measure(client, side, connections, given.requests).items():
                        costs[side.name, kind, connections].append(cost)
    for connections in CONNECTIONS:
        print(f"\n{connections} connection{'s' * (connections > 1)}, {STORED} sessions stored")
        printed(_HEADS, [_row(costs, kind, connections) for kind in _KINDS])


_KINDS = ("create", "read", "list", "patch", "delete", "analytics")


def measure(client: Client, side: Side, connections: int, count: int) -> dict[str, Cost]:
    """One round of every kind of request."""
    found: dict[str, Cost] = {}
    base = side.of("bench")
    found["create"], made = client.ask(side, connections, [["POST", base, BODY]] * count)
    found["read"], _ = client.ask(side, connections, [["GET", path, None] for path in made])
    listed = [["GET", side.of(owner(n % (STORED // EACH))), None] for n in range(count)]
    found["list"], _ = client.ask(side, connections, listed)
    found["patch"], _ = client.ask(side, connections, [["PATCH", path, PATCH] for path in made])
    found["delete"], _ = client.ask(side, connections, [["DELETE", path, None] for path in made])
    if side.name == "nef":
        asked = [["POST", "/3gpp-analyticsexposure/v1/bench/fetch", QUESTION]] * count
        found["analytics"], _ = client.ask(side, connections, asked)
    return found


_HEADS = (
    "request", "CPU ms", "yardstick", "ratio", "limit", "requests/s", "p50 ms", "p99 ms",
    "yardstick p50", "p99",
)  # fmt: skip


def _row(costs: Costs, kind: str, connections: int) -> tuple[str, ...]:
    nef = costs["nef", kind, connections]
    bare = costs.get(("yardstick", kind, connections), [])
    ratios = [n.cpu_ms / b.cpu_ms for n, b in zip(nef, bare, strict=False)]
    return (
        kind,
        f"{median(c.cpu_ms for c in nef):.2f}",
        f"{median(c.cpu_ms for c in bare):.2f}" if bare else "-",
        f"{median(ratios):.2f}" if bare else "-",
        f"{LIMITS[kind]}" if kind in LIMITS else "-",
        f"{median(c.per_s for c in nef):.0f}",
        *_percentiles(nef),
        *_percentiles(bare),
    )


def _percentiles(costs: Sequence[Cost]) -> tuple[str, str]:
    if not costs:
        return "-", "-"
    every = np.concatenate([cost.latencies_ms for cost in costs])
    return f"{np.percentile(every, 50):.2f}", f"{np.percentile(every, 99):.2f}"


if __name__ == "__main__":
    main()
