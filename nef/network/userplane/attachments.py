"""Which connection the inner addresses of one side of the relay can be reached by."""

from typing import Protocol

from nef.network.userplane.runs import Run

MAX_ATTACHED = 4096


class Outlet(Protocol):
    """A connection, as whoever has packets for its other end knows it."""

    def put(self, run: Run) -> bool:
        """Take packets to be sent on; False where too many wait there already, and drop them."""
        ...


class Attachments:
    """Inner address (4 or 16 octets) to connection, of bounded size."""

    def __init__(self, limit: int = MAX_ATTACHED) -> None:
        """At most `limit` addresses are attached at a time."""
        self._limit = limit
        self._outlets: dict[bytes, Outlet] = {}

    def attach(self, address: bytes, outlet: Outlet) -> bool:
        """Remember where an address is, the latest word counts; False where there is no room."""
        if address not in self._outlets and len(self._outlets) >= self._limit:
            return False
        self._outlets[address] = outlet
        return True

    def outlet_to(self, address: bytes) -> Outlet | None:
        """Where an address can be reached, None while it is not attached."""
        return self._outlets.get(address)

    def detach(self, outlet: Outlet) -> None:
        """Forget every address of a connection that has ended."""
        for address in [a for a, where in self._outlets.items() if where is outlet]:
            del self._outlets[address]
