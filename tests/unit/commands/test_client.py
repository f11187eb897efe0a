"""`nef client`, as somebody types it."""

from pathlib import Path

from click.testing import CliRunner, Result

from nef.cli import main
from nef.tokens.clients import load_clients


def run(folder: Path, *arguments: str) -> Result:
    options = ["--file", str(folder / "clients.yaml")]
    return CliRunner().invoke(main, ["client", *arguments, *options])


def test_a_client_gets_a_secret_that_is_shown_once(tmp_path: Path) -> None:
    secret = run(tmp_path, "add", "my-af").output.strip()
    clients = load_clients(tmp_path / "clients.yaml").clients
    assert clients["my-af"].is_proved_by(secret)
    assert run(tmp_path, "list").output.startswith("my-af: as my-af; 3gpp-as-session-with-qos ")


def test_a_client_has_the_afs_and_scopes_that_were_said(tmp_path: Path) -> None:
    run(tmp_path, "add", "a", "--af", "x", "--af", "y", "--scope", "simulator")
    assert run(tmp_path, "list").output == "a: as x, y; simulator\n"


def test_who_has_no_scope_of_an_af_may_have_a_name_that_is_none(tmp_path: Path) -> None:
    assert run(tmp_path, "add", "ops/dashboard", "--scope", "simulator").exit_code == 0
    assert run(tmp_path, "list").output == "ops/dashboard: as ops/dashboard; simulator\n"


def test_an_af_that_no_path_can_name_is_refused_with_the_reason(tmp_path: Path) -> None:
    for arguments in (("a/b",), ("a", "--af", "x/y"), ("a", "--af", ".."), ("a", "--af", "")):
        result = run(tmp_path, "add", *arguments)
        assert result.exit_code == 1, arguments
        assert "can call nothing: it is one part of a path" in result.output
    assert not (tmp_path / "clients.yaml").exists()
    assert run(tmp_path, "add", "a/b", "--af", "a-b").exit_code == 0


def test_the_key_stays_when_clients_come_and_go(tmp_path: Path) -> None:
    run(tmp_path, "add", "a")
    before = load_clients(tmp_path / "clients.yaml")
    run(tmp_path, "add", "b")
    assert run(tmp_path, "remove", "b").exit_code == 0
    assert load_clients(tmp_path / "clients.yaml") == before


def test_a_secret_may_go_to_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    result = run(tmp_path, "add", "a", "--secret-file", str(path))
    secret = path.read_text("utf-8").strip()
    assert secret not in result.output
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_clients(tmp_path / "clients.yaml").clients["a"].is_proved_by(secret)


def test_a_secret_is_not_written_into_a_file_that_others_can_read(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "secret", tmp_path / "elsewhere"
    path.touch(0o644)
    run(tmp_path, "add", "a", "--secret-file", str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    elsewhere.touch(0o644)
    path.unlink()
    path.symlink_to(elsewhere)
    run(tmp_path, "add", "a", "--secret-file", str(path))
    assert elsewhere.read_bytes() == b""
    assert path.read_text("utf-8").strip()


def test_what_cannot_be_is_refused_in_a_sentence_and_changes_nothing(tmp_path: Path) -> None:
    for arguments in (("add", "a:b"), ("remove", "nobody"), ("list",)):
        result = run(tmp_path, *arguments)
        assert result.exit_code == 1, arguments
        assert "Traceback" not in result.output
    assert "nef client add makes it" in run(tmp_path, "list").output
    assert not (tmp_path / "clients.yaml").exists()
    run(tmp_path, "add", "a")
    result = run(tmp_path, "remove", "nobody")
    assert "there is no client 'nobody'" in result.output
