"""Compares what clients were told with what is stored, granted and notified; a function of data.

Each rule gives a sentence for each thing that contradicts; nothing said is nothing wrong.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chaos.ledger import Deed, Kind, Name, Outcome, Said


@dataclass(frozen=True, slots=True)
class Stored:
    """What an AF reads of one of its things; `level` is the rung that is recorded of a session."""

    subscription_id: str
    af_id: str
    key: int
    value: int
    level: int | None = None
    kind: Kind = Kind.SESSION

    @property
    def name(self) -> Name:
        """As in the ledger."""
        return self.kind, self.af_id, self.key


@dataclass(frozen=True, slots=True)
class Cell:
    """How full a cell is, in resource blocks."""

    cell_id: str
    blocks: int
    granted: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """A notification as a receiver got it; `number` is the same in each attempt.

    `told` is the rung that its last report says a session holds, or None for none.
    """

    number: int
    subscription_id: str
    told: int | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A notification in the NEF's own account."""

    number: int
    subscription_id: str
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

    @property
    def sessions(self) -> Sequence[Stored]:
        """Those for which the network holds something."""
        return [one for one in self.stored if one.kind is Kind.SESSION]


def contradictions(said: Sequence[Said], found: Found) -> list[str]:
    """All that contradicts."""
    return [
        *_things(said, found.stored),
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
    lowered = sum(one.level != 0 for one in found.sessions)
    others = len(found.stored) - len(found.sessions)
    return (
        f"requests: {counts}; sessions: {len(found.sessions)}, {lowered} of them lowered;"
        f" other subscriptions: {others};"
        f" notifications: {len(found.arrived)}, {again} of them again"
    )


#: Success, a refusal of the network, what is gone, and to come back.
FIT = frozenset({200, 201, 204, 403, 404, 409, 503})


def unfit_answers(
    said: Iterable[Said], within_s: float, fit: frozenset[int | None] = FIT
) -> list[str]:
    """Answers with another status, without the time to come back, or too late."""
    return [
        f"{one.deed} of {one.kind} {one.af_id}/{one.key} got {one.status} after {one.took_s:.1f} s,"
        f" Retry-After {one.retry_after}"
        for one in said
        if one.status not in fit
        or one.took_s > within_s
        or (one.status == 503 and one.retry_after is None)
    ]


# --- what clients have ---

#: What a thing may be, by what was said: its value, or None where there may be none.
_Possible = frozenset[int | None]
_NONE: _Possible = frozenset({None})


def _things(said: Iterable[Said], stored: Iterable[Stored]) -> list[str]:
    """Everything is as the last acknowledged deed left it, or as an unanswered one would."""
    possible: dict[Name, _Possible] = {}
    ids: dict[Name, str] = {}
    wrong = []
    for one in said:
        before = possible.get(one.name, _NONE)
        if one.status == 404 and None not in before:
            wrong.append(f"{one.deed} of {_told(one.name)} was answered 404; it should be there")
        possible[one.name] = _after(before, one)
        if one.deed is Deed.CREATE and one.subscription_id is not None:
            ids[one.name] = one.subscription_id
    copies: dict[Name, list[Stored]] = defaultdict(list)
    for thing in stored:
        copies[thing.name].append(thing)
    for name in possible.keys() | copies.keys():
        wrong += _contradicts(name, possible.get(name, _NONE), copies[name], ids.get(name))
    return wrong


def _after(before: _Possible, said: Said) -> _Possible:
    """What a thing may be after one more deed."""
    if said.outcome is Outcome.REFUSED:
        return _NONE if said.status == 404 else before
    goal: _Possible = frozenset({None if said.deed is Deed.DELETE else said.value})
    return goal if said.outcome is Outcome.DONE else before | goal


def _contradicts(
    name: Name, possible: _Possible, copies: Sequence[Stored], subscription_id: str | None
) -> list[str]:
    if len(copies) > 1:
        return [f"{_told(name)} is there {len(copies)} times"]
    value = copies[0].value if copies else None
    if value not in possible:
        values = " or ".join("nothing" if v is None else str(v) for v in possible)
        is_now = "not there" if value is None else value
        return [f"{_told(name)} is {is_now}; its AF was told {values}"]
    if copies and subscription_id not in (None, copies[0].subscription_id):
        has = copies[0].subscription_id
        return [f"{_told(name)} has the id {has}; its AF was told {subscription_id}"]
    return []


def _told(name: Name) -> str:
    kind, af_id, key = name
    return f"{kind} {af_id}/{key}"


# --- the network ---


def _reservations(found: Found) -> list[str]:
    """Each session has its reservation, as recorded, and each reservation has its session."""
    recorded = {one.subscription_id: one.level for one in found.sessions}
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
    living = {one.subscription_id for one in found.stored}
    wrong = [
        f"notification {one.number} of {one.subscription_id} is {one.state}"
        + ("" if one.number in arrived else " and did not arrive")
        for one in found.due
        if one.state != "delivered" or one.number not in arrived
    ]
    known = {one.number for one in found.due}
    return wrong + [
        f"notification {one.number} of {one.subscription_id} arrived, and the NEF knows of none"
        for one in found.arrived
        if one.subscription_id in living and one.number not in known
    ]


def _order(arrived: Iterable[Arrived]) -> list[str]:
    """Those of one thing arrive in their order; one may come again, but not after a later one."""
    wrong = []
    newest: Counter[str] = Counter()
    for one in arrived:
        if one.number < newest[one.subscription_id]:
            wrong.append(
                f"notification {one.number} of {one.subscription_id} arrived"
                f" after {newest[one.subscription_id]}"
            )
        newest[one.subscription_id] = max(newest[one.subscription_id], one.number)
    return wrong


def _last_told(found: Found) -> list[str]:
    """What an AF was told last of a session is what holds; so it was told at all."""
    last = {one.subscription_id: one for one in found.arrived}
    wrong = []
    for session in found.sessions:
        heard = last.get(session.subscription_id)
        if heard is None:
            wrong.append(f"nothing was told of session {session.subscription_id}")
        elif heard.told != session.level:
            wrong.append(
                f"session {session.subscription_id} holds rung {session.level},"
                f" and {heard.told} was told last, by {heard.number}"
            )
    return wrong
