"""Stand-ins for the user plane: one without sockets or clocks, and one on loopback."""

import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from af_client.delivery import tunnel
from af_client.delivery.incoming import Event
from af_client.delivery.receiver import Receiver
from af_client.delivery.sender import Sender
from af_client.delivery.tunnel import NotAPacket
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
            for message in self.sender.due(self.now_s):
                moved = True
                self.down.append((self.now_s, message))
                if not self.lost(message):
                    # Through the wire format, as on a network.
                    self.events += self.receiver.receive(decode(message.encode()), self.now_s)
            messages, events = self.receiver.due(self.now_s)
            self.events += events
            for message in messages:
                moved = True
                self.up.append(message)
                with suppress(MalformedMessage):
                    self.sender.receive(decode(message.encode()), self.now_s)


class LoopbackRelay:
    """Forwards inner packets between what is attached to its two sides; `lost` drops downlink."""

    def __init__(self, lost: Loss = no_loss) -> None:
        self.lost = lost
        self.tos: list[int] = []
        self._stop = threading.Event()
        self._sides = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        self._attached: list[dict[bytes, tuple[str, int]]] = [{}, {}]
        for side in self._sides:
            side.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
            side.bind(("127.0.0.1", 0))

    @property
    def n6(self) -> tuple[str, int]:
        return "127.0.0.1", self._sides[0].getsockname()[1]

    @property
    def radio(self) -> tuple[str, int]:
        return "127.0.0.1", self._sides[1].getsockname()[1]

    def run(self) -> None:
        with selectors.DefaultSelector() as selector:
            for number, side in enumerate(self._sides):
                selector.register(side, selectors.EVENT_READ, number)
            while not self._stop.is_set():
                for key, _ in selector.select(0.05):
                    self._forward(int(key.data))

    def stop(self) -> None:
        self._stop.set()

    def close(self) -> None:
        for side in self._sides:
            side.close()

    def _forward(self, side: int) -> None:
        datagram, outer = self._sides[side].recvfrom(2048)
        if datagram[9] == 59:
            self._attached[side][datagram[12:16]] = outer
            return
        other = self._attached[1 - side].get(datagram[16:20])
        if other is None or (side == 0 and self._is_lost(datagram)):
            return
        self._sides[1 - side].sendto(datagram, other)

    def _is_lost(self, datagram: bytes) -> bool:
        try:
            packet = tunnel.decode(datagram)
        except NotAPacket:
            return False
        self.tos.append(packet.tos)
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
