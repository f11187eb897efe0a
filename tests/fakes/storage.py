"""The one fake of nef.ports.storage: dictionaries, and copies of them to roll back to."""

import copy
import dataclasses
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from fakes.outbox import MemoryOutbox
from nef.domain.errors import Conflict
from nef.domain.faultplan import FaultPlan
from nef.domain.lifecycle import UNSETTLED, VISIBLE, SessionState
from nef.domain.sessions import Claim, Session, Standing
from nef.domain.subscriptions import Api, Due, Subscription


class MemorySessions:
    """Sessions in a dictionary, which keeps the order of their adding."""

    def __init__(self) -> None:
        self.rows: dict[str, Session] = {}
        self.added = 0
        #: Sessions that a process has intended which is no more.
        self.left: set[str] = set()

    def add(self, session: Session) -> Session:
        assert session.id not in self.rows
        self.added += 1
        self.rows[session.id] = dataclasses.replace(session, number=self.added)
        return self.rows[session.id]

    def get(self, session_id: str) -> Session | None:
        return self.rows.get(session_id)

    def replace(self, session: Session) -> Session:
        stored = self.rows.get(session.id)
        if stored is None or stored.version != session.version:
            raise Conflict(f"the session {session.id} was changed by somebody else; try again")
        self.rows[session.id] = dataclasses.replace(session, version=session.version + 1)
        return self.rows[session.id]

    def move(self, session: Session) -> Session:
        stored = self.rows.get(session.id)
        if stored is not None and stored.version == session.version:
            assert _lasting(stored) == _lasting(session)
        return self.replace(session)

    def remove(self, session_id: str) -> None:
        self.rows.pop(session_id, None)

    def of_af(self, af_id: str, ue_ids: Collection[str] | None = None) -> Sequence[Session]:
        mine = (s for s in self._visible() if s.af_id == af_id)
        return [s for s in mine if ue_ids is None or s.ue_id in ue_ids]

    def count_of_af(self, af_id: str) -> int:
        return sum(s.af_id == af_id for s in self.rows.values())

    def expired(self, now_s: float, limit: int) -> Sequence[Session]:
        over = [
            s for s in self._visible() if s.expires_at_s is not None and s.expires_at_s <= now_s
        ]
        return sorted(over, key=lambda s: s.expires_at_s or 0.0)[:limit]

    def next_expiry_s(self, after_s: float) -> float | None:
        ends_s = (s.expires_at_s for s in self._visible() if s.expires_at_s is not None)
        return min((end_s for end_s in ends_s if end_s > after_s), default=None)

    def unsettled(self, limit: int) -> Sequence[Session]:
        waiting = (s for s in self.rows.values() if s.state in UNSETTLED)
        return sorted(waiting, key=lambda s: s.changed_at_s)[:limit]

    def deserted(self, limit: int) -> Collection[tuple[str, int]]:
        return {(s.id, s.version) for s in self.unsettled(limit) if s.id in self.left}

    def claims(self, after: int, limit: int) -> Sequence[Claim]:
        found = [s for s in self._visible() if s.number > after]
        names = [one.name for one in dataclasses.fields(Claim)]
        some = sorted(found, key=lambda s: s.number)[:limit]
        return [Claim(**{name: getattr(s, name) for name in names}) for s in some]

    def standings(self, session_ids: Sequence[str]) -> Sequence[Standing]:
        found = [self.rows[name] for name in session_ids if name in self.rows]
        return [
            Standing(
                s.id,
                s.af_id,
                s.destination,
                s.events,
                s.state,
                s.admitted_at_s,
                s.version,
                s.grants,
            )
            for s in found
        ]

    def count_by_state(self) -> Mapping[SessionState, int]:
        return Counter(s.state for s in self.rows.values())

    def regrade(self, standings: Sequence[Standing]) -> None:
        for one in standings:
            stored = self.rows.get(one.id)
            if stored is None or stored.version != one.version:
                raise Conflict(f"the session {one.id} was changed by somebody else; try again")
            self.replace(dataclasses.replace(stored, grants=one.grants))

    def _visible(self) -> list[Session]:
        return [s for s in self.rows.values() if s.state in VISIBLE]


def _lasting(session: Session) -> Session:
    """A session without what `move` writes."""
    return dataclasses.replace(
        session, state=SessionState.ACTIVE, grants=(), changed_at_s=0.0, version=0, number=0
    )


class MemorySubscriptions:
    """Subscriptions in a dictionary, which keeps the order of their adding."""

    def __init__(self) -> None:
        self.rows: dict[tuple[Api, str], Subscription[Any]] = {}
        self.added = 0

    def add(self, subscription: Subscription[Any]) -> Subscription[Any]:
        key = subscription.api, subscription.id
        assert key not in self.rows
        self.added += 1
        self.rows[key] = dataclasses.replace(subscription, number=self.added)
        return self.rows[key]

    def get(self, api: Api, subscription_id: str) -> Subscription[Any] | None:
        return self.rows.get((api, subscription_id))

    def replace(self, subscription: Subscription[Any]) -> Subscription[Any]:
        key = subscription.api, subscription.id
        stored = self.rows.get(key)
        if stored is None or stored.version != subscription.version:
            raise Conflict(f"the subscription {subscription.id} was changed by somebody else")
        self.rows[key] = dataclasses.replace(subscription, version=subscription.version + 1)
        return self.rows[key]

    def remove(self, api: Api, subscription_id: str) -> None:
        self.rows.pop((api, subscription_id), None)

    def of_af(self, api: Api, af_id: str) -> Sequence[Subscription[Any]]:
        return [s for s in self.rows.values() if (s.api, s.af_id) == (api, af_id)]

    def weight_of_af(self, af_id: str) -> int:
        mine = (s for s in self.rows.values() if s.af_id == af_id)
        return sum(s.weight for s in mine if s.api is not Api.SESSIONS)

    def due(
        self, now_s: float, after: int, limit: int, *, changed: bool
    ) -> Sequence[Subscription[Any]]:
        due = [s for s in self.rows.values() if s.due.at_s is not None and s.due.at_s <= now_s]
        waiting = [s for s in self.rows.values() if changed and s.due.on_change and s not in due]
        found = [s for s in (*due, *waiting) if s.number > after]
        return sorted(found, key=lambda one: one.number)[:limit]

    def next_due(self, after_s: float) -> Due:
        dues = [s.due for s in self.rows.values()]
        later_s = [due.at_s for due in dues if due.at_s is not None and due.at_s > after_s]
        return Due(min(later_s, default=None), any(due.on_change for due in dues))


class MemorySimulations:
    """The last saved state."""

    def __init__(self) -> None:
        self.state: dict[str, Any] | None = None
        self.faults: FaultPlan | None = None
        self.moment_s: float | None = None

    def hold(self) -> None:
        pass  # whoever writes does so alone

    def load(self) -> dict[str, Any] | None:
        return copy.deepcopy(self.state)

    def save(self, state: dict[str, Any]) -> None:
        self.state = copy.deepcopy(state)

    def load_faults(self) -> FaultPlan | None:
        return self.faults

    def save_faults(self, plan: FaultPlan) -> None:
        self.faults = plan

    def lived_until_s(self) -> float | None:
        return self.moment_s

    def note_moment(self, time_s: float) -> None:
        self.moment_s = time_s


class MemoryUnitOfWork:
    """All repositories."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self.sessions = MemorySessions()
        self.outbox = MemoryOutbox(now_s)
        self.subscriptions = MemorySubscriptions()
        self.simulations = MemorySimulations()


class MemoryStorage:
    """A store that forgets everything with its process."""

    def __init__(self, now_s: Callable[[], float] = lambda: 0.0) -> None:
        self._work = MemoryUnitOfWork(now_s)
        self._turn = threading.RLock()

    @contextmanager
    def transaction(self) -> Iterator[MemoryUnitOfWork]:
        with self._turn:
            before = copy.deepcopy(self._work)
            try:
                yield self._work
            except BaseException:
                self._work = before
                raise

    @contextmanager
    def reading(self) -> Iterator[MemoryUnitOfWork]:
        with self._turn:
            yield self._work

    at_once = transaction

    def listening(self, _: Callable[[], None]) -> AbstractContextManager[None]:
        return nullcontext()
