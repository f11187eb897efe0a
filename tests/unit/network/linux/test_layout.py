"""Namespaces, links and addresses."""

from ipaddress import ip_address

from nef.network.linux import layout
from nef.network.linux.names import names_of

NAMES = names_of("x", ("10.60.0.1", "10.60.0.2", "2001:db8:60::1"))


def found(lines: list[str], *words: str) -> list[str]:
    return [line for line in lines if all(word in line.split() for word in words)]


def test_every_namespace_is_made_before_a_link_leads_into_it() -> None:
    lines = layout.host_lines(NAMES)
    links = [at for at, line in enumerate(lines) if line.startswith("link add")]
    for namespace in NAMES.namespaces:
        assert lines.index(f"netns add {namespace}") < min(links)


def test_packets_of_one_system_call_are_cut_before_they_are_counted() -> None:
    for lines in (layout.data_network_lines(NAMES), layout.upf_lines(NAMES), layout.ue_lines()):
        raised = [line for line in found(lines, "link", "set", "up") if "lo" not in line.split()]
        assert raised
        assert all("gso_max_segs 1 " in line for line in raised)


def test_no_interface_has_addresses_that_nobody_gave_it() -> None:
    for lines in (layout.data_network_lines(NAMES), layout.upf_lines(NAMES), layout.ue_lines()):
        for raised in found(lines, "link", "set", "gso_max_segs"):
            interface = raised.split()[2]
            silenced = lines.index(f"link set {interface} addrgenmode none")
            assert silenced < lines.index(raised)


def test_every_server_has_its_address_and_the_upf_knows_the_way_there() -> None:
    for server in NAMES.servers:
        prefix = f"{server}/{server.max_prefixlen}"
        assert found(layout.data_network_lines(NAMES), "addr", "add", prefix, "n6")
        assert found(layout.upf_lines(NAMES), "route", "add", prefix, "n6")


def test_a_server_speaks_from_the_first_address_of_its_kind() -> None:
    ways = found(layout.data_network_lines(NAMES), "route", "default")
    assert [way.split()[-1] for way in ways] == ["10.60.0.1", "2001:db8:60::1"]


def test_a_data_network_without_ipv6_has_no_way_for_it() -> None:
    lines = layout.data_network_lines(names_of("x", ("10.60.0.1",)))
    assert len(found(lines, "route", "default")) == 1


def test_addresses_come_and_go_as_hosts_of_their_own() -> None:
    addresses = (ip_address("10.45.0.2"), ip_address("2001:db8:45::2"))
    assert layout.address_lines("add", addresses, "radio") == [
        "addr add 10.45.0.2/32 dev radio",
        "addr add 2001:db8:45::2/128 dev radio nodad",
    ]
    assert layout.address_lines("del", addresses, "radio") == [
        "addr del 10.45.0.2/32 dev radio",
        "addr del 2001:db8:45::2/128 dev radio",
    ]


def test_the_rate_is_charged_without_ethernet() -> None:
    (line,) = layout.queueing_lines()
    words = line.split()
    assert words[words.index("overhead") + 1] == "-14"
    assert words[words.index("default") + 1] == "0"
