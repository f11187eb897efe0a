"""Bit rates between the wire notation of 3GPP and whole bits per second."""

import re
from fractions import Fraction

#: Steps of 1000, "K" where the SI writes "k" (TS 29.571 5.5.2, `BitRate`).
_UNITS = {"bps": 1, "Kbps": 10**3, "Mbps": 10**6, "Gbps": 10**9, "Tbps": 10**12}
_RATE = re.compile(r"(\d{1,40}(?:\.\d{1,40})?) (bps|Kbps|Mbps|Gbps|Tbps)", re.ASCII)
#: One digit, one digit (TS 29.571 5.5.2, `PacketErrRate`).
_ERROR_RATE = re.compile(r"[1-9]E-[1-9]", re.ASCII)
#: The octet and its mask (TS 29.514 5.6.3.2, `TosTrafficClass`).
_TOS = re.compile(r"[0-9A-Fa-f]{4}", re.ASCII)


def parse_rate(text: str) -> int:
    """Read a rate such as "12.5 Mbps" as bits per second.

    Parts of a bit are cut off, so that a rate is never overstated. Raises ValueError.
    """
    match = _RATE.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text[:40]!r} is not a bit rate;"
            ' write a number, a space and a unit from bps to Tbps, such as "12.5 Mbps"'
        )
    return int(Fraction(match[1]) * _UNITS[match[2]])


def format_rate(bps: int) -> str:
    """Write bits per second in the largest unit that keeps the number at 1 or more.

    `parse_rate` reads exactly the same number back. Raises ValueError below zero.
    """
    if bps < 0:
        raise ValueError(f"a bit rate is not negative, but this one is {bps} bps")
    unit = next((name for name in reversed(_UNITS) if bps >= _UNITS[name]), "bps")
    whole, rest = divmod(bps, _UNITS[unit])
    digits = f"{rest:0{len(str(_UNITS[unit])) - 1}d}".rstrip("0") if rest else ""
    return f"{whole}.{digits} {unit}" if digits else f"{whole} {unit}"


def checked_error_rate(text: str) -> str:
    """Return a packet error rate from "1E-9" to "9E-1" as it is; raises ValueError for others."""
    if not isinstance(text, str) or not _ERROR_RATE.fullmatch(text):
        raise ValueError(
            f"{str(text)[:40]!r} is not a packet error rate;"
            ' one loss in a thousand packets is the text "1E-3"'
        )
    return text


def checked_rate(name: str, bps: int) -> int:
    """Return a rate in whole bits per second as it is; raises ValueError, calling it by `name`."""
    if not isinstance(bps, int) or isinstance(bps, bool) or bps < 0:
        raise ValueError(
            f"{name} is {bps!r}; a rate is a whole number of bits per second, 12_500_000 say,"
            ' or parse_rate("12.5 Mbps")'
        )
    return bps


def checked_tos(text: str) -> str:
    """Return a ToS octet and its mask as they are; raises ValueError for anything else."""
    if not _TOS.fullmatch(text):
        raise ValueError(
            f"{text[:40]!r} is not a type of service; write the octet and its mask as four"
            ' hexadecimal digits: "b8fc" is the octet b8 under the mask fc'
        )
    return text
