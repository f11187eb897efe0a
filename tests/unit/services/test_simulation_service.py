"""The use cases of the control API: saved, and in effect at once."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from builders.monitoring_events import body
from fakes.clock import FakeClock
from fakes.storage import MemoryStorage
from nef.config import load_catalogue
from nef.domain.destinations import TO_THIS_MACHINE
from nef.domain.errors import Conflict, InvalidRequest, NefError, NotFound, Unfinished
from nef.domain.subscriptions import Api
from nef.network.simulator.clock import SimulationClock
from nef.network.simulator.information import SimulatedInformation
from nef.network.simulator.metering import SimulatedMeter
from nef.network.simulator.network import SimulatedNetwork
from nef.schemas.monitoring_event_requests import request_of
from nef.services.faults import FaultService
from nef.services.monitoring_events import Lookout, MonitoringService, MonitoringWatch
from nef.services.simulation import LONGEST_STEP_S, Diary, SimulationService
from nef.services.subscriptions import SubscriptionService


@dataclass
class Rig:
    """The service over a simulation whose wall clock stands still unless it is moved."""

    storage: MemoryStorage = field(default_factory=MemoryStorage)
    ticked_at_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wall, self.leaving = FakeClock(), False
        self.clock = SimulationClock(self.wall.now_s)
        self.network = SimulatedNetwork(self.clock)
        meter = SimulatedMeter(self.network.stage)
        catalogue = load_catalogue(None)
        self.lookout = Lookout(SimulatedInformation(self.network.stage))
        ids = itertools.count()
        self.diary = Diary(self.network, self.storage, self.clock)
        self.subscriptions = SubscriptionService(
            self.storage,
            self.clock,
            {Api.MONITORING: MonitoringWatch(self.lookout)},
            lambda: str(next(ids)),
            lambda: None,
            self.network.revision,
        )
        self.service = SimulationService(
            self.network,
            meter,
            self.storage,
            self.clock,
            catalogue,
            FaultService(
                self.storage,
                self.network.planned_faults,
                lambda: 0.0,
                self._tick,
                self.network.has_ue,
            ),
            self.subscriptions.is_behind,
            self.subscriptions.next_due,
            self._tick,
            self.network.profiles,
            self.wall.now_s,
            lambda: self.leaving,
        )

    def _tick(self, move: Callable[[], None] | None = None) -> None:
        if move is not None:
            move()
        self.ticked_at_s.append(self.network.status(self.clock.now_s()).time_s)
        self.subscriptions.tick()
        self.diary.note()

    def watch(self) -> None:
        """Let an AF wait for something that may happen at any time."""
        monitoring = MonitoringService(
            self.lookout, self.clock, self.subscriptions, TO_THIS_MACHINE
        )
        monitoring.subscribe("af", request_of(body("LOSS_OF_CONNECTIVITY")))

    @property
    def ticks(self) -> int:
        return len(self.ticked_at_s)

    def restarted(self) -> "Rig":
        """Another process on the same store."""
        return Rig(self.storage)


@pytest.fixture
def rig() -> Rig:
    made = Rig()
    made.service.load("fading-ue", seed=11, mode="manual")
    return made


def test_every_change_is_followed_by_a_tick(rig: Rig) -> None:
    changes = (
        lambda: rig.service.load("fading-ue"),
        lambda: rig.service.step(1.0),
        lambda: rig.service.force_sinr("ue-1", 3.0),
        lambda: rig.service.force_sinr("ue-1", None),
        lambda: rig.service.attach("ue-1", attached=False),
        lambda: rig.service.set_outage("cell-1", outage=True),
        rig.service.reset,
    )
    for number, change in enumerate(changes, start=rig.ticks + 1):
        change()
        assert rig.ticks == number


def test_a_long_step_stops_nowhere_where_nobody_looks(rig: Rig) -> None:
    del rig.ticked_at_s[:]
    rig.service.step(40)
    assert rig.ticked_at_s == [40.0]


@pytest.mark.parametrize(("whole", "left"), [("30", "10"), ("20000030.25", "20000010.25")])
def test_a_step_that_takes_too_long_says_how_far_it_came_and_can_be_gone_on_with(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, whole: str, left: str
) -> None:
    rig.watch()
    rig.subscriptions.tick()
    look = rig.subscriptions.tick

    def look_long() -> None:
        look()
        rig.wall.advance(LONGEST_STEP_S / 2)

    monkeypatch.setattr(rig.subscriptions, "tick", look_long)
    with pytest.raises(Unfinished, match=rf"by 20 s of the {whole} s, .*; {left} s are left to"):
        rig.service.step(float(whole))
    assert rig.service.status().time_s == 20.0
    assert rig.service.step(10).time_s == 30.0


@pytest.mark.parametrize("mode", ["manual", "x1000"])
def test_time_goes_on_no_further_than_to_the_next_moment_once_the_service_ends(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    rig.service.load("fading-ue", seed=11, mode=mode)
    rig.watch()
    rig.subscriptions.tick()
    look = rig.subscriptions.tick

    def look_at_the_end() -> None:
        look()
        rig.leaving = True

    monkeypatch.setattr(rig.subscriptions, "tick", look_at_the_end)
    if mode == "manual":
        with pytest.raises(Unfinished, match="the service ends; 22 s are left to step"):
            rig.service.step(30.0)
    else:
        rig.wall.advance(0.030)
        rig.service.go_on()
    assert rig.ticked_at_s[-1] == pytest.approx(8.0, abs=1e-3)


def test_a_long_step_looks_at_each_moment_at_which_something_changes(rig: Rig) -> None:
    rig.watch()
    rig.subscriptions.tick()
    del rig.ticked_at_s[:]
    rig.service.step(22)
    rig.service.step(8)
    assert rig.ticked_at_s == [8.0, 14.0, 20.0, 22.0, 24.0, 30.0]


def test_accelerated_time_goes_past_the_same_moments(rig: Rig) -> None:
    rig.service.load("fading-ue", mode="x1000")
    rig.watch()
    del rig.ticked_at_s[:]
    for _ in range(3):
        rig.wall.advance(0.011)
        rig.service.go_on()
    assert rig.ticked_at_s == pytest.approx([8, 11, 14, 20, 22, 24, 33], abs=1e-3)
    assert rig.restarted().service.resume()


def test_other_time_is_only_looked_at_where_it_stands(rig: Rig) -> None:
    ticks = rig.ticks
    rig.wall.advance(30)
    rig.service.go_on()
    assert rig.ticks == ticks + 1
    assert rig.service.status().time_s == 0


def test_looking_changes_nothing(rig: Rig) -> None:
    before, ticks = rig.service.status(), rig.ticks
    rig.service.scenarios(), rig.service.ues(), rig.service.cells(), rig.service.carried()
    rig.service.profiles()
    assert (rig.service.status(), rig.ticks) == (before, ticks)


def test_the_answer_to_a_change_shows_the_change(rig: Rig) -> None:
    assert rig.service.step(2.5).time_s == pytest.approx(2.5)
    assert rig.service.force_sinr("ue-1", 3.0).sinr_db == 3.0
    assert rig.service.attach("ue-1", attached=False).attached is False
    assert rig.service.set_outage("cell-1", outage=True).outage is True


def test_another_process_goes_on_from_the_last_change(rig: Rig) -> None:
    rig.service.step(9.0)
    rig.service.force_sinr("ue-2", -3.0)
    other = rig.restarted()
    assert other.service.resume() is True
    status = other.service.status()
    assert (status.scenario, status.seed, status.mode) == ("fading-ue", 11, "manual")
    assert status.time_s == pytest.approx(9.0)
    assert other.service.ues() == rig.service.ues()


@pytest.mark.parametrize("mode", ["manual", "x10"])
def test_another_process_goes_on_from_the_last_step(rig: Rig, mode: str) -> None:
    rig.service.load("fading-ue", mode=mode)
    with rig.storage.reading() as work:
        saved = work.simulations.load()
    for _ in range(9):
        rig.wall.advance(0.1)
        rig.service.go_on() if mode == "x10" else rig.service.step(1.0)
    with rig.storage.reading() as work:
        assert work.simulations.load() == saved, "only the moment is written at each step"
    other = rig.restarted()
    other.service.resume()
    assert other.service.status().time_s == pytest.approx(9.0, abs=1e-3)


def test_a_store_without_a_simulation_has_nothing_to_go_on_from() -> None:
    assert Rig().service.resume() is False


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda service: service.load("nowhere"), InvalidRequest),
        (lambda service: service.load({"cells": []}), InvalidRequest),
        (lambda service: service.step(-1.0), InvalidRequest),
        (lambda service: service.ue("nobody"), NotFound),
        (lambda service: service.force_sinr("nobody", 1.0), NotFound),
        (lambda service: service.attach("nobody", attached=True), NotFound),
        (lambda service: service.set_outage("nowhere", outage=True), NotFound),
    ],
)
def test_what_makes_no_sense_is_neither_saved_nor_followed(
    rig: Rig, change: object, error: type[NefError]
) -> None:
    with rig.storage.reading() as work:
        saved = work.simulations.load()
    ticks = rig.ticks
    with pytest.raises(error):
        change(rig.service)  # type: ignore[operator]
    with rig.storage.reading() as work:
        assert work.simulations.load() == saved
    assert rig.ticks == ticks


def test_time_that_runs_by_itself_cannot_be_stepped(rig: Rig) -> None:
    rig.service.load("steady", mode="real")
    with pytest.raises(Conflict):
        rig.service.step(1.0)


def test_the_catalogue_is_shown_in_the_order_of_its_definition(rig: Rig) -> None:
    names = [profile.reference for profile in rig.service.profiles()]
    assert names[:2] == ["model-topology", "model-weights"]
