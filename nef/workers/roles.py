"""What each process of a service does, from its beginning to its end."""

import logging
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import click

from db.election import Election
from db.storage import SqlStorage
from nef.api.metrics import serve_metrics
from nef.app import create_worker
from nef.background import Chores, Ticker
from nef.config import Settings, load_catalogue
from nef.domain.errors import StoreUnavailable
from nef.live import Live, living
from nef.ports.storage import StorageUnusable
from nef.serving import leave_start_alone, serve_on
from nef.signals import told_to_end
from nef.telemetry.metrics import Metrics
from nef.telemetry.pulse import Pulse
from nef.telemetry.stored import StoreMetrics
from nef.workers.reach import Reach

_LOG = logging.getLogger(__name__)
#: How often a candidate asks whether it is elected, and whoever is elected whether it still is.
_CANDIDATE_S, _ELECTED_S = 0.2, 0.1
#: What who was elected before had just sent to the database is done after this time.
_GRACE_S = 0.3
_ANNOUNCED_S = 0.05
#: The status of a process that had the network and must not have it any longer (sysexits.h).
_DEPOSED = os.EX_UNAVAILABLE


def work(settings: Settings, name: str, listening: socket.socket, reach: Reach) -> None:
    """Answer requests and deliver notifications, until told to end."""
    metrics = Metrics(reach.metrics_of_all())
    reach.answer_for_metrics(name, metrics)
    while reach.bulletin.is_blank():
        threading.Event().wait(_ANNOUNCED_S)  # until there is a network for the first time
    seams, others = reach.seams(), reach.other_websockets()
    with _outage_told():
        nef = create_worker(settings, seams, reach.now_s, others, metrics, reach.missing_ticker)
    reach.answer_for_websockets(nef.websockets)
    leave_start_alone()
    serve_on(listening, nef, settings)


def tick(settings: Settings, name: str, reach: Reach) -> None:
    """Be ready to take over the network; once elected have it, until told to end."""
    stopping, metrics = told_to_end(signal.SIGTERM), Metrics()
    reach.answer_for_metrics(name, metrics)
    with _outage_told():
        storage = SqlStorage.open(settings.database_url, reach.now_s)
    election = Election(settings.database_url)
    try:
        if _elected(election, stopping):
            reach.succeed()
            _have_network(settings, name, reach, storage, election, metrics, stopping)
    finally:
        election.close()
        storage.close()


def _elected(election: Election, stopping: threading.Event) -> bool:
    """Wait until elected; False where it is told to end before."""
    while not stopping.is_set():
        try:
            if election.won():
                return True
        except StoreUnavailable as error:
            _LOG.warning("no election without the database: %s", error.reason)
        stopping.wait(_CANDIDATE_S)
    return False


def _have_network(
    settings: Settings,
    name: str,
    reach: Reach,
    storage: SqlStorage,
    election: Election,
    metrics: Metrics,
    stopping: threading.Event,
) -> None:
    def hold() -> None:
        # Another process may have the network from now on: nothing of this one may go on.
        if not election.holds():
            _LOG.error("%s has lost the database, and with it the network", name)
            os._exit(_DEPOSED)

    def guard() -> None:
        while not stopping.wait(_ELECTED_S):
            hold()

    def go_on() -> None:
        hold()
        live.seams.simulation.go_on()

    def is_leaving() -> bool:
        # A step is not waited for by those who end before.
        return stopping.is_set() or reach.bulletin.is_leaving()

    others = not reach.bulletin.is_blank()
    if others:
        stopping.wait(_GRACE_S)
    threading.Thread(target=guard, name="nef-guard", daemon=True).start()
    with _outage_told():
        storage.note_user(secrets.token_hex(8))
        live = restored(settings, reach, storage, alone=not others, is_leaving=is_leaving)
    pulse = Pulse(go_on, settings.tick_s, metrics.ticked.observe)
    metrics.watch_pulse(pulse)
    metrics.watch(StoreMetrics(storage, reach.now_s))
    reach.answer_for_network(live.seams, pulse)
    with suppress(OSError):  # to whoever reads it, if anybody still does
        click.echo(f"{name} (process {os.getpid()}) has the network")
        sys.stdout.flush()
    chores = Chores(pulse, live.seams.simulation.quiet_s, live.upkeep.prune)
    ticker = Ticker(chores, settings.tick_s)
    ticker.start()
    stopping.wait()
    ticker.stop()


def tell_metrics(settings: Settings, reach: Reach) -> None:
    """Serve the metrics of all processes at an address of their own, until told to end."""
    stopping = told_to_end(signal.SIGTERM)
    close = serve_metrics(settings.metrics, reach.metrics_of_all())
    stopping.wait()
    close()


def restored(
    settings: Settings,
    reach: Reach,
    storage: SqlStorage,
    *,
    alone: bool,
    is_leaving: Callable[[], bool] = lambda: False,
) -> Live:
    """The network as it is stored, which all see from now on, and which nobody moves yet.

    It is not `alone` where other processes have gone on without a network.
    """
    catalogue = load_catalogue(settings.catalogue)
    announce = reach.bulletin.publish
    live = living(storage, catalogue, reach.now_s, lambda: None, announce, is_leaving)
    live.restore(settings, None if alone else reach.seen_s())
    live.seams.simulation.tick()  # so that all see the time, before anybody is answered
    leave_start_alone()
    return live


@contextmanager
def _outage_told() -> Iterator[None]:
    """Without its database a process ends, to be replaced, and that is no mistake of the code."""
    try:
        yield
    except (StorageUnusable, StoreUnavailable) as error:
        _LOG.error("%s", error.reason if isinstance(error, StoreUnavailable) else error)
        raise SystemExit(os.EX_UNAVAILABLE) from None
