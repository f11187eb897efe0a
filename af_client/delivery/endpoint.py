"""A connection into the user-plane tunnel: attached, and kept attached, for one inner address."""

import logging
import selectors
import socket
from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Any, Protocol, Self

from af_client.delivery import tunnel
from af_client.delivery.stream import PacketRun, PacketStream
from af_client.delivery.tunnel import Endpoint, NotAPacket

_log = logging.getLogger(__name__)

#: How long after an attempt to connect the next one is made.
CONNECT_EVERY_S = 1.0
#: With so much still to be sent, the network is behind; who can wait should.
FULL_BYTES = 2 * 1024 * 1024
#: More than this is never kept: what comes then is lost.
_MOST_BYTES = 64 * 1024 * 1024
_MOST_BUFFERS = 64


class Messages(Protocol):
    """Messages of one size, one after the other."""

    @property
    def message_bytes(self) -> int:
        """The bytes of each."""
        ...

    def framed(self, before: bytes) -> memoryview:
        """Write them, each with `before` in front of it."""
        ...


class TunnelEndpoint:
    """Sends and receives inner packets as `local`, through the relay at `relay` (host, port).

    Nothing blocks. Call `keep_attached` when it says, register `fileno()` in a selector, and call
    `receive` when it is ready. While the relay is not there, what is sent is lost.
    """

    def __init__(self, relay: tuple[str, int], local: Endpoint) -> None:
        """Raise OSError that names the relay where it cannot be resolved."""
        self.local = local
        self._family, self._relay = _resolved(relay)
        self._name = f"the relay at {relay[0]}:{relay[1]}"
        self._is_missed = False
        # One descriptor for whoever waits, however often we connect.
        self._selector = selectors.DefaultSelector()
        self._socket: socket.socket | None = None
        self._connect_at_s = float("-inf")
        self._stream = PacketStream()
        self._waiting: deque[memoryview] = deque()
        self._waiting_bytes = 0

    def __enter__(self) -> Self:
        """Return the endpoint itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._disconnect()
        self._selector.close()

    def fileno(self) -> int:
        """Return what a selector wants."""
        return self._selector.fileno()

    @property
    def is_full(self) -> bool:
        """Whether so much waits to be sent that no more should be given."""
        return self._waiting_bytes > FULL_BYTES

    def keep_attached(self, now_s: float) -> float:
        """Connect and attach if that is due; returns when it is due next."""
        if self._socket is not None:
            return now_s + CONNECT_EVERY_S
        if now_s >= self._connect_at_s:
            self._connect_at_s = now_s + CONNECT_EVERY_S
            self._connect()
        return self._connect_at_s

    def send(self, to: Endpoint, tos: int, payload: bytes, *, port_shift: int = 0) -> None:
        """Send one packet, from our port shifted; it may be lost without a word."""
        headers = self._headers(to, tos, len(payload), port_shift)
        self._put(memoryview(headers + payload))

    def send_run(self, to: Endpoint, tos: int, run: Messages, *, port_shift: int = 0) -> None:
        """Send each message as one packet; any of them may be lost without a word."""
        self._put(run.framed(self._headers(to, tos, run.message_bytes, port_shift)))

    def receive(self) -> list[PacketRun]:
        """Take what has come, a bounded amount at once; what is not for `local` is dropped.

        What it returned before is overwritten.
        """
        runs: Iterable[PacketRun] = ()
        for _, events in self._selector.select(0):
            if events & selectors.EVENT_WRITE:
                self._flush()
            if events & selectors.EVENT_READ:
                runs = self._read()
        return [run for run in runs if run.destination == self.local]

    def _headers(self, to: Endpoint, tos: int, size: int, port_shift: int) -> bytes:
        source = self.local
        if port_shift:
            source = Endpoint(source.address, source.port + port_shift)
        return tunnel.headers(source, to, tos, size)

    # --- the connection ---

    def _connect(self) -> None:
        self._socket = socket.socket(self._family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._socket.connect_ex(self._relay)
        self._put(memoryview(tunnel.attachment(self.local.address)))

    def _disconnect(self) -> None:
        if self._socket is None:
            return
        self._selector.unregister(self._socket)
        self._socket.close()
        self._socket = None
        self._stream = PacketStream()
        self._waiting.clear()
        self._waiting_bytes = 0

    def _lost(self, why: object) -> None:
        if not self._is_missed:
            every = f"every {CONNECT_EVERY_S:g} s"
            _log.warning("no connection to %s, tried again %s: %s", self._name, every, why)
        self._is_missed = True
        self._disconnect()

    def _read(self) -> list[PacketRun]:
        if self._socket is None:
            return []
        try:
            count = self._socket.recv_into(self._stream.room())
        except BlockingIOError:
            return []
        except OSError as fault:
            self._lost(fault)
            return []
        if not count:
            self._lost("it was closed there")
            return []
        return self._cut(count)

    def _cut(self, count: int) -> list[PacketRun]:
        runs: list[PacketRun] = []
        try:
            runs.extend(self._stream.take(count))
        except NotAPacket as fault:
            _log.warning("what comes from the relay is no packet: %s", fault)
            self._lost(fault)
        return runs

    def _put(self, octets: memoryview) -> None:
        if self._socket is None or self._waiting_bytes + len(octets) > _MOST_BYTES:
            return  # nobody is there, or has been for a long time: for a packet both are a loss
        self._waiting.append(octets)
        self._waiting_bytes += len(octets)
        if len(self._waiting) == 1:
            self._flush()

    def _flush(self) -> None:
        while self._waiting and self._socket is not None:
            try:
                sent = self._socket.sendmsg(list(islice(self._waiting, _MOST_BUFFERS)))
            except BlockingIOError:
                break
            except OSError as fault:
                self._lost(fault)
                return
            self._sent(sent)
        self._watch()

    def _sent(self, count: int) -> None:
        if self._is_missed:
            _log.warning("there is a connection to %s again", self._name)
            self._is_missed = False
        self._waiting_bytes -= count
        while count:
            first = self._waiting[0]
            if count < len(first):
                self._waiting[0] = first[count:]
                return
            count -= len(first)
            self._waiting.popleft()

    def _watch(self) -> None:
        """Wake up for room in the kernel while it has none."""
        if self._socket is None:
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._waiting else 0)
        if self._selector.get_key(self._socket).events != events:
            self._selector.modify(self._socket, events)


def _resolved(relay: tuple[str, int]) -> tuple[int, Any]:
    host, port = relay
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as fault:
        raise OSError(f"the relay {host}:{port} cannot be found: {fault}") from fault
    family, _, _, _, address = found[0]
    return family, address
