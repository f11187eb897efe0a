"""What the user plane on Linux interfaces is called, and which addresses it uses."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network

from nef.domain.errors import InvalidValue

IpAddress = IPv4Address | IPv6Address

DEFAULT_NAME = "nef"
DEFAULT_SERVERS = ("10.60.0.1", "2001:db8:60::1")
DEFAULT_HOST_LINK = "10.61.0.0/30"

#: The longest name of an interface is 15 octets, "-host" takes five of them.
_NAME = re.compile(r"[a-z][a-z0-9]{0,9}")

#: Interfaces inside the namespaces; both ends of a link have the same name.
N6, RADIO, HOST = "n6", "radio", "host"
#: The table of nftables inside the namespaces.
TABLE = "inet user_plane"
#: Next hops inside; nobody has to know them (RFC 3927, RFC 4291 2.5.6).
UPF_N6, UPF_RADIO, UE_RADIO = "169.254.60.1", "169.254.45.1", "169.254.45.2"
UPF_V6, FAR_V6 = "fe80::1", "fe80::2"


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that one user plane makes, by its name, so that several can run at once.

    `servers` are addresses on the data network's side. `host_link` is a network of four addresses:
    the first usable one is the host's, where the NEF can listen, the second the data network's.
    """

    name: str
    servers: tuple[IpAddress, ...]
    host_link: IPv4Network

    @property
    def data_network(self) -> str:
        """The namespace of application servers."""
        return f"{self.name}-dn"

    @property
    def upf(self) -> str:
        """The namespace between the two, where flows are told apart and paced."""
        return f"{self.name}-upf"

    @property
    def ue(self) -> str:
        """The namespace of devices."""
        return f"{self.name}-ue"

    @property
    def namespaces(self) -> tuple[str, str, str]:
        """All three."""
        return self.data_network, self.upf, self.ue

    @property
    def host_interface(self) -> str:
        """The host's end of its link to the data network."""
        return f"{self.name}-host"

    @property
    def host_table(self) -> str:
        """The table of nftables on the host that keeps others off that link."""
        return f"inet user_plane_{self.name}"

    @property
    def host_address(self) -> IPv4Address:
        """Where programs in the data network find the NEF."""
        return self.host_link[1]

    @property
    def data_network_address(self) -> IPv4Address:
        """Where the NEF finds programs in the data network."""
        return self.host_link[2]


def names_of(
    name: str = DEFAULT_NAME,
    servers: tuple[str, ...] = DEFAULT_SERVERS,
    host_link: str = DEFAULT_HOST_LINK,
) -> Names:
    """Read what an operator wrote; raises InvalidValue that says what would be right."""
    if not _NAME.fullmatch(name):
        raise InvalidValue(
            f"the name {name[:40]!r} must be a lower-case letter and at most nine letters or digits"
        )
    try:
        link = ip_network(host_link)
        addresses = tuple(ip_address(server) for server in servers)
    except ValueError as error:
        raise InvalidValue(str(error)) from None
    if not isinstance(link, IPv4Network) or link.prefixlen != 30:
        raise InvalidValue(f"the link {host_link[:40]!r} must be four IPv4 addresses, a /30")
    return Names(name, addresses, link)
