"""Stand-ins for the user plane: one without sockets or clocks, and one on loopback."""

import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address

import numpy as np

from af_client.delivery import segments, tunnel
from af_client.delivery.incoming import Event
from af_client.delivery.receiver import Receiver
from af_client.delivery.segments import Octets, SegmentRun
from af_client.delivery.sender import Outgoing, Sender
from af_client.delivery.tunnel import InnerPacket, IpAddress
from af_client.delivery.wire import MalformedMessage, Message, decode

#: Whether a downlink message is lost; called once for each.
Loss = Callable[[Message], bool]


def no_loss(_: Message) -> bool:
    return False


class Link:
    """A sender and a receiver in time that only jumps to the next thing to do."""

    def __init__(self, sender: Sender, receiver: Receiver, lost: Loss = no_loss) -> None:
        self.sender, self.receiver, self.lost = sender, receiver, lost
        self.now_s = 0.0
        self.down: list[tuple[float, Message]] = []
        self.up: list[Message] = []
        self.events: list[Event] = []

    def run(self, until: Callable[[], bool] = lambda: False, limit_s: float = 60.0) -> "Link":
        """Move on until nothing is left to do, or the condition holds, or time is over."""
        while not until():
            self._exchange()
            times = [t for t in (self.sender.wake_s, self.receiver.wake_s) if t is not None]
            if not times or min(times) > limit_s or until():
                break
            self.now_s = max(self.now_s, min(times))
        return self

    def _exchange(self) -> None:
        moved = True
        while moved:
            moved = False
            for item in self.sender.due(self.now_s):
                moved = True
                for arrived in segments.read(self._carried(item), refuse):
                    self.events += self.receiver.receive(arrived, self.now_s)
            messages, events = self.receiver.due(self.now_s)
            self.events += events
            for message in messages:
                moved = True
                self.up.append(message)
                with suppress(MalformedMessage):
                    self.sender.receive(decode(message.encode()), self.now_s)

    def _carried(self, item: Outgoing) -> Octets:
        """The payloads that arrive, in the wire format, as on a network."""
        messages = list(item.messages()) if isinstance(item, SegmentRun) else [item]
        self.down += [(self.now_s, message) for message in messages]
        octets = item.framed() if isinstance(item, SegmentRun) else item.encode()
        kept = [not self.lost(message) for message in messages]
        return np.frombuffer(octets, np.uint8).reshape(len(messages), -1)[kept]


def refuse(fault: MalformedMessage) -> None:
    raise fault


class LoopbackRelay:
    """Forwards inner packets between what is attached to its two sides; `lost` drops downlink."""

    def __init__(self, lost: Loss = no_loss) -> None:
        self.lost = lost
        self.tos: list[int] = []
        #: The ports of servers that downlink came from.
        self.ports: set[int] = set()
        self._stop = threading.Event()
        self._listening = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self._ends: list[dict[IpAddress, socket.socket]] = [{}, {}]
        self._rest: dict[socket.socket, bytes] = {}
        self._selector = selectors.DefaultSelector()

    @property
    def n6(self) -> tuple[str, int]:
        return "127.0.0.1", self._listening[0].getsockname()[1]

    @property
    def radio(self) -> tuple[str, int]:
        return "127.0.0.1", self._listening[1].getsockname()[1]

    def run(self) -> None:
        for side, listening in enumerate(self._listening):
            self._selector.register(listening, selectors.EVENT_READ, side)
        while not self._stop.is_set():
            for key, _ in self._selector.select(0.05):
                if key.fileobj in self._listening:
                    self._accept(int(key.data))
                elif isinstance(key.fileobj, socket.socket):
                    self._read(key.fileobj, int(key.data))

    def stop(self) -> None:
        self._stop.set()

    def close(self) -> None:
        for each in (*self._listening, *self._rest):
            each.close()
        self._selector.close()

    def break_off(self, side: int) -> None:
        """Let the connections of a side end, as seen from there."""
        for end in tuple(self._ends[side].values()):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self, side: int) -> None:
        connected, _ = self._listening[side].accept()
        self._rest[connected] = b""
        self._selector.register(connected, selectors.EVENT_READ, side)

    def _read(self, end: socket.socket, side: int) -> None:
        with suppress(OSError):
            if octets := end.recv(1 << 18):
                self._take(self._rest[end] + octets, end, side)
                return
        self._selector.unregister(end)
        del self._rest[end]
        self._ends[side] = {a: other for a, other in self._ends[side].items() if other is not end}
        end.close()

    def _take(self, octets: bytes, end: socket.socket, side: int) -> None:
        while len(octets) >= 6:
            size = tunnel.length_of(memoryview(octets))
            if len(octets) < size:
                break
            self._forward(octets[:size], end, side)
            octets = octets[size:]
        self._rest[end] = octets

    def _forward(self, octets: bytes, end: socket.socket, side: int) -> None:
        if octets[9] == 59:
            self._ends[side][ip_address(octets[12:16])] = end
            return
        packet = tunnel.decode(octets)
        other = self._ends[1 - side].get(packet.destination.address)
        if other is None or (side == 0 and self._is_lost(packet)):
            return
        with suppress(OSError):
            other.sendall(octets)

    def _is_lost(self, packet: InnerPacket) -> bool:
        self.tos.append(packet.tos)
        self.ports.add(packet.source.port)
        return self.lost(decode(packet.payload))


@contextmanager
def loopback_relay(lost: Loss = no_loss) -> Iterator[LoopbackRelay]:
    """A relay that runs until the end of the block."""
    relay = LoopbackRelay(lost)
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        yield relay
    finally:
        relay.stop()
        thread.join()
        relay.close()
