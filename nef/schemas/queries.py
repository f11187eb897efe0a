"""Query parameters that carry JSON."""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Interface, IPv6Network, collapse_addresses
from typing import Any

import orjson
from marshmallow import ValidationError, fields, post_load

from nef.domain.errors import InvalidParam, InvalidQuery, InvalidRequest
from nef.domain.filters import AddressOrPrefix
from nef.schemas.base import WireSchema, loaded


class IpAddrSchema(WireSchema):
    """`IpAddr` (TS 29.571 5.2.4): an address, or the prefix in which a UE has one."""

    ipv4 = fields.IPv4(data_key="ipv4Addr")
    ipv6 = fields.IPv6(data_key="ipv6Addr")
    prefix = fields.IPv6Interface(data_key="ipv6Prefix")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> AddressOrPrefix:
        """Whichever it is."""
        if len(data) != 1:
            raise ValidationError("name one of ipv4Addr, ipv6Addr and ipv6Prefix")
        [named] = data.values()
        return named.network if isinstance(named, IPv6Interface) else named


_SCHEMA = IpAddrSchema(many=True)


def places_of(text: str | None, ip_domain: str | None) -> tuple[AddressOrPrefix, ...]:
    """What an `ip-addrs` query names; empty where there is none; raises InvalidQuery.

    A domain is one of IPv4 addresses, and nothing without any (TS 29.122 5.14.3.2.3.1).
    """
    named = () if text is None else _named(text)
    if ip_domain is not None and not any(isinstance(one, IPv4Address) for one in named):
        raise InvalidQuery(InvalidParam("ip-domain", "belongs to an ipv4Addr in ip-addrs"))
    return named


def _named(text: str) -> tuple[AddressOrPrefix, ...]:
    try:
        document: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _wrong('must be JSON such as [{"ipv4Addr": "10.45.0.2"}]') from None
    if not isinstance(document, list):
        raise _wrong('must be an array such as [{"ipv4Addr": "10.45.0.2"}]')
    try:
        found: list[AddressOrPrefix] = loaded(_SCHEMA, document)
    except InvalidRequest as error:
        raise _wrong(str(error)) from None
    if not found:
        raise _wrong("name at least one ipv4Addr, ipv6Addr or ipv6Prefix")
    return _once(found)


def _once(named: Collection[AddressOrPrefix]) -> tuple[AddressOrPrefix, ...]:
    """The same places, none in another: a prefix may have all UEs, and is looked through once."""
    prefixes = [one for one in named if isinstance(one, IPv6Network)]
    addresses = dict.fromkeys(one for one in named if not isinstance(one, IPv6Network))
    return (*addresses, *collapse_addresses(prefixes))


def _wrong(reason: str) -> InvalidQuery:
    return InvalidQuery(InvalidParam("ip-addrs", reason[:300]))
