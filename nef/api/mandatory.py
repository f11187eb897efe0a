"""Which attributes of a body are mandatory: those that the type they stand in requires."""

from collections.abc import Collection, Iterator
from typing import Any

from nef.api.documents import contract, resource_at
from nef.domain.errors import InvalidParam


def cause_of_wrong(params: Collection[InvalidParam], method: str, path: str) -> str:
    """The cause of what is wrong in a body (TS 29.500 5.2.7.2), of several that of the worst.

    What is needed only because of others is missing as what is mandatory is.
    """
    if any(param.missing for param in params):
        return "MANDATORY_IE_MISSING"
    if any(is_mandatory(method, path, param.pointer) for param in params):
        return "MANDATORY_IE_INCORRECT"
    return "OPTIONAL_IE_INCORRECT"


def is_mandatory(method: str, path: str, pointer: str) -> bool:
    """Whether the body of an operation has to have what a pointer names.

    An attribute is mandatory where its own type requires it, however optional the object is in
    which it stands; an item of an array is so where the array is. One of several of which any will
    do is optional, and so is what a type does not have. The body itself is mandatory.
    """
    resource = resource_at(path)
    if resource is None or method not in resource.methods:
        return False
    document = contract(resource.document)
    operation = document["paths"][resource.template][method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    types = [kind["schema"] for kind in content.values()]
    mandatory = True
    for part in pointer.split("/")[1:] if pointer != "/" else ():
        name = part.replace("~1", "/").replace("~0", "~")
        plain = [one for schema in types for one in _plain(document, schema)]
        owners = [one for one in plain if name in one.get("properties", ())]
        if owners:
            mandatory = any(name in one.get("required", ()) for one in owners)
            types = [one["properties"][name] for one in owners]
        else:
            types = [item for one in plain for item in _items(one)]
            mandatory = mandatory and bool(types)
    return mandatory


def _plain(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema, and all that it is made of."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        schema = document["components"]["schemas"][name]
    yield schema
    for several in ("allOf", "anyOf", "oneOf"):
        for one in schema.get(several, ()):
            yield from _plain(document, one)


def _items(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the items of an array or a map are."""
    for kind in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(kind, dict):
            yield kind
