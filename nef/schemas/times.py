"""Moments on the wire."""

from datetime import UTC, datetime


def date_time(moment_s: float) -> str:
    """Seconds since the epoch as a `DateTime` (RFC 3339)."""
    return datetime.fromtimestamp(moment_s, UTC).isoformat(timespec="milliseconds")
