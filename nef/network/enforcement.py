"""What every user plane does, whatever carries its packets: one page.

The embedded relay and the Linux interfaces are two of them. Times are those of the monotonic clock.
"""

from typing import Protocol

from nef.network.userplane.classification import GrantTable
from nef.network.userplane.counters import RelayCounters


class UserPlane(Protocol):
    """Carries packets as a table grants, and counts them."""

    def enforce(self, table: GrantTable, now_ns: int) -> None:
        """Follow another table at once, also with what is in flight."""
        ...

    def counted(self, now_ns: int) -> RelayCounters:
        """What was carried since the start; the same object each time, brought up to date."""
        ...

    def close(self) -> None:
        """Carry nothing any more, and leave nothing behind."""
        ...
