"""The sessions in the store."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, select, update

from db.codec import dumped, loaded, loading_alike
from db.neighbours import Neighbours
from db.statements import inserted, written
from db.tables import UNSETTLED, sessions
from nef.domain.errors import Conflict
from nef.domain.lifecycle import VISIBLE, SessionState
from nef.domain.qos import FlowDemand, FlowGrant
from nef.domain.sessions import Claim, Session, SessionRequest, Standing, Websocket, delivered_to

_VISIBLE = sessions.c.state.in_(sorted(state.value for state in VISIBLE))

# Statements are made once: making one takes longer than running it.
_NAMED = sessions.c.id == bindparam("named")
_INSERT = insert(sessions)
_GET = select(sessions).where(_NAMED)
_GET_TO_WRITE = _GET.with_for_update()
_REPLACE = update(sessions).where(_NAMED, sessions.c.version == bindparam("as_read"))
_REMOVE = delete(sessions).where(_NAMED)
_OF_AF = (
    select(sessions)
    .where(sessions.c.af_id == bindparam("af"), _VISIBLE)
    .order_by(sessions.c.number)
)
_COUNT_OF_AF = select(func.count()).where(sessions.c.af_id == bindparam("af"))
_OF_UES = _OF_AF.where(sessions.c.ue_id.in_(bindparam("ues", expanding=True)))
#: A statement takes some tens of thousands of values; of more UEs than this all sessions are read.
_MOST_UES = 1000
_EXPIRED = (
    select(sessions)
    .where(sessions.c.expires_at_s <= bindparam("now_s"), _VISIBLE)
    .order_by(sessions.c.expires_at_s, sessions.c.number)
    .limit(bindparam("most"))
)
_NEXT_EXPIRY = (
    select(sessions.c.expires_at_s)
    .where(sessions.c.expires_at_s > bindparam("after_s"), _VISIBLE)
    .order_by(sessions.c.expires_at_s)
    .limit(1)
)
_LEFT = (
    select(sessions)
    .where(UNSETTLED)
    .order_by(sessions.c.changed_at_s, sessions.c.number)
    .limit(bindparam("most"))
)
_INTENDED = (
    select(sessions.c.id, sessions.c.version, sessions.c.intended_by)
    .where(UNSETTLED)
    .order_by(sessions.c.changed_at_s, sessions.c.number)
    .limit(bindparam("most"))
)
_CLAIMS = (
    select(*(sessions.c[one.name] for one in dataclasses.fields(Claim)))
    .where(sessions.c.number > bindparam("after"), _VISIBLE)
    .order_by(sessions.c.number)
    .limit(bindparam("most"))
)
_STANDINGS = select(
    sessions.c.id,
    sessions.c.af_id,
    sessions.c.state,
    sessions.c.admitted_at_s,
    sessions.c.version,
    sessions.c.request,
    sessions.c.grants,
).where(sessions.c.id.in_(bindparam("names", expanding=True)))
_COUNT_ALL = select(func.count()).select_from(sessions)
_COUNT_UNSETTLED = (
    select(sessions.c.state, func.count()).where(UNSETTLED).group_by(sessions.c.state)
)
# Many sessions ask for the same and hold the same.
_demands = loading_alike(tuple[FlowDemand, ...])
_grants = loading_alike(tuple[FlowGrant, ...])
_REGRADE = _REPLACE.values(version=sessions.c.version + 1, grants=bindparam("granted"))


@dataclasses.dataclass(frozen=True, slots=True)
class _Addressing:
    """What a request says of notifications."""

    notification_destination: str
    websocket: Websocket | None = None
    events: tuple[str, ...] = ()


class SqlSessions:
    """nef.ports.storage.Sessions on a connection that is inside a transaction."""

    def __init__(self, connection: Connection, neighbours: Neighbours, *, writes: bool) -> None:
        """Work inside this connection's transaction, which `writes` or only reads."""
        self._connection, self._neighbours = connection, neighbours
        self._get = _GET_TO_WRITE if writes else _GET

    def add(self, session: Session) -> Session:
        """Insert a session and what it asks for."""
        row = _lasting(session) | self._asked(session) | _standing_of(session)
        return dataclasses.replace(session, number=inserted(self._connection, _INSERT, row))

    def get(self, session_id: str) -> Session | None:
        """Read one, whoever owns it."""
        row = self._connection.execute(self._get, {"named": session_id}).one_or_none()
        return None if row is None else session_of(row)

    def replace(self, session: Session) -> Session:
        """Write a session back unless somebody else has since it was read (Conflict)."""
        return self._written(session, self._asked(session) | _standing_of(session))

    def move(self, session: Session) -> Session:
        """The same, without writing anew what it asks for."""
        return self._written(session, _standing_of(session))

    def remove(self, session_id: str) -> None:
        """Delete one, if it is there, with what it holds."""
        written(self._connection, _REMOVE, {"named": session_id})

    def of_af(self, af_id: str, ue_ids: Collection[str] | None = None) -> Sequence[Session]:
        """The visible sessions of an AF, oldest first."""
        if ue_ids is None:
            return self._read(_OF_AF, {"af": af_id})
        if len(ue_ids) <= _MOST_UES:
            return self._read(_OF_UES, {"af": af_id, "ues": list(ue_ids)})
        rows = self._connection.execute(_OF_AF, {"af": af_id})
        return [session_of(row) for row in rows if row.ue_id in ue_ids]

    def count_of_af(self, af_id: str) -> int:
        """How many of an AF are stored."""
        count: int = self._connection.execute(_COUNT_OF_AF, {"af": af_id}).scalar_one()
        return count

    def expired(self, now_s: float, limit: int) -> Sequence[Session]:
        """Visible sessions whose duration is over."""
        return self._read(_EXPIRED, {"now_s": now_s, "most": limit})

    def next_expiry_s(self, after_s: float) -> float | None:
        """When the next visible session ends by itself."""
        moment_s: float | None = self._connection.scalar(_NEXT_EXPIRY, {"after_s": after_s})
        return moment_s

    def unsettled(self, limit: int) -> Sequence[Session]:
        """Sessions between an intent and its confirmation."""
        return self._read(_LEFT, {"most": limit})

    def deserted(self, limit: int) -> Collection[tuple[str, int]]:
        """Those that a process has intended which is no more."""
        found = self._connection.execute(_INTENDED, {"most": limit}).all()
        if not found:
            return ()
        # First who intends something, then who is alive: whoever is born now has none of these.
        alive = {None, self._neighbours.number, *self._neighbours.living(self._connection)}
        return {(row.id, row.version) for row in found if row.intended_by not in alive}

    def claims(self, after: int, limit: int) -> Sequence[Claim]:
        """What visible sessions hold, without all that they ask for."""
        rows = self._connection.execute(_CLAIMS, {"after": after, "most": limit})
        return [_claim(row) for row in rows]

    def standings(self, session_ids: Sequence[str]) -> Sequence[Standing]:
        """How some sessions stand, without all that they ask for."""
        rows = self._connection.execute(_STANDINGS, {"names": list(session_ids)}).all()
        return [_standing(row) for row in rows]

    def count_by_state(self) -> Mapping[SessionState, int]:
        """How many sessions there are; which of them are not active is known without the others."""
        found = self._connection.execute(_COUNT_UNSETTLED)
        counts = {SessionState(state): int(count) for state, count in found}
        every: int = self._connection.execute(_COUNT_ALL).scalar_one()
        # Somebody may have ended one in between.
        return counts | {SessionState.ACTIVE: max(0, every - sum(counts.values()))}

    def regrade(self, standings: Sequence[Standing]) -> None:
        """Write grants back unless somebody else has written a session since it was read."""
        rows = [
            {"named": one.id, "as_read": one.version, "granted": dumped(one.grants)}
            for one in standings
        ]
        if rows and self._connection.execute(_REGRADE, rows).rowcount != len(rows):
            raise Conflict("one of the sessions was changed by somebody else; try again")

    def _asked(self, session: Session) -> dict[str, Any]:
        return _asked(session) | {"intended_by": self._neighbours.number}

    def _written(self, session: Session, values: dict[str, Any]) -> Session:
        after = dataclasses.replace(session, version=session.version + 1)
        row = values | {
            "named": session.id,
            "as_read": session.version,
            "version": after.version,
        }
        if written(self._connection, _REPLACE, row).rowcount != 1:
            raise Conflict(f"the session {session.id} was changed by somebody else; try again")
        return after

    def _read(self, query: Select[Any], values: Mapping[str, Any]) -> list[Session]:
        return [session_of(row) for row in self._connection.execute(query, values)]


def _lasting(session: Session) -> dict[str, Any]:
    """What stays as it is for the life of a session."""
    return {
        "id": session.id,
        "af_id": session.af_id,
        "ue_id": session.ue_id,
        "created_at_s": session.created_at_s,
        "version": session.version,
    }


def _asked(session: Session) -> dict[str, Any]:
    """What a change may make of what it asks for."""
    return {
        "admitted_at_s": session.admitted_at_s,
        "expires_at_s": session.expires_at_s,
        "request": dumped(session.request),
        "pending": None if session.pending is None else dumped(session.pending),
        "demands": dumped(session.demands),
    }


def _standing_of(session: Session) -> dict[str, Any]:
    """What each step of its life changes."""
    return {
        "state": session.state.value,
        "changed_at_s": session.changed_at_s,
        "grants": dumped(session.grants),
    }


def _claim(row: Any) -> Claim:
    return Claim(
        id=row.id,
        af_id=row.af_id,
        ue_id=row.ue_id,
        demands=_demands(row.demands),
        admitted_at_s=row.admitted_at_s,
        expires_at_s=row.expires_at_s,
        version=row.version,
        number=row.number,
        grants=_grants(row.grants),
    )


def _standing(row: Any) -> Standing:
    said = loaded(row.request, _Addressing)
    return Standing(
        id=row.id,
        af_id=row.af_id,
        destination=delivered_to(said.notification_destination, said.websocket),
        events=said.events,
        state=SessionState(row.state),
        admitted_at_s=row.admitted_at_s,
        version=row.version,
        grants=loaded(row.grants, tuple[FlowGrant, ...]),
    )


def session_of(row: Row[Any]) -> Session:
    """What a row means."""
    return Session(
        id=row.id,
        af_id=row.af_id,
        ue_id=row.ue_id,
        request=loaded(row.request, SessionRequest),
        demands=loaded(row.demands, tuple[FlowDemand, ...]),
        created_at_s=row.created_at_s,
        admitted_at_s=row.admitted_at_s,
        expires_at_s=row.expires_at_s,
        state=SessionState(row.state),
        grants=loaded(row.grants, tuple[FlowGrant, ...]),
        pending=None if row.pending is None else loaded(row.pending, SessionRequest),
        changed_at_s=row.changed_at_s,
        version=row.version,
        number=row.number,
    )
