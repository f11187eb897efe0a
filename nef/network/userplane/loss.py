"""Which packets of a QoS flow the radio loses, the same ones for the same seed."""

from random import Random

import numpy as np
import numpy.typing as npt


class LossDraw:
    """One draw a packet, in the order of departure.

    The draws depend on the seed and the flow's key alone, in every process and on every machine;
    the packet error rate only decides how many of them are losses. So a change of the rate in the
    middle leaves the rest of the sequence in place, and it does not matter how many are drawn at
    once.
    """

    def __init__(self, seed: int, flow_key: str) -> None:
        """Start the sequence of one flow."""
        # A text is seeded through SHA-512 of its octets, not through hash(). NumPy goes on with
        # the same Mersenne Twister, and gives the same numbers, many at once.
        _, state, _ = Random(f"{seed}/{flow_key}").getstate()
        self._twister = np.random.RandomState()
        self._twister.set_state(("MT19937", np.array(state[:-1], np.uint32), state[-1], 0, 0.0))

    def lost(self, error_rate: float, packets: int) -> npt.NDArray[np.bool_]:
        """Which of the next packets are lost; `error_rate` is between 0 and 1."""
        return self._twister.random_sample(packets) < error_rate
