"""Where a notification may be sent to: a pure check of the URI an AF gave."""

import re
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from nef.domain.errors import InvalidParam, InvalidRequest

#: In place of a URI: the notification goes over the websocket that the AF holds open for this very
#: subscription (TS 29.122 5.2.5.4).
OVER_WEBSOCKET = "websocket:"


#: More than anybody needs, and no more than every server takes.
LONGEST_URI = 2048
#: A name of the DNS, and each part of it (RFC 1035 2.3.4, RFC 1123 2.1); "_" is in use.
_LONGEST_NAME = 253
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)


def destination_of(uri: str, *, websocket: bool) -> str:
    """Where the notifications of a subscription go that named a URI, and may want a websocket."""
    return OVER_WEBSOCKET if websocket else uri


def check_destination(uri: str, pointer: str = "/notificationDestination") -> None:
    """Accept an absolute http or https URI without credentials; else raise InvalidRequest.

    `pointer` is where the AF gave it.
    """
    reason = _objection(uri)
    if reason:
        raise InvalidRequest(InvalidParam(pointer, f"{uri[:120]!r} {reason}"))


def _objection(uri: str) -> str | None:
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return "is not a URI that can be read"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "must be an absolute http or https URI"
    if parts.username is not None or parts.password is not None:
        return "must not carry credentials"
    if not _is_host(parts.hostname, literal="[" in parts.netloc):
        return "names a host that cannot exist"
    # A URI is written in ASCII (RFC 3986 2): an international name as xn--….
    sendable = uri.isascii() and uri.isprintable() and " " not in uri
    if port == 0 or not sendable or len(uri) > LONGEST_URI:
        return f"is not a URI of up to {LONGEST_URI} characters that a request can be sent to"
    return None


def _is_host(host: str, *, literal: bool) -> bool:
    """Whether a name or an address is well formed; where it leads is not looked at."""
    labels = host.removesuffix(".").split(".")
    try:
        if literal:
            return IPv6Address(host).scope_id is None
        if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1], re.IGNORECASE):
            return bool(IPv4Address(host))  # also 0177.1 and 2130706433 would be read as addresses
    except ValueError:
        return False
    return len(host) <= _LONGEST_NAME and all(map(_LABEL.fullmatch, labels))
