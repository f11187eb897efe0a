"""The form that all wire objects share: open on the way in, nothing empty on the way out."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_dump, post_load

from nef.domain.errors import InvalidParam, InvalidRequest

#: What a required attribute says when it is not there.
MISSING = "is missing"
fields.Field.default_error_messages["required"] = MISSING


class WireSchema(Schema):
    """A wire object that becomes a domain object of `makes`.

    Unknown attributes are ignored: objects are open in 3GPP's APIs (TS 29.501 5.2.4).
    """

    class Meta:
        """What holds for every wire object."""

        unknown = EXCLUDE

    makes: ClassVar[type[Any]]

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """Build the domain object."""
        return self.makes(**{k: tuple(v) if isinstance(v, list) else v for k, v in data.items()})

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """The value of an attribute, which has a plain name; one without a value is not there."""
        value = obj.get(attr) if isinstance(obj, dict) else getattr(obj, attr, None)
        return default if value is None else value

    @post_dump
    def without_empty(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Leave out what has no value."""
        return {key: value for key, value in data.items() if value not in (None, [], {})}


@lru_cache(maxsize=256)
def dumping(kind: type[WireSchema], names: frozenset[str]) -> WireSchema:
    """A schema with these of its fields only: each takes its time, also where it has no value."""
    return kind(only=names)


@lru_cache(maxsize=256)
def _loading(kind: type[WireSchema], keys: frozenset[str]) -> WireSchema:
    """The same, for documents with these keys."""
    fields = kind().load_fields.items()
    return kind(only=[n for n, f in fields if f.required or (f.data_key or n) in keys])


def loaded(schema: WireSchema, document: Any) -> Any:
    """The domain object of a wire document; raises InvalidRequest that names every bad value."""
    if isinstance(document, dict):
        schema = _loading(type(schema), frozenset(document))
    try:
        return schema.load(document)
    except ValidationError as error:
        raise InvalidRequest(*_params("", error.messages_dict)) from None


def _params(pointer: str, messages: Any) -> list[InvalidParam]:
    """Flatten marshmallow's tree of messages into JSON pointers (RFC 6901)."""
    if isinstance(messages, Mapping):
        return [p for key, below in messages.items() for p in _params(_below(pointer, key), below)]
    return [
        InvalidParam(pointer or "/", str(text), missing=str(text).startswith(MISSING))
        for text in messages
    ]


def _below(pointer: str, key: Any) -> str:
    # marshmallow files errors of a whole object under _schema, of a dict's value under "value"
    if key in ("_schema", "value"):
        return pointer
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
