"""Link adaptation: from SINR to spectral efficiency, through the CQI tables of TS 38.214.

TS 38.214 says what each CQI carries and at which error rate, not at which SINR. The thresholds
here follow from two assumptions, each a constant below with its source; docs/radio-model.md shows
the outcome beside published ones.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nef.domain.units import PacketErrorRate

Floats = NDArray[np.float64]

#: How far practical coding stays behind Shannon's capacity, in dB: fits the thresholds of
#: Mehlführer et al., "Simulating the Long Term Evolution Physical Layer", EUSIPCO 2009, for the
#: efficiencies of TS 38.214 table 5.2.2.1-2 at BLER 0.1 within 1 dB.
SHANNON_GAP_DB = 2.3

#: Four receive antennas, which TS 38.101-1 7.2 requires of a UE in bands such as n78, times two
#: transmit polarisations. In Rayleigh fading the outage falls as SINR to the power of minus this
#: (Tse and Viswanath, "Fundamentals of Wireless Communication", 2005, section 3.3).
DIVERSITY_ORDER = 8

# CQI 1 to 15: modulation order (bits a symbol) and code rate x 1024.
_TABLE_2 = (
    (2, 78), (2, 120), (2, 193), (2, 308), (2, 449), (2, 602), (4, 378), (4, 490),
    (4, 616), (6, 466), (6, 567), (6, 666), (6, 772), (6, 873), (6, 948),
)  # fmt: skip
_TABLE_3 = (
    (2, 78), (2, 193), (2, 449), (4, 378), (4, 490), (4, 616), (6, 466), (6, 567),
    (6, 666), (6, 772), (6, 873), (8, 711), (8, 797), (8, 885), (8, 948),
)  # fmt: skip
_TABLE_4 = (
    (2, 30), (2, 50), (2, 78), (2, 120), (2, 193), (2, 308), (2, 449), (2, 602),
    (4, 378), (4, 490), (4, 616), (6, 466), (6, 567), (6, 666), (6, 772),
)  # fmt: skip


class Reliability(IntEnum):
    """The block error rate a transmission aims at; an index into arrays of rates."""

    ORDINARY = 0
    HIGH = 1

    @classmethod
    def of(cls, per: PacketErrorRate, *, guaranteed: bool = True) -> "Reliability":
        """The class of a flow: five nines or better need to arrive at the first attempt.

        A flow without guarantee has time for retransmissions (a delay budget of 100 ms and more in
        TS 23.501 table 5.7.4-1), which bring it to its error rate from a BLER of 0.1.
        """
        return cls.HIGH if guaranteed and per.value <= 1e-5 else cls.ORDINARY


@dataclass(frozen=True)
class CqiTable:
    """A CQI table: what each index carries, and from which SINR on."""

    name: str
    bler: float
    rows: tuple[tuple[int, int], ...]

    @cached_property
    def efficiencies(self) -> Floats:
        """Bits a resource element for CQI 0 (out of range) to 15."""
        return np.array([0.0, *(order * rate / 1024 for order, rate in self.rows)])

    @cached_property
    def thresholds_db(self) -> Floats:
        """The SINR from which CQI 1 to 15 meet the table's BLER."""
        shannon = 10 * np.log10(2 ** self.efficiencies[1:] - 1)
        fading_db = 10 * math.log10(0.1 / self.bler) / DIVERSITY_ORDER
        thresholds: Floats = shannon + SHANNON_GAP_DB + fading_db
        return thresholds

    def cqi(self, sinr_db: Floats) -> NDArray[np.intp]:
        """The highest index whose threshold is met, 0 where none is."""
        return np.searchsorted(self.thresholds_db, sinr_db, side="right")

    def efficiency(self, sinr_db: Floats) -> Floats:
        """Bits a resource element at these SINRs."""
        found: Floats = self.efficiencies[self.cqi(sinr_db)]
        return found

    def efficiency_at(self, sinr_db: float) -> float:
        """The same at one."""
        thresholds_db, efficiencies = self._columns
        return efficiencies[bisect_right(thresholds_db, sinr_db)]

    @cached_property
    def _columns(self) -> tuple[list[float], list[float]]:
        return self.thresholds_db.tolist(), self.efficiencies.tolist()


TABLE_64QAM = CqiTable("TS 38.214 table 5.2.2.1-2", 0.1, _TABLE_2)
TABLE_256QAM = CqiTable("TS 38.214 table 5.2.2.1-3", 0.1, _TABLE_3)
TABLE_1E5 = CqiTable("TS 38.214 table 5.2.2.1-4", 1e-5, _TABLE_4)

#: The table of each reliability class.
TABLES = {Reliability.ORDINARY: TABLE_256QAM, Reliability.HIGH: TABLE_1E5}
