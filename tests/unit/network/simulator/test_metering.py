"""What the user plane reports, as the simulated network makes measurements of it."""

from dataclasses import replace

import pytest

from builders.reservations import demand, reservation
from builders.simulations import Simulated, one_cell
from nef.domain.measurements import Measurement
from nef.domain.units import BitRate
from nef.network.simulator.cqi import Reliability
from nef.network.simulator.metering import MOST_RUNS, RESUMED_WITHIN_S, SimulatedMeter
from nef.network.simulator.radio import Carrier, radio_delay_ms
from nef.ports.metering import FlowCount

SESSION = "session-1"
CORE_MS = 7.0


class Metered:
    """A cell of 51 blocks with a session of one flow, and a meter."""

    def __init__(self, *, per: str = "1E-3") -> None:
        self.network = Simulated(one_cell(core_delay_ms=CORE_MS))
        self.meter = SimulatedMeter(self.network.stage)
        self.network.reserve(reservation(SESSION, demand(10, per=per)), self.network.now_s)

    def report(self, packets: int, run: str = "run", active_ms: int = 1000, **counts: int) -> int:
        """Report packets of 1250 bytes, 10 000 bits, since the start of a run."""
        count = FlowCount(packets, 1250 * packets, active_ms=active_ms, **counts)
        return self.meter.record(run, {(SESSION, 1): count}, self.network.now_s)

    def pass_time(self, seconds: float) -> None:
        self.network.step(seconds)

    def measured(self, window_ms: int = 2000) -> Measurement:
        return self.meter.measure(SESSION, window_ms, self.network.now_s)[1]

    def rate_bps(self, window_ms: int = 2000) -> int:
        rate = self.measured(window_ms).rate_dl
        assert rate is not None
        return rate.bps

    def carried(self) -> int:
        return sum(self.meter.carried_bytes(SESSION).values())


@pytest.fixture
def cell() -> Metered:
    return Metered()


def test_without_any_report_nothing_was_carried(cell: Metered) -> None:
    assert cell.rate_bps() == 0
    assert cell.carried() == 0
    assert cell.meter.flows(cell.network.now_s) == []


def test_a_rate_is_what_came_in_the_window(cell: Metered) -> None:
    cell.report(1000, active_ms=1000)
    assert cell.rate_bps() == 5_000_000
    assert cell.rate_bps(window_ms=1000) == 10_000_000
    assert cell.rate_bps(window_ms=500) == 10_000_000


def test_a_steady_rate_is_measured_as_it_is_whenever_one_looks(cell: Metered) -> None:
    for n in range(1, 16):
        cell.pass_time(0.2)
        cell.report(200 * n, active_ms=200 * n)
    for _ in range(4):
        assert cell.rate_bps() == 10_000_000
        cell.pass_time(0.1)


def test_a_flow_that_stops_fades_out_of_the_window(cell: Metered) -> None:
    cell.report(2000, active_ms=2000)
    assert cell.rate_bps() == 10_000_000
    cell.pass_time(1)
    assert cell.rate_bps() == 5_000_000
    cell.pass_time(1)
    assert cell.rate_bps() == 0
    assert cell.carried() == 2_500_000


def test_a_pause_between_two_reports_is_no_part_of_the_rate(cell: Metered) -> None:
    cell.report(100, active_ms=200)
    cell.pass_time(60)
    cell.report(300, active_ms=400)
    assert cell.rate_bps(window_ms=200) == 10_000_000


def test_a_report_that_is_repeated_or_late_counts_once(cell: Metered) -> None:
    for packets in (100, 100, 300, 200, 300):
        cell.report(packets)
    assert cell.carried() == 300 * 1250
    assert cell.rate_bps() == 300 * 10_000 / 2


def test_the_runs_of_a_user_plane_that_starts_anew_are_added_up(cell: Metered) -> None:
    cell.report(300, run="first")
    cell.report(100, run="second")
    cell.report(250, run="second")
    assert cell.carried() == 550 * 1250
    (flow,) = cell.meter.flows(cell.network.now_s)
    assert (flow.session_id, flow.component, flow.count.packets) == (SESSION, 1, 550)


def test_of_very_many_runs_the_latest_are_remembered(cell: Metered) -> None:
    for n in range(MOST_RUNS + 3):
        cell.report(n + 1, run=f"run-{n}")
    counters = cell.meter.carried_bytes(SESSION)
    assert len(counters) == MOST_RUNS
    assert f"1/run-{MOST_RUNS + 2}" in counters


def test_what_is_unknown_or_released_is_not_remembered(cell: Metered) -> None:
    now_s = cell.network.now_s
    counts = {("stranger", 1): FlowCount(1, 1), (SESSION, 9): FlowCount(1, 1)}
    assert cell.meter.record("run", counts, now_s) == 0
    assert cell.report(1) == 1
    cell.network.release(SESSION, now_s)
    assert cell.carried() == 1250  # for the last report of the session
    cell.meter.forget(SESSION)
    assert cell.report(2) == 0
    assert cell.carried() == 0
    assert cell.meter.measure(SESSION, 2000, now_s) == {}


@pytest.mark.parametrize("per", ["1E-3", "1E-5"])
def test_a_delay_is_that_of_core_and_radio_and_what_packets_waited(per: str) -> None:
    cell = Metered(per=per)
    kind = Reliability.ORDINARY if per == "1E-3" else Reliability.HIGH
    empty_ms = CORE_MS + radio_delay_ms(Carrier(20, 30, 2, 0.75), kind)
    assert cell.measured().delay_dl_ms == round(empty_ms)
    cell.report(10, wait_us=10 * 40_000)
    assert cell.measured().delay_dl_ms == round(empty_ms + 40)
    cell.report(20, wait_us=10 * 40_000 + 10 * 20_000)
    assert cell.measured().delay_dl_ms == round(empty_ms + 30)
    cell.pass_time(5)
    assert cell.measured().delay_dl_ms == round(empty_ms)


def test_congestion_is_the_share_of_blocks_that_are_held(cell: Metered) -> None:
    # At 22 dB a block carries 2.429 Mbit/s at 1E-3: 10 Mbit/s take 5 of 51.
    assert cell.measured().congestion_dl_percent == round(100 * 5 / 51)
    cell.network.reserve(reservation("session-2", demand(100)), cell.network.now_s)
    assert cell.measured().congestion_dl_percent == round(100 * (5 + 42) / 51)


def test_without_service_delay_and_congestion_cannot_be_measured(cell: Metered) -> None:
    cell.network.set_outage("cell-1", outage=True, now_s=cell.network.now_s)
    assert cell.measured() == Measurement(BitRate(0), None, None)


def test_after_a_restart_a_rate_is_unknown_until_somebody_reports(cell: Metered) -> None:
    cell.meter.resume(0, cell.network.now_s)
    assert cell.measured().rate_dl is None
    cell.report(1000)
    assert cell.rate_bps() == 5_000_000


def test_the_rate_of_a_session_that_began_since_a_restart_is_known(cell: Metered) -> None:
    cell.meter.resume(7, cell.network.now_s)
    cell.network.reserve(replace(reservation("new", demand(1)), number=8), cell.network.now_s)
    new = cell.meter.measure("new", 1000, cell.network.now_s)
    assert new[1].rate_dl == BitRate(0)
    assert cell.measured().rate_dl is None


def test_a_user_plane_that_is_not_there_any_more_carries_nothing(cell: Metered) -> None:
    cell.meter.resume(0, cell.network.now_s)
    cell.pass_time(RESUMED_WITHIN_S - 0.1)
    assert cell.measured().rate_dl is None
    cell.pass_time(0.2)
    assert cell.rate_bps() == 0


def test_the_first_report_after_a_restart_is_no_burst(cell: Metered) -> None:
    cell.report(60_000, active_ms=60_000)  # a minute at 10 Mbit/s, told at once
    assert cell.rate_bps() == 10_000_000
    assert cell.carried() == 75_000_000
