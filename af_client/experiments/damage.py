"""Which packets are lost, and what is left of a part without them."""

from zlib import crc32

import numpy as np
import numpy.typing as npt

from af_client.delivery.wire import SEGMENT_BYTES, segments_of

#: The packet error rates that are tried.
RATES = (1e-5, 1e-4, 1e-3, 1e-2, 3e-2, 1e-1)

#: Up to so many segments a part is drawn so many times as often.
_SMALL, _OFTEN = 100, 10

#: One truth value a segment: whether it was lost.
Lost = npt.NDArray[np.bool_]


def drawn(part: bytes, per: float, seed: int, luck: str = "", *, repaired: bool = False) -> Lost:
    """Draw which segments of a part are lost, each by itself.

    The same seed loses at a higher rate what it loses at a lower one, and more; another `luck`
    makes other draws of the same seeds. `repaired` sends what was lost once more, at the same rate.
    """
    count = segments_of(len(part))
    key = [seed, crc32(luck.encode())]
    lost: Lost = np.random.default_rng([*key, 0]).random(count) < per
    if repaired:
        lost &= np.random.default_rng([*key, 1]).random(count) < per
    return lost


def draws_for(part: bytes, seeds: int) -> int:
    """Return how often a part is drawn: the few segments of a small one need more luck to hit."""
    return seeds * (_OFTEN if segments_of(len(part)) <= _SMALL else 1)


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
