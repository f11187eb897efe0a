"""JSON patches of lists, held against the operations of RFC 6902."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nef.domain.errors import InvalidRequest
from nef.schemas.json_patch import patched

LISTS = ("in", "out")
TARGET: dict[str, Any] = {"name": "x", "in": ["a", "b", "c"]}


def op(kind: str, path: str, **more: Any) -> dict[str, Any]:
    """An operation; `source` is its `from`."""
    if "source" in more:
        more["from"] = more.pop("source")
    return {"op": kind, "path": path, **more}


@pytest.mark.parametrize(
    ("patch", "lists"),
    [
        ([op("add", "/in/-", value="d")], {"in": ["a", "b", "c", "d"]}),
        ([op("add", "/in/0", value="d")], {"in": ["d", "a", "b", "c"]}),
        ([op("add", "/in/3", value="d")], {"in": ["a", "b", "c", "d"]}),
        ([op("add", "/out", value=["d"])], {"in": ["a", "b", "c"], "out": ["d"]}),
        ([op("add", "/in", value=["d"])], {"in": ["d"]}),
        ([op("remove", "/in/1")], {"in": ["a", "c"]}),
        ([op("remove", "/in")], {}),
        ([op("replace", "/in/1", value="d")], {"in": ["a", "d", "c"]}),
        ([op("replace", "/in", value=["d"])], {"in": ["d"]}),
        ([op("move", "/in/2", source="/in/0")], {"in": ["b", "c", "a"]}),
        ([op("move", "/out", source="/in")], {"out": ["a", "b", "c"]}),
        ([op("copy", "/out", source="/in")], {"in": ["a", "b", "c"], "out": ["a", "b", "c"]}),
        ([op("copy", "/in/-", source="/in/0")], {"in": ["a", "b", "c", "a"]}),
        ([op("test", "/in/0", value="a")], {"in": ["a", "b", "c"]}),
        ([op("test", "/in", value=["a", "b", "c"])], {"in": ["a", "b", "c"]}),
        ([op("add", "/out", value=[])], {"in": ["a", "b", "c"]}),
        (
            [op("copy", "/out", source="/in"), op("remove", "/out/0")],
            {"in": ["a", "b", "c"], "out": ["b", "c"]},
        ),
    ],
)
def test_each_operation_does_what_the_rfc_says(patch: list[Any], lists: dict[str, Any]) -> None:
    before = copy.deepcopy(TARGET)
    assert patched(TARGET, patch, LISTS) == {"name": "x"} | lists
    assert before == TARGET, "the target stays as it was"


@pytest.mark.parametrize(
    ("operation", "pointer"),
    [
        (op("add", "/in/4", value="d"), "/0/path"),
        (op("add", "/in/01", value="d"), "/0/path"),
        (op("add", "/in/-1", value="d"), "/0/path"),
        (op("add", "/in/²", value="d"), "/0/path"),
        (op("add", "/in/" + "9" * 30, value="d"), "/0/path"),
        (op("add", "/in/-", value=3), "/0/value"),
        (op("add", "/in/-", value=["d"]), "/0/value"),
        (op("add", "/in", value="d"), "/0/value"),
        (op("add", "/in", value=[["d"]]), "/0/value"),
        (op("add", "/in/-"), "/0/value"),
        (op("add", "/out/-", value="d"), "/0/path"),
        (op("add", "/name", value=["d"]), "/0/path"),
        (op("add", "", value={}), "/0/path"),
        (op("add", "in", value=["d"]), "/0/path"),
        (op("add", "/in/0/0", value="d"), "/0/path"),
        (op("remove", "/in/-"), "/0/path"),
        (op("remove", "/out"), "/0/path"),
        (op("replace", "/in/3", value="d"), "/0/path"),
        (op("replace", "/out", value=["d"]), "/0/path"),
        (op("move", "/out/-", source="/in/0"), "/0/path"),
        (op("move", "/out"), "/0/from"),
        (op("copy", "/in/-", source="/in"), "/0/value"),
        (op("copy", "/out", source="/in/0"), "/0/value"),
        (op("test", "/in/0", value="b"), "/0/path"),
        (op("swap", "/in/0"), "/0/op"),
    ],
)
def test_what_cannot_be_done_is_pointed_at(operation: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        patched(TARGET, [operation], LISTS)
    [param] = refusal.value.params
    assert (param.pointer, bool(param.reason)) == (pointer, True)


def test_the_operation_that_fails_is_counted() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        patched(TARGET, [op("remove", "/in/0"), op("test", "/in/0", value="a")], LISTS)
    assert refusal.value.params[0].pointer == "/1/path"


PATHS = st.sampled_from(["/in", "/out", "/in/0", "/in/-", "/out/1", "/name", ""])
VALUES = st.one_of(st.text(max_size=3), st.lists(st.text(max_size=3), max_size=3), st.none())
OPERATIONS = st.builds(
    lambda kind, path, source, value: op(kind, path, source=source, value=value),
    st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "?"]),
    PATHS,
    PATHS,
    VALUES,
)


@given(st.lists(OPERATIONS, max_size=6))
def test_any_patch_leads_to_lists_of_strings_or_is_refused(patch: list[Any]) -> None:
    try:
        after = patched(TARGET, patch, LISTS)
    except InvalidRequest:
        return
    assert after["name"] == "x"
    assert all(after[name] and all(isinstance(s, str) for s in after[name])
               for name in LISTS if name in after)  # fmt: skip
