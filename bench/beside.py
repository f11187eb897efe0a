"""How long requests take while a large network moves beside them.

    python -m bench.beside [--store sqlite postgresql] [--flows 100000] [--seconds 20]

The network is that of `bench.scale`: in each second the radio of one UE in a hundred changes, and
the AFs of those whose QoS moves with it are told. Meanwhile an AF creates, reads and deletes.
"""

import argparse
import json
import sys
import threading
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from multiprocessing import get_context
from typing import Any

import numpy as np
import requests

from af_client.demo.programs import Programs
from bench.limits import Limits
from bench.network import Crowd, Rig, address_of, scenario
from bench.stores import KINDS, Stores, running
from bench.table import printed
from bench.world import PYTHON, cpu_s, memory_mb
from nef.app import create_app
from nef.config import Settings
from nef.serving import leave_start_alone, server_of
from nef.sockets import listening

SLOWEST_MS = 250.0
#: The clients, and how often each of them creates, reads and deletes a session.
CLIENTS, PER_S = 2, 10.0
_START_S = 300.0
_BASE = "/3gpp-as-session-with-qos/v1/beside/subscriptions"


@dataclass(frozen=True)
class Figures:
    """What was measured, with the CPU time that the service has used."""

    latencies_ms: dict[str, list[float]]
    start_s: float
    core: float
    memory_mb: float
    machine_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--store", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--flows", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    limits, rows = Limits(), []
    for kind in given.store:
        with running(kind) as stores:
            rows += table(kind, measured(stores, Crowd(given.flows), given.seconds), limits)
    print(f"\nRequests beside a network of {given.flows:,} flows")
    printed(_HEADS, rows)
    limits.exit()


def measured(stores: Stores, crowd: Crowd, seconds: float) -> Figures:
    """Store the sessions, start the service on them, and ask it."""
    url = stores.new("nef")
    with Programs() as programs:
        programs.start("receiver", [*PYTHON, "bench.receiver"])
        receiver = f"http://127.0.0.1:{programs.wait_for('receiver', 'port')['port']}/"
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            alone.submit(fill, crowd, url, receiver).result()
        begun_s = time.monotonic()
        process = programs.start("nef", [*PYTHON, "bench.beside", url, str(crowd.flows)])
        port = programs.wait_for("nef", "port", _START_S)["port"]
        while requests.get(f"http://127.0.0.1:{port}/readyz", timeout=10).status_code != 200:
            time.sleep(0.1)
        start_s = time.monotonic() - begun_s
        used_s = cpu_s(process.pid)
        with ThreadPoolExecutor(1) as beside:
            late = beside.submit(lateness_ms, seconds)
            found = asked(port, crowd, seconds)
        core = (cpu_s(process.pid) - used_s) / seconds
        return Figures(found, start_s, core, memory_mb(process.pid), late.result())


def lateness_ms(seconds: float) -> float:
    """By how much a thread that only sleeps is woken too late, at the worst: the machine's part."""
    until_s, most_s = time.monotonic() + seconds, 0.0
    while (begun_s := time.monotonic()) < until_s:
        time.sleep(0.002)
        most_s = max(most_s, time.monotonic() - begun_s - 0.002)
    return most_s * 1e3


def fill(crowd: Crowd, url: str, receiver: str) -> None:
    """Store the sessions as they would be admitted."""
    rig = Rig(crowd, url, receiver)
    for number in range(crowd.ues):
        rig.reserve(rig.prepared(number))
    rig.write_down()
    rig.storage.close()


def serve(url: str, crowd: Crowd) -> None:
    """The service, on what is stored; it says on which port once it is there."""
    nef = create_app(Settings(url, scenario=scenario(crowd), mode="real"))
    leave_start_alone()
    with listening("127.0.0.1", 0) as opened:
        print(json.dumps({"port": opened.getsockname()[1]}), flush=True)
        server_of(nef.asgi).run(sockets=[opened])


def asked(port: int, crowd: Crowd, seconds: float) -> dict[str, list[float]]:
    """What each kind of request took, in milliseconds."""
    found: dict[str, list[float]] = defaultdict(list)
    until_s = time.monotonic() + seconds
    clients = [
        threading.Thread(target=_ask, args=(port, crowd, number, until_s, found))
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return found


def _ask(
    port: int, crowd: Crowd, client: int, until_s: float, found: dict[str, list[float]]
) -> None:
    connection = HTTPConnection("127.0.0.1", port)
    ue = client
    while (begun_s := time.monotonic()) < until_s:
        ue = (ue + 997) % crowd.ues
        answer = _timed(found["create"], connection, "POST", _BASE, _session(ue))
        path = f"{_BASE}/{answer['self'].rpartition('/')[2]}"
        _timed(found["read"], connection, "GET", path)
        _timed(found["delete"], connection, "DELETE", path)
        time.sleep(max(0.0, begun_s + 1 / PER_S - time.monotonic()))
    connection.close()


def _timed(
    latencies_ms: list[float], connection: HTTPConnection, method: str, path: str, body: Any = None
) -> Any:
    content = None if body is None else json.dumps(body)
    begun_s = time.perf_counter()
    connection.request(method, path, content, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    latencies_ms.append((time.perf_counter() - begun_s) * 1e3)
    if response.status >= 400:
        raise SystemExit(f"{method} {path}: {response.status} {answer.decode()}")
    return json.loads(answer) if answer else None


def _session(ue: int) -> dict[str, Any]:
    return {
        "notificationDestination": "http://127.0.0.1:9/",
        "ueIpv4Addr": address_of(ue),
        "exterAppId": "recognition",
        "qosReference": "model-topology",
        "events": ["SESSION_TERMINATION"],
    }


_HEADS = (
    "store", "request", "number", "p50 ms", "p99 ms", "slowest ms", "limit", "", "cores used",
    "start s", "memory MB",
    "the machine's part, ms",
)  # fmt: skip


def table(kind: str, found: Figures, limits: Limits) -> list[tuple[str, ...]]:
    """A row for each kind of request."""
    return [
        _row(kind, what, latencies_ms, found, limits)
        for what, latencies_ms in found.latencies_ms.items()
    ]


def _row(
    kind: str, what: str, latencies_ms: list[float], found: Figures, limits: Limits
) -> tuple[str, ...]:
    p50, p99 = np.percentile(latencies_ms, [50, 99])
    slowest = max(latencies_ms)
    return (
        kind, what, str(len(latencies_ms)), f"{p50:.1f}", f"{p99:.1f}", f"{slowest:.0f}",
        f"{SLOWEST_MS:.0f}", limits.check(f"{kind}: slowest {what}, ms", slowest, SLOWEST_MS),
        f"{found.core:.2f}", f"{found.start_s:.1f}", f"{found.memory_mb:.0f}",
        f"{found.machine_ms:.0f}",
    )  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) == 3 and "://" in sys.argv[1]:
        serve(sys.argv[1], Crowd(int(sys.argv[2])))
    else:
        main()
