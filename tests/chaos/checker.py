"""Compares what clients were told with what is stored, granted and notified; a function of data.

Each rule gives a sentence for each thing that contradicts; nothing said is nothing wrong.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chaos.ledger import Deed, Outcome, Said


@dataclass(frozen=True, slots=True)
class Stored:
    """A session as its AF reads it, and the rung that is recorded of it."""

    session_id: str
    af_id: str
    key: int
    rate_bps: int
    level: int | None


@dataclass(frozen=True, slots=True)
class Cell:
    """How full a cell is, in resource blocks."""

    cell_id: str
    blocks: int
    granted: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """A notification as a receiver got it; `number` is the same in each attempt.

    `told` is the rung that its last report says holds, or None for none.
    """

    number: int
    session_id: str
    events: tuple[str, ...]
    told: int | None


@dataclass(frozen=True, slots=True)
class Due:
    """A notification in the NEF's own account."""

    number: int
    session_id: str
    state: str


@dataclass(frozen=True)
class Found:
    """What there is after the chaos, when everything has come to rest.

    `levels` is what the network grants, by session; `arrived` in the order of arrival.
    """

    stored: Sequence[Stored] = ()
    levels: Mapping[str, int | None] = field(default_factory=dict)
    cells: Sequence[Cell] = ()
    arrived: Sequence[Arrived] = ()
    due: Sequence[Due] = ()


def contradictions(said: Sequence[Said], found: Found) -> list[str]:
    """All that contradicts."""
    return [
        *_sessions(said, found.stored),
        *_reservations(found),
        *_capacity(found.cells),
        *_deliveries(found),
        *_order(found.arrived),
        *_last_told(found),
    ]


def summary(said: Iterable[Said], found: Found) -> str:
    """How much there was to contradict, for who reads the log."""
    outcomes = Counter(one.outcome for one in said)
    counts = ", ".join(f"{outcomes[one]} {one}" for one in Outcome)
    again = len(found.arrived) - len({one.number for one in found.arrived})
    lowered = sum(one.level != 0 for one in found.stored)
    return (
        f"requests: {counts}; sessions: {len(found.stored)}, {lowered} of them lowered;"
        f" notifications: {len(found.arrived)}, {again} of them again"
    )


#: Success, a refusal of the network, what is gone, and to come back.
FIT = frozenset({200, 201, 204, 403, 404, 409, 503})


def unfit_answers(
    said: Iterable[Said], within_s: float, fit: frozenset[int | None] = FIT
) -> list[str]:
    """Answers with another status, without the time to come back, or too late."""
    return [
        f"{one.deed} of {one.af_id}/{one.key} got {one.status} after {one.took_s:.1f} s,"
        f" Retry-After {one.retry_after}"
        for one in said
        if one.status not in fit
        or one.took_s > within_s
        or (one.status == 503 and one.retry_after is None)
    ]


# --- sessions ---

#: What a session may be, by what was said: its rate, or None where there may be none.
_Possible = frozenset[int | None]
_NONE: _Possible = frozenset({None})


def _sessions(said: Iterable[Said], stored: Iterable[Stored]) -> list[str]:
    """Every session is as the last acknowledged deed left it, or as an unanswered one would."""
    possible: dict[tuple[str, int], _Possible] = {}
    ids: dict[tuple[str, int], str] = {}
    wrong = []
    for one in said:
        name = (one.af_id, one.key)
        before = possible.get(name, _NONE)
        if one.status == 404 and None not in before:
            wrong.append(f"{one.deed} of {name} was answered 404; it should have been there")
        possible[name] = _after(before, one)
        if one.deed is Deed.CREATE and one.session_id is not None:
            ids[name] = one.session_id
    copies: dict[tuple[str, int], list[Stored]] = defaultdict(list)
    for session in stored:
        copies[session.af_id, session.key].append(session)
    for name in possible.keys() | copies.keys():
        wrong += _contradicts(name, possible.get(name, _NONE), copies[name], ids.get(name))
    return wrong


def _after(before: _Possible, said: Said) -> _Possible:
    """What a session may be after one more deed."""
    if said.outcome is Outcome.REFUSED:
        return _NONE if said.status == 404 else before
    goal: _Possible = frozenset({None if said.deed is Deed.DELETE else said.rate_bps})
    return goal if said.outcome is Outcome.DONE else before | goal


def _contradicts(
    name: tuple[str, int], possible: _Possible, copies: Sequence[Stored], session_id: str | None
) -> list[str]:
    if len(copies) > 1:
        return [f"{name} is there {len(copies)} times"]
    rate_bps = copies[0].rate_bps if copies else None
    if rate_bps not in possible:
        rates = " or ".join("nothing" if r is None else str(r) for r in possible)
        return [f"{name} is {rate_bps or 'not there'}; its AF was told {rates}"]
    if copies and session_id not in (None, copies[0].session_id):
        return [f"{name} has the id {copies[0].session_id}; its AF was told {session_id}"]
    return []


# --- the network ---


def _reservations(found: Found) -> list[str]:
    """Each session has its reservation, as recorded, and each reservation has its session."""
    recorded = {one.session_id: one.level for one in found.stored}
    wrong = [f"session {one} has no reservation" for one in recorded.keys() - found.levels.keys()]
    wrong += [
        f"a reservation for {one}, which is no session"
        for one in found.levels.keys() - recorded.keys()
    ]
    return wrong + [
        f"session {one} holds rung {found.levels[one]}, and rung {recorded[one]} is recorded"
        for one in recorded.keys() & found.levels.keys()
        if found.levels[one] != recorded[one]
    ]


def _capacity(cells: Iterable[Cell]) -> list[str]:
    return [
        f"cell {cell.cell_id} has granted {cell.granted} of {cell.blocks} blocks"
        for cell in cells
        if cell.granted > cell.blocks
    ]


# --- notifications ---


def _deliveries(found: Found) -> list[str]:
    """What was due has arrived; nothing waits, and nothing was given up."""
    arrived = {one.number for one in found.arrived}
    living = {one.session_id for one in found.stored}
    wrong = [
        f"notification {one.number} of {one.session_id} is {one.state}"
        + ("" if one.number in arrived else " and did not arrive")
        for one in found.due
        if one.state != "delivered" or one.number not in arrived
    ]
    known = {one.number for one in found.due}
    return wrong + [
        f"notification {one.number} of {one.session_id} arrived, and the NEF knows of none"
        for one in found.arrived
        if one.session_id in living and one.number not in known
    ]


def _order(arrived: Iterable[Arrived]) -> list[str]:
    """Those of a session arrive in their order; one may come again, but not after a later one."""
    wrong = []
    newest: Counter[str] = Counter()
    for one in arrived:
        if one.number < newest[one.session_id]:
            wrong.append(
                f"notification {one.number} of {one.session_id} arrived"
                f" after {newest[one.session_id]}"
            )
        newest[one.session_id] = max(newest[one.session_id], one.number)
    return wrong


def _last_told(found: Found) -> list[str]:
    """What an AF was told last of a session is what holds; so it was told at all."""
    last = {one.session_id: one for one in found.arrived}
    wrong = []
    for session in found.stored:
        heard = last.get(session.session_id)
        if heard is None:
            wrong.append(f"nothing was told of session {session.session_id}")
        elif heard.told != session.level:
            wrong.append(
                f"session {session.session_id} holds rung {session.level},"
                f" and {heard.told} was told last, by {heard.number}"
            )
    return wrong
