"""Logs: lines for people, or one JSON object a line, each with the request that it is about."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from nef.telemetry.requests import current

FORMATS = ("text", "json")
LEVELS = ("debug", "info", "warning", "error")
ACCESS = logging.getLogger("nef.access")

#: What would make one line look like two, or a terminal do something.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def set_up(format_name: str, level: str, *, access: bool) -> None:
    """Log to the standard error stream, uvicorn too; `access` has a line for each request."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if format_name == "json" else TextLines())
    logging.basicConfig(handlers=[handler], level=level.upper())
    ACCESS.setLevel(logging.INFO if access else logging.CRITICAL)


def log_access(method: str, path: str, status: int, duration_s: float) -> None:
    """Tell of a request that was answered; status 0 is none, since the client has gone."""
    if ACCESS.isEnabledFor(logging.INFO):
        ACCESS.info(
            "%s %s: %d after %.1f ms",
            method,
            path,
            status,
            duration_s * 1000,
            extra={
                "fields": {
                    "method": method,
                    "path": path,
                    "status": status,
                    "durationMs": round(duration_s * 1000, 3),
                }
            },
        )


class JsonLines(logging.Formatter):
    """Each record a JSON object.

    `time` (UTC), `level`, `logger` and `message`; where there are any, the request's `requestId`,
    `operation` and `afId`, a `traceback`, and the `fields` that the record was given.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        document: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        trace = current()
        if trace is not None:
            about = {"requestId": trace.id, "operation": trace.operation, "afId": trace.af_id}
            document |= {key: value for key, value in about.items() if value is not None}
        document |= getattr(record, "fields", {})
        if record.exc_info:
            document["traceback"] = self.formatException(record.exc_info)
        return json.dumps(document, default=str)


class TextLines(logging.Formatter):
    """Time (UTC), level, logger, the id of the request, message; a traceback in lines below."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, but for a traceback."""
        trace = current()
        about = f" [{trace.id}]" if trace else ""
        message = _CONTROLS.sub(lambda found: repr(found[0])[1:-1], record.getMessage())
        line = f"{_time(record)} {record.levelname} {record.name}{about}: {message}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
