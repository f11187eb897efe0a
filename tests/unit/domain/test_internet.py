"""Which addresses are public, over all of the address space."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nef.domain.destinations import CallbackPolicy
from nef.domain.internet import METADATA, carried, special_kind

PUBLIC = CallbackPolicy()
ipv4 = st.ip_addresses(v=4).map(lambda a: IPv4Address(int(a)))
ipv6 = st.ip_addresses(v=6).map(lambda a: IPv6Address(int(a)))


@given(st.one_of(ipv4, ipv6, ipv4.map(lambda a: IPv6Address(0x2001_4860 << 96 | int(a)))))
def test_nothing_passes_that_ipaddress_knows_to_be_special(
    address: IPv4Address | IPv6Address,
) -> None:
    if PUBLIC.refusal_of(address) is None:
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@pytest.mark.parametrize(
    "address",
    [
        "224.0.0.1",
        "239.255.255.250",
        "192.88.99.1",
        "192.0.0.9",
        "168.63.129.16",
        "::127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "fec0::1",
        "ff0e::1",
        "4000::1",
        "5f00::1",
        "3fff::1",
    ],
)
def test_what_is_global_to_ipaddress_and_yet_no_receivers_is_refused(address: str) -> None:
    assert ip_address(address).is_global, "ipaddress has learned it: take it off this list"
    assert PUBLIC.refusal_of(ip_address(address)) is not None


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "223.255.255.255", "2606:4700::1111"],
)
def test_what_is_public_is_accepted(address: str) -> None:
    assert PUBLIC.refusal_of(ip_address(address)) is None


@given(ipv4)
def test_most_of_ipv4_is_public_and_a_kind_says_why_the_rest_is_not(address: IPv4Address) -> None:
    special = any(
        address in ip_network(network)
        for network in (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
            "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        )
    )  # fmt: skip
    assert (special_kind(address) is not None) == special


@given(ipv4)
def test_an_ipv4_address_is_found_in_each_disguise(address: IPv4Address) -> None:
    bits = int(address)
    disguises = (
        0xFFFF << 32 | bits,  # mapped
        0x64_FF9B << 96 | bits,  # NAT64
        0x2002 << 112 | bits << 80,  # 6to4
        0x2001_0000 << 96 | 0x0808_0808 << 64 | bits ^ 0xFFFF_FFFF,  # Teredo
        0x2606_4700 << 96 | 0x5EFE << 32 | bits,  # ISATAP
        0x2606_4700 << 96 | 0x0200_5EFE << 32 | bits,
    )
    everything = CallbackPolicy(networks=(ip_network("::/0"),))
    for disguise in map(IPv6Address, disguises):
        assert address in carried(disguise)
        # What may be reached by its own name may be reached so, where tunnels are allowed.
        assert (everything.refusal_of(disguise) is None) == (PUBLIC.refusal_of(address) is None)


@given(ipv6)
def test_no_ipv6_address_breaks_the_rule(address: IPv6Address) -> None:
    for inner in carried(address):
        assert isinstance(inner, IPv4Address)
    PUBLIC.refusal_of(address)


@pytest.mark.parametrize("address", sorted(map(str, METADATA)))
def test_a_metadata_service_is_opened_by_its_own_address_alone(address: str) -> None:
    found = ip_address(address)
    whole = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    assert "metadata" in str(CallbackPolicy(networks=whole).refusal_of(found))
    assert CallbackPolicy(networks=(ip_network(address),)).refusal_of(found) is None
