"""What a start takes on many stored sessions: the network gets the reservations of all back.

    python -m bench.starting [--store sqlite postgresql] [--sessions 50000 ...]

Each session has a UE of its own in the network of `bench.scale`, and two flows with filters of
their own, so that no two ask for the same. Times are CPU times of the process; each start has a
process of its own, so that the memory is its own too.
"""

import argparse
import os
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Any

from sqlalchemy import insert, select

from bench.network import Crowd, address_of, scenario
from bench.stores import KINDS, running
from bench.table import printed
from bench.world import memory_mb
from db.engine import open_engine
from db.storage import SqlStorage
from db.tables import sessions
from nef.config import load_catalogue
from nef.domain.demands import demands_of
from nef.domain.lifecycle import SessionState
from nef.domain.qos import FlowGrant
from nef.domain.sessions import Session
from nef.live import living
from nef.schemas.sessions import request_of

SIZES = (50_000,)
_TOGETHER = 10_000
_HEADS = (
    "store", "sessions", "load the scenario, s", "restore, s", "microseconds each",
    "MB before", "MB after", "a session, kB", "MB more at the most",
)  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """What was measured of a start; memory is in MB."""

    load_s: float
    restore_s: float
    before_mb: float
    after_mb: float
    most_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--store", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--sessions", nargs="+", type=int, default=SIZES)
    given = parser.parse_args()
    rows = [measured(kind, count) for kind in given.store for count in given.sessions]
    printed(_HEADS, rows)


def measured(kind: str, count: int) -> tuple[str, ...]:
    """Store sessions, and start on them in another process."""
    with running(kind) as stores:
        url = stores.new("starting")
        for work in (store, started):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
                found = alone.submit(work, url, count).result()
    assert found is not None
    held_mb = found.after_mb - found.before_mb
    return (
        kind, f"{count:,}", f"{found.load_s:.1f}", f"{found.restore_s:.1f}",
        f"{found.restore_s / count * 1e6:.0f}", f"{found.before_mb:.0f}", f"{found.after_mb:.0f}",
        f"{held_mb * 1e3 / count:.1f}", f"{found.most_mb - found.after_mb:.0f}",
    )  # fmt: skip


def store(url: str, count: int) -> None:
    """A session for every UE, as it would be admitted."""
    storage, engine = SqlStorage.open(url), open_engine(url)
    with storage.transaction() as work:
        work.sessions.add(_session())
    with engine.begin() as connection:
        model = dict(connection.execute(select(sessions)).mappings().one())
        copies = _copies(model, count)
        while some := list(islice(copies, _TOGETHER)):
            connection.execute(insert(sessions), some)
    storage.close()
    engine.dispose()


def started(url: str, count: int) -> Figures:
    """Load the scenario, and give the sessions back what they hold."""
    storage = SqlStorage.open(url)
    live = living(storage, load_catalogue(None), time.time, lambda: None)
    simulation = live.seams.simulation
    begun_s = time.process_time()
    simulation.load(scenario(Crowd(count, 1)), None, "manual")
    load_s, before_mb = time.process_time() - begun_s, memory_mb(os.getpid())
    begun_s = time.process_time()
    live.sessions.recover(simulation.present_s())
    restore_s, after_mb = time.process_time() - begun_s, memory_mb(os.getpid())
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert live.seams.network.levels(_name(count - 1)) == {1: 0, 2: 0}, "all of them are there"
    storage.close()
    return Figures(load_s, restore_s, before_mb, after_mb, most_mb)


def _session() -> Session:
    """That of the first UE."""
    request = request_of(
        {
            "notificationDestination": "http://127.0.0.1:9/",
            "ueIpv4Addr": address_of(0),
            "multiModDatFlows": {"1": _component(1, "100 Kbps"), "2": _component(2, "200 Kbps")},
        }
    )
    return Session(
        _name(0),
        "af",
        "ue-0",
        request,
        demands_of(request, load_catalogue(None)),
        created_at_s=0.0,
        admitted_at_s=0.0,
        state=SessionState.ACTIVE,
        grants=tuple(FlowGrant(number, 0, allocated=True) for number in (1, 2)),
    )


def _component(number: int, rate: str) -> dict[str, Any]:
    rule = f"permit out 17 from 10.200.0.1 700{number} to {address_of(0)} 7001"
    return {
        "medCompN": number,
        "flowInfos": [{"flowId": number, "flowDescriptions": [rule]}],
        "tsnQos": {"maxPer": f"1E-{7 - 2 * number}"},
        "mirBwDl": rate,
        "altSerReqsData": [{"altQosParamSetRef": "less", "gbrDl": "50 Kbps"}],
    }


def _copies(model: dict[str, Any], count: int) -> Iterator[dict[str, Any]]:
    """The rows of all others, each with the address of its UE wherever that stands."""
    address = address_of(0).encode()
    for ue in range(1, count):
        own = address_of(ue)
        yield model | {
            "number": model["number"] + ue,
            "id": _name(ue),
            "ue_id": f"ue-{ue}",
            "request": model["request"].replace(address, own.encode()),
            "demands": model["demands"].replace(address, own.encode()),
        }


def _name(ue: int) -> str:
    return f"00000000-0000-4000-8000-{ue:012x}"


if __name__ == "__main__":
    main()
