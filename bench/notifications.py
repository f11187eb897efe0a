"""How soon an AF hears of a change in the network, and how many such changes a second are told.

    python -m bench.notifications [--store sqlite postgresql] [--seconds 10]

The scenario lets the radio of one UE after the other fail and come back, each at a moment of its
own; each has a session, and each change is told once. The latency is from the moment of the
scenario until the receiver, another process on loopback, has all of the notification.
"""

import argparse
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

import numpy as np
import requests
from sqlalchemy import func, select

from af_client.demo.programs import Programs
from bench.limits import Limits
from bench.sides import Client, Side, asking, nef
from bench.stores import KINDS, Stores, running
from bench.table import printed
from bench.world import cpu_s
from db.engine import open_engine
from db.tables import deliveries

#: Changes a second; the first has a limit for its latency, the second one for what waits.
RATES = (200, 500)
LATENCY_P99_MS = 150.0
_UES, _CELLS = 1_000, 100
_FIRST = int(IPv4Address("10.45.0.2"))
_GOOD_DB, _NOTHING_DB = 26.0, -30.0
#: The sessions are made before the first change, and there is some quiet between the rates.
_LEAD_S, _QUIET_S = 8.0, 3.0
_SAMPLED_S = 0.1


@dataclass(frozen=True)
class Phase:
    """A time in which so many changes a second happen, in seconds of the scenario."""

    rate: int
    begin_s: float
    end_s: float

    def moments_s(self) -> list[float]:
        return [self.begin_s + n / self.rate for n in range(round(self.seconds * self.rate))]

    @property
    def seconds(self) -> float:
        return self.end_s - self.begin_s


@dataclass(frozen=True)
class Told:
    """What was measured of a phase; what waited in the outbox was sampled."""

    phase: Phase
    latencies_ms: Sequence[float]
    waiting: Sequence[int]
    cpu_ms: float
    server_cpu_ms: float

    @property
    def grows(self) -> bool:
        """Whether more waited in the second half of the time than chance would have it.

        Or something still waited some time afterwards.
        """
        half = len(self.waiting) // 2
        first, second = np.median(self.waiting[:half]), np.median(self.waiting[half:])
        late = len(self.latencies_ms) < len(self.phase.moments_s())
        return late or bool(second > 1.5 * first + self.phase.rate * 0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--store", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each rate")
    given = parser.parse_args()
    limits = Limits()
    rows = []
    for kind in given.store:
        with running(kind) as stores:
            rows += [_row(kind, told, limits) for told in measured(stores, given.seconds)]
    print("\nNotifications of changes in the network")
    printed(_HEADS, rows)
    limits.exit()


def phases(seconds: float) -> list[Phase]:
    """The rates one after the other."""
    found, begin_s = [], _LEAD_S
    for rate in RATES:
        found.append(Phase(rate, begin_s, begin_s + seconds))
        begin_s += seconds + _QUIET_S
    return found


def scenario(plan: Sequence[Phase]) -> dict[str, Any]:
    """The document: UEs change in turn."""
    traces: dict[int, list[list[float]]] = defaultdict(lambda: [[0.0, _GOOD_DB]])
    moments_s = [moment_s for phase in plan for moment_s in phase.moments_s()]
    for number, moment_s in enumerate(moments_s):
        trace = traces[number % _UES]
        trace.append([moment_s, _NOTHING_DB if len(trace) % 2 else _GOOD_DB])
    cells = [{"id": f"cell-{n}", "bandwidth_mhz": 100} for n in range(_CELLS)]
    return {"name": "changes", "cells": cells, "ues": [_ue(n, traces[n]) for n in range(_UES)]}


def measured(stores: Stores, seconds: float) -> list[Told]:
    """Run the scenario, and ask the receiver what came when."""
    plan = phases(seconds)
    with Programs() as programs, asking(programs) as client:
        side = nef(programs, stores.new("nef"), scenario(plan))
        began_s = _began_s(side)
        _sessions(client, side)
        found: list[Told] = []
        due_s = _due_s(plan, began_s)
        for phase in plan:
            time.sleep(max(0.0, began_s + phase.begin_s - 0.2 - time.time()))
            requests.get(client.receiver_url, timeout=10)
            before_s, server_before_s = cpu_s(side.pid), stores.server_cpu_s()
            waiting = _waiting(side, began_s + phase.begin_s, began_s + phase.end_s)
            time.sleep(_QUIET_S * 0.7)
            used_s = cpu_s(side.pid) - before_s
            server_s = stores.server_cpu_s() - server_before_s
            arrivals = requests.get(client.receiver_url, timeout=10).json()
            latencies_ms = _latencies_ms(due_s, arrivals)
            count = len(phase.moments_s())
            found.append(
                Told(phase, latencies_ms, waiting, used_s / count * 1e3, server_s / count * 1e3)
            )
    return found


def _due_s(plan: Sequence[Phase], began_s: float) -> dict[int, deque[float]]:
    """When each UE changes, by the wall clock."""
    moments_s = [moment_s for phase in plan for moment_s in phase.moments_s()]
    found: dict[int, deque[float]] = defaultdict(deque)
    for number, moment_s in enumerate(moments_s):
        found[number % _UES].append(began_s + moment_s)
    return found


def _latencies_ms(due_s: dict[int, deque[float]], arrivals: list[tuple[str, float]]) -> list[float]:
    """Of each arrival: those of a UE come in the order of its changes."""
    ues = [(int(path.rpartition("/")[2]), at_s) for path, at_s in arrivals]
    return [(at_s - due_s[ue].popleft()) * 1e3 for ue, at_s in ues]


def _ue(number: int, trace: list[list[float]]) -> dict[str, Any]:
    return {
        "id": f"ue-{number}",
        "gpsi": f"msisdn-{10**9 + number}",
        "supi": f"imsi-{10**9 + number}",
        "ipv4": str(IPv4Address(_FIRST + number)),
        "cell": f"cell-{number % _CELLS}",
        "radio": {"trace": trace},
    }


def _sessions(client: Client, side: Side) -> None:
    """A session for each UE, of ten AFs, each with a receiver at a path of its own."""
    asked = [["POST", side.of(f"af-{n % 10}"), _session(n, client)] for n in range(_UES)]
    client.ask(side, 8, asked)


def _session(number: int, client: Client) -> dict[str, Any]:
    return {
        "notificationDestination": f"{client.receiver_url}{number}",
        "ueIpv4Addr": str(IPv4Address(_FIRST + number)),
        "exterAppId": "recognition",
        "qosReference": "model-topology",
        "events": ["QOS_GUARANTEED", "QOS_NOT_GUARANTEED"],
    }


def _began_s(side: Side) -> float:
    """When the scenario began, by the wall clock."""
    url = f"http://127.0.0.1:{side.port}/simulator/v1/simulation"
    guesses = []
    for _ in range(9):
        asked_s = time.time()
        passed_s = requests.get(url, timeout=10).json()["timeS"]
        guesses.append((time.time() - asked_s, (time.time() + asked_s) / 2 - passed_s))
    return float(min(guesses)[1])


def _waiting(side: Side, begin_s: float, end_s: float) -> list[int]:
    """What waits in the outbox, again and again until a moment."""
    engine = open_engine(side.database)
    query = select(func.count()).where(deliveries.c.state == "pending")
    found = []
    time.sleep(max(0.0, begin_s - time.time()))
    with engine.connect() as connection:
        while time.time() < end_s:
            found.append(int(connection.execute(query).scalar_one()))
            time.sleep(_SAMPLED_S)
    engine.dispose()
    return found


_HEADS = (
    "store", "changes/s", "told", "p50 ms", "p99 ms", "limit", "", "most ms",
    "waiting, median", "most", "not growing", "CPU ms each", "server's",
)  # fmt: skip


def _row(kind: str, told: Told, limits: Limits) -> tuple[str, ...]:
    p50, p99 = np.percentile(told.latencies_ms, [50, 99])
    rate = told.phase.rate
    limited = rate == RATES[0]
    timely = limits.check(f"{kind}: p99 at {rate}/s", p99, LATENCY_P99_MS) if limited else ""
    what = f"{kind}: growth of what waits at {rate}/s"
    return (
        kind, str(rate), str(len(told.latencies_ms)), f"{p50:.0f}", f"{p99:.0f}",
        f"{LATENCY_P99_MS:.0f}" if limited else "-", timely, f"{max(told.latencies_ms):.0f}",
        f"{np.median(told.waiting):.0f}", str(max(told.waiting)),
        limits.holds(what, not told.grows),
        f"{told.cpu_ms:.2f}", f"{told.server_cpu_ms:.2f}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
