"""The options of commands that talk to a NEF: how they are let in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from nef.domain.internet import is_loopback
from nef.network.access import Access, Bearer, Files

Command = TypeVar("Command", bound=Callable[..., Any])


def known_url(_: click.Context, __: click.Parameter, url: str | None) -> str | None:
    """The callback of an option that is the root of something on HTTP, or nothing."""
    if url is not None and not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"{url!r} is no URL; one begins with http:// or https://")
    return url


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OPTIONS = (
    click.option("--token-url", callback=known_url,
                 help="Where it gets access tokens. [default: it needs none]"),
    click.option("--allow-http-token-url", is_flag=True,
                 help="Send the secret to another machine's --token-url without TLS."),
    click.option("--client-id", default="user-plane", help="Who it is there."),
    click.option("--client-secret-file", type=_FILE, help="File with its secret there."),
    click.option("--ca", type=_FILE, help="PEM file: whom to trust instead of the usual ones."),
    click.option("--client-certificate", type=_FILE, help="PEM file with its own certificate."),
    click.option("--client-key", type=_FILE, help="PEM file with the key of it."),
)  # fmt: skip


def reaching_options(command: Command) -> Command:
    """Give a command the options that `access_of` understands."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def access_of(options: dict[str, Any]) -> Access:
    """What the options say; takes them away. Raises UsageError."""
    names = ("ca", "client_certificate", "client_key")
    files = Files(*(options.pop(name) for name in names))
    token_url, client_id = options.pop("token_url"), options.pop("client_id")
    secret_file, allowed = options.pop("client_secret_file"), options.pop("allow_http_token_url")
    if (token_url is None) != (secret_file is None):
        raise click.UsageError("--token-url and --client-secret-file belong together")
    if files.key is not None and files.certificate is None:
        raise click.UsageError("--client-key belongs to --client-certificate")
    if token_url is None:
        return Access(None, files)
    if not (allowed or _keeps_secrets(token_url)):
        raise click.UsageError(
            f"{token_url!r} would send the secret without TLS; one begins with https://, or say"
            " --allow-http-token-url"
        )
    secret = secret_file.read_text("utf-8").strip()
    return Access(Bearer(token_url, client_id, secret, files), files)


def _keeps_secrets(url: str) -> bool:
    """Whether a URL is of TLS (RFC 6749 2.3.1, 3.2), or leads nowhere but to this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")
