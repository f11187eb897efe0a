"""Moments on the wire."""

import re
from datetime import UTC, datetime

from nef.domain.errors import InvalidValue

# RFC 3339 is stricter than ISO 8601, which `fromisoformat` reads.
_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
# The year 9999 and no other zone: what can be written again.
_END_S = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


def date_time(moment_s: float) -> str:
    """Seconds since the epoch as a `DateTime` (RFC 3339)."""
    return datetime.fromtimestamp(moment_s, UTC).isoformat(timespec="milliseconds")


def parse_moment(text: str) -> float:
    """A `DateTime` as seconds since the epoch; raises InvalidValue, also where it has no zone."""
    try:
        moment = datetime.fromisoformat(text.upper()) if _DATE_TIME.fullmatch(text) else None
    except ValueError:
        moment = None
    if moment is None:
        raise InvalidValue(f"{text[:40]!r} is not a moment such as 2026-11-23T14:00:00Z (RFC 3339)")
    moment_s = moment.timestamp()
    if not 0 <= moment_s < _END_S:
        raise InvalidValue(f"{text[:40]!r} is not a moment from the year 1970 to the year 9999")
    return moment_s


def time_window(from_s: float, until_s: float) -> dict[str, str]:
    """`TimeWindow` (TS 29.122 5.2.1)."""
    return {"startTime": date_time(from_s), "stopTime": date_time(until_s)}
