"""PostgreSQL as the store: the service is killed, and the database is stopped, under load."""

from pathlib import Path

import pytest
import requests

from builders.postgresql import PostgresServer
from builders.waiting import until
from chaos.checker import FIT, unfit_answers
from chaos.world import FAST, WITHIN_S, World, a_world, wait

pytestmark = pytest.mark.chaos

KILLS = 2


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


def missing(world: World) -> str | None:
    """What is wrong with the store, says the service."""
    answer = requests.get(f"{world.url}/readyz", timeout=30)
    said = str(answer.json()["checks"]["store"])
    return None if said == "ok" else said


def test_nothing_is_lost_when_the_database_is_silent_under_load(
    tmp_path: Path, durable: PostgresServer, seed: int
) -> None:
    with a_world(tmp_path, *FAST, database=durable.new_database()) as world:
        with world.load(seed):
            world.goes_on(30)
            with durable.silent():
                assert missing(world) == "no answer within 2 s"
                assert world.ledger.until(lambda said: said.status == 503, 20)
            world.goes_on(30)
            until(lambda: missing(world) is None)
        world.check()
        assert unfit_answers(world.ledger.said(), WITHIN_S) == []


def test_who_asks_while_the_database_is_silent_for_some_seconds_gets_an_answer_all_the_same(
    tmp_path: Path, durable: PostgresServer, seed: int
) -> None:
    with a_world(tmp_path, *FAST, database=durable.new_database()) as world:
        with world.load(seed):
            world.goes_on(30)
            with durable.silent():
                wait(4)
            world.goes_on(30)
        world.check()
        assert unfit_answers(world.ledger.said(), WITHIN_S, FIT - {503}) == []
