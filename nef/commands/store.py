"""`nef db`: the form of a store, and whether it is as it should be."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice

import click

from nef.commands.headings import SentenceGroup
from nef.config import Settings
from nef.ports.storage import StorageUnusable

#: What is wrong is often wrong in many rows.
_MOST_TOLD = 20
_DATABASE = click.option(
    "--database",
    default=Settings().database_url,
    envvar="NEF_SERVE_DATABASE",
    help="The store: sqlite:///FILE or postgresql://USER@HOST/NAME.",
)


@click.group(cls=SentenceGroup)
def db() -> None:
    """Look after a store; docs/operations.md says when."""


@db.command()
@_DATABASE
def upgrade(database: str) -> None:
    """Bring a store to the newest form, or make a new one. No service may be using it."""
    # SQLAlchemy takes most of the time of a start, which the other commands do without.
    from db.engine import open_engine, shown  # noqa: PLC0415 - see above
    from db.sole import sole_use  # noqa: PLC0415
    from db.upgrade import revisions  # noqa: PLC0415
    from db.upgrade import upgrade as upgraded  # noqa: PLC0415

    with _refusals_told(database), ExitStack() as opened:
        opened.callback(sole_use(database).release)
        engine = open_engine(database)
        opened.callback(engine.dispose)
        before = upgraded(engine)
    newest = revisions()[-1]
    if before == newest:
        click.echo(f"{shown(database)} has the newest form already, {newest}")
    else:
        click.echo(f"{shown(database)}: from {before or 'nothing'} to {newest}")


@db.command()
@_DATABASE
def check(database: str) -> None:
    """Say whether a store has the newest form and no contradictions; changes nothing.

    The exit status is 1 where it has not. A service may be using it.
    """
    from db.checking import found_wrong  # noqa: PLC0415 - see upgrade
    from db.engine import shown  # noqa: PLC0415

    with _refusals_told(database):
        wrong = list(islice(found_wrong(database), _MOST_TOLD + 1))
    for line in wrong[:_MOST_TOLD]:
        click.echo(f"{shown(database)}: {line}", err=True)
    if wrong[_MOST_TOLD:]:
        click.echo("and more", err=True)
    if wrong:
        sys.exit(1)
    click.echo(f"{shown(database)} has the newest form and no contradictions")


@contextmanager
def _refusals_told(database: str) -> Iterator[None]:
    """What keeps a store from being opened becomes the last line of the command."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - see upgrade

    from db.engine import shown  # noqa: PLC0415

    try:
        yield
    except StorageUnusable as error:
        raise click.ClickException(str(error)) from None
    except (SQLAlchemyError, OSError, ImportError) as error:
        reason = getattr(error, "orig", None) or error
        raise click.ClickException(f"{shown(database)} cannot be opened: {reason}") from None
