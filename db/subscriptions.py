"""The subscriptions of all APIs but sessions in the store, and what is watched of sessions."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
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

_ON_CHANGE = subscriptions.c.on_change == 1
_OF_API = subscriptions.c.api == bindparam("of_api")
_HERE = and_(_OF_API, subscriptions.c.id == bindparam("named"))

# Statements are made once: making one takes longer than running it.
_INSERT = insert(subscriptions)
_GET = select(subscriptions).where(_HERE)
_GET_TO_WRITE = _GET.with_for_update()
_REPLACE = update(subscriptions).where(_HERE, subscriptions.c.version == bindparam("as_read"))
_REMOVE = delete(subscriptions).where(_HERE)
_OF_AF = (
    select(subscriptions)
    .where(_OF_API, subscriptions.c.af_id == bindparam("af"))
    .order_by(subscriptions.c.number)
)
# Each API by its name, so that the index serves the question.
_WEIGHT = select(func.coalesce(func.sum(subscriptions.c.weight), 0)).where(
    subscriptions.c.api.in_(sorted(api.value for api in Api if api is not Api.SESSIONS)),
    subscriptions.c.af_id == bindparam("af"),
)


def _looked_at(due: ColumnElement[bool]) -> Select[Any]:
    """The due ones behind a number, in the order of creation."""
    # A sum is in no index: otherwise SQLite goes through the numbers of all that are not due.
    number = subscriptions.c.number + 0
    after = select(subscriptions).where(due, number > bindparam("after"))
    return after.order_by(number).limit(bindparam("most"))


_IS_DUE = subscriptions.c.due_at_s <= bindparam("now_s")
_DUE = _looked_at(_IS_DUE)
_DUE_OR_CHANGED = _looked_at(or_(_IS_DUE, _ON_CHANGE))
_NEXT_DUE = select(func.min(subscriptions.c.due_at_s)).where(
    subscriptions.c.due_at_s > bindparam("after_s")
)
_WAITS_FOR_CHANGE = select(subscriptions.c.number).where(_ON_CHANGE).limit(1)


class SqlSubscriptions:
    """nef.ports.storage.Subscriptions on a connection that is inside a transaction."""

    def __init__(self, connection: Connection, *, writes: bool) -> None:
        """Work inside this connection's transaction, which `writes` or only reads."""
        self._connection = connection
        self._get = _GET_TO_WRITE if writes else _GET

    def add(self, subscription: Subscription[Any]) -> Subscription[Any]:
        """Insert one."""
        inserted = self._connection.execute(_INSERT, _row(subscription)).inserted_primary_key
        assert inserted is not None  # noqa: S101 - one row was inserted
        return dataclasses.replace(subscription, number=inserted.number)

    def get(self, api: Api, subscription_id: str) -> Subscription[Any] | None:
        """Read one, whoever owns it."""
        found = self._read(self._get, _named(api, subscription_id))
        return found[0] if found else None

    def replace(self, subscription: Subscription[Any]) -> Subscription[Any]:
        """Write one back unless somebody else has since it was read (Conflict)."""
        after = dataclasses.replace(subscription, version=subscription.version + 1)
        row = _row(after) | _named(after.api, after.id) | {"as_read": subscription.version}
        if self._connection.execute(_REPLACE, row).rowcount != 1:
            raise Conflict(
                f"the subscription {subscription.id} was changed by somebody else; try again"
            )
        return after

    def remove(self, api: Api, subscription_id: str) -> None:
        """Delete one, if it is there."""
        self._connection.execute(_REMOVE, _named(api, subscription_id))

    def of_af(self, api: Api, af_id: str) -> Sequence[Subscription[Any]]:
        """Those of an AF, oldest first."""
        return self._read(_OF_AF, {"of_api": api.value, "af": af_id})

    def weight_of_af(self, af_id: str) -> int:
        """How much an AF has of all APIs but sessions: the sum of their weights."""
        weight: int = self._connection.execute(_WEIGHT, {"af": af_id}).scalar_one()
        return weight

    def due(
        self, now_s: float, after: int, limit: int, *, changed: bool
    ) -> Sequence[Subscription[Any]]:
        """Those to look at now whose number is above `after`, in the order of creation."""
        query = _DUE_OR_CHANGED if changed else _DUE
        return self._read(query, {"now_s": now_s, "after": after, "most": limit})

    def next_due(self, after_s: float) -> Due:
        """The next moment, and whether any waits for a change."""
        at_s: float | None = self._connection.scalar(_NEXT_DUE, {"after_s": after_s})
        return Due(at_s, on_change=self._connection.scalar(_WAITS_FOR_CHANGE) is not None)

    def _read(self, query: Select[Any], values: Mapping[str, Any]) -> list[Subscription[Any]]:
        return [subscription_of(row) for row in self._connection.execute(query, values)]


def _named(api: Api, subscription_id: str) -> dict[str, Any]:
    return {"of_api": api.value, "named": subscription_id}


def _row(subscription: Subscription[Any]) -> dict[str, Any]:
    return {
        "api": subscription.api.value,
        "id": subscription.id,
        "af_id": subscription.af_id,
        "version": subscription.version,
        "created_at_s": subscription.created_at_s,
        "due_at_s": subscription.due.at_s,
        "on_change": int(subscription.due.on_change),
        "weight": subscription.weight,
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
        weight=row.weight,
    )
