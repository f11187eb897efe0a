"""The clients of the built-in issuer, their file, and the tokens they get."""

import asyncio
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from nef.api.documents import NAMES, api_name, base_path, served
from nef.domain.errors import InvalidValue
from nef.ports.tokens import InvalidToken
from nef.tokens.clients import AF_SCOPES, SCOPES, Clients, load_clients, save_clients
from nef.tokens.issuing import Issuer, TokenRefused

ROOT = "http://nef.example"


class Rig:
    """An issuer with one client, at a time that the test sets."""

    def __init__(self, *af_ids: str, scopes: tuple[str, ...] = AF_SCOPES) -> None:
        clients, self.secret = Clients.none_yet().with_client("c", af_ids, scopes)
        self.now_s = 1000.0
        self.issuer = Issuer(clients, ROOT, 60, lambda: self.now_s)
        self.tokens = self.issuer.tokens()

    def token(self, *scopes: str) -> str:
        return self.issuer.issue("c", self.secret, scopes).token


def test_there_is_a_scope_for_each_api_by_its_name() -> None:
    assert tuple(api_name(base_path(served(name))) for name in NAMES) == SCOPES


def test_a_client_acts_as_the_afs_it_was_given() -> None:
    rig = Rig("af-1", "af-2")
    caller = asyncio.run(rig.tokens.verified(rig.token()))
    assert caller.af_ids == {"af-1", "af-2"}
    assert caller.scopes == set(AF_SCOPES)


def test_a_client_without_afs_acts_as_the_one_of_its_own_name() -> None:
    rig = Rig()
    assert asyncio.run(rig.tokens.verified(rig.token())).af_ids == {"c"}


def test_a_token_may_be_asked_for_less() -> None:
    rig = Rig()
    assert asyncio.run(rig.tokens.verified(rig.token(SCOPES[1]))).scopes == {SCOPES[1]}


def test_a_scope_that_is_asked_for_twice_is_given_once() -> None:
    rig = Rig()
    assert rig.issuer.issue("c", rig.secret, [SCOPES[1], SCOPES[1]]).scopes == (SCOPES[1],)


@pytest.mark.parametrize("client", [("c", "wrong"), ("c", "sécret"), ("d", None), ("", "")])
def test_who_does_not_prove_to_be_a_client_gets_none(client: tuple[str, str | None]) -> None:
    rig = Rig()
    with pytest.raises(TokenRefused) as refused:
        rig.issuer.issue(client[0], client[1] or rig.secret, ())
    assert refused.value.code == "invalid_client"


def test_a_scope_that_a_client_does_not_have_is_refused() -> None:
    with pytest.raises(TokenRefused) as refused:
        Rig().token("simulator")
    assert refused.value.code == "invalid_scope"


def test_a_token_lasts_as_long_as_it_says() -> None:
    rig = Rig()
    first, second = rig.token(), rig.token()
    assert first != second
    rig.now_s += 60
    with pytest.raises(InvalidToken, match="expired"):
        asyncio.run(rig.tokens.verified(first))


def test_tokens_of_another_file_are_not_taken() -> None:
    with pytest.raises(InvalidToken):
        asyncio.run(Rig().tokens.verified(Rig().token()))


def test_clients_are_kept_in_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "clients.yaml"
    clients, secret = Clients.none_yet().with_client("c", ["af"])
    save_clients(path, clients)
    assert load_clients(path) == clients
    assert path.stat().st_mode & 0o777 == 0o600
    assert secret not in path.read_text("utf-8")
    assert [file.name for file in tmp_path.iterdir()] == ["clients.yaml"]


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o602, 0o660])
def test_a_file_that_is_open_to_others_is_refused_with_what_to_do(
    tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "clients.yaml"
    save_clients(path, Clients.none_yet())
    path.chmod(mode)
    with pytest.raises(InvalidValue, match=rf"mode {mode:04o}\): say chmod 600 {path}"):
        load_clients(path)
    path.chmod(0o400)
    assert load_clients(path) == load_clients(path)


@pytest.mark.parametrize(("owner", "read"), [(0, True), (1000, False)])
def test_a_group_may_read_what_root_has_made_ready_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: int, *, read: bool
) -> None:
    path = tmp_path / "clients.yaml"
    save_clients(path, Clients.none_yet())
    path.chmod(0o440)
    seen = list(path.stat())
    seen[stat.ST_UID] = owner
    monkeypatch.setattr("nef.tokens.clients.os.fstat", lambda _: os.stat_result(seen))
    if read:
        assert load_clients(path).clients == {}
    else:
        with pytest.raises(InvalidValue, match="open to others"):
            load_clients(path)


def test_a_client_may_get_another_secret() -> None:
    clients, old = Clients.none_yet().with_client("c")
    clients, new = clients.with_client("c")
    assert (clients.clients["c"].is_proved_by(old), clients.clients["c"].is_proved_by(new)) == (
        False,
        True,
    )


def test_no_secret_is_printed() -> None:
    clients, _ = Clients.none_yet().with_client("c")
    printed = repr(clients)
    assert "secret" not in printed
    assert clients.signing_key["d"] not in printed


ENTRY = {"secret_sha256": "0" * 64}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"clients": None}, "must have 'signing_key' and 'clients'"),
        ({"signing_key": {"kty": "EC"}}, "signing_key is no private key"),
        ({"signing_key": None}, "signing_key is no private key"),
        ({"clients": {"c": None}}, "the client c must have"),
        ({"clients": {"c": {"secret_sha256": "short"}}}, "64 hexadecimal digits"),
        ({"clients": {"c": {"secret_sha256": "é" * 64}}}, "64 hexadecimal digits"),
        ({"clients": {"c": ENTRY | {"af_ids": "af"}}}, "'af_ids' as a list"),
        ({"clients": {"c": ENTRY | {"scopes": ["all"]}}}, "no scope 'all'; there are"),
        ({"clients": {"a:b": ENTRY}}, "without ':'"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    path = tmp_path / "clients.yaml"
    save_clients(path, Clients.none_yet())
    document = yaml.safe_load(path.read_text("utf-8")) | changes
    path.write_text(yaml.safe_dump(document), "utf-8")
    with pytest.raises(InvalidValue, match=why) as error:
        load_clients(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("text", ["\x00", "a: [", "- 1"])
def test_a_file_that_is_no_such_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "clients.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(InvalidValue, match=r"clients\.yaml"):
        load_clients(path)


def test_a_file_that_is_no_yaml_is_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "clients.yaml"
    path.write_text("signing_key:\n  d: the-key: itself\n", "utf-8")
    with pytest.raises(
        InvalidValue, match=r"clients\.yaml cannot be read: it is not YAML in line 2"
    ) as error:
        load_clients(path)
    assert "itself" not in str(error.value)


def test_a_public_key_alone_signs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clients.yaml"
    clients = Clients.none_yet()
    public = {name: value for name, value in clients.signing_key.items() if name != "d"}
    save_clients(path, Clients(public))
    with pytest.raises(InvalidValue, match="no private key"):
        load_clients(path)
