"""What a request costs, beside the least that an application on the same store could cost.

    python -m bench.api [--store sqlite postgresql] [--rounds 15] [--requests 60]

The NEF and the yardstick serve the same bodies, each a process of its own on loopback, and a third
process asks, of one and of the other in turns. The ratio is the median of those of the rounds.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from statistics import median

import numpy as np

from bench.filling import EACH, owner
from bench.limits import Limits
from bench.sides import GPSI, Client, Cost, Side, all_told, body, serving, store
from bench.stores import KINDS, Stores, running
from bench.table import printed

#: How many sessions are stored while it is measured.
STORED = 10_000
CONNECTIONS = (1, 32)
#: Of each kind, before anything is measured.
_WARMING = 50
#: What the NEF may cost, as multiples of the yardstick.
LIMITS = {"create": 2.7, "read": 2.0, "delete": 2.7}
#: How many times its p50 the p99 of a read may be, with all connections.
SPREAD = 10.0

PATCH = {"qosDuration": 3600}
QUESTION = {"analyEvent": "DN_PERFORMANCE", "tgtUe": {"gpsi": GPSI}, "suppFeat": "0"}


Costs = dict[tuple[str, str, int], list[Cost]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--store", nargs="+", choices=KINDS, default=KINDS)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--requests", type=int, default=60, help="of each kind, in each round")
    given = arguments.parse_args()
    limits = Limits()
    for kind in given.store:
        with running(kind) as stores:
            costs = measured(stores, given.rounds, given.requests)
        for connections in CONNECTIONS:
            print(f"\n{kind}, {connections} at once, {STORED:,} sessions stored")
            rows = [_row(costs, each, connections, kind, limits) for each in _KINDS]
            printed(_HEADS, rows)
    limits.exit()


def measured(stores: Stores, rounds: int, requests: int) -> Costs:
    """The NEF and the yardstick, in turns."""
    costs: Costs = defaultdict(list)
    asking = range(max(requests, _WARMING))
    afs = ["bench", "model", *{owner(n % (STORED // EACH)) for n in asking}]
    with serving(stores, afs) as (yardstick, nef, client):
        sides = (yardstick, nef)
        for side in sides:
            store(client, side, 0, STORED)
            asked(client, side, 1, _WARMING)  # until everything is warm
        for _ in range(rounds):
            for connections in CONNECTIONS:
                for side in sides:
                    for kind, cost in asked(client, side, connections, requests).items():
                        costs[side.name, kind, connections].append(cost)
    return costs


_KINDS = ("create", "read", "list", "patch", "delete", "analytics", "create, told")


def asked(client: Client, side: Side, connections: int, count: int) -> dict[str, Cost]:
    """One round of every kind of request."""
    found: dict[str, Cost] = {}
    base = side.of("bench")
    found["create"], made = client.ask(
        side, connections, [["POST", base, body(n)] for n in range(count)]
    )
    found["read"], _ = client.ask(side, connections, [["GET", path, None] for path in made])
    listed = [["GET", side.of(owner(n % (STORED // EACH))), None] for n in range(count)]
    found["list"], _ = client.ask(side, connections, listed)
    found["patch"], _ = client.ask(side, connections, [["PATCH", path, PATCH] for path in made])
    found["delete"], _ = client.ask(side, connections, [["DELETE", path, None] for path in made])
    if side.name == "nef":
        questions = [["POST", "/3gpp-analyticsexposure/v1/bench/fetch", QUESTION]] * count
        found["analytics"], _ = client.ask(side, connections, questions)
        found["create, told"] = _told(client, side, connections, count)
    return found


def _told(client: Client, nef: Side, connections: int, count: int) -> Cost:
    """Creates of which each AF is told at once, with the sending of what it is told."""
    wanted = {
        "notificationDestination": client.receiver_url,
        "events": ["SUCCESSFUL_RESOURCES_ALLOCATION"],
    }
    creates = [["POST", nef.of("bench"), body(n, **wanted)] for n in range(count)]
    cost, made = client.ask(nef, connections, creates, lambda: all_told(nef))
    client.ask(nef, connections, [["DELETE", path, None] for path in made])
    return cost


_HEADS = (
    "request", "CPU ms", "yardstick", "ratio", "limit", "", "requests/s", "p50 ms", "p99 ms",
    "yardstick p50", "p99", "p99/p50", "limit", "",
)  # fmt: skip


def _row(
    costs: Costs, kind: str, connections: int, store_kind: str, limits: Limits
) -> tuple[str, ...]:
    nef = costs["nef", kind, connections]
    bare = costs.get(("yardstick", kind, connections), [])
    ratios = [n.cpu_ms / b.cpu_ms for n, b in zip(nef, bare, strict=False)]
    named = f"{store_kind}, {connections} at once: {kind}"
    ratio, held = median(ratios) if bare else 0.0, ("-", "")
    if kind in LIMITS:
        held = f"{LIMITS[kind]}", limits.check(named, ratio, LIMITS[kind])
    p50, p99 = _percentiles(nef)
    spread, even = float(p99) / float(p50), ("-", "")
    if (kind, connections) == ("read", CONNECTIONS[-1]):
        even = f"{SPREAD:g}", limits.check(f"{named}, p99 over p50", spread, SPREAD)
    return (
        kind,
        f"{median(c.cpu_ms for c in nef):.2f}",
        f"{median(c.cpu_ms for c in bare):.2f}" if bare else "-",
        f"{ratio:.2f}" if bare else "-",
        *held,
        f"{median(c.per_s for c in nef):.0f}",
        p50,
        p99,
        *_percentiles(bare),
        f"{spread:.1f}",
        *even,
    )


def _percentiles(costs: Sequence[Cost]) -> tuple[str, str]:
    if not costs:
        return "-", "-"
    every = np.concatenate([cost.latencies_ms for cost in costs])
    return f"{np.percentile(every, 50):.2f}", f"{np.percentile(every, 99):.2f}"


if __name__ == "__main__":
    main()
