"""Bit rates and packet error rates as value types, with the wire notation of TS 29.571."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import total_ordering
from typing import Self

from nef.domain.errors import InvalidValue

_UNITS = {"bps": 1, "Kbps": 10**3, "Mbps": 10**6, "Gbps": 10**9, "Tbps": 10**12}
# Twenty digits say every rate there is; more would only keep the machine busy.
_BIT_RATE = re.compile(r"(\d{1,20}(?:\.\d{1,20})?) (bps|Kbps|Mbps|Gbps|Tbps)", re.ASCII)
_ERROR_RATE = re.compile(r"([0-9])E-([0-9])", re.ASCII)

#: No radio link comes near this; a larger request is a slip of the keyboard.
MAX_BPS = 10 * 10**12


def _invalid(text: object, expected: str) -> InvalidValue:
    return InvalidValue(f"{str(text)[:40]!r} is not {expected}")


@dataclass(frozen=True, order=True, slots=True)
class BitRate:
    """A bit rate in whole bits per second (TS 29.571 5.5.2, `BitRate`)."""

    bps: int

    def __post_init__(self) -> None:
        """Refuse what is negative or beyond `MAX_BPS`."""
        if not 0 <= self.bps <= MAX_BPS:
            raise _invalid(self.bps, f"a bit rate between 0 and {MAX_BPS} bps")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the wire notation, such as "125 Mbps" or "0.125 Gbps"; steps are x1000.

        Raises InvalidValue for zero, for parts of a bit, and above 10 Tbps.
        """
        match = _BIT_RATE.fullmatch(text)
        if match is None:
            raise _invalid(text, 'a bit rate such as "125 Mbps"')
        bps = Fraction(match[1]) * _UNITS[match[2]]
        if bps.denominator != 1 or not 0 < bps <= MAX_BPS:
            raise _invalid(text, "a whole number of bits per second from 1 bps to 10 Tbps")
        return cls(int(bps))

    def __str__(self) -> str:
        """Write the wire notation in the largest unit that keeps the number at 1 or more."""
        unit = next((u for u in reversed(_UNITS) if self.bps >= _UNITS[u]), "bps")
        whole, rest = divmod(self.bps, _UNITS[unit])
        digits = f"{rest:0{len(str(_UNITS[unit])) - 1}d}".rstrip("0") if rest else ""
        return f"{whole}.{digits} {unit}" if digits else f"{whole} {unit}"


@total_ordering
@dataclass(frozen=True, slots=True)
class PacketErrorRate:
    """A packet error rate as scalar x 10^-exponent (TS 29.571 5.5.2, `PacketErrRate`).

    Ordered by the share of packets lost: 1E-3 < 2E-3 < 1E-2. Each share has one notation.
    """

    scalar: int
    exponent: int

    def __post_init__(self) -> None:
        """Refuse what is no rate between 1E-9 and 9E-1."""
        if not (1 <= self.scalar <= 9 and 1 <= self.exponent <= 9):
            raise _invalid(self, 'a packet error rate from "1E-9" to "9E-1"')

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the wire notation, such as "1E-5"; raises InvalidValue outside 1E-9 .. 9E-1."""
        match = _ERROR_RATE.fullmatch(text)
        if match is None:
            raise _invalid(text, 'a packet error rate such as "1E-5"')
        return cls(int(match[1]), int(match[2]))

    @property
    def value(self) -> float:
        """The share of packets lost, a number between 0 and 1."""
        return float(f"{self.scalar}e-{self.exponent}")

    def __str__(self) -> str:
        """Write the wire notation."""
        return f"{self.scalar}E-{self.exponent}"

    def __lt__(self, other: "PacketErrorRate") -> bool:
        """Less when it loses fewer packets."""
        return self.value < other.value
