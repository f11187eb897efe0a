"""Conservation laws of the simulated network, held against an oracle that shares no code with it.

Whatever happens, in whichever order: sessions come, change, expire and go, time passes, UEs walk
from cell to cell, background follows the hour, cells fail, and bearers break. The last tests break
the network on purpose, in one place each, and expect a law to notice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.faults import Faulty
from builders.oracle import ROUNDING, block_rate_bps
from builders.reservations import demand, reservation
from nef.domain.errors import ResourcesRefused
from nef.domain.faults import FaultName
from nef.domain.units import PacketErrorRate
from nef.network.simulator.cells import Cells
from nef.network.simulator.cqi import Reliability
from nef.network.simulator.flows import Flows
from nef.network.simulator.ledger import Ledger
from nef.ports.information import FlowClass
from nef.ports.network import Holdings, Reservation

UES, CELLS = 5, 2
HOUR_S = 3600.0
#: What each of the two cells has: 5 MHz at 30 kHz (TS 38.101-1 table 5.3.2-1).
BLOCKS = 11
#: Background by the hour of the day: from when on, Mbit/s.
BY_HOUR = ((0, 2.0), (6, 8.0), (20, 0.8))


#: The way of the one who walks: seconds and metres.
TO_AND_FRO = [[10 * n, (20, 480)[n % 2], 0] for n in range(6)]


def document() -> dict[str, Any]:
    """Two cells by a street: a UE that walks from one to the other, and four that stand."""
    radios: list[dict[str, Any]] = [
        {"path": TO_AND_FRO, "handover": {"hysteresis_db": 2}},
        {"trace": [[0, 22], [5, -30], [6, 12]]},
        {"sinr_db": 17},
        {"trace": [[t, (3, 9, 25)[t % 3]] for t in range(20)]},
        {"sinr_db": 12},
    ]
    ues: list[dict[str, Any]] = [
        {
            "id": f"ue-{n}",
            "gpsi": f"msisdn-2000{n}",
            "supi": f"imsi-2000{n}",
            "cell": f"cell-{n % CELLS}",
            "radio": radio,
        }
        for n, radio in enumerate(radios)
    ]
    shares = [[hour, mbps / 8] for hour, mbps in BY_HOUR]
    ues[4]["background"] = [{"rate": "8 Mbps", "priority": 15, "by_hour": shares}]
    cells: list[dict[str, Any]] = [
        {"id": f"cell-{n}", "bandwidth_mhz": 5, "site": {"environment": "umi", "x_m": 500 * n}}
        for n in range(CELLS)
    ]
    cells[1]["outages"] = [{"from_s": 12, "until_s": 14}]
    return {"name": "laws", "seed": 3, "cells": cells, "ues": ues}


@dataclass
class Story:
    """A network with faults around it, and what is asked of it now."""

    faulty: Faulty = field(default_factory=lambda: Faulty(document()))
    asked: dict[str, Reservation] = field(default_factory=dict)

    def reserve(self, wanted: Reservation) -> None:
        try:
            self.faulty.network.reserve(wanted, self.faulty.now_s)
        except ResourcesRefused:
            return
        self.asked[wanted.session_id] = wanted

    def release(self, name: str) -> None:
        if self.asked.pop(name, None) is not None:
            self.faulty.network.release(name, self.faulty.now_s)

    def step(self, seconds: float) -> None:
        self.faulty.inside.step(seconds)
        self.faulty.network.tick(self.faulty.now_s)
        for one in tuple(self.asked.values()):
            if one.is_over(self.faulty.now_s):
                self.release(one.session_id)

    def holdings(self) -> Iterator[tuple[Reservation, Holdings]]:
        """What each session holds that has not ended."""
        for name, wanted in self.asked.items():
            levels = self.faulty.network.levels(name)
            if levels is not None:
                yield wanted, levels

    def held(self, cell_id: str) -> Mapping[str | None, Mapping[int, int]]:
        """The blocks of each session, None for the background, by their priority."""
        return self.faulty.inside.stage.ledger.look(cell_id).held_by

    def rate_bps(self, ue_id: str, per: str) -> int:
        """What a block carries for a UE, by the oracle."""
        now_s = self.faulty.now_s
        ue = self.faulty.inside.ue(ue_id, now_s)
        cells = {cell.cell_id: cell for cell in self.faulty.inside.cells(now_s)}
        reached = ue.attached and not cells[ue.cell_id].outage
        return block_rate_bps(ue.sinr_db, per) if reached else 0


Act = Callable[[Story], None]


def reserve(number: int, ue: int, mbps: list[float], priority: int, per: str, lasts: Any) -> Act:
    def act(story: Story) -> None:
        flows = [demand(*mbps, component=c, priority=priority + c, per=per) for c in (1, 2)]
        until_s = story.faulty.now_s + lasts if lasts else None
        wanted = reservation(
            f"s{number}", *flows, ue=f"ue-{ue}", since_s=story.faulty.now_s, until_s=until_s
        )
        story.reserve(wanted)

    return act


def break_bearer(name: FaultName) -> Act:
    def act(story: Story) -> None:
        story.faulty.faults.trigger(name, 1)
        story.step(0.001)

    return act


#: The one who walks most often, since the most happens to it.
numbers, ues = st.integers(0, 4), st.sampled_from([0, 0, 0, 1, 2, 3, 4])
reserving = st.builds(
    reserve,
    numbers,
    ues,
    st.lists(st.sampled_from([0.3, 1.1, 2.9, 5.3, 8.7]), min_size=1, max_size=3),
    st.sampled_from([10, 20]),
    st.sampled_from(["1E-3", "1E-5"]),
    st.sampled_from([None, 3.0]),
)
moving = st.sampled_from([0.05, 0.7, 3.0, 3.0, 4.0, 4.0, 9.5, 6 * HOUR_S]).map(
    lambda seconds: lambda story: story.step(seconds)
)
others = st.one_of(
    numbers.map(lambda n: lambda story: story.release(f"s{n}")),
    st.builds(
        lambda n, db: lambda s: s.faulty.inside.force_sinr(f"ue-{n}", db, s.faulty.now_s),
        ues,
        st.sampled_from([None, -30.0, 1.0, 9.0, 22.0]),
    ),
    st.builds(
        lambda n, there: lambda s: s.faulty.inside.attach(f"ue-{n}", there, s.faulty.now_s),
        ues,
        st.booleans(),
    ),
    st.builds(
        lambda n, out: lambda s: s.faulty.inside.set_outage(f"cell-{n}", out, s.faulty.now_s),
        st.integers(0, CELLS - 1),
        st.booleans(),
    ),
    st.sampled_from([FaultName.BEARER_LOST, FaultName.BEARER_RELEASED]).map(break_bearer),
)
stories = st.lists(st.one_of(reserving, reserving, moving, others), min_size=5, max_size=20)


# --- the laws, at a moment ---


def check_cells(story: Story) -> None:
    """No block is held twice, all that is held is reported, and sessions hold where they are."""
    now_s = story.faulty.now_s
    for cell in story.faulty.inside.cells(now_s):
        held = story.held(cell.cell_id)
        assert cell.blocks == BLOCKS
        assert 0 <= cell.blocks_granted <= BLOCKS
        assert cell.blocks_granted == sum(sum(blocks.values()) for blocks in held.values())
        here = {
            one.session_id
            for one in story.asked.values()
            if story.faulty.inside.ue(one.ue_id, now_s).cell_id == cell.cell_id
        }
        holding = {name for name, blocks in held.items() if sum(blocks.values())}
        assert holding <= here | {None}, "a session holds in the cell that serves its UE alone"


def check_guarantees(story: Story) -> None:
    """Who is said to be guaranteed a rung holds blocks enough for its rate, in the radio of now."""
    for wanted, levels in story.holdings():
        ue = story.faulty.inside.ue(wanted.ue_id, story.faulty.now_s)
        held = story.held(ue.cell_id).get(wanted.session_id, {})
        for one in wanted.demands:
            level, blocks = levels[one.component], held.get(one.ladder[0].priority, 0)
            if not isinstance(level, int):
                assert blocks == 0, "who is guaranteed nothing holds nothing"
                continue
            rung = one.ladder[level]
            assert rung.gbr_dl is not None
            carried_bps = blocks * story.rate_bps(wanted.ue_id, str(rung.per))
            assert carried_bps * ROUNDING >= rung.gbr_dl.bps


def check_background(story: Story) -> None:
    """The background has its share of the hour, before all that is less important."""
    now_s, cell_id = story.faulty.now_s, "cell-0"
    hour = story.faulty.inside.time_s(now_s) / HOUR_S % 24
    mbps = [rate for since, rate in BY_HOUR if since <= hour][-1]
    rate_bps = story.rate_bps("ue-4", "1E-3")
    needed = ceil(mbps * 1e6 / rate_bps) if rate_bps else BLOCKS + 1
    held = story.held(cell_id)
    got = sum(held.get(None, {}).values())
    before = sum(n for by in held.values() for p, n in by.items() if p < 15)
    assert got == (needed if needed <= BLOCKS - before else 0)


def check_priority(story: Story) -> None:
    """Nobody is below a rung for which less important ones in the cell hold what it takes."""
    for wanted, levels in story.holdings():
        ue = story.faulty.inside.ue(wanted.ue_id, story.faulty.now_s)
        held = story.held(ue.cell_id)
        own = held.get(wanted.session_id, {})
        for one in wanted.demands:
            level, priority = levels[one.component], one.ladder[0].priority
            if level is not None and not isinstance(level, int):
                continue  # its bearer is broken, whatever there is
            rate_bps = story.rate_bps(wanted.ue_id, str(one.ladder[0].per))
            within_reach = BLOCKS - sum(
                n for by in held.values() for p, n in by.items() if p <= priority
            )
            within_reach += own.get(priority, 0)
            for rung in one.ladder[:level] if rate_bps else ():
                assert rung.gbr_dl is not None
                assert rung.gbr_dl.bps > within_reach * rate_bps / ROUNDING


def check_reports(story: Story) -> None:
    """What is reported is granted, one block's worth more is not, and nothing is left of trying."""
    inside, now_s = story.faulty.inside, story.faulty.now_s
    for number, per in ((n, per) for n in range(UES) for per in ("1E-3", "1E-5")):
        flow = FlowClass(PacketErrorRate.parse(per), 17)
        ue_id = f"ue-{number}"
        course = inside.information.ue_course(ue_id, flow, now_s, now_s, now_s)
        assert course is not None
        reported_bps = course.moments[-1].rate_dl.bps
        ue = inside.ue(ue_id, now_s)
        blocks = BLOCKS - sum(
            n for by in story.held(ue.cell_id).values() for p, n in by.items() if p <= flow.priority
        )
        expected_bps = blocks * story.rate_bps(ue_id, per)
        assert expected_bps / ROUNDING <= reported_bps <= expected_bps * ROUNDING
        if story.rate_bps(ue_id, "1E-3"):
            assert reported_bps == 0 or tried(story, ue_id, reported_bps, flow)
            assert not tried(story, ue_id, reported_bps + 1, flow)


def tried(story: Story, ue_id: str, rate_bps: int, flow: FlowClass) -> bool:
    """Whether a session of such a rate is granted; it is ended again."""
    inside, now_s = story.faulty.inside, story.faulty.now_s
    wanted = demand(rate_bps / 1e6, per=str(flow.per), priority=flow.priority)
    try:
        inside.reserve(reservation("tried", wanted, ue=ue_id, since_s=now_s), now_s)
    except ResourcesRefused:
        return False
    inside.release("tried", now_s)
    return True


def check_all(story: Story) -> None:
    check_cells(story)
    check_guarantees(story)
    check_background(story)
    check_priority(story)
    check_reports(story)


# --- the laws, whatever happens ---


def live(acts: Sequence[Act]) -> Iterator[None]:
    """One after the other, the laws being held after each."""
    story = Story()
    for act in acts:
        act(story)
        story.faulty.network.tick(story.faulty.now_s)
        check_all(story)
        yield


@given(stories)
def test_the_laws_hold_whatever_happens(acts: list[Act]) -> None:
    assert len(list(live(acts))) == len(acts)


@given(stories)
def test_after_everything_is_released_a_cell_is_as_it_was_at_first(acts: list[Act]) -> None:
    story = Story()
    for act in acts:
        act(story)
    for number in range(5):
        story.release(f"s{number}")
    check_all(story)
    for cell in story.faulty.inside.cells(story.faulty.now_s):
        assert set(story.held(cell.cell_id)) <= {None}, "only the background is left"


# --- that the laws notice ---


def forgetful(original: Any) -> Any:
    """Of a session that is released one flow stays."""

    def remove(self: Ledger, session_id: str) -> None:
        session = self._sessions.get(session_id)
        if session is not None:
            self._forget(session_id)
            self._exchange((), session.rows[1:])

    return remove


def staying(original: Any) -> Any:
    """Who is handed over leaves its flows behind."""

    def handed_over(self: Cells, ue: int) -> set[int]:
        before = list(self._orders), list(self._holders)
        cells: set[int] = original(self, ue)
        if cells:
            self._orders, self._holders = before
        return cells

    return handed_over


def floored(original: Any) -> Any:
    """Blocks are rounded down."""

    def needed_by(self: Flows, row: int, rates: Any, time_s: float) -> Any:
        blocks = original(self, row, rates, time_s)
        return [one - (1 < one <= BLOCKS) for one in blocks]

    return needed_by


def always_ordinary(original: Any) -> Any:
    return classmethod(lambda cls, per, *, guaranteed=True: Reliability.ORDINARY)


def always_refusing(original: Any) -> Any:
    def check_room(self: Ledger, wanted: Reservation) -> None:
        raise ResourcesRefused({})

    return check_room


def never_refusing(original: Any) -> Any:
    return lambda self, wanted: None


def reversed_priority(original: Any) -> Any:
    def rank(self: Cells, row: int) -> Any:
        priority, *others = self.flows.ranks[row]
        return -priority, *others

    return rank


def passing(seconds: float) -> Act:
    return lambda story: story.step(seconds)


def releasing(number: int) -> Act:
    return lambda story: story.release(f"s{number}")


#: A cell that fills, a UE that is handed over, a radio that worsens, and the end of a session.
DAY = (
    reserve(0, 0, [1.1], 10, "1E-5", None),
    reserve(1, 2, [5.3, 1.1], 20, "1E-3", None),
    passing(7.0),
    reserve(2, 4, [8.7, 2.9, 0.3], 10, "1E-3", None),
    reserve(3, 3, [5.3, 2.9], 20, "1E-3", None),
    passing(0.7),
    passing(3.0),
    releasing(1),
    releasing(2),
)
MUTANTS = (
    (Ledger, "_check_room", always_refusing),
    (Ledger, "_check_room", never_refusing),
    (Ledger, "_remove", forgetful),
    (Cells, "_handed_over", staying),
    (Cells, "_rank", reversed_priority),
    (Flows, "needed_by", floored),
    (Reliability, "of", always_ordinary),
)


@pytest.mark.parametrize(
    ("owner", "name", "mutant"), MUTANTS, ids=[mutant.__name__ for _, _, mutant in MUTANTS]
)
def test_a_law_notices_what_is_broken(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, mutant: Callable[[Any], Any]
) -> None:
    monkeypatch.setattr(owner, name, mutant(getattr(owner, name)))

    with pytest.raises(AssertionError):
        for _ in live(DAY):
            pass


def test_the_day_that_shows_what_is_broken_is_a_day_of_all_laws() -> None:
    assert len(list(live(DAY))) == len(DAY)
