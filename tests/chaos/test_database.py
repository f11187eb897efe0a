"""PostgreSQL as the store: the service is killed, and the database is stopped, under load."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.postgresql import PostgresServer, running_postgres
from chaos.checker import FIT, unfit_answers
from chaos.world import a_world, wait

pytestmark = pytest.mark.chaos

#: Simulated time runs fast, so that the scenario changes much meanwhile.
FAST = ("--scenario", "busy-cell", "--mode", "x10")
#: Nobody waits longer for an answer, though the machine be busy.
WITHIN_S = 30.0
KILLS = 2


@pytest.fixture(scope="module")
def durable() -> Iterator[PostgresServer]:
    """A server that may be stopped."""
    with running_postgres(survives=True) as server:
        yield server


def test_nothing_is_lost_when_the_service_is_killed_under_load(
    tmp_path: Path, durable: PostgresServer, seed: int
) -> None:
    with a_world(tmp_path, "--scenario", "busy-cell", database=durable.new_database()) as world:
        with world.load(seed):
            for _ in range(KILLS):
                world.goes_on(30)
                world.kill()
                world.start()
            world.goes_on(10)
        world.check()
        assert unfit_answers(world.ledger.said(), float("inf"), FIT | {None}) == []


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_nothing_is_lost_when_the_database_is_stopped_under_load(
    tmp_path: Path, durable: PostgresServer, mode: str, seed: int
) -> None:
    with a_world(tmp_path, *FAST, database=durable.new_database()) as world:
        with world.load(seed):
            world.goes_on(30)
            with durable.stopped(mode):
                assert world.ledger.until(lambda said: said.status == 503, 20)
                wait(2)
            world.goes_on(30)
        world.check()
        assert unfit_answers(world.ledger.said(), WITHIN_S) == []
