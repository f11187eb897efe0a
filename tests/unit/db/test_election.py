"""One of several candidates is elected, and the next one when it is gone."""

from collections.abc import Iterator

import pytest

from builders.postgresql import PostgresServer
from db.election import Election, can_elect
from nef.domain.errors import StoreUnavailable


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


def test_one_candidate_is_elected_and_stays_so(url: str) -> None:
    first, second = Election(url), Election(url)
    assert not first.holds()
    assert first.won()
    assert first.holds()
    assert not second.won()
    assert not second.holds()
    first.close()
    assert not first.holds()
    assert second.won()
    second.close()


def test_who_loses_its_connection_is_elected_no_more_and_another_one_may_be(
    url: str, postgres: PostgresServer
) -> None:
    first, second = Election(url), Election(url)
    assert first.won()
    postgres.end_connections(url)
    assert not first.holds()
    assert second.won()
    assert not first.won()
    second.close()
    first.close()


def test_without_a_database_nobody_is_elected(url: str) -> None:
    nowhere = Election("postgresql://nobody@127.0.0.1:9/nothing")
    with pytest.raises(StoreUnavailable):
        nowhere.won()
    assert not nowhere.holds()


def test_each_database_has_an_election_of_its_own(url: str, postgres: PostgresServer) -> None:
    here, there = Election(url), Election(postgres.new_database())
    assert here.won()
    assert there.won()
    here.close()
    there.close()


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
