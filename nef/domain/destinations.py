"""Where a notification may be sent to: pure rules on the URI an AF gave, and on its address."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from nef.domain.errors import InvalidParam, InvalidRequest
from nef.domain.internet import LOOPBACK, METADATA, Address, Network, carried, special_kind

#: In place of a URI: the notification goes over the websocket that the AF holds open for this very
#: subscription (TS 29.122 5.2.5.4).
OVER_WEBSOCKET = "websocket:"


#: More than anybody needs, and no more than every server takes.
LONGEST_URI = 2048
_UNSENDABLE = f"is not a URI of up to {LONGEST_URI} characters that a request can be sent to"
#: A name of the DNS, and each part of it (RFC 1035 2.3.4, RFC 1123 2.1); "_" is in use.
_LONGEST_NAME = 253
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def destination_of(uri: str, *, websocket: bool) -> str:
    """Where the notifications of a subscription go that named a URI, and may want a websocket."""
    return OVER_WEBSOCKET if websocket else uri


def shown(uri: str) -> str:
    """A URI as it may be printed: without its credentials and its query, which may be secrets."""
    bare = re.sub(r"//[^/?#]*@", "//…@", uri)
    return re.sub(r"[?#].*", "?…", bare, flags=re.DOTALL)


def without_secrets(text: str) -> str:
    """What somebody else says, where each URI is as `shown`."""
    return re.sub(r"https?://[^\s'\"<>]+", lambda found: shown(found[0]), text)


@dataclass(frozen=True, slots=True)
class CallbackPolicy:
    """Where this service lets itself be sent to; without settings, to all of the public internet.

    `hosts` are names, or `*.` and the end of one; none means any, and so it is with `ports`.
    `networks` are allowed although they are not public.
    """

    schemes: frozenset[str] = frozenset({"http", "https"})
    hosts: tuple[str, ...] = ()
    ports: frozenset[int] = frozenset()
    networks: tuple[Network, ...] = ()

    def check(self, uri: str, pointer: str = "/notificationDestination") -> None:
        """Accept a URI that notifications may be sent to; else raise InvalidRequest.

        `pointer` is where the AF gave it. Of a name only what it says is looked at; each address
        to which it leads is for `refusal_of`, whenever something is sent.
        """
        reason = self.refusal_of_uri(uri)
        if reason:
            raise InvalidRequest(InvalidParam(pointer, f"{shown(uri)[:120]!r} {reason}"))

    def refusal_of_uri(self, uri: str) -> str | None:
        """Why nothing may be sent to a URI, None where it may."""
        if len(uri) > LONGEST_URI:
            return _UNSENDABLE
        return _refusal(self, uri)

    def refusal_of(self, address: Address) -> str | None:
        """Why nothing may be sent to an address, None where it may."""
        if address in METADATA and not self._names(address):
            return f"leads to {address}, the metadata service of a cloud"
        kind = special_kind(address)
        if kind and not any(address in network for network in self.networks):
            where = "and in no network that the service may tell (--callback-network)"
            return f"leads to {address}, which is not public ({kind}), {where}"
        # Behind what is allowed as a tunnel stands the address that counts.
        return next(filter(None, map(self.refusal_of, carried(address))), None)

    def refusals(self, parts: SplitResult) -> Iterator[str]:
        """Why not, of a URI that is well formed."""
        if parts.scheme not in self.schemes:
            yield f"must be {' or '.join(sorted(self.schemes))} here"
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
        if self.ports and port not in self.ports:
            allowed = ", ".join(map(str, sorted(self.ports)))
            yield f"goes to port {port}; allowed here: {allowed}"
        host = (parts.hostname or "").removesuffix(".")
        if self.hosts and not any(_matches(host, pattern) for pattern in self.hosts):
            yield f"goes to a host that is not allowed here; allowed: {', '.join(self.hosts)}"
        for address in _addresses(host):
            yield from filter(None, [self.refusal_of(address)])

    def _names(self, address: Address) -> bool:
        """Whether an address is allowed by itself."""
        return any(n.num_addresses == 1 and address in n for n in self.networks)


#: For a service that nobody but this machine can reach: what stands beside it may be told too.
TO_THIS_MACHINE = CallbackPolicy(networks=LOOPBACK)


@lru_cache(maxsize=1024)
def _refusal(policy: CallbackPolicy, uri: str) -> str | None:
    # An AF names the same few for all that it asks for.
    return _objection(uri) or next(policy.refusals(urlsplit(uri)), None)


def _matches(host: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return host.endswith(pattern[1:].lower())
    return host == pattern.lower().removesuffix(".")


def _addresses(host: str) -> Iterator[Address]:
    """The addresses that a host is said to have by its very name."""
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761 6.3
        yield LOOPBACK[0][1]
        return
    try:
        yield ip_address(host)
    except ValueError:
        return  # a name, which the DNS knows


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
    if port == 0 or not sendable:
        return _UNSENDABLE
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
