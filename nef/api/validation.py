"""Bodies held against the contract, with a JSON pointer for each thing that is wrong."""

from collections.abc import AsyncGenerator
from typing import Any

import jsonschema_rs
import orjson
from connexion.datastructures import MediaTypeDict
from connexion.validators import AbstractRequestBodyValidator
from starlette.types import Scope

from nef.api.errors import MalformedBody, UnsupportedEncoding
from nef.domain.errors import InvalidParam, InvalidRequest

_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii"})
_CHOICES = (
    jsonschema_rs.ValidationErrorKind.AnyOf,
    jsonschema_rs.ValidationErrorKind.OneOfNotValid,
    jsonschema_rs.ValidationErrorKind.OneOfMultipleValid,
)
#: More would not help the reader of an answer.
_MOST_PARAMS = 20


class BodyValidator(AbstractRequestBodyValidator):
    """Validates a JSON body by its schema, compiled once for each schema of the contract."""

    _compiled: dict[int, tuple[Any, jsonschema_rs.Draft4Validator]] = {}  # noqa: RUF012 - a cache

    async def _parse(self, stream: AsyncGenerator[bytes, None], scope: Scope) -> Any:  # noqa: ARG002
        body = b"".join([part async for part in stream])
        if self._encoding.lower() not in _ENCODINGS:
            raise UnsupportedEncoding(f"JSON is written in UTF-8, not in {self._encoding[:40]}")
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise MalformedBody(f"the body is not JSON: {error}") from None

    def _validate(self, body: Any) -> dict[str, Any] | None:
        found = self._validator().iter_errors(body)
        params = [_param(error) for error, _ in zip(found, range(_MOST_PARAMS), strict=False)]
        if params:
            raise InvalidRequest(*params)
        return None

    def _validator(self) -> jsonschema_rs.Draft4Validator:
        # connexion hands over the same schema object for every request of an operation; the cache
        # keeps it alive, so that its id stays its own.
        key = id(self._schema)
        if key not in self._compiled:
            compiled = jsonschema_rs.Draft4Validator(_nullable_as_type(self._schema))
            self._compiled[key] = (self._schema, compiled)
        return self._compiled[key][1]


VALIDATORS = {"body": MediaTypeDict({"*/*json": BodyValidator})}


def _param(error: jsonschema_rs.ValidationError) -> InvalidParam:
    path = "".join(f"/{_escaped(part)}" for part in error.instance_path)
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        return InvalidParam(f"{path}/{_escaped(kind.property)}", "is missing", missing=True)
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Not):
        return InvalidParam(path or "/", _together(kind.schema) or error.message[:300])
    if isinstance(kind, _CHOICES):
        return InvalidParam(path or "/", _choice(kind) or error.message[:300])
    return InvalidParam(path or "/", error.message[:300])


def _together(schema: Any) -> str | None:
    """The rule `not: required: [a, b]` in words."""
    names = schema.get("required") if isinstance(schema, dict) else None
    return f"may not have {' and '.join(names)}" if names else None


def _choice(kind: Any) -> str | None:
    """The rule that one of several attributes has to be there, in words."""
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.OneOfMultipleValid):
        return "has attributes that exclude each other; name one of them"
    errors = [error.kind for branch in kind.context for error in branch]
    if not all(isinstance(e, jsonschema_rs.ValidationErrorKind.Required) for e in errors):
        return None
    return f"name {' or '.join(dict.fromkeys(e.property for e in errors))}"


def _escaped(part: Any) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _nullable_as_type(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    if isinstance(node, list):
        return [_nullable_as_type(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _nullable_as_type(value) for key, value in node.items()}
    if plain.pop("nullable", False) is not True:
        return plain
    if isinstance(plain.get("type"), str) and "enum" not in plain:
        return plain | {"type": [plain["type"], "null"]}
    return {"anyOf": [plain, {"type": "null"}]}
