"""How packets show which part they carry, so that a network can tell their QoS flows apart."""

from enum import Enum

from af_client.delivery.tunnel import Endpoint
from af_client.delivery.wire import TOS, Part


class Marking(Enum):
    """By their ToS octet on one 5-tuple, or by the server's port; the value is the option's."""

    TOS = "tos"
    PORTS = "ports"

    def tos(self, part: Part) -> int:
        """Return the ToS octet or traffic class of a part's packets."""
        return TOS[part] if self is Marking.TOS else 0

    def port_shift(self, part: Part) -> int:
        """Return how far after the server's own port that is which a part comes from."""
        return 1 if self is Marking.PORTS and part is Part.WEIGHTS else 0

    @property
    def port_shifts(self) -> tuple[int, ...]:
        """Every shift there is."""
        return tuple(sorted({self.port_shift(part) for part in Part}))


def comes_from(source: Endpoint, server: Endpoint) -> bool:
    """Whether packets from there are the server's, however it marks them."""
    shifts = {shift for marking in Marking for shift in marking.port_shifts}
    return source.address == server.address and source.port - server.port in shifts
