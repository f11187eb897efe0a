"""Which addresses are of the public internet, and which lead to something that is nearer.

`is_global` of Python's ipaddress asks another question, and lets through what is no receiver of an
AF: multicast (224.0.0.1), the retired site-local addresses (fec0::1), what nobody has been given
(4000::1), the tunnels in which an IPv4 address hides (64:ff9b::7f00:1 and 2002:7f00:1:: hold
127.0.0.1), and a cloud's service at an address that is public by its number (168.63.129.16).
"""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its address or as localhost."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


#: IANA's registries of special-purpose addresses (RFC 6890 and what has been added since), and
#: multicast. What is more special stands first.
_NOT_PUBLIC: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a carrier's customers"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "a relay of 6to4"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "an IPv4 address in disguise"),
        ("::/96", "an IPv4 address in disguise"),
        ("64:ff9b::/96", "an IPv4 address behind NAT64"),
        ("64:ff9b:1::/48", "an IPv4 address behind NAT64"),
        ("2001::/32", "an IPv4 address behind Teredo"),
        ("2001::/23", "reserved for protocols"),
        ("2001:db8::/32", "for documentation"),
        ("2002::/16", "an IPv4 address behind 6to4"),
        ("3fff::/20", "for documentation"),
        # Of the rest of IPv6 only 2000::/3 is given to hosts (RFC 4291 2.4).
        ("2000::/3", ""),
        ("fc00::/7", "unique local"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
        ("::/0", "given to nobody"),
    )
)

#: Where clouds tell a machine its secrets. Each asks for its own permission: a network that is
#: allowed for what else is in it does not open them.
METADATA = frozenset(
    ip_address(address)
    for address in (
        "169.254.169.254",  # most clouds
        "169.254.170.2",  # containers of AWS
        "169.254.170.23",
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure's agent
        "192.0.0.192",  # Oracle's older one
        "fd00:ec2::254",  # AWS over IPv6
        "fd00:ec2::23",
        "fd20:ce::254",  # Google over IPv6
        "fd00:42::42",  # Scaleway over IPv6
    )
)


@lru_cache(4096)
def special_kind(address: Address) -> str | None:
    """What an address is that is none of the public internet's; None for one that is."""
    for network, kind in _NOT_PUBLIC:
        if address in network:
            return kind or None
    return None


def carried(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 address holds, by the ways in which one can.

    NAT64 with a prefix of the operator's own (RFC 6052 2.2) shows nothing of it in the address.
    """
    if isinstance(address, IPv4Address):
        return
    bits = int(address)
    low = IPv4Address(bits & 0xFFFF_FFFF)
    # RFC 4291 2.5.5.1, 2.5.5.2 and RFC 6052 2.1; 0 and 1 are no IPv4 addresses
    if bits >> 32 in (0, 0xFFFF, 0x64_FF9B << 64) and bits > 1:
        yield low
    if address.sixtofour is not None:  # RFC 3056 2
        yield address.sixtofour
    if address.teredo is not None:  # RFC 4380 4
        yield from address.teredo
    if bits >> 32 & 0xFDFF_FFFF == 0x5EFE:  # ISATAP, RFC 5214 6.1
        yield low
