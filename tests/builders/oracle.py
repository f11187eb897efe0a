"""What a block carries, worked out apart from the simulator: from the standard's tables alone.

The figures were copied from TS 38.214 a second time, as spectral efficiencies where the simulator
has modulation and code rate; the rest is the arithmetic of docs/radio-model.md in plain Python.
"""

from math import floor, log10

#: TS 38.214 tables 5.2.2.1-3 (BLER 0.1) and 5.2.2.1-4 (BLER 1E-5), CQI 1 to 15: bits an element.
_ORDINARY = (
    0.1523, 0.3770, 0.8770, 1.4766, 1.9141, 2.4063, 2.7305, 3.3223,
    3.9023, 4.5234, 5.1152, 5.5547, 6.2266, 6.9141, 7.4063,
)  # fmt: skip
_HIGH = (
    0.0586, 0.0977, 0.1523, 0.2344, 0.3770, 0.6016, 0.8770, 1.1758,
    1.4766, 1.9141, 2.4063, 2.7305, 3.3223, 3.9023, 4.5234,
)  # fmt: skip
#: How far the rounded figures of the tables are from the true ones at most, by ratio.
ROUNDING = 1.001


def block_rate_bps(sinr_db: float, per: str, layers: int = 2, downlink_share: float = 0.75) -> int:
    """What one block of 30 kHz carries for a UE, 0 where it does not reach it."""
    table, bler, fading_db = {
        "1E-3": (_ORDINARY, 0.1, 0.0),
        "1E-5": (_HIGH, 1e-5, 10 * log10(0.1 / 1e-5) / 8),
    }[per]
    reached = [e for e in table if 10 * log10(2**e - 1) + 2.3 + fading_db <= sinr_db]
    elements = 12 * 14 * 2000 * 0.86 * downlink_share * layers
    return floor(max(reached, default=0.0) * elements * (1 - bler))
