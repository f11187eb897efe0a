"""Who is where."""

from nef.network.userplane.attachments import LIFETIME_S, Attachments

S = 10**9
UE, OTHER = b"\x0a\x2d\x00\x02", b"\x0a\x2d\x00\x03"
HERE, THERE = ("127.0.0.1", 1), ("127.0.0.1", 2)


def test_the_latest_word_counts() -> None:
    side = Attachments()
    side.attach(UE, HERE, 0)
    side.attach(UE, THERE, 1)
    assert side.outer_of(UE) == THERE


def test_nobody_is_known_before_attaching() -> None:
    assert Attachments().outer_of(UE) is None


def test_who_is_silent_is_forgotten_and_who_is_not_stays() -> None:
    side = Attachments()
    side.attach(UE, HERE, 0)
    side.attach(OTHER, THERE, 0)
    side.attach(OTHER, THERE, 20 * S)
    side.expire(LIFETIME_S * S)
    assert side.outer_of(UE) == HERE
    side.expire(LIFETIME_S * S + 1)
    assert side.outer_of(UE) is None
    assert side.outer_of(OTHER) == THERE


def test_a_full_table_refuses_newcomers_and_keeps_its_own() -> None:
    side = Attachments(limit=1)
    assert side.attach(UE, HERE, 0)
    assert not side.attach(OTHER, THERE, 0)
    assert side.outer_of(OTHER) is None
    assert side.attach(UE, THERE, 1)
    side.expire((LIFETIME_S + 2) * S)
    assert side.attach(OTHER, THERE, (LIFETIME_S + 2) * S)
