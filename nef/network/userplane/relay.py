"""The user-plane relay: two UDP sockets and the loop between them (docs/user-plane.md)."""

import json
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from nef.network.userplane.attachments import OuterAddress
from nef.network.userplane.classification import GrantTable
from nef.network.userplane.forwarding import Forwarder
from nef.network.userplane.grants import GrantPoller
from nef.network.userplane.measurements import MeasurementReporter, Tally

_LOG = logging.getLogger(__name__)

DEFAULT_QUEUE_LIMIT_BYTES = 1024 * 1024
#: What the kernel is asked to keep while the loop is busy; it may grant less.
_SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
#: More than the longest inner packet, so that what is longer is seen to be.
_DATAGRAM_BYTES = 2048
#: Datagrams of one side between two looks at what is due.
_BATCH = 64
#: The longest sleep: a new table and the end are seen this late where no packet comes.
_MAX_WAIT_NS = 10 * 10**6
_HOUSEKEEPING_NS = 10**9


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Where the relay listens (port 0 takes a free one) and whom it asks for grants.

    `queue_limit_bytes` bounds the queue of each QoS flow; `seed` is that of the losses, None
    for the one in the NEF's answer.
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


def run_relay(
    settings: RelaySettings,
    stop: threading.Event,
    on_ready: Callable[[int, int], None] | None = None,
    counters_to: TextIO | None = None,
) -> None:
    """Carry packets between data network and devices until `stop` is set.

    `on_ready` is called once with the ports of the N6 and the radio side. `counters_to` gets the
    counters as a line of JSON every second and at the end; its reader must keep up, or packets
    wait for it. Raises OSError that names the address where one cannot be listened on.
    """
    poller = GrantPoller(settings.nef_url, settings.poll_interval_s)
    reporter = MeasurementReporter(settings.nef_url, settings.report_interval_s)
    halt = threading.Event()
    talking = [
        threading.Thread(target=poller.run, args=(halt,), name="grants", daemon=True),
        threading.Thread(target=reporter.run, args=(halt,), name="measurements", daemon=True),
    ]
    n6 = _listen(settings.n6_host, settings.n6_port)
    with (
        n6,
        _listen(settings.radio_host, settings.radio_port) as radio,
        selectors.DefaultSelector() as selector,
    ):
        loop = _Loop(settings, n6, radio, selector, reporter, counters_to)
        for thread in talking:
            thread.start()
        try:
            if on_ready is not None:
                on_ready(n6.getsockname()[1], radio.getsockname()[1])
            while not stop.is_set():
                loop.turn(poller.table)
            loop.measure(time.monotonic_ns())
            loop.report()
        finally:
            halt.set()
            for thread in talking:
                thread.join()


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            listening.setsockopt(socket.SOL_SOCKET, buffer, _SOCKET_BUFFER_BYTES)
        listening.setblocking(False)
        listening.bind(address)
    except OSError as error:
        listening.close()
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listening


class _Loop:
    """One thread that moves packets; everything but the sockets is the Forwarder's."""

    def __init__(
        self,
        settings: RelaySettings,
        n6: socket.socket,
        radio: socket.socket,
        selector: selectors.BaseSelector,
        reporter: MeasurementReporter,
        counters_to: TextIO | None,
    ) -> None:
        self._n6, self._radio, self._reporter = n6, radio, reporter
        self._selector, self._counters_to = selector, counters_to
        self._forwarder = Forwarder(settings.queue_limit_bytes, settings.seed)
        self._table: GrantTable | None = None
        self._housekeeping_ns = time.monotonic_ns() + _HOUSEKEEPING_NS
        self._measure_every_ns = int(settings.report_interval_s * 10**9)
        self._tally = Tally(time.monotonic_ns())
        self._measuring_ns = 0
        selector.register(n6, selectors.EVENT_READ, self._receive_n6)
        selector.register(radio, selectors.EVENT_READ, self._receive_radio)

    def turn(self, table: GrantTable | None) -> None:
        """Wait for a packet, a departure or a while, and do what is due."""
        ready = self._selector.select(self._wait_s())
        now_ns = time.monotonic_ns()
        if table is not None and table is not self._table:
            self._forwarder.enforce(table, now_ns)
            self._table = table
        for key, _ in ready:
            key.data(now_ns)
        for packet, device in self._forwarder.departures(time.monotonic_ns()):
            self._send(self._radio, packet, device)
        if now_ns >= self._measuring_ns:
            self.measure(now_ns)
        if now_ns >= self._housekeeping_ns:
            self._housekeeping_ns = now_ns + _HOUSEKEEPING_NS
            self._forwarder.expire(now_ns)
            self.report()

    def measure(self, now_ns: int) -> None:
        """Hand over what was counted, for the NEF."""
        self._measuring_ns = now_ns + self._measure_every_ns
        self._reporter.latest = self._tally.entries(self._forwarder.counters, now_ns)

    def report(self) -> None:
        """Write the counters, where somebody wants them."""
        if self._counters_to is None:
            return
        try:
            self._counters_to.write(json.dumps(self._forwarder.counters.snapshot()) + "\n")
            self._counters_to.flush()
        except OSError as error:
            _LOG.warning("the counters can no longer be written: %s", error)
            self._counters_to = None

    def _wait_s(self) -> float:
        due_ns = self._forwarder.next_departure_ns()
        if due_ns is None:
            return _MAX_WAIT_NS / 10**9
        return min(max(0, due_ns - time.monotonic_ns()), _MAX_WAIT_NS) / 10**9

    def _receive_n6(self, now_ns: int) -> None:
        receive, take_in = self._n6.recvfrom, self._forwarder.from_n6
        try:
            for _ in range(_BATCH):
                packet, outer = receive(_DATAGRAM_BYTES)
                take_in(packet, outer, now_ns)
        except BlockingIOError:
            return  # all that had come is taken in

    def _receive_radio(self, now_ns: int) -> None:
        receive, take_in = self._radio.recvfrom, self._forwarder.from_radio
        try:
            for _ in range(_BATCH):
                packet, outer = receive(_DATAGRAM_BYTES)
                server = take_in(packet, outer, now_ns)
                if server is not None:
                    self._send(self._n6, packet, server)
        except BlockingIOError:
            return  # all that had come is taken in

    def _send(self, side: socket.socket, packet: bytes, outer: OuterAddress) -> None:
        try:
            side.sendto(packet, outer)
        except OSError:
            # The kernel has no room, or nobody is there any more: for UDP both are a loss.
            self._forwarder.counters.send_failed += 1
