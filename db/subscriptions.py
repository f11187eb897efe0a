"""The subscriptions of all APIs but sessions in the store, and what is watched of sessions."""

import dataclasses
from collections.abc import Sequence
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
    or_,
    select,
    update,
)

from db.codec import dumped, loaded
from db.tables import subscriptions
from nef.domain.analytics import AnalyticsSubscription
from nef.domain.errors import Conflict
from nef.domain.measuring import SessionWatch
from nef.domain.monitoring_events import MonitoringSubscription
from nef.domain.plans import Plan
from nef.domain.subscriptions import Api, Due, Subscription

#: What the rows of an API hold.
_BODIES: dict[Api, type[Any]] = {
    Api.ANALYTICS: AnalyticsSubscription,
    Api.MONITORING: MonitoringSubscription,
    Api.SESSIONS: SessionWatch,
    Api.TRANSFERS: Plan,
}

# Each API by its name, so that the index serves the question.
_COUNT = select(func.count()).where(
    subscriptions.c.api.in_(sorted(api.value for api in Api if api is not Api.SESSIONS)),
    subscriptions.c.af_id == bindparam("af"),
)


class SqlSubscriptions:
    """nef.ports.storage.Subscriptions on a connection that is inside a transaction."""

    def __init__(self, connection: Connection, *, writes: bool) -> None:
        """Work inside this connection's transaction, which `writes` or only reads."""
        self._connection, self._writes = connection, writes

    def add(self, subscription: Subscription[Any]) -> Subscription[Any]:
        """Insert one."""
        done = self._connection.execute(insert(subscriptions), _row(subscription))
        assert done.inserted_primary_key is not None  # noqa: S101 - one row was inserted
        return dataclasses.replace(subscription, number=done.inserted_primary_key.number)

    def get(self, api: Api, subscription_id: str) -> Subscription[Any] | None:
        """Read one, whoever owns it."""
        query = select(subscriptions).where(_here(api, subscription_id))
        found = self._read(query.with_for_update() if self._writes else query)
        return found[0] if found else None

    def replace(self, subscription: Subscription[Any]) -> Subscription[Any]:
        """Write one back unless somebody else has since it was read (Conflict)."""
        row = _row(subscription) | {"version": subscription.version + 1}
        here = and_(
            _here(subscription.api, subscription.id),
            subscriptions.c.version == subscription.version,
        )
        if self._connection.execute(update(subscriptions).where(here), row).rowcount != 1:
            raise Conflict(
                f"the subscription {subscription.id} was changed by somebody else; try again"
            )
        return dataclasses.replace(subscription, version=subscription.version + 1)

    def remove(self, api: Api, subscription_id: str) -> None:
        """Delete one, if it is there."""
        self._connection.execute(delete(subscriptions).where(_here(api, subscription_id)))

    def of_af(self, api: Api, af_id: str) -> Sequence[Subscription[Any]]:
        """Those of an AF, oldest first."""
        mine = and_(subscriptions.c.api == api.value, subscriptions.c.af_id == af_id)
        return self._read(select(subscriptions).where(mine).order_by(subscriptions.c.number))

    def count_of_af(self, af_id: str) -> int:
        """How many an AF has of all APIs but sessions."""
        count: int = self._connection.execute(_COUNT, {"af": af_id}).scalar_one()
        return count

    def due(
        self, now_s: float, after: int, limit: int, *, changed: bool
    ) -> Sequence[Subscription[Any]]:
        """Those to look at now whose number is above `after`, in the order of creation."""
        # A sum is in no index: otherwise SQLite goes through the numbers of all that are not due.
        number = subscriptions.c.number + 0
        due = subscriptions.c.due_at_s <= now_s
        here = or_(due, subscriptions.c.on_change == 1) if changed else due
        query = select(subscriptions).where(and_(here, number > after)).order_by(number)
        return self._read(query.limit(limit))

    def next_due(self, after_s: float) -> Due:
        """The next moment, and whether any waits for a change."""
        due_at_s = subscriptions.c.due_at_s
        at_s = self._connection.scalar(select(func.min(due_at_s)).where(due_at_s > after_s))
        waiting = select(subscriptions.c.number).where(subscriptions.c.on_change == 1).limit(1)
        return Due(at_s, on_change=self._connection.scalar(waiting) is not None)

    def _read(self, query: Select[Any]) -> list[Subscription[Any]]:
        return [subscription_of(row) for row in self._connection.execute(query)]


def _here(api: Api, subscription_id: str) -> Any:
    return and_(subscriptions.c.api == api.value, subscriptions.c.id == subscription_id)


def _row(subscription: Subscription[Any]) -> dict[str, Any]:
    return {
        "api": subscription.api.value,
        "id": subscription.id,
        "af_id": subscription.af_id,
        "version": subscription.version,
        "created_at_s": subscription.created_at_s,
        "due_at_s": subscription.due.at_s,
        "on_change": int(subscription.due.on_change),
        "body": dumped(subscription.body),
    }


def subscription_of(row: Row[Any]) -> Subscription[Any]:
    """What a row means."""
    api = Api(row.api)
    return Subscription(
        id=row.id,
        af_id=row.af_id,
        api=api,
        body=loaded(row.body, _BODIES[api]),
        created_at_s=row.created_at_s,
        due=Due(row.due_at_s, bool(row.on_change)),
        version=row.version,
        number=row.number,
    )
