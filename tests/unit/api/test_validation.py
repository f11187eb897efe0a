"""Bodies held against a schema, each fault with its JSON pointer."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from nef.api.errors import MalformedBody, UnsupportedEncoding
from nef.api.validation import BodyValidator
from nef.domain.errors import InvalidParam, InvalidRequest

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z]+$", "nullable": True},
        "a/b": {"type": "integer", "minimum": 1},
        "either": {"$ref": "#/components/schemas/Either"},
        "list": {"type": "array", "items": {"$ref": "#/components/schemas/Either"}},
        "choice": {"enum": ["x", "y"], "nullable": True},
        "some": {"anyOf": [{"required": ["left"]}, {"required": ["right"]}]},
        "one": {"oneOf": [{"required": ["left"]}, {"required": ["right"]}]},
        "kind": {"anyOf": [{"type": "string", "enum": ["x"]}, {"type": "string"}]},
    },
    "components": {
        "schemas": {
            "Either": {"type": "object", "not": {"required": ["left", "right"]}},
        }
    },
}


def validator(encoding: str = "utf-8") -> BodyValidator:
    return BodyValidator(schema=SCHEMA, encoding=encoding, strict_validation=False)


def faults(body: Any) -> list[InvalidParam]:
    with pytest.raises(InvalidRequest) as refusal:
        validator()._validate(body)
    return list(refusal.value.params)


def parsed(body: bytes, encoding: str = "utf-8") -> Any:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    return asyncio.run(validator(encoding)._parse(stream(), {}))


@pytest.mark.parametrize(
    "body", [{"name": "a"}, {"name": None}, {"name": "a", "choice": None}, {"name": "a", "b": 1}]
)
def test_what_fits_passes_also_null_and_the_unknown(body: Any) -> None:
    validator()._validate(body)


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


def test_a_body_full_of_faults_is_answered_in_bounded_length() -> None:
    assert len(faults({"name": "a", "list": [3] * 1000})) == 20
    assert all(len(fault.reason) <= 300 for fault in faults({"name": "x" * 10_000 + "1"}))


def test_json_is_read_from_utf_8() -> None:
    assert parsed('{"a": "é"}'.encode()) == {"a": "é"}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"NaN", b"[" * 3000])
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody, match="not JSON"):
        parsed(body)


def test_another_encoding_is_not_guessed_at() -> None:
    with pytest.raises(UnsupportedEncoding, match="utf-16"):
        parsed("{}".encode("utf-16"), "utf-16")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"some": {}}, "name left or right"),
        ({"one": {}}, "name left or right"),
        ({"one": {"left": 1, "right": 2}}, "exclude each other"),
    ],
)
def test_a_choice_of_attributes_is_told_in_words(body: dict[str, Any], reason: str) -> None:
    (fault,) = faults({"name": "x"} | body)
    assert fault.pointer in ("/some", "/one")
    assert reason in fault.reason


def test_a_choice_of_other_things_is_told_as_it_is() -> None:
    (fault,) = faults({"name": "x", "kind": 3})
    assert fault.pointer == "/kind"
    assert "3" in fault.reason
