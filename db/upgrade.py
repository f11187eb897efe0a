"""Bringing a database to the newest form, with alembic and without a file of settings.

On PostgreSQL several processes may start at once: one of them migrates, and the others wait.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from db.engine import writing
from nef.ports.storage import StorageUnusable

#: The number of the lock on PostgreSQL; any would do that nobody else uses.
_LOCK = 0x4E4546
_MIGRATIONS = Path(__file__).parent / "migrations"


class NewerDatabase(StorageUnusable):
    """The database was written by a newer version of this software."""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run the migrations that a database lacks; raises NewerDatabase where it is ahead of us."""
    config = migrations()
    with writing(engine) as connection:
        _exclude_others(connection)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
        except CommandError as error:
            raise NewerDatabase(
                f"the database {engine.url} is of a newer version of this software: {error}"
            ) from None


def _exclude_others(connection: Connection) -> None:
    """Until the transaction ends; on SQLite it has no others beside it anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")


def migrations() -> Config:
    """The migrations that ship, as alembic wants them named."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def revisions() -> list[str]:
    """Every revision there is, the oldest first."""
    script = ScriptDirectory.from_config(migrations())
    return [revision.revision for revision in reversed(list(script.walk_revisions()))]
