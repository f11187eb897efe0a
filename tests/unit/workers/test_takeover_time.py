"""The time that all processes see, while the network changes its process."""

from pathlib import Path

from db.storage import SqlStorage
from fakes.clock import FakeClock
from nef.config import Settings, load_catalogue
from nef.live import Live, living
from nef.workers.reach import Reach


def test_it_does_not_go_back_though_the_wall_clock_was_set_back_before_the_start(
    tmp_path: Path,
) -> None:
    wall = FakeClock(10_000.0)
    settings = Settings(f"sqlite:///{tmp_path / 'nef.sqlite3'}", "http://nef.example", mode="real")
    storage = SqlStorage.open(settings.database_url, wall.now_s)

    def begun(reach: Reach, *, alone: bool) -> Live:
        catalogue = load_catalogue(None)
        live = living(storage, catalogue, wall.now_s, lambda: None, reach.bulletin.publish)
        live.restore(settings, None if alone else reach.seen_s())
        live.seams.simulation.go_on()
        return live

    with Reach.made(wall.now_s) as reach:
        live = begun(reach, alone=True)
        wall.advance(100)
        live.seams.simulation.go_on()
        before_s = reach.seen_s()
    wall.time_s -= 5000
    with Reach.made(wall.now_s) as reach:
        live = begun(reach, alone=True)
        assert reach.seen_s() == before_s
        wall.advance(10)
        live.seams.simulation.go_on()
        wall.advance(3)  # while nobody has the network
        begun(reach, alone=False)
        assert reach.seen_s() == before_s + 13
    storage.close()
