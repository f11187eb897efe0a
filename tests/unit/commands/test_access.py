"""Who may call, as the options of `nef serve` say it."""

import socket
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from builders.certificates import Authority
from nef.cli import main
from nef.commands.access import access_options, check_exposure, issuer_of, tls_of, told
from nef.config import BuiltInIssuer, ExternalIssuer, Settings, Tls
from nef.domain.errors import InvalidValue
from nef.tokens.clients import Clients, save_clients

ROOT = "http://nef.example"
EXTERNAL = ("--jwks-url", "https://issuer.example/keys", "--token-issuer", "https://issuer.example")


def issuer(*options: str) -> Any:
    """What the options make of it."""
    found: list[Any] = []

    @click.command
    @access_options
    def command(**more: Any) -> None:
        found.append(issuer_of(ROOT, more))
        assert tls_of(more) is None
        assert more == {"open": False}

    command.main(options, standalone_mode=False)
    return found[0]


def test_authorisation_is_off_unless_something_is_said() -> None:
    assert issuer() is None
    assert "Authorisation is off" in told(Settings())


def test_clients_are_those_of_the_file(tmp_path: Path) -> None:
    clients, _ = Clients.none_yet().with_client("my-af")
    save_clients(tmp_path / "c.yaml", clients)
    made = issuer("--clients", str(tmp_path / "c.yaml"), "--token-lifetime-s", "5")
    assert made == BuiltInIssuer(clients, 5)
    line = told(Settings(public_url=ROOT, issuer=made))
    assert line == f"Authorisation is on: tokens come from {ROOT}/oauth2/token."


def test_the_audience_is_the_service_unless_said_otherwise() -> None:
    made = issuer(*EXTERNAL, "--token-algorithm", "PS256", "--token-af-claim", "sub")
    assert isinstance(made, ExternalIssuer)
    assert (made.rules.audience, tuple(made.rules.algorithms)) == (ROOT, ("PS256",))
    assert (made.rules.af_claim, made.rules.leeway_s) == ("sub", 10)
    assert issuer(*EXTERNAL, "--token-audience", "nef").rules.audience == "nef"
    assert "https://issuer.example" in told(Settings(issuer=made))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (EXTERNAL[:2], "belong together"),
        (EXTERNAL[2:], "belong together"),
        ((*EXTERNAL, "--clients", __file__), "not of both"),
        ((*EXTERNAL, "--token-algorithm", "HS256"), "'HS256' is not one of"),
        ((*EXTERNAL, "--token-algorithm", "none"), "'none' is not one of"),
        (("--jwks-url", "http://issuer.example/k", *EXTERNAL[2:]), "fetched over https"),
        (("--jwks-url", "ftp://127.0.0.1/k", *EXTERNAL[2:]), "fetched over https"),
        (
            ("--jwks-url", "http://me:secret@x.example/k", *EXTERNAL[2:]),
            "from 'http://.+@x.example/k'",
        ),
        (("--jwks-url", "https:///k", *EXTERNAL[2:]), "fetched over https"),
        (("--clients", __file__), "is not YAML"),
    ],
)
def test_what_would_let_in_the_wrong_ones_is_refused(options: tuple[str, ...], why: str) -> None:
    with pytest.raises((click.ClickException, InvalidValue), match=why):
        issuer(*options)


def test_keys_may_come_from_this_machine_without_tls() -> None:
    assert issuer("--jwks-url", "http://127.0.0.1:1/keys", *EXTERNAL[2:]).jwks_url


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "0.0.0.0", "::"])  # noqa: S104 - that is the matter
def test_a_network_is_served_openly_only_if_that_was_said(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listening:
        check_exposure(listening, guarded=True, opened=False)
        check_exposure(listening, guarded=False, opened=True)
        if host in ("0.0.0.0", "::"):  # noqa: S104 - that is the matter
            with pytest.raises(click.UsageError, match="--open if that is what you want"):
                check_exposure(listening, guarded=False, opened=False)
        else:
            check_exposure(listening, guarded=False, opened=False)


def test_the_command_refuses_it_in_a_sentence() -> None:
    arguments = ["serve", "--host", "0.0.0.0", "--port", "0", "--database", "sqlite://"]  # noqa: S104
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "on 0.0.0.0 anybody in the network could do anything" in result.output


# --- TLS ---


def tls(*options: str) -> Any:
    found: list[Any] = []

    @click.command
    @access_options
    def command(**more: Any) -> None:
        found.append(tls_of(more))

    command.main(options, standalone_mode=False)
    return found[0]


def test_files_of_tls_are_looked_at_before_anything_is_served(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("server")
    names = {"certificate": str(certificate), "key": str(key), "ca": str(authority.ca)}
    said = "--tls-certificate {certificate} --tls-key {key} --tls-client-ca {ca}"
    made = tls(*said.format(**names).split())
    assert made == Tls(certificate, key, authority.ca)
    assert "whoever has a certificate may do anything" in told(Settings(tls=made))


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path).issue("server")
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    for path, said in ((key, [str(certificate), "--tls-key", str(key)]), (both, [str(both)])):
        path.chmod(0o644)
        place = ["serve", "--port", "0", "--database", "sqlite://", "--tls-certificate"]
        refused = CliRunner().invoke(main, [*place, *said])
        assert refused.exit_code == 1
        assert f"{path} has the key of this service, and is open to others" in refused.output
        path.chmod(0o600)
        assert tls("--tls-certificate", *said).certificate


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("--tls-key {key}", "belong to --tls-certificate"),
        ("--tls-client-ca {ca}", "belong to --tls-certificate"),
        ("--tls-certificate {certificate}", "does not have a certificate and its key, in PEM"),
        (
            "--tls-certificate {certificate} --tls-key {other}",
            "are not a certificate and its key, in PEM",
        ),
        (
            "--tls-certificate {certificate} --tls-key {hidden}",
            "are not a certificate and its key, in PEM",
        ),
        (
            "--tls-certificate {certificate} --tls-key {key} --tls-client-ca {key}",
            "no certificates",
        ),
    ],
)
def test_files_that_do_not_do_are_refused(tmp_path: Path, said: str, why: str) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("server")
    names = {
        "certificate": certificate,
        "key": key,
        "ca": authority.ca,
        "other": authority.issue("other")[1],
        "hidden": authority.issue("hidden", b"secret")[1],
    }
    with pytest.raises(click.UsageError, match=why):
        tls(*said.format(**names).split())
