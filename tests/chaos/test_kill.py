"""SIGKILL in the middle of everything: what was acknowledged holds, and what was due arrives."""

import random
from pathlib import Path

from chaos.checker import FIT, unfit_answers
from chaos.world import a_world, wait

KILLS = 2
NO_BOUND = float("inf")


def test_nothing_is_lost_when_the_service_is_killed_under_load(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with a_world(tmp_path, "--scenario", "busy-cell") as world:
        with world.load(seed):
            for _ in range(KILLS):
                world.goes_on(30)
                wait(chance.random())
                world.kill()
                world.start()
            world.goes_on(10)
        world.check()
        assert unfit_answers(world.ledger.said(), NO_BOUND, FIT | {None}) == []
