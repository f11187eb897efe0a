"""A socket into the user-plane tunnel: attached, and kept attached, for one inner address."""

import logging
import socket
from typing import Self

from af_client.delivery import tunnel
from af_client.delivery.tunnel import Endpoint, InnerPacket, NotAPacket

_log = logging.getLogger(__name__)

#: An attachment is repeated every second (docs/user-plane.md).
ATTACH_EVERY_S = 1.0
#: What the kernel is asked to keep while the process is busy; it may grant less.
_SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
_DATAGRAM_BYTES = 2048
_BATCH = 128


class TunnelEndpoint:
    """Sends and receives inner packets as `local`, through the relay at `relay` (host, port).

    Nothing blocks. Call `keep_attached` at least every second; register `fileno()` in a selector.
    """

    def __init__(self, relay: tuple[str, int], local: Endpoint) -> None:
        """Raise OSError that names the relay where it cannot be resolved."""
        self.local = local
        self._attachment = tunnel.attachment(local.address)
        self._attach_at_s = float("-inf")
        self._socket = _connected(relay)

    def __enter__(self) -> Self:
        """Return the endpoint itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the socket."""
        self._socket.close()

    def fileno(self) -> int:
        """Return what a selector wants."""
        return self._socket.fileno()

    def keep_attached(self, now_s: float) -> float:
        """Attach if that is due; returns when it is due next."""
        if now_s >= self._attach_at_s:
            self._put(self._attachment)
            self._attach_at_s = now_s + ATTACH_EVERY_S
        return self._attach_at_s

    def send(self, destination: Endpoint, tos: int, payload: bytes) -> None:
        """Send one packet; like any packet, it may be lost without a word."""
        self._put(InnerPacket(self.local, destination, tos, payload).encode())

    def receive(self) -> list[InnerPacket]:
        """Take what has come, a bounded number at once; what is not for `local` is dropped."""
        packets: list[InnerPacket] = []
        for _ in range(_BATCH):
            try:
                datagram = self._socket.recv(_DATAGRAM_BYTES)
            except BlockingIOError:
                break
            except ConnectionRefusedError:
                continue  # nobody listened when we sent: the relay is not there, or not yet
            packets += self._for_us(datagram)
        return packets

    def _for_us(self, datagram: bytes) -> list[InnerPacket]:
        try:
            packet = tunnel.decode(datagram)
        except NotAPacket as fault:
            _log.warning("dropped a datagram from the relay: %s", fault)
            return []
        return [packet] if packet.destination == self.local else []

    def _put(self, datagram: bytes) -> None:
        try:
            self._socket.send(datagram)
        except OSError as fault:
            # The kernel has no room, or the relay is not there: for a packet both are a loss.
            _log.debug("a packet was lost on its way to the relay: %s", fault)


def _connected(relay: tuple[str, int]) -> socket.socket:
    host, port = relay
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[
            0
        ]
    except OSError as fault:
        raise OSError(f"the relay {host}:{port} cannot be found: {fault}") from fault
    outer = socket.socket(family, kind, protocol)
    outer.setblocking(False)
    for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        outer.setsockopt(socket.SOL_SOCKET, buffer, _SOCKET_BUFFER_BYTES)
    outer.connect(address)
    return outer
