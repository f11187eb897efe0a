"""What services need to know of time."""

from typing import Protocol


class Clock(Protocol):
    """A clock that never goes back."""

    def now_s(self) -> float:
        """Seconds since the epoch, as the service and its network see them."""
        ...
