"""What every schema shares: how absent values are written, and how a wrong body is told."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_dump, post_load, pre_load

from af_client.checks import check_spelling
from af_client.errors import InvalidParam
from af_client.units import checked_error_rate, format_rate, parse_rate


class Malformed(ValueError):
    """A body that is not what the standard says; `params` point at what is wrong in it."""

    def __init__(self, params: tuple[InvalidParam, ...]) -> None:
        self.params = params
        super().__init__("; ".join(f"{p.param or 'body'}: {p.reason}" for p in params))


class RateField(fields.Field[int]):
    """`BitRate`: text such as "12.5 Mbps" on the wire, bits per second here."""

    def _serialize(self, value: int | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else format_rate(value)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        try:
            return parse_rate(str(value))
        except ValueError as error:
            raise ValidationError(str(error)) from error


class ErrorRateField(fields.String):
    """`PacketErrRate`: text such as "1E-3" on both sides."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        try:
            return checked_error_rate(str(super()._deserialize(value, *args, **kwargs)))
        except ValueError as error:
            raise ValidationError(str(error)) from error


class NameField(fields.String):
    """A name of an open enumeration: an unknown one is plain text, a misspelt one is not sent."""

    def __init__(self, *known: str, **more: Any) -> None:
        super().__init__(**more)
        self._known = {name: name for name in known}

    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        check_spelling(value, self._known)
        return super()._serialize(value, *args, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, *args, **kwargs))
        return self._known.get(text, text)


class WireSchema(Schema):
    """Reads an object into `makes`, and leaves out of the wire what was not said.

    A null is read as absent. What has no word here goes to `extra`, where `makes` has one.
    """

    class Meta:
        unknown = EXCLUDE

    makes: ClassVar[type[Any]]

    @pre_load
    def _read(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, dict):
            return data
        said = {key: value for key, value in data.items() if value is not None}
        if "extra" not in self.fields:
            return said
        known = {field.data_key or name for name, field in self.fields.items()} - {"extra"}
        extra = {key: value for key, value in said.items() if key not in known}
        return {key: said[key] for key in said if key in known} | {"extra": extra}

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Any:
        return self.makes(**{k: tuple(v) if isinstance(v, list) else v for k, v in data.items()})

    @post_dump
    def _said(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        extra: dict[str, Any] = dict(data.pop("extra", {}))
        return extra | {k: v for k, v in data.items() if v not in (None, [], {}) and v is not False}


def loaded(schema: Schema, document: Any) -> Any:
    """Read a document by a schema; raises Malformed with a JSON Pointer for each fault."""
    try:
        return schema.load(document)
    except ValidationError as error:
        raise Malformed(tuple(_params(error.messages, ""))) from error
    except ValueError as error:
        # A dataclass refused values that are each well-formed, but contradict each other.
        raise Malformed((InvalidParam("", str(error)),)) from error


def _params(messages: Any, pointer: str) -> Iterator[InvalidParam]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            # "_schema" is marshmallow's word for the object itself; "key" and "value" stand
            # between a map's key and what is wrong with it.
            step = "" if key in {"_schema", "key", "value"} else f"/{key}"
            yield from _params(inner, pointer + step)
    else:
        texts = messages if isinstance(messages, list) else [messages]
        yield InvalidParam(pointer, " ".join(str(text) for text in texts))
