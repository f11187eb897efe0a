"""Who is where."""

from fakes.outlets import FakeOutlet
from nef.network.userplane.attachments import Attachments

UE, OTHER = b"\x0a\x2d\x00\x02", b"\x0a\x2d\x00\x03"


def test_the_latest_word_counts() -> None:
    side, here, there = Attachments(), FakeOutlet(), FakeOutlet()
    side.attach(UE, here)
    side.attach(UE, there)
    assert side.outlet_to(UE) is there


def test_nobody_is_known_before_attaching() -> None:
    assert Attachments().outlet_to(UE) is None


def test_a_connection_that_ends_takes_all_its_addresses_with_it() -> None:
    side, here, there = Attachments(), FakeOutlet(), FakeOutlet()
    for address in (UE, b"\x0a\x2d\x00\x04"):
        side.attach(address, here)
    side.attach(OTHER, there)
    side.detach(here)
    assert side.outlet_to(UE) is None
    assert side.outlet_to(OTHER) is there


def test_an_old_connection_that_ends_leaves_who_has_moved() -> None:
    side, here, there = Attachments(), FakeOutlet(), FakeOutlet()
    side.attach(UE, here)
    side.attach(UE, there)
    side.detach(here)
    assert side.outlet_to(UE) is there


def test_a_full_table_refuses_newcomers_and_keeps_its_own() -> None:
    side, here, there = Attachments(limit=1), FakeOutlet(), FakeOutlet()
    assert side.attach(UE, here)
    assert not side.attach(OTHER, there)
    assert side.outlet_to(OTHER) is None
    assert side.attach(UE, there)
    side.detach(there)
    assert side.attach(OTHER, there)
