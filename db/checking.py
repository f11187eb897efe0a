"""Whether a store is as it should be: its form, its file, and what its rows say of each other."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Row, Table, select

from db.deliveries import delivery_of
from db.engine import looking
from db.neighbours import Alone
from db.sessions import session_of
from db.simulations import SqlSimulations
from db.subscriptions import subscription_of
from db.tables import deliveries, metadata, sessions, subscriptions
from db.upgrade import Form, form_of
from nef.domain.lifecycle import SessionState
from nef.domain.notifications import Delivery, DeliveryState
from nef.domain.sessions import Session
from nef.domain.subscriptions import Api, Subscription

_BATCH = 1000
_Meaning = TypeVar("_Meaning")


def found_wrong(url: str) -> Iterator[str]:
    """What is wrong with a store, a line each; nothing is changed.

    Raises as `db.engine.looking` does. A service may run beside it.
    """
    with looking(url) as connection:
        form = form_of(connection)
        if not form.is_newest:
            yield _wrong_form(form)
            return
        yield from _damage(connection)
        yield from _drift(connection)
        yield from _contradictions(connection)


def _wrong_form(form: Form) -> str:
    if form.found is None:
        return "it has no tables yet: `nef serve` or `nef db upgrade` makes them"
    if form.is_newer:
        return f"it has the form {form.found}, which is newer than this version ({form.newest})"
    return f"it has the form {form.found}, not {form.newest}: run `nef db upgrade`"


def _damage(connection: Connection) -> Iterator[str]:
    """What SQLite finds in its file; PostgreSQL has checksums, and looks by itself."""
    if connection.dialect.name == "sqlite":
        for (said,) in connection.exec_driver_sql("PRAGMA integrity_check"):
            if said != "ok":
                yield f"the file is damaged: {said}"


def _drift(connection: Connection) -> Iterator[str]:
    """Where somebody has changed the tables by hand."""
    options = {"include_object": _is_ours}
    context = MigrationContext.configure(connection, opts=options)
    for difference in compare_metadata(context, metadata):
        yield f"its tables are not those of the form that it claims to have: {difference}"


def _is_ours(_: Any, name: str | None, kind: str, *__: Any) -> bool:
    """Leave out tables that we do not know: those of others, and partitions."""
    return kind != "table" or name in metadata.tables


def _contradictions(connection: Connection) -> Iterator[str]:
    names: set[str] = set()

    def of_session(session: Session) -> Iterator[str]:
        names.add(session.id)
        yield from _of_session(session)

    def of_subscription(one: Subscription[Any]) -> Iterator[str]:
        if one.api is Api.SESSIONS and one.id not in names:
            yield f"the session {one.id} is measured, and there is no such session"

    yield from _in_rows(connection, sessions, session_of, of_session)
    yield from _in_rows(connection, subscriptions, subscription_of, of_subscription)
    yield from _in_rows(connection, deliveries, delivery_of, _of_delivery)
    yield from _of_simulation(connection)


def _in_rows(
    connection: Connection,
    table: Table,
    meaning: Callable[[Row[Any]], _Meaning],
    wrong: Callable[[_Meaning], Iterator[str]],
) -> Iterator[str]:
    """What is wrong with what each row means, or what keeps it from having a meaning."""
    (key,) = table.primary_key.columns
    rows = connection.execution_options(yield_per=_BATCH).execute(select(table).order_by(key))
    for row in rows:
        try:
            meant = meaning(row)
        except Exception as error:  # whatever it is, it is what was looked for
            yield f"row {row[0]} of {table.name} cannot be read: {error!r}"
        else:
            yield from wrong(meant)


def _of_delivery(delivery: Delivery) -> Iterator[str]:
    if (delivery.state is DeliveryState.PENDING) != (delivery.settled_at_s is None):
        when = "never" if delivery.settled_at_s is None else f"at {delivery.settled_at_s:.0f}"
        yield f"the notification {delivery.id} is {delivery.state}, and was settled {when}"


def _of_session(session: Session) -> Iterator[str]:
    if (session.state is SessionState.UPDATING) != (session.pending is not None):
        yield f"the session {session.id} is {session.state}, and a change is or is not under way"
    demanded = {demand.component for demand in session.demands}
    granted = {grant.component for grant in session.grants}
    if granted != demanded and session.state is SessionState.ACTIVE:
        yield f"the session {session.id} asks for the flows {demanded} and holds {granted}"


def _of_simulation(connection: Connection) -> Iterator[str]:
    kept = SqlSimulations(connection, Alone())
    for what, load in (
        ("state", kept.load),
        ("faults", kept.load_faults),
        ("moment", kept.lived_until_s),
    ):
        try:
            load()
        except Exception as error:  # whatever it is, it is what was looked for
            yield f"the {what} of the simulation cannot be read: {error!r}"
