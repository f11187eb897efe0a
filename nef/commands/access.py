"""The options of `nef serve` about who may call: where tokens come from, and who may come near."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from nef.config import BuiltInIssuer, ExternalIssuer, Settings, Tls
from nef.domain.internet import is_loopback
from nef.tokens.clients import load_clients
from nef.tokens.secret_files import check_kept
from nef.tokens.verification import ALGORITHMS, Rules

Command = TypeVar("Command", bound=Callable[..., Any])

_RULES = Rules("", "")
_PEM = click.Path(exists=True, dir_okay=False, path_type=Path)
_OPTIONS = (
    click.option("--clients", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                 help="Clients that get tokens here; `nef client add` makes it."),
    click.option("--token-lifetime-s", default=3600, type=click.IntRange(1),
                 help="Seconds that a token of this service lasts."),
    click.option("--jwks-url", help="Where another issuer of tokens publishes its keys."),
    click.option("--token-issuer", help="That issuer, as its tokens name it (iss)."),
    click.option("--token-audience",
                 help="This service, as they name it (aud). [default: the public URL]"),
    click.option("--token-algorithm", default=_RULES.algorithms, multiple=True,
                 type=click.Choice(ALGORITHMS), help="How they may be signed; repeatable."),
    click.option("--token-leeway-s", default=_RULES.leeway_s, type=click.IntRange(0, 300),
                 help="By how much its clock may differ."),
    click.option("--token-af-claim", default=_RULES.af_claim,
                 help="Their claim with the AF ids of a client."),
    click.option("--tls-certificate", type=_PEM,
                 help="PEM file with its certificate and chain; it is served over https."),
    click.option("--tls-key", type=_PEM, help="PEM file with the key of it, if that is elsewhere."),
    click.option("--tls-client-ca", type=_PEM,
                 help="PEM file: only clients with a certificate of these are served."),
    click.option("--open", is_flag=True,
                 help="Serve a network without authorisation; anybody in it may do anything."),
)  # fmt: skip


def access_options(command: Command) -> Command:
    """Give a command the options; `issuer_of` and `check_exposure` understand them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def issuer_of(root: str, options: dict[str, Any]) -> BuiltInIssuer | ExternalIssuer | None:
    """Where tokens come from, None for authorisation that is off; takes its options away.

    `root` is where the service is reached. Raises UsageError and InvalidValue.
    """
    names = ("token_algorithm", "token_leeway_s", "token_af_claim")
    algorithms, leeway_s, af_claim = (options.pop(name) for name in names)
    clients, lifetime_s = options.pop("clients"), options.pop("token_lifetime_s")
    jwks_url, issuer = options.pop("jwks_url"), options.pop("token_issuer")
    audience = options.pop("token_audience")
    if (jwks_url is None) != (issuer is None):
        raise click.UsageError("--jwks-url and --token-issuer belong together")
    if clients is not None and jwks_url is not None:
        raise click.UsageError("tokens are of --clients or of --jwks-url, not of both")
    if clients is not None:
        return BuiltInIssuer(load_clients(clients), lifetime_s)
    if jwks_url is not None:
        rules = Rules(issuer, audience or root, algorithms, leeway_s, af_claim)
        return ExternalIssuer(jwks_url, rules)
    return None


def tls_of(options: dict[str, Any]) -> Tls | None:
    """The files of TLS, None for plain HTTP; takes its options away.

    Raises UsageError for files that belong to others or cannot be used, and InvalidValue for a key
    that others can read.
    """
    names = ("tls_certificate", "tls_key", "tls_client_ca")
    certificate, key, client_ca = (options.pop(name) for name in names)
    if certificate is None:
        if key or client_ca:
            raise click.UsageError("--tls-key and --tls-client-ca belong to --tls-certificate")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key, password="")
    except OSError as error:
        pair = f"{certificate} and {key} are not" if key else f"{certificate} does not have"
        raise click.UsageError(
            f"{pair} a certificate and its key, in PEM and without a passphrase ({error})"
        ) from None
    try:
        if client_ca is not None:
            context.load_verify_locations(client_ca)
    except OSError as error:
        raise click.UsageError(f"{client_ca} has no certificates: {error}") from None
    check_kept(key or certificate, "the key of this service")
    return Tls(certificate, key, client_ca)


def check_exposure(listening: socket.socket, *, guarded: bool, opened: bool) -> None:
    """Refuse to serve more than this machine to everybody, unless that was said; raises UsageError.

    `guarded` is whether tokens or certificates are asked for, `opened` whether the operator wants
    it open.
    """
    host = listening.getsockname()[0]
    if not (guarded or opened or is_loopback(host)):
        raise click.UsageError(
            f"on {host} anybody in the network could do anything: say --clients or --jwks-url,"
            " or --open if that is what you want"
        )


def told(settings: Settings) -> str:
    """One line about who may call."""
    match settings.issuer:
        case BuiltInIssuer():
            return f"Authorisation is on: tokens come from {settings.public_url}/oauth2/token."
        case ExternalIssuer(_, rules):
            return f"Authorisation is on: tokens come from {rules.issuer}."
    if settings.tls is not None and settings.tls.client_ca is not None:
        return "Authorisation is off: whoever has a certificate may do anything (docs/security.md)."
    return "Authorisation is off: whoever reaches this address may do anything (docs/security.md)."
