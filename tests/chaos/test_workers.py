"""Several processes on PostgreSQL: any of them is killed, or frozen, under load."""

import os
import random
import signal
from pathlib import Path

import pytest

from builders.postgresql import PostgresServer
from builders.waiting import until
from builders.workers import lives
from chaos.checker import FIT, unfit_answers
from chaos.world import FAST, WITHIN_S, a_shared_world, frozen, wait

pytestmark = pytest.mark.chaos

KILLS = 4


def test_nothing_is_lost_when_workers_and_tickers_are_killed_under_load(
    tmp_path: Path, durable: PostgresServer, seed: int
) -> None:
    chance = random.Random(seed)
    with a_shared_world(tmp_path, durable.new_database(), *FAST) as (world, nef):
        with world.load(seed):
            for _ in range(KILLS):
                world.goes_on(20)
                wait(chance.random())
                name, pid = chance.choice(sorted(nef.processes.items()))
                os.kill(pid, signal.SIGKILL)
                until(lambda name=name, pid=pid: nef.processes[name] != pid)  # type: ignore[misc]
            world.goes_on(20)
        world.check()
        assert unfit_answers(world.ledger.said(), float("inf"), FIT | {None}) == []


def test_a_ticker_that_is_frozen_for_some_seconds_goes_on_and_has_done_no_harm(
    tmp_path: Path, durable: PostgresServer, seed: int
) -> None:
    with a_shared_world(tmp_path, durable.new_database(), *FAST) as (world, nef):
        with world.load(seed):
            world.goes_on(20)
            with frozen(nef.networks[-1]):
                wait(4)
            world.goes_on(20)
        world.check()
        assert unfit_answers(world.ledger.said(), WITHIN_S) == []


def test_a_ticker_that_loses_the_database_while_it_is_frozen_never_goes_on(
    tmp_path: Path, durable: PostgresServer, seed: int
) -> None:
    database = durable.new_database()
    with a_shared_world(tmp_path, database, *FAST) as (world, nef):
        old = nef.networks[-1]
        with world.load(seed):
            world.goes_on(20)
            os.kill(old, signal.SIGSTOP)
            durable.end_connections(database)  # and with its own the lock that it has
            until(lambda: nef.networks[-1] != old)
            assert not lives(old), "who takes the network over ends it before"
            world.goes_on(20)
        world.check()
        assert unfit_answers(world.ledger.said(), WITHIN_S) == []


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_nothing_is_lost_when_the_database_is_stopped_under_load(
    tmp_path: Path, durable: PostgresServer, mode: str, seed: int
) -> None:
    with a_shared_world(tmp_path, durable.new_database(), *FAST) as (world, _):
        with world.load(seed):
            world.goes_on(20)
            with durable.stopped(mode):
                assert world.ledger.until(lambda said: said.status == 503, 10)
                wait(2)
            world.goes_on(20)
        world.check()
        assert unfit_answers(world.ledger.said(), WITHIN_S) == []


def test_nothing_is_lost_when_the_database_is_silent_under_load(
    tmp_path: Path, durable: PostgresServer, seed: int
) -> None:
    with a_shared_world(tmp_path, durable.new_database(), *FAST) as (world, _):
        with world.load(seed):
            world.goes_on(20)
            with durable.silent():
                assert world.ledger.until(lambda said: said.status == 503, 10)
            world.goes_on(20)
        world.check()
        assert unfit_answers(world.ledger.said(), WITHIN_S) == []
