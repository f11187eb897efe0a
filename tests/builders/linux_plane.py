"""A user plane on Linux interfaces, and sockets in its namespaces."""

import ctypes
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Self, TypeVar

import pytest

from builders.userplane import SERVER, SERVER6, UE, UE6, grants
from nef.domain.filters import IpAddress
from nef.network.linux.commands import LinuxPlaneUnusable, missing
from nef.network.linux.names import Names, names_of
from nef.network.linux.plane import LinuxUserPlane
from nef.network.userplane.counters import FlowCounters
from nef.network.userplane.grants import table_of

_CLONE_NEWNET = 0x40000000
_SO_TIMESTAMPNS, _SO_RCVBUFFORCE = 35, 33
_UDP_SEGMENT = 103
_NUMBERS = count()

#: An inner IPv4 packet that `Sender.send` makes by default.
PACKET_BYTES = 1428

T = TypeVar("T")


def own_names() -> Names:
    """Names and a link that no other test, here or beside, has: RFC 2544's own network."""
    number = next(_NUMBERS)
    link = (os.getpid() * 16 + number) % 2**15 * 4
    return names_of(
        f"t{os.getpid() % 0xFFFFF:x}{'abcdefghijklmnop'[number % 16]}",
        host_link=f"198.{18 + (link >> 16)}.{link >> 8 & 255}.{link & 255}/30",
    )


@cache
def why_not() -> str | None:
    """What this machine lacks, by its own words; None where it has all."""
    sentence = missing()
    if sentence is not None:
        return sentence
    try:
        plane = LinuxUserPlane(own_names())
        try:
            plane.enforce(table_of(grants()), 0)
        finally:
            plane.close()
    except LinuxPlaneUnusable as error:
        return str(error)
    return None


def needs_linux_plane() -> None:
    """Skip the test, with the reason, where the machine cannot run it."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)


def within(namespace: str, work: Callable[[], T]) -> T:
    """Do something in a namespace; a socket that it opens stays there."""
    results: list[T] = []
    failures: list[BaseException] = []

    def enter_and_work() -> None:
        try:
            with Path(f"/run/netns/{namespace}").open("rb") as there:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(there.fileno(), _CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")  # noqa: TRY301 - told below
            results.append(work())
        except BaseException as error:  # raised again in the test's own thread
            failures.append(error)

    # The namespace is a property of the thread, and goes with it.
    thread = threading.Thread(target=enter_and_work)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


def _udp(address: IpAddress, port: int) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    bound = socket.socket(family, socket.SOCK_DGRAM)
    bound.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 32 << 20)
    bound.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    bound.bind((str(address), port))
    return bound


def _connected(address: IpAddress, port: int) -> socket.socket:
    return socket.create_connection((str(address), port), timeout=60)


class Sender:
    """A server in the data network: its packets go from port 7000 to port 7001 of the UE."""

    def __init__(self, names: Names, address: IpAddress, to: IpAddress) -> None:
        self.socket = within(names.data_network, lambda: _udp(address, 7000))
        self.socket.connect((str(to), 7001))

    def send(self, number: int, tos: int = 0, size: int = 1400) -> None:
        self.mark(tos)
        self.socket.send(number.to_bytes(4, "big") + bytes(size - 4))

    def mark(self, tos: int) -> None:
        if self.socket.family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
        else:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, tos)

    def send_together(self, packets: int, size: int = 1400) -> None:
        """Packets of one system call, which the kernel takes for one until they are cut."""
        segment = [(socket.IPPROTO_UDP, _UDP_SEGMENT, struct.pack("=H", size))]
        self.socket.sendmsg([bytes(packets * size)], segment)


@dataclass(frozen=True)
class Arrival:
    """A packet at the device, with the time at which the kernel had it."""

    number: int
    bytes: int
    at_s: float


class Device:
    """Port 7001 of a UE."""

    def __init__(self, names: Names, address: IpAddress) -> None:
        self.socket = within(names.ue, lambda: _udp(address, 7001))

    def take(self, packets: int, timeout_s: float = 60) -> list[Arrival]:
        """The next packets; raises TimeoutError where none comes any more."""
        self.socket.settimeout(timeout_s)
        return [self._next() for _ in range(packets)]

    def rest(self) -> list[Arrival]:
        """What comes until nothing has come for a while."""
        arrived: list[Arrival] = []
        self.socket.settimeout(0.5)
        try:
            while True:
                arrived.append(self._next())
        except TimeoutError:
            return arrived

    def _next(self) -> Arrival:
        payload, ancillary, _, _ = self.socket.recvmsg(2048, 64)
        (_, _, stamp), *_ = ancillary
        seconds, nanoseconds = struct.unpack("=qq", stamp)
        number = int.from_bytes(payload[:4], "big")
        return Arrival(number, len(payload) + 28, seconds + nanoseconds / 1e9)


@dataclass
class LinuxNetwork:
    """A plane with a server and a device at its ends, IPv4 and IPv6."""

    names: Names
    plane: LinuxUserPlane
    _sockets: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            one.close()

    def grant(self, document: dict[str, Any]) -> None:
        self.plane.enforce(table_of(document), 0)

    def flow(self, key: str) -> FlowCounters:
        return self.plane.counted(0).flows[key]

    def ends(self, ipv6: bool = False) -> tuple[Sender, Device]:
        """Sockets at both sides; the grants must have been told."""
        server, ue = (SERVER6, UE6) if ipv6 else (SERVER, UE)
        device = self.device(ue)
        sender = Sender(self.names, server, ue)
        self._sockets.append(sender.socket)
        return sender, device

    def through_tcp(self, content: bytes, port: int) -> int:
        """How many bytes of a stream from the server the device got."""
        listening = within(self.names.ue, lambda: socket.create_server((str(UE), port)))
        with listening, within(self.names.data_network, lambda: _connected(UE, port)) as server:
            device, _ = listening.accept()
            sending = threading.Thread(target=server.sendall, args=(content,))
            sending.start()
            received = 0
            with device:
                while received < len(content):
                    received += len(device.recv(1 << 20))
            sending.join()
        return received

    def device(self, address: IpAddress) -> Device:
        device = Device(self.names, address)
        self._sockets.append(device.socket)
        return device


@contextmanager
def linux_network(document: dict[str, Any]) -> Iterator[LinuxNetwork]:
    """A network that grants what a document says; it is gone after the block."""
    names = own_names()
    with ExitStack() as stack:
        plane = LinuxUserPlane(names)
        stack.callback(plane.close)
        network = stack.enter_context(LinuxNetwork(names, plane))
        network.grant(document)
        yield network
