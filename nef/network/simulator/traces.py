"""Trace files: what was measured of a UE, as CSV, written into the document that names it."""

import copy
import csv
import io
from collections.abc import Callable, Iterator
from itertools import pairwise
from math import isfinite
from typing import Any

from nef.domain.errors import InvalidParam, InvalidRequest

#: Reads a file by the name that a scenario gives it; raises OSError or UnicodeDecodeError.
ReadFile = Callable[[str], str]

#: What is measured, by its column: the field of `radio` that takes its points.
_FIELDS = {"sinr_db": "trace", "rate_mbps": "rate_trace"}


#: What a line has beyond the columns of the first one.
_REST = ""
#: What stands for a trace that cannot be read, so that the rest can be checked.
_INSTEAD = {"sinr_db": 0.0}


class BadTraces(InvalidRequest):
    """Trace files that are none; `document` is the rest of it, with something in their places."""

    def __init__(self, document: Any, *params: InvalidParam) -> None:
        """Keep the document."""
        self.document = document
        super().__init__(*params)


def inlined(document: Any, read_file: ReadFile) -> Any:
    """The same document with the points of its trace files instead of their names.

    Raises BadTraces where files are none. What is no scenario stays as it is: to check its shape is
    not the matter of this function.
    """
    own, wrong = copy.deepcopy(document), list[InvalidParam]()
    for index, radio in _radios(own):
        name = radio.get("trace_file")
        if isinstance(name, str):
            del radio["trace_file"]
            try:
                pointer = f"/document/ues/{index}/radio/trace_file"
                field, points = _points(pointer, read_file, name)
                radio[field] = points
            except InvalidRequest as error:
                wrong += error.params
                radio.update(_INSTEAD)
    if wrong:
        raise BadTraces(own, *wrong)
    return own


def _radios(document: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    ues = document.get("ues") if isinstance(document, dict) else None
    for index, ue in enumerate(ues if isinstance(ues, list) else ()):
        radio = ue.get("radio") if isinstance(ue, dict) else None
        if isinstance(radio, dict):
            yield index, radio


def _points(pointer: str, read_file: ReadFile, name: str) -> tuple[str, list[list[float]]]:
    try:
        rows = csv.DictReader(io.StringIO(read_file(name)), restkey=_REST)
        column = _column(rows.fieldnames or ())
        points = [[_number(row, key, rows) for key in ("time_s", column)] for row in rows]
        _check_order(points)
    except OSError as error:
        reason = f"{name} cannot be read: {error.strerror or error}"
        raise InvalidRequest(InvalidParam(pointer, reason)) from None
    except (ValueError, csv.Error) as error:
        raise InvalidRequest(InvalidParam(pointer, f"{name}: {error}")) from None
    return _FIELDS[column], points


def _column(names: Any) -> str:
    found = [name for name in _FIELDS if name in names]
    if "time_s" not in names or len(found) != 1:
        told = ", ".join(names) or "nothing"
        either = " or ".join(_FIELDS)
        if len(names) == 1 and ";" in told:
            raise ValueError("columns are separated by commas, not semicolons, and decimals by .")
        raise ValueError(f"the first line must name the columns time_s and {either}, not {told}")
    return found[0]


def _number(row: dict[str, Any], key: str, rows: "csv.DictReader[str]") -> float:
    try:
        value = float(row[key])
    except (TypeError, ValueError):
        value = float("nan")
    if any(row.get(_REST, ())) or "," in (row[key] or ""):
        reason = "more columns than the first line has; decimals have a point, not a comma"
        raise ValueError(f"line {rows.line_num}: {reason}")
    if not isfinite(value):
        raise ValueError(f"line {rows.line_num}: {key} must be a number, not {row[key]!r}")
    return value


def _check_order(points: list[list[float]]) -> None:
    if not points:
        raise ValueError("there are no points in it")
    for (before_s, _), (after_s, _) in pairwise(points):
        if after_s <= before_s:
            raise ValueError(f"the time {after_s:g} must be later than {before_s:g} before it")
