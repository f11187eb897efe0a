"""Reports as lines of JSON, for programs; `docs/client.md` lists their fields."""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from af_client.answers import Cell, QosOutlook, TransferTime
from af_client.reports import Report


def line_of(report: Report[Any]) -> tuple[str, dict[str, Any]]:
    """Return the name of the event and its fields; what is not known is left out."""
    asked = _known({"within_s": getattr(report.question, "within_s", None)})
    if report.answer is None:
        about = _name(type(report.question)).removesuffix("_question")
        return "no_answer", asked | {"about": about, "reason": report.failure}
    found = _plain(report.answer)
    if isinstance(report.answer, QosOutlook):
        found = {"holds": report.answer.holds} | found
    return _name(type(report.answer)), asked | found


def _name(kind: type) -> str:
    """`TransferTimes` as "transfer_times"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


def _plain(value: Any) -> Any:
    if isinstance(value, Cell):
        return str(value)
    if isinstance(value, TransferTime):
        return _known(
            {"n_bytes": value.n_bytes, "seconds": value.seconds, "confidence": value.confidence}
        )
    if is_dataclass(value):
        return _known({one.name: _plain(getattr(value, one.name)) for one in fields(value)})
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _known(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not None}
