"""What an operator may call a user plane."""

import pytest

from nef.domain.errors import InvalidValue
from nef.network.linux.names import names_of


def test_by_default_everything_begins_with_nef() -> None:
    names = names_of()
    assert names.namespaces == ("nef-dn", "nef-upf", "nef-ue")
    assert [str(server) for server in names.servers] == ["10.60.0.1", "2001:db8:60::1"]
    assert str(names.host_address) == "10.61.0.1"
    assert str(names.data_network_address) == "10.61.0.2"


def test_two_names_share_nothing() -> None:
    one, other = names_of("a"), names_of("b")
    assert not set(one.namespaces) & set(other.namespaces)
    assert one.host_interface != other.host_interface
    assert one.host_table != other.host_table


def test_the_longest_name_makes_an_interface_that_the_kernel_takes() -> None:
    assert len(names_of("abcdefghij").host_interface) == 15


@pytest.mark.parametrize("name", ["", "abcdefghijk", "Nef", "1a", "a-b", "a b", "a\n", "ä", "a/b"])
def test_a_name_that_would_not_do_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue, match="letter"):
        names_of(name)


@pytest.mark.parametrize("link", ["10.61.0.0/24", "10.61.0.1/30", "nowhere", "2001:db8::/126", ""])
def test_a_link_is_four_ipv4_addresses(link: str) -> None:
    with pytest.raises(InvalidValue):
        names_of(host_link=link)


def test_a_server_that_is_no_address_is_named() -> None:
    with pytest.raises(InvalidValue, match="example"):
        names_of(servers=("example.org",))
