"""A NEF in chaos, its AFs, and what is found when all has come to rest."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

import requests

from builders.processes import NefProcess, database_in, start_nef
from builders.receivers import Receiver, receiving
from builders.waiting import PATIENCE_S, until
from builders.workers import Workers, workers
from chaos.checker import Arrived, Cell, Due, Found, Stored, contradictions, summary
from chaos.kinds import FORMS, name_in
from chaos.ledger import Kind, Ledger, Name
from chaos.load import load
from chaos.wire import arrived, id_in, number_in
from db.storage import SqlStorage
from nef.domain.notifications import DeliveryState
from nef.domain.sessions import Claim
from nef.services.underway import ABANDONED_AFTER_S

#: How long a change may take that has begun.
_CHANGE_S = 5.0
#: Simulated time runs fast, so that the scenario changes much meanwhile.
FAST = ("--scenario", "busy-cell", "--mode", "x10")
#: Nobody waits longer for an answer, though the machine be busy.
WITHIN_S = 30.0
AFS = [f"af-{number}" for number in range(4)]


class World:
    """A NEF, always at the same place, and a receiver that lives through it all."""

    def __init__(
        self,
        nef: NefProcess,
        receiver: Receiver,
        database: str,
        started: Callable[[int], NefProcess] | None = None,
    ) -> None:
        """`started` starts it again, at a port."""
        self.nef, self.receiver, self.database = nef, receiver, database
        self._started = started
        self.ledger = Ledger()

    @property
    def url(self) -> str:
        """Where it is."""
        return self.nef.url

    def kill(self) -> None:
        """SIGKILL: it has no time for anything."""
        self.nef.kill()

    def start(self) -> None:
        """Start it again, where it was."""
        assert self._started is not None
        self.nef = self._started(int(self.url.rsplit(":", 1)[1]))

    def goes_on(self, more: int) -> None:
        """Wait until so many more requests are acknowledged."""
        assert self.ledger.until_done(self.ledger.done() + more), "it goes on by itself"

    @contextmanager
    def load(self, seed: int) -> Iterator[None]:
        """Clients and weather until the end of the block."""
        with load(self.url, self.receiver.url, AFS, seed, self.ledger):
            yield

    def rest(self) -> None:
        """Wait until nothing is unsettled any more, and nothing is left to be told.

        What an outage left behind is abandoned only after a while.
        """
        with closing(SqlStorage.open(self.database)) as storage:
            until(lambda: _is_at_rest(storage), ABANDONED_AFTER_S + PATIENCE_S)

    def found(self) -> Found:
        """What there is; come to rest first."""
        with closing(SqlStorage.open(self.database)) as storage, storage.reading() as work:
            recorded = {one.id: _rung(one) for one in work.sessions.claims(0, 1_000_000)}
            outbox = work.outbox.find(None, None, 1_000_000)
        due = [Due(d.id, d.notification.subscription_id, d.state.value) for d in outbox]
        flows = self.nef.control("GET", "/flows")["flows"]
        cells = self.nef.control("GET", "/cells")["cells"]
        things = [one for af in AFS for kind in Kind for one in self._things(kind, af, recorded)]
        ids = {one.name: one.subscription_id for one in things}
        return Found(
            things,
            {flow["flowKey"].split("/")[0]: flow["level"] for flow in flows},
            [Cell(c["cellId"], c["blocks"], c["blocksGranted"]) for c in cells],
            [_arrived(*request, ids) for request in tuple(self.receiver.requests)],
            due,
        )

    def check(self) -> None:
        """Fail with all that contradicts what clients were told, and goes on to do so.

        The scenario has changes of its own: one may be seen while it is being made.
        """
        self.rest()
        end_s = time.monotonic() + _CHANGE_S
        while (wrong := contradictions(self.ledger.said(), found := self.found())) and (
            time.monotonic() < end_s
        ):
            wait(0.1)
        print(summary(self.ledger.said(), found))  # noqa: T201 - for the log of the test
        assert not wrong, "\n".join(wrong[:50])

    def _things(
        self, kind: Kind, af_id: str, recorded: Mapping[str, int | None]
    ) -> Sequence[Stored]:
        """All of a kind that an AF reads."""
        form = FORMS[kind]
        response = requests.get(form.root(self.url, af_id), timeout=60)
        assert response.status_code == 200, response.text
        found = [(id_in(one["self"]), *form.read(one)) for one in response.json()]
        return [
            Stored(name, af_id, key, value, recorded.get(name), kind) for name, key, value in found
        ]


@contextmanager
def a_world(
    folder: Path,
    *options: str,
    database: str | None = None,
    program: Sequence[str] = ("-m", "nef.cli"),
    stderr: IO[str] | None = None,
) -> Iterator[World]:
    """A world of one process until the end of the block; the arguments are those of `start_nef`."""

    def started(port: int) -> NefProcess:
        return start_nef(
            folder, *options, port=port, database=database, program=program, stderr=stderr
        )

    with receiving() as receiver:
        world = World(started(0), receiver, database or database_in(folder), started)
        try:
            yield world
        finally:
            if world.nef.process.poll() is None:
                world.nef.stop()


@contextmanager
def a_shared_world(folder: Path, database: str, *options: str) -> Iterator[tuple[World, Workers]]:
    """A world of several processes until the end of the block."""
    with receiving() as receiver, workers(folder, database, *options) as nef:
        yield World(nef, receiver, database), nef


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """SIGSTOP until the end of the block, then SIGCONT."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def wait(seconds: float) -> None:
    """Let the chaos go on for a while."""
    threading.Event().wait(seconds)


def _is_at_rest(storage: SqlStorage) -> bool:
    with storage.reading() as work:
        waiting = work.outbox.find(None, DeliveryState.PENDING, 1)
        return not waiting and not work.sessions.unsettled(1)


def _arrived(path: str, headers: dict[str, str], body: Any, ids: Mapping[Name, str]) -> Arrived:
    """A notification as it was posted; of what is no more, nobody needs to know the id."""
    if "transaction" in body:
        return arrived(headers, body)
    name = name_in(path)
    return Arrived(number_in(headers), ids.get(name, path))


def _rung(session: Claim) -> int | None:
    level = session.grants[0].level
    assert level is None or isinstance(level, int), level
    return level
