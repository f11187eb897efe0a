"""Bodies and queries held against a schema, each fault with its JSON pointer."""

from typing import Any

import orjson
import pytest
from connexion.operations import OpenAPIOperation
from connexion.resolver import Resolver

from nef.api.errors import MalformedBody, UnsupportedMediaType
from nef.api.validation import MAX_DEPTH, Body, Query
from nef.domain.errors import InvalidParam, InvalidQuery, InvalidRequest

RATE = {
    "type": "string",
    "pattern": r"^\d+ m/s$",
    "description": "A number and its unit, such as 3 m/s.",
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z]+$", "nullable": True},
        "a/b": {"type": "integer", "minimum": 1},
        "either": {"$ref": "#/components/schemas/Either"},
        "list": {"type": "array", "items": {"$ref": "#/components/schemas/Either"}},
        "rate": RATE,
        "choice": {"enum": ["x", "y"], "nullable": True},
        "some": {"anyOf": [{"required": ["left"]}, {"required": ["right"]}]},
        "one": {"oneOf": [{"required": ["left"]}, {"required": ["right"]}]},
        "kind": {"anyOf": [{"type": "string", "enum": ["x"]}, {"type": "string"}]},
    },
    "components": {
        "schemas": {
            "Either": {
                "type": "object",
                "not": {"required": ["left", "right"]},
                "properties": {"rate": RATE},
            },
        }
    },
}


JSON = "application/json"


def operation(*parameters: dict[str, Any]) -> OpenAPIOperation:
    content = {JSON: {"schema": SCHEMA}, "application/merge-patch+json": {"schema": SCHEMA}}
    document = {
        "operationId": "write",
        "parameters": list(parameters),
        "requestBody": {"content": content, "required": True},
    }
    resolver = Resolver({"write": print}.__getitem__)
    return OpenAPIOperation("post", "/", document, resolver)


def read(content: bytes, content_type: str | None = JSON) -> Any:
    return Body(operation()).read(content, content_type)


def faults(body: Any) -> list[InvalidParam]:
    with pytest.raises(InvalidRequest) as refusal:
        read(orjson.dumps(body))
    return list(refusal.value.params)


@pytest.mark.parametrize(
    "body", [{"name": "a"}, {"name": None}, {"name": "a", "choice": None}, {"name": "a", "b": 1}]
)
def test_what_fits_passes_also_null_and_the_unknown(body: Any) -> None:
    assert read(orjson.dumps(body)) == body


def test_what_is_missing_is_named_where_it_should_be() -> None:
    assert faults({}) == [InvalidParam("/name", "is missing", missing=True)]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ([], "/"),
        ({"name": "A"}, "/name"),
        ({"name": 3}, "/name"),
        ({"name": "a", "a/b": 0}, "/a~1b"),
        ({"name": "a", "list": [{}, {"left": 1, "right": 2}]}, "/list/1"),
        ({"name": "a", "choice": "z"}, "/choice"),
    ],
)
def test_each_fault_has_its_pointer(body: Any, pointer: str) -> None:
    assert [fault.pointer for fault in faults(body)] == [pointer]


def test_what_may_not_stand_together_is_said_in_words() -> None:
    (fault,) = faults({"name": "a", "either": {"left": 1, "right": 2}})
    assert fault.reason == "may not have left and right"


def test_a_long_value_does_not_come_back_as_a_whole() -> None:
    assert all(len(fault.reason) <= 300 for fault in faults({"name": "x" * 10_000 + "1"}))


def test_what_has_a_pattern_is_told_in_the_words_of_the_contract() -> None:
    (fault,) = faults({"name": "a", "rate": "fast"})
    assert fault.reason == "'fast' is none: A number and its unit, such as 3 m/s"
    (other,) = faults({"name": "a", "list": [{"rate": "slow"}]})
    assert other.reason == "'slow' is none: A number and its unit, such as 3 m/s"
    (without,) = faults({"name": "A"})
    assert "^[a-z]+$" in without.reason


def test_in_a_large_body_faults_are_not_searched_for_beyond_the_first() -> None:
    both = {"left": 1, "right": 2}
    assert len(faults({"name": "a", "list": [both] * 15})) == 15
    assert len(faults({"name": "a", "list": [both] * 5000})) == 1


@pytest.mark.parametrize(
    "content_type",
    [None, JSON, "Application/JSON", f"{JSON}; charset=utf-8", f'{JSON};v=1; charset="UTF-8"',
     "application/merge-patch+json"],
)  # fmt: skip
def test_json_is_read_from_utf_8(content_type: str | None) -> None:
    assert read('{"name": null, "a": "é"}'.encode(), content_type)["a"] == "é"


@pytest.mark.parametrize("body", [b"{", b"\xff", b"NaN", b"[" * 3000])
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody, match="not JSON"):
        read(body)


def test_no_body_is_said_to_be_none() -> None:
    with pytest.raises(MalformedBody, match="there is no body"):
        read(b"")


def nested(levels: int) -> bytes:
    return b'{"a":[' * (levels // 2) + b"{}" * (levels % 2) + b"]}" * (levels // 2)


def test_a_body_may_be_nested_so_deep_and_no_deeper() -> None:
    with pytest.raises(InvalidRequest):
        read(nested(MAX_DEPTH))
    with pytest.raises(MalformedBody, match=f"more than {MAX_DEPTH} levels"):
        read(nested(MAX_DEPTH + 1))


def test_many_brackets_beside_each_other_or_in_a_text_are_not_deep() -> None:
    with pytest.raises(InvalidRequest):
        read(b"[" + b"{}," * 200 + b"[]]")
    with pytest.raises(InvalidRequest):
        read(b'"' + b"[" * 200 + b'"')


@pytest.mark.parametrize(
    ("content_type", "said"),
    [
        (f"{JSON};charset=utf-16", "utf-16"),
        (f"{JSON}; charset=utf-16", "utf-16"),
        (f"{JSON};\tcharset=utf-16", "utf-16"),
        ("text/xml", "application/json"),
        ("", "application/json"),
        (";", "application/json"),
    ],
)
def test_another_encoding_or_type_is_not_guessed_at(content_type: str, said: str) -> None:
    with pytest.raises(UnsupportedMediaType, match=said):
        read(b"{}", content_type)


QUERY = (
    {"name": "how-many", "in": "query", "schema": {"type": "integer", "maximum": 9}},
    {"name": "inAll", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
    {"name": "text", "in": "query", "schema": {"type": "string"}},
)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("", {}),
        ("how-many=3&unknown=4&[=5", {"how_many": 3}),
        ("inAll=a,b&inAll=c", {"in_all": ["a", "b", "c"]}),
        ("text=%C3%A9+%2C", {"text": "é ,"}),
        ("text=", {"text": ""}),
    ],
)
def test_a_query_becomes_arguments(text: str, arguments: dict[str, Any]) -> None:
    assert Query(operation(*QUERY)).read(text.encode()) == arguments


@pytest.mark.parametrize("text", ["how-many=10", "how-many=x", "how-many="])
def test_a_bad_query_is_named_by_its_parameter(text: str) -> None:
    with pytest.raises(InvalidQuery) as refusal:
        Query(operation(*QUERY)).read(text.encode())
    assert [fault.pointer for fault in refusal.value.params] == ["how-many"]


def test_every_bad_parameter_of_a_query_is_named() -> None:
    several = (
        *QUERY,
        {"name": "state", "in": "query", "schema": {"type": "string", "enum": ["on"]}},
    )
    with pytest.raises(InvalidQuery) as refusal:
        Query(operation(*several)).read(b"how-many=10&state=off&text=x")
    assert [fault.pointer for fault in refusal.value.params] == ["how-many", "state"]


@pytest.mark.parametrize(
    ("body", "reason", "missing"),
    [
        ({"some": {}}, "name left or right", True),
        ({"one": {}}, "name left or right", True),
        ({"one": {"left": 1, "right": 2}}, "exclude each other", False),
    ],
)
def test_a_choice_of_attributes_is_told_in_words(
    body: dict[str, Any], reason: str, missing: bool
) -> None:
    (fault,) = faults({"name": "x"} | body)
    assert fault.pointer in ("/some", "/one")
    assert reason in fault.reason
    assert fault.missing is missing


def test_a_choice_of_other_things_is_told_as_it_is() -> None:
    (fault,) = faults({"name": "x", "kind": 3})
    assert fault.pointer == "/kind"
    assert "3" in fault.reason
