"""Bringing a database to the newest form, with alembic and without a file of settings.

On PostgreSQL several processes may start at once: one of them migrates, and the others wait.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from db.engine import shown, take_all_time, writing
from db.tables import metadata
from nef.ports.storage import StorageUnusable

#: The number of the lock on PostgreSQL; any would do that nobody else uses.
_LOCK = 0x4E4546
_MIGRATIONS = Path(__file__).parent / "migrations"


class NewerDatabase(StorageUnusable):
    """The database was written by a newer version of this software."""


class OlderDatabase(StorageUnusable):
    """The database was written by an older version, which may still be running on it."""


@dataclass(frozen=True)
class Form:
    """The revision of a database, None where it has no tables of ours, and the newest there is."""

    found: str | None
    newest: str

    @property
    def is_newest(self) -> bool:
        """Whether nothing is to be done."""
        return self.found == self.newest

    @property
    def is_newer(self) -> bool:
        """Whether this software is older than the database."""
        return self.found is not None and self.found not in revisions()


def form_of(connection: Connection) -> Form:
    """The form that a database has; nothing is changed."""
    return Form(MigrationContext.configure(connection).get_current_revision(), revisions()[-1])


def upgrade(engine: Engine, revision: str = "head") -> str | None:
    """Run the migrations that a database lacks, and say which revision it had, if any.

    One that is new gets the newest form at once. Raises NewerDatabase where it is ahead of us.
    """
    config = migrations()
    with writing(engine) as connection:
        take_all_time(connection)
        _exclude_others(connection)
        before = form_of(connection).found
        if before is None and revision == "head":
            _make_new(connection)
            return None
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
        except CommandError as error:
            raise NewerDatabase(
                f"the database {shown(str(engine.url))} is of a newer version of this software:"
                f" {error}"
            ) from None
    return before


def make_ready(engine: Engine) -> None:
    """Bring a database to the newest form where no other process can be using it.

    On PostgreSQL that is a new one. Raises OlderDatabase or NewerDatabase where it is not.
    """
    with engine.connect() as connection:
        form = form_of(connection)
    if form.is_newest:
        return
    if form.found is None or form.is_newer or engine.dialect.name == "sqlite":
        upgrade(engine)
        return
    raise OlderDatabase(
        f"the database {shown(str(engine.url))} has the form {form.found}, and this version needs"
        f" {form.newest}: stop all services that use it, make a backup, and run `nef db upgrade`"
    )


def _make_new(connection: Connection) -> None:
    """Make the tables as the code wants them; a test holds that against the migrations."""
    metadata.create_all(connection, checkfirst=False)  # what is there already is not ours
    MigrationContext.configure(connection).stamp(_shipped(), "head")


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


@cache
def _shipped() -> ScriptDirectory:
    return ScriptDirectory.from_config(migrations())


@cache
def revisions() -> tuple[str, ...]:
    """Every revision there is, the oldest first."""
    return tuple(revision.revision for revision in reversed(list(_shipped().walk_revisions())))
