"""Handover: when (event A3 of TS 38.331), and what becomes of sessions."""

from dataclasses import replace
from typing import Any

import pytest

from builders.reservations import demand, reservation
from builders.simulations import Simulated, one_cell
from nef.domain.errors import InvalidRequest
from nef.network.simulator.conditions import Path
from nef.network.simulator.handover import MEASURED_EVERY_S, Trigger, way_of
from nef.network.simulator.parsing import parse
from nef.network.simulator.pathloss import Site
from nef.network.simulator.radio import Carrier
from nef.network.simulator.scenario import Cell, Stay
from nef.network.simulator.spans import Span

#: Two antennas 600 m apart, alike; a UE drives from the one to the other in a minute.
WEST, EAST = (Site("umi", 3.5, 30, 5, 6, x_m, 15) for x_m in (0, 600))
DRIVE = Path(WEST, 20.0, (0.0, 60.0), (0.0, 600.0), (0.0, 0.0), 1.5, line_of_sight=False)


def cell(name: str, site: Site, **changes: Any) -> Cell:
    document = one_cell(id=name, nci=f"{sum(name.encode()):09x}")
    document["ues"][0]["cell"] = name
    [found] = parse(document).cells
    return replace(found, site=site, **changes)


def stays(
    drive: Path = DRIVE, hysteresis_db: float = 3, wait_s: float = 0.32, **west: Any
) -> tuple[Stay, ...]:
    cells = cell("west", WEST, **west), cell("east", EAST)
    paths = {c.id: replace(drive, site=c.site) for c in cells}  # type: ignore[arg-type]
    return way_of(cells, paths, "west", Trigger(hysteresis_db, wait_s)).stays


def handed_at(**changes: Any) -> float:
    first, second = stays(**changes)
    assert (first, second.cell_id) == (Stay(0, "west"), "east")
    return second.from_s


def difference_db(time_s: float) -> float:
    """By how much the east is heard better than the west."""
    return replace(DRIVE, site=EAST).sinr_db(time_s) - DRIVE.sinr_db(time_s)


@pytest.mark.parametrize("hysteresis_db", [0, 1, 3, 6])
def test_the_neighbour_takes_over_when_it_was_better_by_the_hysteresis_for_long_enough(
    hysteresis_db: float,
) -> None:
    for wait_s in (0, 0.64, 5.12):
        at_s = handed_at(hysteresis_db=hysteresis_db, wait_s=wait_s)
        entered_s = at_s - wait_s
        assert difference_db(entered_s + MEASURED_EVERY_S) > hysteresis_db
        assert difference_db(entered_s - 2 * MEASURED_EVERY_S) < hysteresis_db


def test_who_turns_back_too_soon_stays() -> None:
    at_s = handed_at(wait_s=0)
    there = DRIVE.xs_m[1] * (at_s + 1) / 60
    back = replace(DRIVE, times_s=(0.0, at_s + 1, 2 * at_s + 2), xs_m=(0, there, 0), ys_m=(0, 0, 0))
    assert len(stays(back, wait_s=0)) == 3, "over, and back again"
    assert len(stays(back, wait_s=5.12)) == 1


def test_on_the_border_nobody_goes_to_and_fro() -> None:
    times_s = tuple(float(t) for t in range(41))
    swaying = tuple(300.0 + (15 if t % 2 else -15) for t in range(41))
    assert len(stays(replace(DRIVE, times_s=times_s, xs_m=swaying, ys_m=times_s))) == 1


def test_a_cell_out_of_service_is_left_and_found_again() -> None:
    waiting = replace(DRIVE, xs_m=(50.0, 50.0))
    found = stays(waiting, outages=(Span(10, 20),))
    assert [stay.cell_id for stay in found] == ["west", "east", "west"]
    assert [stay.from_s for stay in found[1:]] == pytest.approx([10.3, 20.3], abs=0.2)


def test_the_narrow_carrier_is_heard_louder_at_the_same_power() -> None:
    """RSRP is the power of a resource element, not that of the carrier."""
    narrow = Carrier(10, 30, 2, 0.75)
    assert handed_at(carrier=narrow) > handed_at() + 1


# --- in the network ---


def test_a_session_goes_with_its_ue_and_takes_what_the_new_cell_has() -> None:
    network = Simulated("street")
    big = reservation("s", demand(40, 5, 1), ue="bus")
    assert network.reserve(big, network.now_s) == {1: 0}
    told = []
    for _ in range(100):
        network.step(1)
        changes = network.tick(network.now_s)
        assert not changes.ended
        told += [(round(network.status(network.now_s).time_s), dict(levels))
                 for levels in changes.levels.values()]  # fmt: skip
    cells = {27: "cell-b", 57: "cell-c"}
    assert [at_s for at_s, _ in told if at_s in cells] == [27, 57]
    assert (27, {1: 1}) in told, "cell-b is nearly full"
    assert (57, {1: 0}) in told
    held = {cell.cell_id: cell.blocks_granted for cell in network.cells(network.now_s)}
    assert held["cell-a"] == 0
    assert held["cell-b"] == 43, "what the cafe holds"
    assert held["cell-c"] > 0


def test_the_old_cell_has_room_again_at_once_and_the_new_one_less() -> None:
    network = Simulated("street")
    network.reserve(reservation("s", demand(4), ue="bus"), network.now_s)
    network.step(26.9)
    before = {c.cell_id: c.blocks_granted for c in network.cells(network.now_s)}
    network.step(0.2)
    after = {c.cell_id: c.blocks_granted for c in network.cells(network.now_s)}
    assert (before["cell-a"] > 0, after["cell-a"]) == (True, 0)
    assert after["cell-b"] > before["cell-b"]
    assert network.ues(network.now_s)[0].cell_id == "cell-b"


def test_a_ue_that_was_handed_over_can_ask_leave_and_come_back() -> None:
    network = Simulated("street")
    network.step(30)
    assert network.reserve(reservation("s", demand(4), ue="bus"), network.now_s) == {1: 0}
    network.attach("bus", attached=False, now_s=network.now_s)
    assert network.tick(network.now_s).ended == ("s",)
    network.attach("bus", attached=True, now_s=network.now_s)
    assert network.seen_by("bus").cell_id == "cell-b"


def test_a_run_that_is_resumed_serves_everybody_where_they_are() -> None:
    network = Simulated("street")
    network.step(60)
    state = network.saved()
    again = Simulated()
    again.resume(state)
    assert again.ues(again.now_s) == network.ues(network.now_s)
    assert again.seen_by("bus").cell_id == "cell-c"


@pytest.mark.parametrize(
    ("radio", "pointer", "reason"),
    [
        ({"sinr_db": 5, "handover": {}}, "/document/ues/0/radio/handover", "only a UE on a path"),
        (
            {"path": [[0, 0, 0]], "handover": {"time_to_trigger_ms": 300}},
            "/document/ues/0/radio/handover/time_to_trigger_ms",
            "300 is not one of",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(radio: Any, pointer: str, reason: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(one_cell(radio, site={}))
    [param] = caught.value.params
    assert param.pointer == pointer
    assert reason in param.reason
