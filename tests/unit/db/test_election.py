"""One of several candidates is elected, and the next one when it is gone."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from builders.postgresql import PostgresServer
from db.election import Election, can_elect
from nef.domain.errors import StoreUnavailable

Candidate = Callable[[str], Election]


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture
def candidate() -> Iterator[Candidate]:
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(closing(Election(url)))


def test_one_candidate_is_elected_and_stays_so(url: str, candidate: Candidate) -> None:
    first, second = candidate(url), candidate(url)
    assert not first.holds()
    assert first.won()
    assert first.holds()
    assert not second.won()
    assert not second.holds()
    first.close()
    assert not first.holds()
    assert second.won()


def test_who_gives_it_back_can_be_followed_at_once(url: str, candidate: Candidate) -> None:
    first, second = candidate(url), candidate(url)
    assert first.won()
    for _ in range(20):
        assert not second.won()
        assert first.won()
        first.close()
        assert second.won()
        first, second = second, first


def test_who_loses_its_connection_is_elected_no_more_and_another_one_may_be(
    url: str, postgres: PostgresServer, candidate: Candidate
) -> None:
    first, second = candidate(url), candidate(url)
    assert first.won()
    postgres.end_connections(url)
    assert not first.holds()
    assert second.won()
    assert not first.won()


def test_without_a_database_nobody_is_elected(candidate: Candidate) -> None:
    nowhere = candidate("postgresql://nobody@127.0.0.1:9/nothing")
    with pytest.raises(StoreUnavailable):
        nowhere.won()
    assert not nowhere.holds()


def test_each_database_has_an_election_of_its_own(
    url: str, postgres: PostgresServer, candidate: Candidate
) -> None:
    here, there = candidate(url), candidate(postgres.new_database())
    assert here.won()
    assert there.won()


@pytest.mark.parametrize(
    ("url", "can"),
    [
        ("sqlite:///nef.sqlite3", False),
        ("postgresql://nef@db/nef", True),
        ("postgresql+psycopg://nef@db/nef", True),
        ("nonsense", False),
    ],
)
def test_several_processes_may_share_a_postgresql(url: str, can: bool) -> None:
    assert can_elect(url) is can
