"""Query parameters that carry JSON."""

from typing import Any

import orjson
from marshmallow import fields

from nef.domain.errors import InvalidParam, InvalidQuery, InvalidRequest
from nef.domain.filters import IpAddress
from nef.schemas.base import WireSchema, loaded


class IpAddrSchema(WireSchema):
    """`IpAddr` (TS 29.571 5.2.4.13); a prefix names no UE of ours."""

    makes = dict
    ipv4 = fields.IPv4(data_key="ipv4Addr")
    ipv6 = fields.IPv6(data_key="ipv6Addr")


_SCHEMA = IpAddrSchema(many=True)


def addresses_of(text: str | None) -> tuple[IpAddress, ...]:
    """The addresses of an `ip-addrs` query; empty where there is none; raises InvalidQuery."""
    if text is None:
        return ()
    try:
        document: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _wrong('must be JSON such as [{"ipv4Addr": "10.45.0.2"}]') from None
    if not isinstance(document, list):
        raise _wrong('must be an array such as [{"ipv4Addr": "10.45.0.2"}]')
    try:
        items = loaded(_SCHEMA, document)
    except InvalidRequest as error:
        raise _wrong(str(error)) from None
    found = [address for item in items for address in item.values()]
    if not found:
        raise _wrong("name at least one ipv4Addr or ipv6Addr")
    return tuple(found)


def _wrong(reason: str) -> InvalidQuery:
    return InvalidQuery(InvalidParam("ip-addrs", reason[:300]))
