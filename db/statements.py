"""Statements that write, put into words once.

SQLAlchemy looks for the words of a statement each time, and for what becomes of each value on its
way to the driver: for a single row that takes half as long as to write it. Reads go the usual way,
where it knows once what the columns of a statement are, and would find that out anew for words.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Delete, Dialect, Insert, Update

#: More than there are statements, for some engines.
_MOST = 256


def written(
    connection: Connection, statement: Insert | Update | Delete, values: Mapping[str, Any]
) -> CursorResult[Any]:
    """What became of a statement; `values` are numbers, texts, bytes and None, by their names."""
    words = _words(statement, connection.dialect, tuple(values))
    return connection.exec_driver_sql(words, values)


def inserted(connection: Connection, statement: Insert, values: Mapping[str, Any]) -> int:
    """The number that the row was given."""
    result = written(connection, statement, values)
    number: int = result.scalar_one() if result.returns_rows else result.lastrowid
    return number


@lru_cache(_MOST)
def _words(statement: Insert | Update | Delete, dialect: Dialect, names: tuple[str, ...]) -> str:
    columns = [name for name in names if name in statement.table.c]
    if isinstance(statement, Insert) and dialect.name != "sqlite":  # whose driver knows it anyway
        statement = statement.returning(*statement.table.primary_key)
    return str(statement.compile(dialect=dialect, column_keys=columns))
