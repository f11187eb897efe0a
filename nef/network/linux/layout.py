"""The namespaces, links and addresses, as lines of ip; what depends on grants is elsewhere.

    host ── host link ── data network ── n6 ── upf ── radio ── ue

The UPF stands alone, so that packets have left the sockets of their senders when they queue: there
a full queue drops, where a queue beside a sender would only hold it up.
"""

from collections.abc import Iterable, Sequence

from nef.network.linux.names import (
    FAR_V6,
    HOST,
    N6,
    RADIO,
    TABLE,
    UE_RADIO,
    UPF_N6,
    UPF_RADIO,
    UPF_V6,
    IpAddress,
    Names,
)

#: A super-packet of 64 kB would be paced and lost as one: each must be a packet of the wire.
_UP = "gso_max_segs 1 up"
_HTB_ROOT = "qdisc add dev radio root handle 1:"


def host_lines(names: Names) -> list[str]:
    """The namespaces and what links them, run on the host."""
    data_network, upf, ue = names.namespaces
    return [
        *(f"netns add {namespace}" for namespace in names.namespaces),
        f"link add {N6} netns {data_network} type veth peer name {N6} netns {upf}",
        f"link add {RADIO} netns {upf} type veth peer name {RADIO} netns {ue}",
        f"link add {names.host_interface} type veth peer name {HOST} netns {data_network}",
        f"link set {names.host_interface} addrgenmode none",
        f"addr add {names.host_address}/30 dev {names.host_interface}",
        f"link set {names.host_interface} up",
    ]


def data_network_lines(names: Names) -> list[str]:
    """Run in the data network: the servers' addresses, and all else behind the UPF."""
    sources = {server.version: server for server in reversed(names.servers)}
    return [
        "link set lo up",
        *_raised(N6),
        *_raised(HOST),
        f"addr add {names.data_network_address}/30 dev {HOST}",
        f"addr add {FAR_V6}/64 dev {N6} nodad",
        *address_lines("add", names.servers, N6),
        f"route add {UPF_N6}/32 dev {N6}",
        *(
            f"route add default via {UPF_N6 if version == 4 else UPF_V6} dev {N6} src {source}"
            for version, source in sorted(sources.items())
        ),
    ]


def upf_lines(names: Names) -> list[str]:
    """Run in the UPF: servers at the one side, and whatever else at the other."""
    return [
        *_raised(N6),
        *_raised(RADIO),
        f"addr add {UPF_N6}/32 dev {N6}",
        f"addr add {UPF_V6}/64 dev {N6} nodad",
        f"addr add {UPF_RADIO}/32 dev {RADIO}",
        f"addr add {UPF_V6}/64 dev {RADIO} nodad",
        *(_to_server(server) for server in names.servers),
        f"route add {UE_RADIO}/32 dev {RADIO}",
        f"route add default via {UE_RADIO} dev {RADIO}",
        f"route add default via {FAR_V6} dev {RADIO}",
    ]


def ue_lines() -> list[str]:
    """Run where the devices are; their addresses come with the grants."""
    return [
        "link set lo up",
        *_raised(RADIO),
        f"addr add {UE_RADIO}/32 dev {RADIO}",
        f"addr add {FAR_V6}/64 dev {RADIO} nodad",
        f"route add {UPF_RADIO}/32 dev {RADIO}",
        f"route add default via {UPF_RADIO} dev {RADIO}",
        f"route add default via {UPF_V6} dev {RADIO}",
    ]


def address_lines(verb: str, addresses: Iterable[IpAddress], interface: str) -> list[str]:
    """Give an interface addresses ("add"), or take them away ("del")."""
    return [
        f"addr {verb} {address}/{address.max_prefixlen} dev {interface}"
        # Nobody else can have the address, and what waits for proof cannot be used.
        + (" nodad" if verb == "add" and address.version == 6 else "")
        for address in addresses
    ]


def host_rules(names: Names) -> str:
    """Keep the host's end of the link to the host and the data network."""
    interface = names.host_interface
    return f"""table {names.host_table} {{
  chain input {{
    type filter hook input priority -10; policy accept;
    ip daddr {names.host_address} iifname != {{ "lo", "{interface}" }} drop
  }}
  chain forward {{
    type filter hook forward priority -10; policy accept;
    iifname "{interface}" drop
    oifname "{interface}" drop
  }}
}}
"""


def upf_base() -> str:
    """What of the UPF's rules does not depend on grants: uplink passes where a server is."""
    return f"""table {TABLE} {{
  counter uplink {{ }}
  counter unknown_ue {{ }}
  counter unknown_destination {{ }}
  chain dispatch {{ }}
  chain downlink {{
    type filter hook forward priority 0; policy drop;
    iifname "{RADIO}" oifname "{N6}" counter name "uplink" accept
    iifname "{RADIO}" counter name "unknown_destination" drop
    jump dispatch
    counter name "unknown_ue" drop
  }}
}}
"""


def ue_base() -> str:
    """What of the devices' rules does not depend on grants."""
    return f"""table {TABLE} {{
  chain dispatch {{ }}
  chain downlink {{
    type filter hook prerouting priority -300; policy accept;
    iifname "{RADIO}" jump dispatch
  }}
}}
"""


def queueing_lines() -> Sequence[str]:
    """Run by tc in the UPF: the root under which each flow gets its class.

    Charged is the inner IP packet, as everywhere, not the 14 bytes of Ethernet before it. What has
    no class is no user traffic (ARP, neighbour discovery), and is not held up.
    """
    return [f"{_HTB_ROOT} stab overhead -14 linklayer ethernet htb default 0"]


def forwarding() -> str:
    """Run by a shell in the UPF: let it forward."""
    return "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding"


def _raised(interface: str) -> list[str]:
    return [f"link set {interface} addrgenmode none", f"link set {interface} {_UP}"]


def _to_server(server: IpAddress) -> str:
    via = "" if server.version == 4 else f"via {FAR_V6} "
    return f"route add {server}/{server.max_prefixlen} {via}dev {N6}"
