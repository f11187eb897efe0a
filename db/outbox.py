"""The outbox in the store."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    Update,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from db.deliveries import delivery_of, outcome_of, row_of
from db.neighbours import Neighbours
from db.statements import written
from db.tables import deliveries
from nef.domain.notifications import Backlog, Delivery, DeliveryState, Notification

#: As literal text, so that an index of what is pending serves it.
_PENDING = deliveries.c.state == literal_column(f"'{DeliveryState.PENDING.value}'")
_earlier = deliveries.alias("earlier")
_BEFORE = (
    select(_earlier.c.id)
    .where(
        _earlier.c.subscription_id == deliveries.c.subscription_id,
        _earlier.c.state == literal_column(f"'{DeliveryState.PENDING.value}'"),
        _earlier.c.id < deliveries.c.id,
    )
    .order_by(_earlier.c.id)
    .limit(literal_column("1"))
    .scalar_subquery()
)
#: The oldest pending row of its subscription: the later ones wait for it. Asked like this, in its
#: order, and not by "there is none", PostgreSQL finds the one before along the index of each row
#: that is due, even where it has no statistics yet: it does not join all that waits with itself.
_FIRST = and_(_PENDING, _BEFORE.is_(None))
#: A claim moves the time at which a row is due to the end of its lease. Whoever wakes or redirects
#: a row that is in somebody's hand takes the name off the lease: then the row is due at once when
#: the attempt is over, unless that has delivered it.
_LEASED = deliveries.c.leased_until_s.is_not(None)
_MINE = deliveries.c.leased_by == bindparam("owner")

_OTHERS = deliveries.c.af_id.not_in(bindparam("busy", expanding=True))

# Statements are made once: making one takes longer than running it.
_OF_SUBSCRIPTION = and_(deliveries.c.subscription_id == bindparam("subscription"), _PENDING)
_INSERT = insert(deliveries)
_DROP = delete(deliveries).where(_OF_SUBSCRIPTION)
_WAKE = (
    update(deliveries)
    .where(_OF_SUBSCRIPTION)
    .values(due_at_s=case((_LEASED, deliveries.c.due_at_s), else_=0.0), leased_by=None)
)
_DUE = (
    select(deliveries.c.id)
    .where(_FIRST, deliveries.c.due_at_s <= bindparam("now_s"))
    .order_by(deliveries.c.due_at_s, deliveries.c.id)
    .limit(bindparam("most"))
)
_LATE = select(deliveries.c.id).where(
    _PENDING,
    deliveries.c.waiting_since_s < bindparam("before_s"),
    or_(~_LEASED, deliveries.c.leased_until_s <= bindparam("now_s")),
)
_NEXT_DUE = (
    select(deliveries.c.due_at_s)
    .where(_FIRST)
    .order_by(deliveries.c.due_at_s, deliveries.c.id)
    .limit(1)
)
_SETTLE = update(deliveries).where(deliveries.c.id == bindparam("delivery"), _PENDING)
_SETTLE_MINE = _SETTLE.where(_MINE)
_UNLEASE = _SETTLE.where(_LEASED, deliveries.c.leased_by.is_(None)).values(
    leased_until_s=None, due_at_s=0.0
)
_HOLD_BACK = update(deliveries).where(
    _OF_SUBSCRIPTION,
    deliveries.c.id > bindparam("first"),
    deliveries.c.due_at_s < bindparam("until_s"),
)
_PLIGHT = (DeliveryState.PENDING, DeliveryState.GIVEN_UP, DeliveryState.LOST)
_COUNT = select(func.count()).where(deliveries.c.state == bindparam("in_state"))
_OLDEST = select(func.min(deliveries.c.waiting_since_s)).where(_PENDING)
_HOLDERS = select(deliveries.c.leased_by).distinct().where(_PENDING, _LEASED)
_TAKE_BACK = update(deliveries).where(
    _PENDING, _LEASED, deliveries.c.leased_by.in_(bindparam("dead", expanding=True))
)
_IN_NO_HANDS = update(deliveries).where(_PENDING, or_(~_LEASED, deliveries.c.leased_by.is_(None)))


def _free(found: Select[Any]) -> Update:
    """An update of the rows that are found and that nobody else is about to write.

    In a query of its own, for in the condition of an update the limit might not be kept.
    """
    free = found.with_for_update(skip_locked=True).cte("free")
    return update(deliveries).where(deliveries.c.id.in_(select(free.c.id)))


_CLAIM = _free(_DUE).returning(deliveries)
_GIVE_UP = _free(_LATE)
#: The same of AFs that are not busy; without such a condition SQLite has less to do.
_CLAIM_OF_OTHERS = _free(_DUE.where(_OTHERS)).returning(deliveries)
_NEXT_DUE_TO_OTHERS = _NEXT_DUE.where(_OTHERS)


class SqlOutbox:
    """nef.ports.storage.Outbox on a connection that is inside a transaction."""

    def __init__(
        self,
        connection: Connection,
        now_s: Callable[[], float],
        neighbours: Neighbours,
        request_id: Callable[[], str | None] = lambda: None,
    ) -> None:
        """Work inside this connection's transaction; `now_s` is real time.

        `request_id` is the request that is being served, and causes what is added.
        """
        self._connection, self._now_s, self._neighbours = connection, now_s, neighbours
        self._request_id = request_id

    def add(self, notification: Notification, due_at_s: float) -> None:
        """Append a notification."""
        self.add_all((notification,), due_at_s)

    def add_all(self, notifications: Sequence[Notification], due_at_s: float) -> None:
        """Append notifications in their order."""
        if not notifications:
            return
        self._neighbours.take_turns(self._connection, (n.subscription_id for n in notifications))
        since = {"waiting_since_s": self._now_s(), "due_at_s": due_at_s} | self._cause()
        self._connection.execute(_INSERT, [row_of(one) | since for one in notifications])

    def claim(
        self, now_s: float, lease_s: float, limit: int, busy: Collection[str] = ()
    ) -> Sequence[Delivery]:
        """Lease what is due, the oldest pending of each subscription only, of AFs not busy."""
        self._neighbours.live()
        until_s = now_s + lease_s
        lease = {
            "leased_until_s": until_s,
            "due_at_s": until_s,
            "leased_by": self._neighbours.number,
        }
        query, more = (_CLAIM_OF_OTHERS, {"busy": list(busy)}) if busy else (_CLAIM, {})
        rows = self._connection.execute(query, lease | more | {"now_s": now_s, "most": limit})
        return [delivery_of(row) for row in sorted(rows, key=lambda row: row.id)]

    def settle(self, delivery: Delivery) -> None:
        """Write the outcome of an attempt; a failure only where the row is as it was claimed."""
        mine = {"owner": self._neighbours.number}
        if delivery.state is DeliveryState.DELIVERED:
            self._connection.execute(_SETTLE, outcome_of(delivery))
        elif not self._connection.execute(_SETTLE_MINE, outcome_of(delivery) | mine).rowcount:
            self._connection.execute(_UNLEASE, {"delivery": delivery.id})
        elif delivery.state is DeliveryState.PENDING:
            self._hold_back(delivery)

    def settle_all(self, deliveries: Sequence[Delivery]) -> None:
        """The same for several, those that were delivered by one statement."""
        delivered = [one for one in deliveries if one.state is DeliveryState.DELIVERED]
        if delivered:
            self._connection.execute(_SETTLE, [outcome_of(one) for one in delivered])
        for one in deliveries:
            if one.state is not DeliveryState.DELIVERED:
                self.settle(one)

    def _hold_back(self, first: Delivery) -> None:
        """Let those behind one that is tried again later be due no sooner: nobody looks at them."""
        behind = {"subscription": first.notification.subscription_id, "first": first.id}
        until = {"until_s": first.due_at_s, "due_at_s": first.due_at_s}
        self._connection.execute(_HOLD_BACK, behind | until)

    def drop(self, subscription_id: str) -> None:
        """Forget what is still to be told about a subscription."""
        written(self._connection, _DROP, {"subscription": subscription_id})

    def redirect(self, subscription_id: str, destination: str) -> None:
        """Send what is still to be told about a subscription elsewhere, and at once."""
        self._update(subscription_id, {"destination": destination})

    def wake(self, subscription_id: str) -> None:
        """Send what is still to be told about a subscription at once."""
        self._update(subscription_id, {})

    def _update(self, subscription_id: str, values: dict[str, Any]) -> None:
        here = {"subscription": subscription_id}
        anew = {"attempts": 0, "waiting_since_s": self._now_s()}
        if self._connection.execute(_WAKE, values | anew | here).rowcount:
            self._neighbours.tell(self._connection)

    def take_back(self) -> None:
        """End the leases of the dead; where nobody else lives, all that is pending is due anew."""
        # First who has one, then who is alive: whoever is born now has none of these.
        holders = set(self._connection.execute(_HOLDERS).scalars())
        dead = holders.difference(self._neighbours.living(self._connection))
        values = {"leased_until_s": None, "due_at_s": 0.0}
        self._connection.execute(_TAKE_BACK, values | {"dead": list(dead)})
        if self._neighbours.are_none(self._connection):
            anew = {"waiting_since_s": self._now_s()}
            self._connection.execute(_IN_NO_HANDS, values | anew)

    def give_up(self, waiting_before_s: float, now_s: float, reason: str) -> None:
        """Give up what waits since before a moment, but for what somebody has in hand."""
        values = {
            "state": DeliveryState.GIVEN_UP.value,
            "settled_at_s": now_s,
            "last_error": func.coalesce(deliveries.c.last_error, reason),
        }
        which = {"before_s": waiting_before_s, "now_s": now_s}
        self._connection.execute(_GIVE_UP.values(values), which)

    def next_due_s(self, busy: Collection[str] = ()) -> float | None:
        """When the earliest attempt is due that nobody has in hand, of AFs not busy."""
        query, given = (_NEXT_DUE_TO_OTHERS, {"busy": list(busy)}) if busy else (_NEXT_DUE, {})
        due_s: float | None = self._connection.execute(query, given).scalar()
        return due_s

    def find(
        self, subscription_id: str | None, state: DeliveryState | None, limit: int
    ) -> Sequence[Delivery]:
        """The newest deliveries first."""
        query = select(deliveries).order_by(deliveries.c.id.desc()).limit(limit)
        if subscription_id is not None:
            query = query.where(deliveries.c.subscription_id == subscription_id)
        if state is not None:
            query = query.where(deliveries.c.state == state.value)
        return [delivery_of(row) for row in self._connection.execute(query)]

    def backlog(self) -> Backlog:
        """How much waits, and how much nobody will hear of."""
        ask = self._connection.execute
        counts = {one: ask(_COUNT, {"in_state": one.value}).scalar_one() for one in _PLIGHT}
        return Backlog(counts, ask(_OLDEST).scalar_one())

    def prune(self, settled_before_s: float) -> None:
        """Forget deliveries that were settled before a moment."""
        old = deliveries.c.settled_at_s < settled_before_s
        self._connection.execute(delete(deliveries).where(old))

    def _cause(self) -> dict[str, Any]:
        name = self._request_id()
        return {} if name is None else {"request_id": name}
