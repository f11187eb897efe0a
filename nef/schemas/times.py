"""Moments on the wire."""

from datetime import UTC, datetime

from nef.domain.errors import InvalidValue


def date_time(moment_s: float) -> str:
    """Seconds since the epoch as a `DateTime` (RFC 3339)."""
    return datetime.fromtimestamp(moment_s, UTC).isoformat(timespec="milliseconds")


def parse_moment(text: str) -> float:
    """A `DateTime` as seconds since the epoch; raises InvalidValue, also where it has no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in text.upper():
        raise InvalidValue(f"{text[:40]!r} is not a moment such as 2026-11-23T14:00:00Z (RFC 3339)")
    return moment.timestamp()


def time_window(from_s: float, until_s: float) -> dict[str, str]:
    """`TimeWindow` (TS 29.122 5.2.1)."""
    return {"startTime": date_time(from_s), "stopTime": date_time(until_s)}
