"""Bodies with one odd value in them, and what every answer to such a body must be."""

import copy
from collections.abc import Iterator
from typing import Any

from builders.service import RULE

ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 1e308, 0.5, "", " ", "\x00", "é",
    "9" * 5000,
    "1 Mbps", "0 bps", "1E-3", "b8fc", RULE, "http://[::1", "10.45.0.2", "model-topology",
    [], {}, [None], {"": None}, [[[]]], {"1": {"medCompN": 1}},
]  # fmt: skip


def paths(node: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every member and item of a document."""
    keys: Any = (
        node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    )
    for key in keys:
        yield (*here, key)
        yield from paths(node[key], (*here, key))


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of a document with one place changed."""
    whole = copy.deepcopy(document)
    node = whole
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return whole


def check(response: Any) -> None:
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert problem["cause"]
        assert problem["detail"]
        if response.status_code == 400:
            assert all(p["param"] and p["reason"] for p in problem["invalidParams"])
        assert len(response.content) < 20_000
