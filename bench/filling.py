"""Stored sessions in bulk: copies of one that was asked for, under other ids and of other AFs.

The network knows nothing of them, so that what is measured is the store.
"""

from sqlalchemy import Connection, Table, cast, func, insert, literal, select
from sqlalchemy.types import Text

from bench.yardstick import documents
from db.tables import sessions

#: How many each AF has, and what its sessions and the AF itself are called.
EACH = 20
_ID, _OWNER = "filled-", "filler-"

_OWNERS = {sessions: "af_id", documents: "owner"}


def owner(number: int) -> str:
    """The name of one of the AFs that have copies."""
    return f"{_OWNER}{number}"


def path_of(root: str, number: int) -> str:
    """The path of a copy below the root of its API."""
    return f"{root}/{owner(number // EACH)}/subscriptions/{_ID}{number}"


def fill(connection: Connection, table: Table, model_id: str, first: int, last: int) -> None:
    """Copy the row of a session, or document, for the numbers from `first` up to `last`."""
    numbers = select(literal(first).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < last - 1))
    own = {"id": literal(_ID) + cast(numbers.c.n, Text)}
    own[_OWNERS[table]] = literal(_OWNER) + cast(numbers.c.n // EACH, Text)
    highest = select(func.max(table.c.number)).scalar_subquery()
    own["number"] = highest + 1 + numbers.c.n - first
    names = [column.name for column in table.c]
    values = [own.get(name, table.c[name]) for name in names]
    rows = select(*values).select_from(table.join(numbers, literal(value=True)))
    model = table.c.id == model_id
    connection.execute(insert(table).from_select(names, rows.where(model)))
    if connection.dialect.name == "postgresql":  # which counts on from what it has given itself
        sequence = func.pg_get_serial_sequence(table.name, "number")
        connection.execute(select(func.setval(sequence, highest)))
