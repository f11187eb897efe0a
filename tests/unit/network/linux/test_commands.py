"""What is said where the machine does not let us."""

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from nef.cli import main
from nef.network.linux import commands
from nef.network.linux.commands import LinuxPlaneUnusable


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which alone programs are looked for, by root."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(commands, "_SEARCHED", str(tmp_path))
    return tmp_path


def put(folder: Path, name: str, script: str = "exit 0") -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize("options", [(), ("--clean",)])
def test_without_root_one_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    result = CliRunner().invoke(main, ["user-plane", "--network", "linux", *options])
    assert result.exit_code == 1
    assert "needs root" in result.output
    assert len(result.output.splitlines()) == 1


@pytest.mark.parametrize(
    ("there", "absent", "packages"),
    [
        ((), "ip and tc and nft", "packages iproute2 and nftables"),
        (("ip", "tc"), "nft", "package nftables"),
        (("ip", "nft"), "tc", "package iproute2"),
    ],
)
def test_a_missing_program_is_named_with_its_package(
    tools: Path, there: tuple[str, ...], absent: str, packages: str
) -> None:
    for name in there:
        put(tools, name)
    result = CliRunner().invoke(main, ["user-plane", "--network", "linux"])
    assert result.exit_code == 1
    assert f"; {absent} not found" in result.output
    assert result.output.rstrip().endswith(packages)


def test_with_root_and_all_programs_nothing_is_missing(tools: Path) -> None:
    for name in commands.PACKAGES:
        put(tools, name)
    assert commands.missing() is None


def test_what_a_program_refuses_is_told_in_its_own_words(tools: Path) -> None:
    put(tools, "ip", "echo 'mount --make-shared /run/netns failed: not permitted' >&2; exit 1")
    with pytest.raises(LinuxPlaneUnusable, match=r"refused: ip netns add x: mount .* permitted"):
        commands.ip("netns", "add", "x")


def test_a_batch_is_told_to_its_program_line_by_line(tools: Path) -> None:
    cat = shutil.which("cat", path="/usr/bin:/bin")
    put(tools, "ip", f"{cat} > {tools}/heard")
    commands.ip_batch(["link add a", "link add b"], "there")
    assert (tools / "heard").read_text() == "link add a\nlink add b\n"


def test_nothing_to_do_starts_nothing(tools: Path) -> None:
    commands.ip_batch([])
    commands.tc_batch([], "there")
    commands.nft("")


def test_an_option_of_the_other_network_is_refused() -> None:
    result = CliRunner().invoke(main, ["user-plane", "--clean"])
    assert result.exit_code == 2
    assert "--network linux" in result.output


@pytest.mark.parametrize(
    ("option", "value"), [("--name", "Too Long A Name"), ("--host-link", "x"), ("--server", "x")]
)
def test_a_value_that_makes_no_sense_is_refused(option: str, value: str) -> None:
    result = CliRunner().invoke(main, ["user-plane", "--network", "linux", option, value])
    assert result.exit_code == 1
    assert repr(value) in result.output
