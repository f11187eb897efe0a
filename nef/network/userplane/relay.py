"""The user-plane relay: two sides of connections and the loop between them (docs/user-plane.md)."""

import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Self, TextIO

from nef.network.access import NOTHING_TO_SHOW, Access
from nef.network.userplane.accounts import Accounts
from nef.network.userplane.attachments import MAX_ATTACHED
from nef.network.userplane.classification import GrantTable
from nef.network.userplane.connections import Connection, ConnectionOver
from nef.network.userplane.forwarding import Forwarder
from nef.network.userplane.grants import GrantPoller
from nef.network.userplane.measurements import MeasurementReporter
from nef.network.userplane.packets import MalformedPacket
from nef.network.userplane.runs import Run
from nef.network.userplane.streams import BUFFER_BYTES

#: Told what happens, one JSON object each.
Tell = Callable[[Mapping[str, Any]], None]

_Receive = Callable[[Run, Connection], None]

_LOG = logging.getLogger(__name__)

DEFAULT_QUEUE_LIMIT_BYTES = 1024 * 1024
#: Connections of both sides; more are closed as they come.
MAX_CONNECTIONS = 2 * MAX_ATTACHED
#: The longest sleep: a new table and the end are seen this late where no packet comes.
_MAX_WAIT_NS = 10 * 10**6
_HOUSEKEEPING_NS = 10**9


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Where the relay listens (port 0 takes a free one) and whom it asks for grants.

    At least `queue_limit_bytes` may wait in each QoS flow; `seed` is that of the losses, None for
    the one in the NEF's answer.
    """

    n6_host: str
    n6_port: int
    radio_host: str
    radio_port: int
    nef_url: str
    poll_interval_s: float = 0.05
    report_interval_s: float = 0.2
    queue_limit_bytes: int = DEFAULT_QUEUE_LIMIT_BYTES
    seed: int | None = None
    access: Access = NOTHING_TO_SHOW


def run_relay(
    settings: RelaySettings,
    stop: threading.Event,
    tell: Tell = lambda _: None,
    counters_to: TextIO | None = None,
) -> None:
    """Carry packets between data network and devices until `stop` is set.

    `tell` hears at which ports it waits for the NEF ("waiting"), and that it has had an answer of
    it, and carries packets ("ready"). `counters_to` gets the counters as a line of JSON every
    second and at the end; its reader must keep up, or packets wait for it. Raises OSError that
    names the address where one cannot be listened on.
    """
    poller = GrantPoller(settings.nef_url, settings.poll_interval_s, settings.access)
    reporter = MeasurementReporter(settings.nef_url, settings.report_interval_s, settings.access)
    halt = threading.Event()
    talking = [
        threading.Thread(target=poller.run, args=(halt,), name="grants", daemon=True),
        threading.Thread(target=reporter.run, args=(halt,), name="measurements", daemon=True),
    ]
    with ExitStack() as stack:
        n6 = stack.enter_context(_listen(settings.n6_host, settings.n6_port))
        radio = stack.enter_context(_listen(settings.radio_host, settings.radio_port))
        loop = stack.enter_context(_Loop(settings, n6, radio, reporter, counters_to))
        for thread in talking:
            thread.start()
        try:
            ports = {"n6_port": n6.getsockname()[1], "radio_port": radio.getsockname()[1]}
            tell({"event": "waiting", "nef": settings.nef_url} | ports)
            while not stop.is_set() and poller.table is None:
                loop.turn(None)
            if poller.table is not None:
                tell({"event": "ready"})
            while not stop.is_set():
                loop.turn(poller.table)
            loop.accounts.end(time.monotonic_ns())
        finally:
            halt.set()
            for thread in talking:
                thread.join()


def _listen(host: str, port: int) -> socket.socket:
    try:
        with ExitStack() as unless_it_listens:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            family, kind, protocol, _, address = found[0]
            listening = unless_it_listens.enter_context(socket.socket(family, kind, protocol))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.setblocking(False)
            listening.bind(address)
            listening.listen()
            unless_it_listens.pop_all()
    except OSError as error:
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listening


class _Loop:
    """One thread that moves packets; everything but the connections is the Forwarder's."""

    def __init__(
        self,
        settings: RelaySettings,
        n6: socket.socket,
        radio: socket.socket,
        reporter: MeasurementReporter,
        counters_to: TextIO | None,
    ) -> None:
        self._listening = {n6: self._from_n6, radio: self._from_radio}
        self._selector = selectors.DefaultSelector()
        self._connections: set[Connection] = set()
        self._to_flush: set[Connection] = set()
        self._buffer = bytearray(BUFFER_BYTES)
        self._forwarder = Forwarder(settings.queue_limit_bytes, settings.seed)
        self._now_ns = self._seen_ns = time.monotonic_ns()
        self._housekeeping_ns = self._now_ns + _HOUSEKEEPING_NS
        self.accounts = Accounts(self._forwarder, reporter, counters_to, self._now_ns)

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        for connection in self._connections:
            connection.socket.close()

    def turn(self, table: GrantTable | None) -> None:
        """Wait for packets, a departure or a while, and do what is due."""
        ready = self._selector.select(self._wait_s())
        self._seen_ns, self._now_ns = self._now_ns, time.monotonic_ns()
        self.accounts.follow(table, self._now_ns)
        for key, events in ready:
            key.data(events)
        self._forwarder.depart(time.monotonic_ns())
        self._flush()
        self.accounts.due(self._now_ns)
        if self._now_ns >= self._housekeeping_ns:
            self._housekeeping_ns = self._now_ns + _HOUSEKEEPING_NS
            self._listen()

    def _wait_s(self) -> float:
        due_ns = self._forwarder.next_departure_ns()
        if due_ns is None:
            return _MAX_WAIT_NS / 10**9
        return min(max(0, due_ns - time.monotonic_ns()), _MAX_WAIT_NS) / 10**9

    # --- connections ---

    def _listen(self) -> None:
        for listening, receive in self._listening.items():
            if listening not in self._selector.get_map():
                accept = partial(self._accept, listening, receive)
                self._selector.register(listening, selectors.EVENT_READ, accept)

    def _accept(self, listening: socket.socket, receive: _Receive, _: int) -> None:
        try:
            connected, _address = listening.accept()
        except BlockingIOError:
            return  # who came has gone again
        except OSError as error:
            # No descriptors are left. Listening goes on with the next housekeeping.
            _LOG.warning("a connection cannot be taken: %s", error)
            self._selector.unregister(listening)
            return
        if len(self._connections) >= MAX_CONNECTIONS:
            self._forwarder.counters.attachments_refused += 1
            connected.close()
            return
        connection = Connection(connected, self._buffer, self._to_flush)
        self._connections.add(connection)
        moved = partial(self._moved, connection, receive)
        self._selector.register(connected, selectors.EVENT_READ, moved)

    def _moved(self, connection: Connection, receive: _Receive, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._to_flush.add(connection)
            connection.is_stuck = False
        if not events & selectors.EVENT_READ:
            return
        try:
            for run in connection.read():
                receive(run, connection)
        except MalformedPacket:
            self._forwarder.malformed()
            self._end(connection)
        except ConnectionOver:
            self._end(connection)

    def _from_n6(self, run: Run, connection: Connection) -> None:
        self._forwarder.from_n6(run, connection, self._now_ns, self._seen_ns)

    def _from_radio(self, run: Run, connection: Connection) -> None:
        self._forwarder.from_radio(run, connection)

    def _flush(self) -> None:
        for connection in [c for c in self._to_flush if not c.is_stuck]:
            try:
                connection.flush()
            except ConnectionOver:
                self._end(connection)
            else:
                self._watch(connection)

    def _watch(self, connection: Connection) -> None:
        """Wake up for room in the kernel while it has none."""
        key = self._selector.get_key(connection.socket)
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.is_stuck else 0)
        if key.events != events:
            self._selector.modify(connection.socket, events, key.data)

    def _end(self, connection: Connection) -> None:
        self._forwarder.ended(connection)
        self._connections.discard(connection)
        self._to_flush.discard(connection)
        self._selector.unregister(connection.socket)
        connection.socket.close()
