"""A plain UDP socket, where the user plane is the network itself (docs/user-plane-linux.md)."""

import errno
import logging
import socket
import sys
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, ip_address
from typing import Protocol, Self

import numpy as np

from af_client.delivery.endpoint import Messages, TunnelEndpoint
from af_client.delivery.stream import PacketRun
from af_client.delivery.tunnel import MAX_PAYLOAD_BYTES, Endpoint, IpAddress

_log = logging.getLogger(__name__)

#: What the kernel is asked to keep while the process is busy; it may grant less.
_SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
_DATAGRAM_BYTES = 2048
_ANCILLARY_BYTES = socket.CMSG_SPACE(4)
_BATCH = 128

_Ancillary = Iterable[tuple[int, int, bytes]]


class DirectEndpoint:
    """Sends and receives packets as `local`, an address of this machine or network namespace.

    It sends from its own port, and those after it by one of `port_shifts`. Nothing blocks. Register
    `fileno()` in a selector.
    """

    def __init__(self, local: Endpoint, port_shifts: Iterable[int] = ()) -> None:
        """Raise OSError that names the address and port which cannot be had."""
        self.local = local
        self._level, self._tos = _traffic_class(local.address)
        self._shifted: dict[int, socket.socket] = {}
        try:
            for shift in {0, *port_shifts}:
                self._shifted[shift] = _bound(Endpoint(local.address, local.port + shift))
        except OSError:
            self.__exit__()
            raise
        self._socket = self._shifted[0]

    def __enter__(self) -> Self:
        """Return the endpoint itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the sockets."""
        for each in self._shifted.values():
            each.close()

    def fileno(self) -> int:
        """Return what a selector wants."""
        return self._socket.fileno()

    def keep_attached(self, now_s: float) -> float:  # noqa: ARG002 - as that of a tunnel
        """Do nothing, never: the network knows where its addresses are."""
        return float("inf")

    @property
    def is_full(self) -> bool:
        """Never: what the kernel has no room for is lost."""
        return False

    def send_run(self, to: Endpoint, tos: int, run: Messages, *, port_shift: int = 0) -> None:
        """Send each message as one packet; any of them may be lost without a word."""
        # Packet by packet: the network's rules count, and lose, what is handed over at once as one.
        octets, size = run.framed(b""), run.message_bytes
        for start in range(0, len(octets), size):
            self.send(to, tos, bytes(octets[start : start + size]), port_shift=port_shift)

    def send(self, to: Endpoint, tos: int, payload: bytes, *, port_shift: int = 0) -> None:
        """Send one packet; like any packet, it may be lost without a word.

        Raises ValueError above 1400 bytes of payload, or for mixed IP, and LookupError for a shift
        that it was not opened with.
        """
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise ValueError(f"{len(payload)} bytes of payload, at most {MAX_PAYLOAD_BYTES} fit")
        if to.address.version != self.local.address.version:
            raise ValueError(f"{self.local} and {to} are of different versions of IP")
        marked = [(self._level, self._tos, tos.to_bytes(4, sys.byteorder))]
        sending = self._shifted[port_shift]
        try:
            outer = (str(to.address), to.port)
            sending.sendmsg([payload], marked, 0, outer)
        except OSError as fault:
            # The kernel has no room, or no way there: for a packet both are a loss.
            _log.debug("a packet to %s was lost on its way: %s", to, fault)

    def receive(self) -> list[PacketRun]:
        """Take what has come, a bounded number at once."""
        packets: list[PacketRun] = []
        for _ in range(_BATCH):
            try:
                payload, ancillary, _, source = self._socket.recvmsg(
                    _DATAGRAM_BYTES, _ANCILLARY_BYTES
                )
            except BlockingIOError:
                break
            except ConnectionRefusedError:
                continue  # what we sent found nobody: no reason to stop
            came_from = _endpoint(source[0], source[1])
            octets = np.frombuffer(payload, np.uint8).reshape(1, -1)
            packets.append(PacketRun(came_from, self.local, _tos_of(ancillary), octets))
        return packets


class PacketEndpoint(Protocol):
    """The way into a user plane, whichever it is."""

    local: Endpoint

    def __enter__(self) -> Self:
        """Return the endpoint itself."""
        ...

    def __exit__(self, *exception: object) -> None:
        """Leave the user plane."""
        ...

    def fileno(self) -> int:
        """Return what a selector wants."""
        ...

    def keep_attached(self, now_s: float) -> float:
        """Do what keeps us reachable if it is due; returns when it is due next."""
        ...

    @property
    def is_full(self) -> bool:
        """Whether so much waits to be sent that no more should be given."""
        ...

    def send(self, to: Endpoint, tos: int, payload: bytes, *, port_shift: int = 0) -> None:
        """Send one packet, from our port shifted, which may be lost without a word."""
        ...

    def send_run(self, to: Endpoint, tos: int, run: Messages, *, port_shift: int = 0) -> None:
        """Send each message as one packet; any of them may be lost without a word."""
        ...

    def receive(self) -> list[PacketRun]:
        """Take what has come for `local`, a bounded amount at once, until the next call."""
        ...


def open_endpoint(
    relay: tuple[str, int] | None, local: Endpoint, port_shifts: Iterable[int] = ()
) -> PacketEndpoint:
    """Open the way through a relay, or plain sockets where there is none; raises OSError.

    What is sent may come from ports which are so far after that of `local`.
    """
    if relay is None:
        return DirectEndpoint(local, port_shifts)
    return TunnelEndpoint(relay, local)


def _bound(local: Endpoint) -> socket.socket:
    family = socket.AF_INET if local.address.version == 4 else socket.AF_INET6
    plain = socket.socket(family, socket.SOCK_DGRAM)
    try:
        plain.setblocking(False)
        for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            plain.setsockopt(socket.SOL_SOCKET, buffer, _SOCKET_BUFFER_BYTES)
        if family == socket.AF_INET:
            plain.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        else:
            plain.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
        plain.bind((str(local.address), local.port))
    except OSError as fault:
        plain.close()
        raise OSError(fault.errno, f"cannot be {local}: {_reason(fault)}") from fault
    return plain


def _reason(fault: OSError) -> str:
    if fault.errno == errno.EADDRNOTAVAIL:
        return "not an address of this machine or network namespace"
    return fault.strerror or str(fault)


def _traffic_class(address: IpAddress) -> tuple[int, int]:
    if isinstance(address, IPv4Address):
        return socket.IPPROTO_IP, socket.IP_TOS
    return socket.IPPROTO_IPV6, socket.IPV6_TCLASS


def _tos_of(ancillary: _Ancillary) -> int:
    # One octet with IPv4, an int in the order of the host with IPv6.
    for level, kind, data in ancillary:
        if (level, kind) == (socket.IPPROTO_IP, socket.IP_TOS):
            return data[0]
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_TCLASS):
            return int.from_bytes(data[:4], sys.byteorder)
    return 0


@lru_cache(maxsize=256)
def _endpoint(host: str, port: int) -> Endpoint:
    return Endpoint(ip_address(host), port)
