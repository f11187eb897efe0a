"""A service in several processes on one socket."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from prometheus_client import CollectorRegistry

from db.election import can_elect
from db.storage import SqlStorage
from nef.api.metrics import OFF, is_address, serve_metrics
from nef.config import Settings
from nef.domain.errors import InvalidValue, NotReady
from nef.live import check
from nef.ports.simulation import SimulationStatus
from nef.realtime import real_time
from nef.serving import PATIENCE_S, leave_start_alone
from nef.workers.reach import Reach
from nef.workers.roles import tell_metrics, tick, work
from nef.workers.supervisor import Place, Supervisor

#: One has the network, and the other one is ready to take it over.
_TICKERS = 2
#: Beside the requests that are under way, how long the rest of an end may take: a notification
#: that is being sent, and a tick.
REST_S = 20.0


def serve_with_workers(
    settings: Settings,
    workers: int,
    listening: socket.socket,
    tell: Callable[[SimulationStatus, Sequence[Place]], None],
) -> None:
    """Serve until told to end by a signal; `tell` is called once it serves.

    Raises InvalidValue, InvalidRequest or StorageUnusable where the settings make no sense.
    """
    if not can_elect(settings.database_url):
        raise InvalidValue(
            f"{workers} workers need a database that several processes can share: give --database"
            " postgresql://USER@HOST/NAME, or --workers 1 for SQLite"
        )
    now_s = real_time()
    check(settings, now_s)
    own_address = is_address(settings.metrics)
    if own_address:
        serve_metrics(settings.metrics, CollectorRegistry())()  # to say now that it cannot be
    # Brings it to its newest form, and is refused where another service runs on it.
    SqlStorage.open(settings.database_url, now_s, alone=True).close()
    leave_start_alone()
    with Reach.made(now_s) as reach:
        own = replace(settings, metrics=OFF) if own_address else settings
        supervisor = Supervisor(reach.forget, reach.bulletin.leave)
        answering = [
            Place(name, partial(work, own, name, listening, reach))
            for name in (f"worker-{n}" for n in range(1, workers + 1))
        ]
        names = (f"ticker-{n}" for n in range(1, _TICKERS + 1))
        ticking = [Place(name, partial(tick, settings, name, reach)) for name in names]
        telling = [Place("metrics", partial(tell_metrics, settings, reach))] * own_address
        places = (*answering, *ticking, *telling)
        patience_s = settings.drain_s + PATIENCE_S + REST_S
        # Those that answer need the network to the last.
        groups = (answering, ticking, telling)
        supervisor.run(groups, patience_s, lambda: _begun(reach, lambda s: tell(s, places)))


def _begun(reach: Reach, tell: Callable[[SimulationStatus], None]) -> bool:
    """Whether there is a network, of which is told then."""
    try:
        status = reach.status()
    except NotReady:
        return False
    tell(status)
    return True
