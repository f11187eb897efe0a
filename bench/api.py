"""What a request costs, beside the least that an application on the same store could cost.

    python -m bench.api [--rounds 5] [--requests 200] [--database URL]

The NEF and the yardstick serve the same bodies, each a process of its own on loopback, and a third
process asks, of one and of the other in turns. The ratio is the median of those of the rounds.
"""

import argparse
import json
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import requests
from sqlalchemy import Table

from af_client.demo.programs import Programs
from bench.filling import EACH, fill, owner
from bench.table import printed
from bench.world import GPSI, PYTHON, SCENARIO, cpu_s
from bench.yardstick import documents
from db.engine import open_engine, writing
from db.tables import sessions

#: How many sessions are stored while it is measured.
STORED = 10_000
CONNECTIONS = (1, 32)
#: What the NEF may cost, as multiples of the yardstick.
LIMITS = {"create": 2.7, "read": 2.0, "delete": 2.7}

BODY = {
    "notificationDestination": "http://127.0.0.1:9/events",
    "ueIpv4Addr": "10.45.0.2",
    "flowInfo": [
        {
            "flowId": 1,
            "flowDescriptions": ["permit out 17 from 10.60.0.1 7000 to 10.45.0.2 7001"],
            "tosTC": "b8fc",
        }
    ],
    "qosReference": "model-topology",
    "events": ["QOS_GUARANTEED", "QOS_NOT_GUARANTEED", "SESSION_TERMINATION"],
}
PATCH = {"qosDuration": 3600}
QUESTION = {"analyEvent": "DN_PERFORMANCE", "tgtUe": {"gpsi": GPSI}, "suppFeat": "0"}


@dataclass(frozen=True)
class Side:
    """One of the two servers that are compared."""

    name: str
    port: int
    pid: int
    root: str

    def of(self, af_id: str) -> str:
        """The path of an AF's subscriptions."""
        return f"{self.root}/{af_id}/subscriptions"


@dataclass(frozen=True)
class Cost:
    """What one kind of request cost in one round."""

    cpu_ms: float
    latencies_ms: Sequence[float]
    per_s: float


class Client:
    """The process that asks."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [*PYTHON, "bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, side: Side, connections: int, asked: list[Any]) -> tuple[Cost, list[str]]:
        """Send requests; what they cost the server, and the paths of what was made."""
        before_s = cpu_s(side.pid)
        answers = self._order({"port": side.port, "connections": connections, "requests": asked})
        used_s = cpu_s(side.pid) - before_s
        wrong = [status for status in answers["statuses"] if status >= 400]
        if wrong:
            raise SystemExit(f"{side.name} answered {asked[0][:2]} with {wrong[0]}")
        cost = Cost(
            used_s / len(asked) * 1e3, answers["latencies_ms"], len(asked) / answers["seconds"]
        )
        return cost, [urlsplit(location).path for location in answers["locations"]]

    def _order(self, order: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


Costs = dict[tuple[str, str, int], list[Cost]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--requests", type=int, default=200)
    arguments.add_argument("--database", help="SQLAlchemy URL of an empty database for both")
    given = arguments.parse_args()
    costs: Costs = defaultdict(list)
    with serving(given.database) as (sides, client):
        for side in sides:
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


@contextmanager
def serving(database: str | None) -> Iterator[tuple[tuple[Side, Side], Client]]:
    """Both servers, with as many sessions stored, and the client."""
    with tempfile.TemporaryDirectory() as folder, Programs() as programs:
        client = Client()
        try:
            yardstick = _yardstick(programs, database or f"sqlite:///{Path(folder) / 'y.sqlite3'}")
            nef = _nef(programs, database or f"sqlite:///{Path(folder) / 'n.sqlite3'}")
            for (side, url), table in ((yardstick, documents), (nef, sessions)):
                store(client, side, url, table, 0, STORED)
            yield (yardstick[0], nef[0]), client
        finally:
            client.close()


def store(client: Client, side: Side, url: str, table: Table, first: int, last: int) -> None:
    """Fill the store of a server with copies of one session."""
    _, (path,) = client.ask(side, 1, [["POST", side.of("model"), BODY]])
    engine = open_engine(url)
    with writing(engine) as connection:
        fill(connection, table, path.rpartition("/")[2], first, last)
    engine.dispose()


def _yardstick(programs: Programs, url: str) -> tuple[Side, str]:
    process = programs.start("yardstick", [*PYTHON, "bench.yardstick", "--database", url])
    port = programs.wait_for("yardstick", "port")["port"]
    return Side("yardstick", port, process.pid, ""), url


def _nef(programs: Programs, url: str) -> tuple[Side, str]:
    command = [*PYTHON, "nef.cli", "serve", "--port", "0", "--database", url]
    process = programs.start("nef", command)
    address = str(programs.wait_for("nef", "text")["text"]).split()[2].rstrip(",")
    body = {"document": SCENARIO, "mode": "real"}
    requests.put(f"{address}/simulator/v1/simulation", json=body, timeout=10).raise_for_status()
    port = int(address.rpartition(":")[2])
    return Side("nef", port, process.pid, "/3gpp-as-session-with-qos/v1"), url


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
