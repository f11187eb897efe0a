"""The `nef` command, as far as it can be seen without serving."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from nef.cli import main, serve
from nef.commands.headings import SERVING


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_the_scenarios_that_ship_are_listed() -> None:
    result = run("scenario", "list")
    assert result.exit_code == 0
    told = dict(line.split(": ", 1) for line in result.output.splitlines())
    assert {"steady", "fading-ue"} <= told.keys()
    assert all(told.values()), "each says what it is for"


def test_a_catalogue_is_listed_with_what_each_profile_is() -> None:
    result = run("profiles")
    assert result.exit_code == 0
    assert "model-topology: 5QI 84, PER 1E-5, 1 Mbps" in result.output
    assert "best-effort: 5QI 9, PER 1E-6, no guaranteed rate" in result.output


def test_a_catalogue_that_is_wrong_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("profiles: [{reference: a, five_qi: 999}]")
    result = run("profiles", "--catalogue", str(path))
    assert result.exit_code == 1
    assert "profiles[0]: 5QI 999 is not one of" in result.output
    assert "Traceback" not in result.output


def test_an_address_that_is_none_is_refused_by_its_option() -> None:
    for nowhere in ("nowhere", "127.0.0.1:99999"):
        result = run("user-plane", "--radio", nowhere)
        assert result.exit_code == 2
        assert f"Invalid value for --radio: '{nowhere}' is not host:port" in result.output


def test_a_relay_whose_port_is_taken_says_so_in_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        result = run("user-plane", "--n6", place)
    assert result.output == f"Error: cannot listen on {place}: Address already in use\n"
    assert run("user-plane", "--n6", "nef.invalid:0").output.startswith("Error: cannot listen on")


def test_a_scenario_that_is_none_is_refused_without_a_word_of_http() -> None:
    result = run("serve", "--port", "0", "--database", "sqlite://", "--scenario", "nowhere")
    assert result.output.startswith("Error: no scenario is named 'nowhere'; there are: busy-cell")


def test_the_help_of_serve_has_each_option_once_and_all_under_headings() -> None:
    told = run("serve", "--help").output
    assert re.findall(r"^\S.*:$", told, re.MULTILINE) == [
        *(f"{one}:" for one in SERVING),
        "Options:",
    ]
    shown = re.findall(r"^  (--[a-z0-9-]+)", told, re.MULTILINE)
    assert sorted(shown) == sorted([*(one.opts[0] for one in serve.params), "--help"])
    assert shown[-1] == "--help", "what nobody has placed stands beside it"


def test_a_body_may_not_be_forbidden_altogether() -> None:
    result = run("serve", "--max-body-bytes", "0")
    assert result.exit_code == 2
    assert "--max-body-bytes" in result.output


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--port", str(port), "--database", "sqlite://")
    assert result.exit_code == 1
    assert result.output == (
        f"Error: cannot listen on 127.0.0.1:{port}: Address already in use; --port takes another"
        " one, 0 a free one\n"
    )


def test_several_workers_on_sqlite_are_refused_with_what_to_do(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'nef.sqlite3'}"
    result = run("serve", "--port", "0", "--workers", "2", "--database", store)
    assert result.exit_code == 1
    assert "--database postgresql://" in result.output
    assert "--workers 1 for SQLite" in result.output


def test_a_scenario_that_does_not_exist_is_named_with_those_that_do() -> None:
    result = run("serve", "--port", "0", "--database", "sqlite://", "--scenario", "nowhere")
    assert result.exit_code == 1
    assert "nowhere" in result.output
    assert "steady" in result.output


def test_a_scenario_of_ones_own_that_is_wrong_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("name: own\ncells: 7\n")
    result = run("serve", "--port", "0", "--database", "sqlite://", "--scenario", str(path))
    assert result.exit_code == 1
    assert f"{path}:2: /cells: 7 is not of type" in result.output


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--port", "99999"),
        ("--tick-s", "0"),
        ("--deliverers", "0"),
        ("--seed", "-1"),
        ("--mode", "fast"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_its_option(option: str, value: str) -> None:
    result = run("serve", "--database", "sqlite://", option, value)
    assert result.exit_code == 2
    assert option in result.output


@pytest.mark.parametrize(
    "url",
    ["nonsense", "sqlite:////no/such/folder/x.sqlite3", "mysql+nodriver://localhost/x"],
)
def test_a_database_that_cannot_be_opened_is_named(url: str) -> None:
    result = run("serve", "--port", "0", "--database", url)
    assert result.exit_code == 1
    assert url in result.output
    assert "Traceback" not in result.output


def test_the_help_says_what_every_option_is_for() -> None:
    for command in ("serve", "user-plane"):
        help_text = run(command, "--help").output
        for line in help_text.splitlines():
            if line.strip().startswith("--") and not line.strip().startswith("--help"):
                assert len(line.split()) > 2 or line.strip().endswith("]"), line


def test_what_serves_nothing_does_not_wait_for_what_serves() -> None:
    look = "import sys, nef.cli; print(sorted({'nef.app', 'sqlalchemy'} & {*sys.modules}))"
    said = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", look], capture_output=True, text=True, check=True
    )
    assert said.stdout == "[]\n"


def test_help_tells_of_each_command_a_whole_sentence() -> None:
    for path in _groups(main):
        told = CliRunner().invoke(main, [*path, "--help"])
        assert told.exit_code == 0, path
        assert "..." not in told.output.partition("Commands:")[2], path


def _groups(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _groups(command, *path, name)
