"""Kinds of values that options of `af-client` take."""

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

import click

from af_client.checks import checked_af_id
from af_client.delivery.tunnel import Endpoint
from af_client.tokens import Credentials
from af_client.transport import Tls, checked_host, checked_url
from af_client.units import checked_error_rate, parse_rate

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


class HostPort(click.ParamType[Any]):
    """An outer address: a host and a port."""

    name = "host:port"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, int]:
        host, _, port = str(value).rpartition(":")
        if not host or not port.isdigit() or int(port) > 65_535:
            self.fail(f"{value!r} is not host:port, 127.0.0.1:4000 say", param, ctx)
        return host.strip("[]"), int(port)


class Inner(HostPort):
    """An address and port inside the tunnel."""

    name = "address:port"

    def convert(self, value: Any, param: Any, ctx: Any) -> Endpoint:  # type: ignore[override] # the parameter's own value
        if isinstance(value, Endpoint):
            return value
        host, port = super().convert(value, param, ctx)
        return Endpoint(address_of(host, param, ctx), port)


def address_of(text: str, param: Any = None, ctx: Any = None) -> Any:
    """Read an inner address; raises BadParameter."""
    try:
        return ip_address(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no IP address, 10.45.0.2 say", ctx, param) from None


def relay_of(option: str, where: tuple[str, int] | None, *, direct: bool) -> tuple[str, int] | None:
    """Return where the relay is, None for a direct way; raises UsageError unless one is said."""
    if direct == (where is not None):
        raise click.UsageError(f"the user plane is behind {option} host:port, or --direct: say one")
    return where


class Checked(click.ParamType[Any]):
    """A text that is refused with the words of whoever checks it, which raises ValueError."""

    def __init__(self, name: str, check: Callable[[str], Any]) -> None:
        """`name` stands for the value in the help, `check` gives what the command takes."""
        self.name, self._check = name, check

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Check a value; what click calls."""
        try:
            return self._check(value)
        except ValueError as fault:
            self.fail(str(fault), param, ctx)


#: A packet error rate and a bit rate as the standard writes them.
ERROR_RATE, RATE = Checked("rate", checked_error_rate), Checked("rate", parse_rate)
#: The name of an AF, which stands in paths.
AF_ID = Checked("name", checked_af_id)
#: The one address at which something is reached that listens there.
HOST = Checked("address", checked_host)
#: The root of something on HTTP.
URL = Checked("url", checked_url)


# --- how to be let in by a NEF ---

_Command = TypeVar("_Command", bound=Callable[..., Any])
_PEM = click.Path(exists=True, dir_okay=False)
_ACCESS = (
    click.option("--token-url", type=URL,
                 help="Where it gets access tokens. [default: it needs none]"),
    click.option("--allow-http-token-url", is_flag=True,
                 help="Send the secret to another machine's --token-url without TLS."),
    click.option("--client-id", help="Who it is there. [default: the AF id]"),
    click.option("--client-secret-file", type=FILE, help="File with its secret there."),
    click.option("--ca", type=_PEM, help="PEM file: whom to trust instead of the usual ones."),
    click.option("--client-certificate", type=_PEM, help="PEM file with its own certificate."),
    click.option("--client-key", type=_PEM, help="PEM file with the key of it."),
)  # fmt: skip


def access_options(command: _Command) -> _Command:
    """Give a command the options that `access_of` understands."""
    for option in reversed(_ACCESS):
        command = option(command)
    return command


def access_of(
    af_id: str,
    *,
    token_url: str | None,
    allow_http_token_url: bool,
    client_id: str | None,
    client_secret_file: Path | None,
    ca: str | None,
    client_certificate: str | None,
    client_key: str | None,
) -> dict[str, Any]:
    """Return `credentials` and `tls` as the options say them; raises UsageError."""
    if (token_url is None) != (client_secret_file is None):
        raise click.UsageError("--token-url and --client-secret-file belong together")
    if client_key is not None and client_certificate is None:
        raise click.UsageError("--client-key belongs to --client-certificate")
    credentials = None
    if token_url is not None and client_secret_file is not None:
        secret = client_secret_file.read_text("utf-8").strip()
        credentials = _credentials(
            token_url, client_id or af_id, secret, allow_http=allow_http_token_url
        )
    return {"credentials": credentials, "tls": Tls(ca, client_certificate, client_key)}


def _credentials(url: str, client_id: str, secret: str, *, allow_http: bool) -> Credentials:
    try:
        return Credentials(url, client_id, secret, allow_http=allow_http)
    except ValueError as fault:
        raise click.UsageError(f"{fault}, or say --allow-http-token-url") from None
