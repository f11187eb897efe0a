"""Query parameters that carry JSON."""

from ipaddress import ip_address

import pytest

from nef.domain.errors import InvalidRequest
from nef.schemas.queries import addresses_of


def test_no_query_asks_for_every_ue() -> None:
    assert addresses_of(None) == ()


def test_addresses_of_both_kinds_are_read() -> None:
    text = '[{"ipv4Addr": "10.45.0.2"}, {"ipv6Addr": "2001:db8::2"}]'
    assert addresses_of(text) == (ip_address("10.45.0.2"), ip_address("2001:db8::2"))


@pytest.mark.parametrize(
    "text", ["", "10.45.0.2", "{}", "[]", "null", '[{"ipv4Addr": "999"}]', '[{"ipv6Prefix": "x"}]']
)
def test_what_names_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        addresses_of(text)
