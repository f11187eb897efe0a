"""Query parameters that carry JSON."""

from ipaddress import ip_address, ip_network

import pytest

from nef.domain.errors import InvalidQuery
from nef.schemas.queries import places_of


def test_no_query_asks_for_every_ue() -> None:
    assert places_of(None, None) == ()


def test_addresses_of_both_kinds_and_prefixes_are_read() -> None:
    text = (
        '[{"ipv4Addr": "10.45.0.2"}, {"ipv6Addr": "2001:db8::2"}, {"ipv6Prefix": "2001:db8::2/64"}]'
    )
    assert places_of(text, "home") == (
        ip_address("10.45.0.2"),
        ip_address("2001:db8::2"),
        ip_network("2001:db8::/64"),
    )


def test_what_is_named_again_or_within_another_is_looked_for_once() -> None:
    prefixes = '{"ipv6Prefix": "::/0"}, {"ipv6Prefix": "2001:db8::/64"}, {"ipv6Prefix": "::/0"}'
    address = '{"ipv4Addr": "10.45.0.2"}'
    places = places_of(f"[{prefixes}, {address}, {address}]", None)
    assert places == (ip_address("10.45.0.2"), ip_network("::/0"))


@pytest.mark.parametrize(
    "text",
    [
        *("", "10.45.0.2", "{}", "[]", "null", "[{}]", '[{"ipv4Addr": "999"}]'),
        *('[{"ipv6Prefix": "x"}]', '[{"ipv6Prefix": "2001:db8::/129"}]', '[{"ipv6Prefix": []}]'),
        *('[{"ipv6Prefix": "10.45.0.0/16"}]', '[{"ipv6Addr": "2001:db8::/64"}]'),
        '[{"ipv4Addr": "10.45.0.2", "ipv6Addr": "2001:db8::2"}]',  # one of them (oneOf)
    ],
)
def test_what_names_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        places_of(text, None)
    assert [one.pointer for one in caught.value.params] == ["ip-addrs"]


@pytest.mark.parametrize("text", [None, '[{"ipv6Addr": "2001:db8::2"}]'])
def test_a_domain_without_an_ipv4_address_is_refused(text: str | None) -> None:
    with pytest.raises(InvalidQuery) as caught:
        places_of(text, "home")
    assert [one.pointer for one in caught.value.params] == ["ip-domain"]
