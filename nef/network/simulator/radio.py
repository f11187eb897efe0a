"""What a carrier carries: resource blocks, peak rate, and the rate of a block at a SINR.

Pure functions, arrays in and arrays out. Rates are downlink, in bit/s.
"""

from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import NDArray

from nef.network.simulator.cqi import TABLES, Floats, Reliability

#: Bit/s that a block carries for each UE (columns) and reliability class (rows).
Rates = NDArray[np.int64]
#: The same of one UE.
UeRates = tuple[int, ...]

# TS 38.101-1 table 5.3.2-1: resource blocks by subcarrier spacing in kHz and bandwidth in MHz.
_WIDTHS_MHZ = (5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100)
_BLOCKS: dict[int, tuple[int, ...]] = {
    15: (25, 52, 79, 106, 133, 160, 188, 216, 242, 270),
    30: (11, 24, 38, 51, 65, 78, 92, 106, 119, 133, 162, 189, 217, 245, 273),
    60: (0, 11, 18, 24, 31, 38, 44, 51, 58, 65, 79, 93, 107, 121, 135),
}
RESOURCE_BLOCKS = {
    (spacing_khz, width_mhz): blocks
    for spacing_khz, row in _BLOCKS.items()
    for width_mhz, blocks in zip(_WIDTHS_MHZ, row, strict=False)
    if blocks
}

#: Far below what any transmission needs.
OUT_OF_COVERAGE_DB = -50.0

_SUBCARRIERS_A_BLOCK = 12  # TS 38.211 4.4.4.1
_SYMBOLS_A_SLOT = 14  # TS 38.211 table 4.3.2-1, normal cyclic prefix
_MAX_CODE_RATE = 948 / 1024  # TS 38.306 4.1.2
_OVERHEAD = 0.14  # TS 38.306 4.1.2, downlink in FR1
# In slots: waiting for one, sending one, decoding one; and the round trip of a retransmission.
# TS 38.214 5.3 lets a UE take about a slot to decode; the rest is our estimate.
_SLOTS_FIRST, _SLOTS_AGAIN = 3, 8


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier; `downlink_share` is the share of slots that TDD gives to the downlink."""

    bandwidth_mhz: int
    spacing_khz: int
    layers: int
    downlink_share: float

    @property
    def blocks(self) -> int:
        """Its resource blocks."""
        return RESOURCE_BLOCKS[self.spacing_khz, self.bandwidth_mhz]

    @property
    def slots_a_second(self) -> int:
        """Slots in a second: 1000 at 15 kHz, twice that at twice the spacing (TS 38.211 4.3.2)."""
        return 1000 * self.spacing_khz // 15


def elements_a_second(carrier: Carrier) -> float:
    """Resource elements that carry user data in one block in a second, on all layers together."""
    elements = _SUBCARRIERS_A_BLOCK * _SYMBOLS_A_SLOT * carrier.slots_a_second
    return elements * (1 - _OVERHEAD) * carrier.downlink_share * carrier.layers


def peak_rate_bps(carrier: Carrier, modulation_order: int = 8) -> float:
    """The approximate maximum data rate of TS 38.306 4.1.2, for one carrier, scaling factor 1."""
    return carrier.blocks * elements_a_second(carrier) * modulation_order * _MAX_CODE_RATE


def block_rates_bps(sinr_db: Floats, elements: Floats) -> Rates:
    """Whole bit/s that one block carries, shape (reliability classes, UEs).

    `elements` are those of `elements_a_second` for the carrier of each UE. A block is one resource
    block in every downlink slot. What fails at the table's BLER is sent again, and carries nothing.
    """
    rates = [
        np.floor(TABLES[kind].efficiency(sinr_db) * elements * (1 - TABLES[kind].bler))
        for kind in Reliability
    ]
    return np.array(rates, dtype=np.int64).reshape(len(Reliability), -1)


def block_rates_of_one_bps(sinr_db: float, elements: float) -> UeRates:
    """The same of one UE."""
    return tuple(
        floor(TABLES[kind].efficiency_at(sinr_db) * elements * (1 - TABLES[kind].bler))
        for kind in Reliability
    )


def sinr_of_rate_db(carrier: Carrier, rates_bps: Floats) -> Floats:
    """The SINR at which a UE alone in the cell gets about these rates, as an ordinary flow.

    About: a rate is taken as that of the CQI whose rate is nearest to it by ratio. Half of the rate
    of the lowest CQI, and what is below it, is out of coverage.
    """
    table = TABLES[Reliability.ORDINARY]
    elements = carrier.blocks * elements_a_second(carrier) * (1 - table.bler)
    steps_bps = table.efficiencies[1:] * elements
    edges_bps = np.sqrt(steps_bps * np.append(steps_bps[0] / 4, steps_bps[:-1]))
    sinrs_db = np.append(OUT_OF_COVERAGE_DB, table.thresholds_db)
    found: Floats = sinrs_db[np.searchsorted(edges_bps, rates_bps)]
    return found


def per_hertz(sinr_db: Floats, reliability: Reliability) -> Floats:
    """Bit/s that one layer carries in a hertz of its blocks, before TDD takes its share."""
    block = Carrier(20, 30, 1, 1.0)
    rates = block_rates_bps(sinr_db, np.full(len(sinr_db), elements_a_second(block)))[reliability]
    carried: Floats = rates / (_SUBCARRIERS_A_BLOCK * 1000 * block.spacing_khz)
    return carried


def blocks_for(rate_bps: int, block_rate_bps: int) -> int | None:
    """The blocks that a guaranteed rate takes, rounded up; None where a block carries nothing."""
    if rate_bps == 0:
        return 0
    return -(-rate_bps // block_rate_bps) if block_rate_bps else None


def radio_delay_ms(carrier: Carrier, reliability: Reliability) -> float:
    """The mean time from the base station's queue to the UE, in an otherwise empty queue."""
    slots = _SLOTS_FIRST + _SLOTS_AGAIN * TABLES[reliability].bler
    return 1000 * slots / carrier.slots_a_second / carrier.downlink_share
