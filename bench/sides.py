"""The two servers that are compared, each a process of its own, and the process that asks them."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import requests
from sqlalchemy import Table

from af_client.demo.programs import Programs
from bench.filling import fill
from bench.stores import Stores
from bench.world import PYTHON, cpu_s
from bench.yardstick import documents
from db.engine import open_engine, writing
from db.tables import sessions
from nef.tokens.clients import SCOPES, Clients, save_clients
from nef.tokens.endpoint import TOKEN_PATH

#: Rows that are put into a store in one transaction, for which the service waits.
_AT_ONCE = 50_000

#: Sessions come to ten UEs in turn, each alone in a cell with room for hundreds.
_CELLS = 10
_SCENARIO = {
    "name": "bench-api",
    "cells": [
        {"id": f"cell-{n}", "bandwidth_mhz": 100, "subcarrier_spacing_khz": 30, "layers": 4}
        for n in range(_CELLS)
    ],
    "ues": [
        {
            "id": f"ue-{n}",
            "gpsi": f"msisdn-00101000000000{n}",
            "supi": f"imsi-00101000000000{n}",
            "ipv4": f"10.45.0.{n + 2}",
            "cell": f"cell-{n}",
            "radio": {"sinr_db": 26.0},
        }
        for n in range(_CELLS)
    ],
}
GPSI = "msisdn-001010000000000"


def body(number: int, **changes: Any) -> dict[str, Any]:
    """What the session of this number asks for: one flow by name."""
    address = f"10.45.0.{number % _CELLS + 2}"
    rule = f"permit out 17 from 10.60.0.1 7000 to {address} 7001"
    return {
        "notificationDestination": "http://127.0.0.1:9/events",
        "ueIpv4Addr": address,
        "flowInfo": [{"flowId": 1, "flowDescriptions": [rule], "tosTC": "b8fc"}],
        "qosReference": "model-topology",
        "events": ["QOS_GUARANTEED", "QOS_NOT_GUARANTEED", "SESSION_TERMINATION"],
    } | changes


@dataclass(frozen=True)
class Side:
    """One of the two servers that are compared."""

    name: str
    port: int
    pid: int
    root: str
    database: str
    table: Table
    authorization: str = ""

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

    def __init__(self, receiver_url: str) -> None:
        self.receiver_url = receiver_url
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [*PYTHON, "bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(
        self,
        side: Side,
        connections: int,
        asked: list[Any],
        settled: Callable[[], None] = lambda: None,
    ) -> tuple[Cost, list[str]]:
        """Send requests; what they cost the server, and the paths of what was made.

        Work of the server that ends when `settled` returns counts as theirs.
        """
        before_s = cpu_s(side.pid)
        answers = self._order(
            {
                "port": side.port,
                "connections": connections,
                "requests": asked,
                "authorization": side.authorization,
            }
        )
        settled()
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


@contextmanager
def serving(stores: Stores, afs: Sequence[str] = ()) -> Iterator[tuple[Side, Side, Client]]:
    """The yardstick, the NEF, and the client; each server has a store of its own.

    Where there are `afs`, the NEF asks for tokens, and the client has one with which it may act as
    any of these.
    """
    with Programs() as programs, asking(programs) as client:
        bare = yardstick(programs, stores.new("yardstick"))
        yield bare, nef(programs, stores.new("nef"), afs=afs), client


@contextmanager
def asking(programs: Programs) -> Iterator[Client]:
    """The process that asks, and one that receives notifications."""
    programs.start("receiver", [*PYTHON, "bench.receiver"])
    port = programs.wait_for("receiver", "port")["port"]
    client = Client(f"http://127.0.0.1:{port}/")
    try:
        yield client
    finally:
        client.close()


def all_told(nef: Side) -> None:
    """Return when nothing in the outbox waits any more."""
    url = f"http://127.0.0.1:{nef.port}/simulator/v1/notifications"
    headers = {"Authorization": nef.authorization}
    while _pending(f"{url}?state=pending&limit=1", headers):
        time.sleep(0.05)


def _pending(url: str, headers: Mapping[str, str]) -> Any:
    return requests.get(url, headers=headers, timeout=10).json()["notifications"]


def store(client: Client, side: Side, first: int, last: int) -> None:
    """Fill the store of a server with copies of one session, numbered from `first` to `last`."""
    _, (path,) = client.ask(side, 1, [["POST", side.of("model"), body(0)]])
    engine = open_engine(side.database)
    for begin in range(first, last, _AT_ONCE):
        with writing(engine) as connection:
            end = min(last, begin + _AT_ONCE)
            fill(connection, side.table, path.rpartition("/")[2], begin, end)
    engine.dispose()
    client.ask(side, 1, [["DELETE", path, None]])


def yardstick(programs: Programs, url: str) -> Side:
    """Start the yardstick."""
    process = programs.start("yardstick", [*PYTHON, "bench.yardstick", "--database", url])
    port = programs.wait_for("yardstick", "port")["port"]
    return Side("yardstick", port, process.pid, "", url, documents)


def nef(
    programs: Programs,
    url: str,
    scenario: Any = _SCENARIO,
    *options: str,
    afs: Sequence[str] = (),
) -> Side:
    """Start a NEF, and in it a scenario in real time; it asks for tokens where there are `afs`."""
    with TemporaryDirectory() as folder:
        clients, secret = Clients.none_yet().with_client("bench", afs, SCOPES)
        path = Path(folder) / "clients.yaml"
        save_clients(path, clients)
        guarded = ("--clients", str(path)) if afs else ()
        return _nef(programs, url, scenario, (*options, *guarded), secret if afs else None)


def _nef(
    programs: Programs, url: str, scenario: Any, options: Sequence[str], secret: str | None
) -> Side:
    # One client asks as often as it can, and there may be a million sessions.
    unlimited = ("--max-requests-a-second", "0", "--max-sessions", "0")
    where = ("--port", "0", "--database", url)
    command = [*PYTHON, "nef.cli", "serve", *where, *unlimited, *options]
    name = f"nef on {url}"  # there may be several
    process = programs.start(name, command)
    address = str(programs.wait_for(name, "text")["text"]).split()[2].rstrip(",")
    wanted = {"document": scenario, "mode": "real"}
    control = f"{address}/simulator/v1/simulation"
    authorization = _authorization(address, secret) if secret else ""
    headers = {"Authorization": authorization}
    requests.put(control, json=wanted, headers=headers, timeout=60).raise_for_status()
    port = int(address.rpartition(":")[2])
    root = "/3gpp-as-session-with-qos/v1"
    return Side("nef", port, process.pid, root, url, sessions, authorization)


def _authorization(address: str, secret: str) -> str:
    form = {"grant_type": "client_credentials"}
    answer = requests.post(f"{address}{TOKEN_PATH}", form, auth=("bench", secret), timeout=60)
    return f"Bearer {answer.json()['access_token']}"
