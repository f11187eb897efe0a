"""What is written by words that were made once is what SQLAlchemy would write."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from db.engine import open_engine, writing
from db.statements import inserted, written

NOTES = Table(
    "notes",
    MetaData(),
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("name", Text, unique=True),
    Column("length", Float),
    Column("content", LargeBinary),
    prefixes=["TEMPORARY"],
)
INSERT = insert(NOTES)
NAMED = NOTES.c.name == bindparam("named")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = open_engine(database_url)
    with writing(engine) as made:
        NOTES.create(made)
        yield made
    engine.dispose()


def rows(connection: Connection) -> list[Any]:
    return [tuple(row) for row in connection.execute(select(NOTES).order_by(NOTES.c.number))]


def test_rows_have_what_was_given_and_the_numbers_that_are_told(connection: Connection) -> None:
    first = {"name": "100 %", "length": 0.1, "content": b"\x00\xff"}
    one = inserted(connection, INSERT, first)
    other = inserted(connection, INSERT, {"name": "b:c", "length": None})
    assert rows(connection) == [(one, "100 %", 0.1, b"\x00\xff"), (other, "b:c", None, None)]


def test_a_statement_sets_the_columns_of_which_there_is_a_value(connection: Connection) -> None:
    number = inserted(connection, INSERT, {"name": "a", "length": 1.0, "content": b"a"})
    change = update(NOTES).where(NAMED)
    assert written(connection, change, {"named": "a", "length": 2.0}).rowcount == 1
    assert written(connection, change, {"named": "a", "content": b"b"}).rowcount == 1
    assert written(connection, change, {"named": "b", "content": b"c"}).rowcount == 0
    assert rows(connection) == [(number, "a", 2.0, b"b")]
    assert written(connection, delete(NOTES).where(NAMED), {"named": "a"}).rowcount == 1
    assert rows(connection) == []
