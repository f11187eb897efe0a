"""Requests held against the contract, with a JSON pointer for each thing that is wrong."""

import re
from typing import Any
from urllib.parse import parse_qs

import jsonschema_rs
import orjson
from connexion.decorators.parameter import pythonic
from connexion.operations import AbstractOperation
from werkzeug.http import parse_options_header

from nef.api.errors import MalformedBody, NotAcceptable, UnsupportedMediaType
from nef.domain.errors import InvalidParam, InvalidQuery, InvalidRequest

#: The first of what is accepted, where there is no need to look at the others.
_JSON = frozenset({"", "*/*", "application/json"})
#: What stands for it, of which the narrowest counts; the last one is said by old clients of Java.
_JSON_RANGES = ("application/json", "application/*", "*/*", "*")
_LONGEST_ACCEPT = 1000
_NO_WEIGHT = re.compile(r"0(\.0*)?")
_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii"})
_TOO_MANY = jsonschema_rs.ValidationErrorKind.OneOfMultipleValid
_CHOICES = (
    jsonschema_rs.ValidationErrorKind.AnyOf,
    jsonschema_rs.ValidationErrorKind.OneOfNotValid,
    _TOO_MANY,
)
#: In a body of so many brackets and commas every fault is told, in a larger one the first: the
#: validator looks for all of them before it tells one, and in 30 KB there can be seconds of them.
_MOST_SEARCHED = 300
#: How deep objects and arrays may stand in each other. The contract needs 10; the validator gives
#: up at about 250, and then says so by an error that is none of the body's.
MAX_DEPTH = 100


def check_acceptable(accept: str) -> None:
    """Raise NotAcceptable where a client takes no JSON (TS 29.122 5.2.6, RFC 9110 12.5.1)."""
    # As nearly all do; and nobody is kept waiting by a list without end.
    if accept.partition(",")[0] in _JSON or len(accept) > _LONGEST_ACCEPT:
        return
    # JSON has no parameters that could tell one from the other (RFC 8259 11): a charset may stand.
    parsed = [parse_options_header(one) for one in accept.split(",")]
    weights = {kind.lower(): parameters.get("q", "") for kind, parameters in parsed}
    found = next((weights[one] for one in _JSON_RANGES if one in weights), "0")
    if _NO_WEIGHT.fullmatch(found):
        raise NotAcceptable(f"an answer here is application/json, and not {accept[:80]!r}")


class Body:
    """What an operation takes as its body; each schema is compiled once."""

    _compiled: dict[int, tuple[Any, "Shape"]] = {}  # noqa: RUF012 - a cache

    def __init__(self, operation: AbstractOperation, max_items: int = 0) -> None:
        """Compile the schemas of its media types; `max_items` is for all objects and arrays."""
        self._max_items = max_items
        self._shapes = {kind: self._shape(operation, kind) for kind in operation.consumes}
        self._first = operation.consumes[0]
        # RFC 5789 2.2; RFC 9110 12.5.1 for those that are no patches.
        header = "Accept-Patch" if operation.method == "patch" else "Accept"
        self._accepted = {header: ", ".join(operation.consumes)}

    def read(self, content: bytes, content_type: str | None) -> Any:
        """The document in a body; raises MalformedBody, UnsupportedMediaType or InvalidRequest."""
        kind = self._first if content_type is None else content_type
        shape = self._shapes.get(kind) or self._named(kind)
        extent = _extent(content)
        document = _document(content, extent, self._max_items)
        if not shape.validator.is_valid(document):
            raise InvalidRequest(*shape.wrong(document, extent))
        return document

    def _named(self, content_type: str) -> "Shape":
        """The shape of a media type that has parameters, or is written in another way."""
        kind, parameters = parse_options_header(content_type)
        shape = self._shapes.get(kind.lower())  # in any case, RFC 9110 8.3.1
        if shape is None:
            known = " or ".join(self._shapes)
            reason = f"a body here is {known}, not {content_type[:80]!r}"
            raise UnsupportedMediaType(reason, self._accepted)
        encoding = parameters.get("charset", "utf-8")
        if encoding.lower() not in _ENCODINGS:
            reason = f"JSON is written in UTF-8, not in {encoding[:40]!r}"
            raise UnsupportedMediaType(reason, self._accepted)
        return shape

    @classmethod
    def _shape(cls, operation: AbstractOperation, kind: str) -> "Shape":
        # connexion hands over the same schema object for each application of a process; the cache
        # keeps it alive, so that its id stays its own.
        schema = operation.body_schema(kind)
        if id(schema) not in cls._compiled:
            cls._compiled[id(schema)] = schema, Shape(schema)
        return cls._compiled[id(schema)][1]


class Query:
    """What an operation takes as its query."""

    def __init__(self, operation: AbstractOperation) -> None:
        """Compile the schemas of its parameters."""
        parameters = [one for one in operation.parameters if one["in"] == "query"]
        self._parser = operation.uri_parser_class(parameters, {})
        self._shapes = {one["name"]: Shape(one["schema"]) for one in parameters}

    def read(self, text: bytes) -> dict[str, Any]:
        """The arguments in a query, as Python names them; raises InvalidQuery.

        What the operation does not know is ignored.
        """
        given = parse_qs(text.decode("latin-1"), keep_blank_values=True)
        known = {name: values for name, values in given.items() if name in self._shapes}
        values = self._parser.resolve_query(known)
        faults = [p for name, value in values.items() for p in self._faults(name, value)]
        if faults:
            raise InvalidQuery(*faults)
        return {pythonic(name): value for name, value in values.items()}

    def _faults(self, name: str, value: Any) -> list[InvalidParam]:
        if isinstance(value, str) and "\0" in value:  # PostgreSQL refuses to look for it
            return [InvalidParam(name, "has a character that is none (U+0000)")]
        error = self._shapes[name].first_error(value)
        return [] if error is None else [InvalidParam(name, self._shapes[name].reason(error))]


class Shape:
    """A schema of OpenAPI 3.0, compiled."""

    def __init__(self, schema: Any) -> None:
        """Compile it."""
        self._schema = _nullable_as_type(schema)
        self.validator = jsonschema_rs.Draft4Validator(self._schema)

    def wrong(self, document: Any, extent: int) -> list[InvalidParam]:
        """What is wrong with a document, or some of it."""
        if extent > _MOST_SEARCHED:
            error = self.first_error(document)
            return [] if error is None else [self._param(error)]
        return [self._param(error) for error in self.validator.iter_errors(document)]

    def first_error(self, value: Any) -> jsonschema_rs.ValidationError | None:
        """The first thing that is wrong."""
        try:
            self.validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            return error
        return None

    def reason(self, error: jsonschema_rs.ValidationError) -> str:
        """What is wrong in words; a pattern is none, but what has one says what it is."""
        form = None
        if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Pattern):
            form = self._described(error.schema_path[:-1])
        told = f"{str(error.instance)[:80]!r} is none: {form}" if form else error.message
        return told[:300]  # of a whole list, say

    def _described(self, path: list[str | int]) -> str | None:
        node = self._schema
        for part in path:
            if part not in node and not isinstance(node, list):
                return None  # it is behind a reference
            node = node[part]
        text = node.get("description")
        return text.rstrip(".") if text else None

    def _param(self, error: jsonschema_rs.ValidationError) -> InvalidParam:
        path = "".join(f"/{_escaped(part)}" for part in error.instance_path)
        kind, told, missing = error.kind, None, False
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
            return InvalidParam(f"{path}/{_escaped(kind.property)}", "is missing", missing=True)
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.Not):
            told = _together(kind.schema)
        elif isinstance(kind, _CHOICES):
            told = _choice(kind)
            missing = told is not None and not isinstance(kind, _TOO_MANY)
        return InvalidParam(path or "/", told or self.reason(error), missing)


def _extent(content: bytes) -> int:
    """About how many items a body holds: each level has a bracket, each further item a comma."""
    return sum(map(content.count, (b"{", b"[", b",")))


def _document(content: bytes, extent: int, max_items: int) -> Any:
    if not content:
        raise MalformedBody("there is no body; this operation needs one")
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"the body is not JSON: {error}") from None
    if extent > MAX_DEPTH or 0 < max_items <= extent:  # few items need no closer look
        _check_extent(document, max_items)
    return document


def _check_extent(document: Any, max_items: int) -> None:
    """Whether objects and arrays hold so many items, and stand in each other so deep."""
    count = 0
    here: list[Any] = [[document]]
    for _ in range(MAX_DEPTH + 1):
        count += sum(map(len, here))
        if 0 < max_items < count:
            raise MalformedBody(f"the body has more than {max_items} items in objects and arrays")
        within = (node.values() if isinstance(node, dict) else node for node in here)
        here = [item for node in within for item in node if isinstance(item, dict | list)]
        if not here:
            return
    raise MalformedBody(f"the body is nested more than {MAX_DEPTH} levels deep")


def _together(schema: Any) -> str | None:
    """The rule `not: required: [a, b]` in words."""
    names = schema.get("required") if isinstance(schema, dict) else None
    return f"may not have {' and '.join(names)}" if names else None


def _choice(kind: Any) -> str | None:
    """The rule that one of several attributes has to be there, in words."""
    if isinstance(kind, _TOO_MANY):
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
        if "not" in plain:  # says nothing of null, to which `required` applies in vain
            plain["not"] = {"type": plain["type"]} | plain["not"]
        return plain | {"type": [plain["type"], "null"]}
    return {"anyOf": [plain, {"type": "null"}]}
