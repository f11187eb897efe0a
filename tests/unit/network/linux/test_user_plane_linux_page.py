"""docs/user-plane-linux.md, held against the code."""

import json
import re
import shlex
from dataclasses import fields
from pathlib import Path

import click

import af_client.cli
import nef.cli
from nef.network.linux import ownership
from nef.network.linux.classes import BURST_MS, LEAST_RATE_BPS
from nef.network.linux.commands import PACKAGES
from nef.network.linux.names import names_of
from nef.network.linux.process import LinuxPlaneSettings, _waiting
from nef.network.userplane.counters import FlowCounters, RelayCounters

PAGE = (Path(__file__).parents[4] / "docs" / "user-plane-linux.md").read_text("utf-8")
WORDS = " ".join(PAGE.split())
PROGRAMS = {"nef": nef.cli.main, "af-client": af_client.cli.main}


def option_names(command: click.Command) -> set[str]:
    return {name for option in command.params for name in option.opts}


def test_every_command_of_the_walk_has_the_options_that_it_is_given() -> None:
    walk = re.findall(r"^\$ (.*)$", PAGE, re.MULTILINE)
    assert len(walk) == 4
    for line in walk:
        words = shlex.split(line)
        if words[:3] == ["ip", "netns", "exec"]:
            assert words[3] in names_of().namespaces
            words = words[4:]
        command = PROGRAMS[words[0]].commands[words[1]]
        assert {word for word in words if word.startswith("--")} <= option_names(command)


def test_what_it_says_when_things_are_there_is_on_the_page() -> None:
    (shown,) = re.findall(r'^(\{"event": "waiting".*)$', PAGE, re.MULTILINE)
    assert json.loads(shown) == _waiting("http://10.61.0.1:8080", names_of())


def test_the_options_are_those_of_the_command_with_their_defaults() -> None:
    rows = dict(re.findall(r"^\| `(--[a-z-]+)` \| (.*?) \|", PAGE, re.MULTILINE))
    command = PROGRAMS["nef"].commands["user-plane"]
    options = {option.opts[0]: option for option in command.params}
    for name, shown in rows.items():
        default = options[name].default
        values = default if isinstance(default, tuple) else (default,)
        wanted = [str(value) for value in values if isinstance(value, str)]
        assert re.findall(r"`([^`]+)`", shown) == wanted, name
    of_the_relay = {"--nef-url", "--n6", "--radio", "--counters"}
    of_security = {"--token-url", "--allow-http-token-url", "--client-id", "--ca"}
    of_security |= {"--client-secret-file", "--client-certificate", "--client-key"}
    of_logs = {"--log-level", "--log-format"}
    assert rows.keys() == options.keys() - of_the_relay - of_security - of_logs


def test_the_limits_are_those_of_the_code() -> None:
    settings = LinuxPlaneSettings("")
    assert f"the bytes of {BURST_MS} ms, or one packet" in WORDS
    assert f"has {settings.queue_limit_bytes} bytes; what finds it full" in WORDS
    assert f"less than {LEAST_RATE_BPS} bit/s" in WORDS
    assert f"asked for every {settings.poll_interval_s * 1000:.0f} ms" in WORDS
    assert f"looked at every {settings.report_interval_s * 1000:.0f} ms" in WORDS
    assert f"`{ownership.FOLDER}`" in WORDS
    assert all(f"`{name}`" in WORDS for pair in PACKAGES.items() for name in pair)


def test_the_counters_that_differ_are_counters() -> None:
    section = PAGE.split("## Counters")[1].split("##")[0]
    named = set(re.findall(r"`([a-z]+_[a-z_]+|malformed)`", section))
    assert named <= {field.name for field in (*fields(FlowCounters), *fields(RelayCounters))}
