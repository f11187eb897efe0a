"""One part of a model, put together from the segments that arrive."""

from collections.abc import Iterator
from hashlib import sha256

from af_client.delivery.documents import PartOffer
from af_client.delivery.wire import SEGMENT_BYTES, MalformedMessage, Message


class Assembly:
    """Takes segments in any order; what never arrives reads as zeros.

    `lost` counts segments whose earlier attempts did not arrive, and those which have not arrived.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.received = 0
        self._data = bytearray(count * SEGMENT_BYTES)
        self._has = bytearray(count)
        self._known_lost = 0

    def take(self, message: Message) -> None:
        """Take one segment in; raises MalformedMessage where it does not fit to the others."""
        index, body = message.index, message.body
        last = index == self.count - 1
        if message.count != self.count or index >= self.count:
            raise MalformedMessage(f"segment {index} of {message.count}, but {self.count} expected")
        if not body or (len(body) < SEGMENT_BYTES and not last):
            raise MalformedMessage(f"segment {index} has {len(body)} bytes, not {SEGMENT_BYTES}")
        if self._has[index]:
            # The attempt that was thought lost was only late.
            self._known_lost = max(0, self._known_lost - 1)
            return
        start = index * SEGMENT_BYTES
        self._data[start : start + len(body)] = body
        self._has[index] = 1
        self.received += 1
        self._known_lost += message.attempt

    @property
    def complete(self) -> bool:
        """Whether every segment has arrived."""
        return self.received == self.count

    @property
    def lost(self) -> int:
        """Segments that did not arrive, each attempt counted."""
        return self._known_lost + self.count - self.received

    def missing(self) -> Iterator[int]:
        """Yield the indices that have not arrived, ascending."""
        index = self._has.find(0)
        while index >= 0:
            yield index
            index = self._has.find(0, index + 1)

    def content(self, offer: PartOffer) -> bytes:
        """Return the part, cut to its size, zeros where nothing arrived."""
        return bytes(self._data[: offer.size_bytes])

    def discard(self) -> None:
        """Forget all segments: what they make is not what was offered."""
        self._known_lost += self.count
        self._has = bytearray(self.count)
        self.received = 0


def is_intact(content: bytes, offer: PartOffer) -> bool:
    """Whether content is to the last bit what was offered."""
    return sha256(content).hexdigest() == offer.sha256
