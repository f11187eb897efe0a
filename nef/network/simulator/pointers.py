"""Errors in the document of a scenario: each with the JSON pointer of its place."""

from collections.abc import Callable
from math import inf
from typing import Any, TypeVar

from nef.domain.errors import InvalidParam, InvalidRequest
from nef.network.simulator.spans import Span

_Value = TypeVar("_Value")


def wrong(pointer: str, reason: str) -> InvalidRequest:
    """The error to raise."""
    return InvalidRequest(InvalidParam(pointer, reason))


def parsed(pointer: str, make: Callable[[], _Value]) -> _Value:
    """A value that is made from a text; where it cannot be (ValueError), InvalidRequest."""
    try:
        return make()
    except ValueError as error:
        raise wrong(pointer, str(error)) from None


def span(pointer: str, entry: dict[str, Any]) -> Span:
    """A span of time; it ends after it begins."""
    found = Span(float(entry.get("from_s", 0)), float(entry.get("until_s", inf)))
    if found.until_s <= found.from_s:
        raise wrong(f"{pointer}/until_s", f"it must be after from_s, which is {found.from_s:g}")
    return found
