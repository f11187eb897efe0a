"""Which packets are lost, and what is left of a part without them."""

import numpy as np
import numpy.typing as npt

from af_client.delivery.wire import SEGMENT_BYTES, segments_of

#: The packet error rates that are tried.
RATES = (1e-5, 1e-4, 1e-3, 1e-2, 3e-2, 1e-1)

#: One truth value a segment: whether it was lost.
Lost = npt.NDArray[np.bool_]


def drawn(part: bytes, per: float, seed: int, *, repaired: bool = False) -> Lost:
    """Draw which segments of a part are lost, each by itself.

    The same seed loses at a higher rate what it loses at a lower one, and more. `repaired` sends
    what was lost once more, at the same rate.
    """
    count = segments_of(len(part))
    lost: Lost = np.random.default_rng([seed, 0]).random(count) < per
    if repaired:
        lost &= np.random.default_rng([seed, 1]).random(count) < per
    return lost


def zero_filled(part: bytes, lost: Lost) -> bytes:
    """Return the part as a device holds it: zeros where segments were lost."""
    content = bytearray(part)
    for index in np.flatnonzero(lost):
        start = int(index) * SEGMENT_BYTES
        size = min(SEGMENT_BYTES, len(content) - start)
        content[start : start + size] = bytes(size)
    return bytes(content)


def whole_probability(size_bytes: int, per: float) -> float:
    """Return the chance that none of a part's segments is lost: an object's own reliability."""
    return float((1 - per) ** segments_of(size_bytes))
