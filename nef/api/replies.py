"""What a handler replies: a document or nothing, its status, its headers."""

from collections.abc import Callable, Mapping
from typing import Any

Reply = tuple[Any, int, Mapping[str, str]]
Handler = Callable[..., Reply]

_JSON = {"Content-Type": "application/json"}


def ok(document: Any) -> Reply:
    """Here it is."""
    return document, 200, _JSON


def created(document: dict[str, Any]) -> Reply:
    """It is there from now on, where its `self` says."""
    return document, 201, _JSON | {"Location": document["self"]}


def done() -> Reply:
    """It happened, and there is nothing to say of it."""
    return None, 204, {}
