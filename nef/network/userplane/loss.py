"""Which packets of a QoS flow the radio loses, the same ones for the same seed."""

from random import Random


class LossDraw:
    """One draw a packet, in the order of departure.

    The draws depend on the seed and the flow's key alone, in every process and on every machine;
    the packet error rate only decides how many of them are losses. So a change of the rate in the
    middle leaves the rest of the sequence in place.
    """

    def __init__(self, seed: int, flow_key: str) -> None:
        """Start the sequence of one flow."""
        # A text is seeded through SHA-512 of its octets, not through hash().
        self._draw = Random(f"{seed}/{flow_key}").random

    def lost(self, error_rate: float) -> bool:
        """Whether the next packet is lost; `error_rate` is between 0 and 1."""
        return self._draw() < error_rate
