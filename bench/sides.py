"""The two servers that are compared, each a process of its own, and the process that asks them."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from sqlalchemy import Table

from af_client.demo.programs import Programs
from bench.filling import fill
from bench.world import PYTHON, SCENARIO, cpu_s
from bench.yardstick import documents
from db.engine import open_engine, writing
from db.tables import sessions

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


@dataclass(frozen=True)
class Side:
    """One of the two servers that are compared."""

    name: str
    port: int
    pid: int
    root: str
    database: str
    table: Table

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


@contextmanager
def serving(database: str | None) -> Iterator[tuple[Side, Side, Client]]:
    """The yardstick, the NEF, and the client; each server has a store of its own, or shares one."""
    with tempfile.TemporaryDirectory() as folder, Programs() as programs:
        urls = [database or f"sqlite:///{Path(folder) / name}.sqlite3" for name in ("y", "n")]
        client = Client()
        try:
            yield _yardstick(programs, urls[0]), _nef(programs, urls[1]), client
        finally:
            client.close()


def store(client: Client, side: Side, first: int, last: int) -> None:
    """Fill the store of a server with copies of one session, numbered from `first` to `last`."""
    _, (path,) = client.ask(side, 1, [["POST", side.of("model"), BODY]])
    engine = open_engine(side.database)
    with writing(engine) as connection:
        fill(connection, side.table, path.rpartition("/")[2], first, last)
    engine.dispose()
    client.ask(side, 1, [["DELETE", path, None]])


def _yardstick(programs: Programs, url: str) -> Side:
    process = programs.start("yardstick", [*PYTHON, "bench.yardstick", "--database", url])
    port = programs.wait_for("yardstick", "port")["port"]
    return Side("yardstick", port, process.pid, "", url, documents)


def _nef(programs: Programs, url: str) -> Side:
    command = [*PYTHON, "nef.cli", "serve", "--port", "0", "--database", url]
    process = programs.start("nef", command)
    address = str(programs.wait_for("nef", "text")["text"]).split()[2].rstrip(",")
    body = {"document": SCENARIO, "mode": "real"}
    requests.put(f"{address}/simulator/v1/simulation", json=body, timeout=10).raise_for_status()
    port = int(address.rpartition(":")[2])
    return Side("nef", port, process.pid, "/3gpp-as-session-with-qos/v1", url, sessions)
