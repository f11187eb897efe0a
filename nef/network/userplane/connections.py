"""One endpoint of the tunnel, as the relay sees it: a socket, and what waits to be sent on it."""

import socket
from collections import deque
from collections.abc import Iterator
from itertools import islice

from nef.network.userplane.runs import Run
from nef.network.userplane.streams import PacketStream

#: What may wait for an endpoint that does not read, besides what the kernel keeps for it.
MAX_WAITING_BYTES = 16 * 1024 * 1024
#: Buffers that are written at once; less than any system's limit (POSIX: at least 16, here 1024).
_MOST_BUFFERS = 64


class ConnectionOver(Exception):
    """Nothing more can come from, or go to, an endpoint."""


class Connection:
    """Packets in runs, both ways, over a TCP connection; nothing blocks."""

    def __init__(
        self, connected: socket.socket, buffer: bytearray, to_flush: set["Connection"]
    ) -> None:
        """`buffer` is what is read into, of `streams.BUFFER_BYTES`; it may be shared.

        With something to send, it puts itself into `to_flush`.
        """
        connected.setblocking(False)
        if connected.family in {socket.AF_INET, socket.AF_INET6}:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connected
        #: Whether the kernel has no room now for what waits.
        self.is_stuck = False
        self._stream = PacketStream(buffer)
        self._to_flush = to_flush
        self._waiting: deque[memoryview] = deque()
        self._waiting_bytes = 0

    def read(self) -> Iterator[Run]:
        """What has come, a bounded number of octets at once.

        Raises ConnectionOver at its end, MalformedPacket where no packet can be found any more.
        """
        try:
            count = self.socket.recv_into(self._stream.room())
        except BlockingIOError:
            return
        except OSError as fault:
            raise ConnectionOver(str(fault)) from None
        if not count:
            raise ConnectionOver("the other end has closed it")
        yield from self._stream.take(count)

    def put(self, run: Run) -> bool:
        """Let packets wait for the next `flush`; False where too much waits already."""
        if self._waiting_bytes + run.total_bytes > MAX_WAITING_BYTES:
            return False
        self._to_flush.add(self)
        self._waiting.append(run.data)
        self._waiting_bytes += run.total_bytes
        return True

    def flush(self) -> None:
        """Send what waits, as much as the kernel takes; raises ConnectionOver."""
        self._to_flush.discard(self)
        self.is_stuck = False
        while self._waiting:
            try:
                sent = self.socket.sendmsg(list(islice(self._waiting, _MOST_BUFFERS)))
            except BlockingIOError:
                self.is_stuck = True
                return
            except OSError as fault:
                raise ConnectionOver(str(fault)) from None
            self._sent(sent)

    def _sent(self, count: int) -> None:
        self._waiting_bytes -= count
        while count:
            first = self._waiting[0]
            if count < len(first):
                self._waiting[0] = first[count:]
                return
            count -= len(first)
            self._waiting.popleft()
