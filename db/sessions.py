"""The sessions in the store."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from db.codec import dumped, loaded
from db.tables import reservations, sessions
from nef.domain.errors import Conflict
from nef.domain.filters import IpAddress
from nef.domain.lifecycle import UNSETTLED, VISIBLE, SessionState
from nef.domain.qos import FlowDemand, FlowGrant
from nef.domain.sessions import Session, SessionRequest, Standing, Websocket, delivered_to

_VISIBLE = sorted(state.value for state in VISIBLE)
_UNSETTLED = sorted(state.value for state in UNSETTLED)


#: Statements for many sessions at once.
_STANDINGS = select(
    sessions.c.id,
    sessions.c.af_id,
    sessions.c.state,
    sessions.c.admitted_at_s,
    sessions.c.version,
    sessions.c.request,
).where(sessions.c.id.in_(bindparam("ids", expanding=True)))
_GRANTS = (
    select(
        reservations.c.session_id,
        reservations.c.component,
        reservations.c.level,
        reservations.c.allocated,
    )
    .where(reservations.c.session_id.in_(bindparam("ids", expanding=True)), reservations.c.granted)
    .order_by(reservations.c.session_id, reservations.c.position)
)
_COUNT_UP = (
    update(sessions)
    .where(sessions.c.id == bindparam("of"), sessions.c.version == bindparam("read"))
    .values(version=sessions.c.version + 1)
)
_REGRADE = (
    update(reservations)
    .where(
        reservations.c.session_id == bindparam("of"), reservations.c.component == bindparam("at")
    )
    .values(level=bindparam("now"), allocated=bindparam("ever"))
)


@dataclasses.dataclass(frozen=True, slots=True)
class _Addressing:
    """What a request says of notifications."""

    notification_destination: str
    websocket: Websocket | None = None
    events: tuple[str, ...] = ()


class SqlSessions:
    """nef.ports.storage.Sessions on a connection that is inside a transaction."""

    def __init__(self, connection: Connection) -> None:
        """Work inside this connection's transaction."""
        self._connection = connection

    def add(self, session: Session) -> Session:
        """Insert a session and what it asks for."""
        inserted = self._connection.execute(insert(sessions), _row(session)).inserted_primary_key
        self._write_reservations(session)
        assert inserted is not None  # noqa: S101 - one row was inserted
        return dataclasses.replace(session, number=inserted.number)

    def get(self, session_id: str) -> Session | None:
        """Read one, whoever owns it."""
        found = self._read(select(sessions).where(sessions.c.id == session_id))
        return found[0] if found else None

    def replace(self, session: Session) -> Session:
        """Write a session back unless somebody else has since it was read (Conflict)."""
        row = _row(session) | {"version": session.version + 1}
        here = and_(sessions.c.id == session.id, sessions.c.version == session.version)
        if self._connection.execute(update(sessions).where(here), row).rowcount != 1:
            raise Conflict(f"the session {session.id} was changed by somebody else; try again")
        mine = reservations.c.session_id == session.id
        self._connection.execute(delete(reservations).where(mine))
        self._write_reservations(session)
        return dataclasses.replace(session, version=session.version + 1)

    def remove(self, session_id: str) -> None:
        """Delete one, if it is there, with what it holds."""
        self._connection.execute(delete(sessions).where(sessions.c.id == session_id))

    def of_af(self, af_id: str, addresses: Sequence[IpAddress] = ()) -> Sequence[Session]:
        """The visible sessions of an AF, oldest first."""
        query = select(sessions).where(sessions.c.af_id == af_id, sessions.c.state.in_(_VISIBLE))
        if addresses:
            query = query.where(sessions.c.ue_address.in_([str(a) for a in addresses]))
        return self._read(query.order_by(sessions.c.number))

    def expired(self, now_s: float, limit: int) -> Sequence[Session]:
        """Visible sessions whose duration is over."""
        # Nearly all sessions are visible and few expire, which SQLite does not know: behind a
        # function the state is no index to it.
        visible = func.coalesce(sessions.c.state, "").in_(_VISIBLE)
        query = select(sessions).where(sessions.c.expires_at_s <= now_s, visible)
        return self._read(query.order_by(sessions.c.expires_at_s, sessions.c.number).limit(limit))

    def unsettled(self, changed_before_s: float, limit: int) -> Sequence[Session]:
        """Sessions between an intent and its confirmation."""
        query = select(sessions).where(
            sessions.c.state.in_(_UNSETTLED), sessions.c.changed_at_s <= changed_before_s
        )
        return self._read(query.order_by(sessions.c.changed_at_s, sessions.c.number).limit(limit))

    def active(self) -> Sequence[Session]:
        """Every visible session, in the order of admission."""
        query = select(sessions).where(sessions.c.state.in_(_VISIBLE))
        return self._read(query.order_by(sessions.c.admitted_at_s, sessions.c.number))

    def standings(self, session_ids: Sequence[str]) -> Sequence[Standing]:
        """How some sessions stand, without all that they ask for."""
        asked = {"ids": list(session_ids)}
        grants: dict[str, list[FlowGrant]] = defaultdict(list)
        granted = self._connection.execute(_GRANTS, asked).all()
        for session_id, component, level, allocated in granted:
            grants[session_id].append(FlowGrant(component, level, allocated))
        rows = self._connection.execute(_STANDINGS, asked).all()
        return [_standing(row, tuple(grants[row.id])) for row in rows]

    def regrade(self, standings: Sequence[Standing]) -> None:
        """Write grants back unless somebody else has written a session since it was read."""
        if not standings:
            return
        here = [{"of": one.id, "read": one.version} for one in standings]
        if self._connection.execute(_COUNT_UP, here).rowcount != len(standings):
            raise Conflict("one of the sessions was changed by somebody else; try again")
        grants = [
            {"of": one.id, "at": grant.component, "now": grant.level, "ever": grant.allocated}
            for one in standings
            for grant in one.grants
        ]
        self._connection.execute(_REGRADE, grants)

    def _write_reservations(self, session: Session) -> None:
        rows = list(_reservation_rows(session))
        if rows:
            self._connection.execute(insert(reservations), rows)

    def _read(self, query: Select[Any]) -> list[Session]:
        rows = self._connection.execute(query).all()
        if not rows:
            return []
        chosen = query.with_only_columns(sessions.c.id)
        held = select(reservations).where(reservations.c.session_id.in_(chosen))
        parts: dict[str, list[Row[Any]]] = {row.id: [] for row in rows}
        for part in self._connection.execute(held.order_by(reservations.c.position)):
            parts[part.session_id].append(part)
        return [_session(row, parts[row.id]) for row in rows]


def _row(session: Session) -> dict[str, Any]:
    address = session.request.ue.ip
    return {
        "id": session.id,
        "af_id": session.af_id,
        "ue_id": session.ue_id,
        "ue_address": None if address is None else str(address),
        "state": session.state.value,
        "version": session.version,
        "created_at_s": session.created_at_s,
        "admitted_at_s": session.admitted_at_s,
        "changed_at_s": session.changed_at_s,
        "expires_at_s": session.expires_at_s,
        "request": dumped(session.request),
        "pending": None if session.pending is None else dumped(session.pending),
    }


def _reservation_rows(session: Session) -> Iterable[dict[str, Any]]:
    grants = {grant.component: grant for grant in session.grants}
    for position, demand in enumerate(session.demands):
        grant = grants.get(demand.component)
        yield {
            "session_id": session.id,
            "component": demand.component,
            "position": position,
            "demand": dumped(demand),
            "granted": grant is not None,
            "level": None if grant is None else grant.level,
            "allocated": grant is not None and grant.allocated,
        }


def _standing(row: Any, grants: tuple[FlowGrant, ...]) -> Standing:
    said = loaded(row.request, _Addressing)
    return Standing(
        id=row.id,
        af_id=row.af_id,
        destination=delivered_to(said.notification_destination, said.websocket),
        events=said.events,
        state=SessionState(row.state),
        admitted_at_s=row.admitted_at_s,
        version=row.version,
        grants=grants,
    )


def _session(row: Row[Any], parts: Sequence[Row[Any]]) -> Session:
    grants = (FlowGrant(p.component, p.level, p.allocated) for p in parts if p.granted)
    return Session(
        id=row.id,
        af_id=row.af_id,
        ue_id=row.ue_id,
        request=loaded(row.request, SessionRequest),
        demands=tuple(loaded(part.demand, FlowDemand) for part in parts),
        created_at_s=row.created_at_s,
        admitted_at_s=row.admitted_at_s,
        expires_at_s=row.expires_at_s,
        state=SessionState(row.state),
        grants=tuple(grants),
        pending=None if row.pending is None else loaded(row.pending, SessionRequest),
        changed_at_s=row.changed_at_s,
        version=row.version,
        number=row.number,
    )
