"""`nef client`: who may have tokens of the built-in issuer."""

from pathlib import Path

import click

from nef.commands.headings import SentenceGroup
from nef.domain.errors import InvalidValue
from nef.tokens.clients import AF_SCOPES, SCOPES, Clients, load_clients, save_clients
from nef.tokens.secret_files import write_secret

_FILE = click.option(
    "--file",
    "path",
    default=Path("clients.yaml"),
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file of clients.",
)


@click.group(cls=SentenceGroup)
def client() -> None:
    """Say who may have tokens of this service, for `nef serve --clients`."""


@client.command()
@click.argument("client_id")
@click.option("--af", "af_ids", multiple=True,
              help="An AF that it may act as; repeatable. [default: its own name]")  # fmt: skip
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), default=AF_SCOPES,
              help="An API that it may call; repeatable.")  # fmt: skip
@click.option("--secret-file", type=click.Path(dir_okay=False, path_type=Path),
              help="Where its secret is written, instead of shown.")  # fmt: skip
@_FILE
def add(
    client_id: str,
    af_ids: tuple[str, ...],
    scopes: tuple[str, ...],
    secret_file: Path | None,
    path: Path,
) -> None:
    """Add a client, or give it another secret, which is shown once and kept nowhere."""
    try:
        clients = load_clients(path) if path.exists() else Clients.none_yet()
        clients, secret = clients.with_client(client_id, af_ids, scopes)
        if secret_file is not None:
            write_secret(secret_file, f"{secret}\n")
        save_clients(path, clients)
    except (InvalidValue, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"written to {secret_file}" if secret_file else secret)


@client.command("list")
@_FILE
def list_clients(path: Path) -> None:
    """List the clients, and what each may do."""
    try:
        clients = load_clients(path)
    except InvalidValue as error:
        raise click.ClickException(str(error)) from None
    for one in clients.clients.values():
        click.echo(f"{one.client_id}: as {', '.join(one.af_ids)}; {' '.join(one.scopes)}")


@client.command()
@click.argument("client_id")
@_FILE
def remove(client_id: str, path: Path) -> None:
    """Remove a client; tokens that it has last until they expire."""
    try:
        save_clients(path, load_clients(path).without(client_id))
    except (InvalidValue, OSError) as error:
        raise click.ClickException(str(error)) from None
