"""What it costs that an operator sees the service: of each request, and of who reads the metrics.

    python -m bench.seen [--stored 1000000]

CPU time of this process: an application that answers at once, bare and with what stands in front of
that of the NEF; and the look into a file of SQLite with so many sessions.
"""

import argparse
import asyncio
import logging
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import insert

from bench.filling import fill
from bench.table import printed
from db.engine import open_engine, writing
from db.storage import SqlStorage
from db.tables import sessions
from db.upgrade import upgrade
from nef.api.health import Health
from nef.api.leaving import Leaving
from nef.api.metrics import MetricsEndpoint
from nef.api.tracing import Tracing
from nef.telemetry.logs import ACCESS, JsonLines, TextLines
from nef.telemetry.metrics import Metrics
from nef.telemetry.requests import note

_ROUNDS, _REQUESTS = 7, 20_000
_MODEL = {
    "number": 1, "id": "model", "af_id": "af", "ue_id": "ue-1",
    "state": "active", "version": 1, "created_at_s": 0.0, "admitted_at_s": 0.0,
    "changed_at_s": 0.0, "request": b"x" * 300, "demands": b"x" * 100, "grants": b"x" * 50,
}  # fmt: skip
_ANSWER = [(b"content-type", b"application/json"), (b"content-length", b"2")]


async def answering(_scope: Any, _receive: Any, send: Any) -> None:
    note("FetchIndASSessionWithQoSSubscription", "af")
    await send({"type": "http.response.start", "status": 200, "headers": _ANSWER})
    await send({"type": "http.response.body", "body": b"{}"})


async def nowhere(_message: Any) -> None:
    pass


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--stored", type=int, default=1_000_000)
    given = arguments.parse_args()
    metrics = Metrics()
    app = MetricsEndpoint(Health(answering, {}), metrics.told)
    seen = Tracing(Leaving(app, lambda: False), metrics.requests)
    bare_us = request_us(answering)
    rows = [("named and counted", f"{request_us(seen) - bare_us:.1f}")]
    for name, form in (("text", TextLines()), ("JSON", JsonLines())):
        logged_to_nowhere(form)
        rows.append((f"and logged as {name}", f"{request_us(seen) - bare_us:.1f}"))
    printed(("a request is", "microseconds"), rows)
    with tempfile.TemporaryDirectory() as folder:
        cost_ms = counting_ms(Path(folder), given.stored)
    print(f"\n{given.stored:,} sessions are counted in {cost_ms:.1f} ms of CPU time")


def request_us(app: Any) -> float:
    """CPU time of a request, the median of some rounds."""

    async def ask() -> None:
        for _ in range(_REQUESTS):
            await app(scope(), None, nowhere)

    return median(_cpu_s(lambda: asyncio.run(ask())) for _ in range(_ROUNDS)) / _REQUESTS * 1e6


def scope() -> dict[str, Any]:
    names = ("host", "user-agent", "accept-encoding", "accept", "connection", "authorization")
    headers = [(name.encode(), b"some value of some length") for name in names]
    path = "/3gpp-as-session-with-qos/v1/af/subscriptions/8a3c0e0e-7f51-4b5b-9f3c-0f7b3d4d1f10"
    asked = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode()}
    return asked | {"headers": headers}


def logged_to_nowhere(form: logging.Formatter) -> None:
    handler = logging.FileHandler(os.devnull)
    handler.setFormatter(form)
    ACCESS.handlers, ACCESS.propagate = [handler], False
    ACCESS.setLevel(logging.INFO)


def counting_ms(folder: Path, stored: int) -> float:
    """CPU time of what the metrics ask of a store with so many sessions."""
    url = f"sqlite:///{folder / 'stored.sqlite3'}"
    engine = open_engine(url)
    upgrade(engine)
    with writing(engine) as connection:
        connection.execute(insert(sessions), _MODEL)
        fill(connection, sessions, "model", 1, stored)
    engine.dispose()
    storage = SqlStorage.open(url)

    def count() -> None:
        with storage.reading() as work:
            assert work.sessions.count_by_state() == {"active": stored}
            work.outbox.backlog()

    # The first look is the dearest: afterwards what it needs is in the cache of this process.
    cost_ms = max(_cpu_s(count) for _ in range(_ROUNDS)) * 1000
    storage.close()
    return cost_ms


def _cpu_s(work: Callable[[], None]) -> float:
    began_s = time.process_time()
    work()
    return time.process_time() - began_s


if __name__ == "__main__":
    main()
