"""What the docs say, held against the code."""

import re
import shlex
from pathlib import Path

import click
import pytest
import requests

import af_client.cli
from db.engine import POOL_SIZE
from nef import cli, serving
from nef.api import connections, health, validation
from nef.commands.headings import SERVING
from nef.domain import lifecycle, retries
from nef.notifications import http, websocket
from nef.services import deliveries, underway
from nef.telemetry import pulse
from nef.testing import RunningNef
from nef.workers import reach, service, supervisor

ROOT = Path(__file__).parents[2]


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_the_state_diagram_is_drawn_from_the_table() -> None:
    assert lifecycle.mermaid() in page("docs/architecture.md")


def test_every_option_of_serve_is_documented_with_its_default() -> None:
    rows = dict(
        re.findall(
            r"^\| `(--[a-z0-9-]+)` \| `?([^`|]*)`? \|", page("docs/configuration.md"), re.MULTILINE
        )
    )
    options = {option.opts[0]: option for option in cli.serve.params}
    assert rows.keys() == options.keys()
    for name, option in options.items():
        if isinstance(option.default, str | int | float):
            assert rows[name].strip() == str(option.default), name


def test_options_stand_under_the_headings_that_the_help_of_serve_has() -> None:
    sections = page("docs/configuration.md").split("\n## ")
    documented = {
        section.split("\n", 1)[0]: re.findall(r"^\| `--([a-z0-9-]+)` \|", section, re.MULTILINE)
        for section in sections
    }
    for heading, names in SERVING.items():
        assert documented[heading] == [name.replace("_", "-") for name in names]


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    text = page("docs/configuration.md")
    assert f"| {validation.MAX_DEPTH} | `nef/api/validation.py` |" in text
    assert f"| {http.TOTAL_S:g} s | `nef/notifications/http.py` |" in text
    assert f"| {connections.MAX_HEADER_BYTES // 1024} KiB | `nef/api/connections.py` |" in text
    for limit_s in (connections.REQUEST_S, connections.ANSWER_S):
        assert f"| {limit_s:g} s | `nef/api/connections.py` |" in text
    # A fault may send a notification twice before anybody else may take it.
    assert 2 * max(http.TOTAL_S, websocket.TIMEOUT_S) < deliveries.LEASE_S
    assert f"| {retries.PATIENCE_S:g} s | `nef/domain/retries.py` |" in text
    assert (retries.FIRST_WAIT_S, retries.LONGEST_WAIT_S) == (0.5, 60.0)
    assert (deliveries.KEPT_S, underway.ABANDONED_AFTER_S) == (3600.0, 30.0)


def test_every_metric_is_on_the_page_for_operators(nef: RunningNef) -> None:
    text = page("docs/operations.md")
    rows = re.findall(r"^\| ((?:`(?:nef|process)_\w+`(?:, )?)+) \|", text, re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"\w+", row)}
    told = requests.get(f"{nef.url}/metrics", timeout=60).text
    kinds = re.findall(r"^# TYPE (\w+) (\w+)$", told, re.MULTILINE)
    alone = {name for name, _ in kinds if not name.endswith("_created")}
    assert alone | {"nef_process_up"} == documented


def test_the_page_for_operators_says_what_the_code_does() -> None:
    text = page("docs/operations.md")
    assert f"no answer within {health.PATIENCE_S:g} s" in text
    assert f"An answer holds for {health.KEPT_S:g} s" in text
    assert f"within the last {pulse.STUCK_S:g} s, or within the last {pulse.STUCK_TICKS} p" in text
    assert "up to 128 letters" in text
    assert f"after {serving.PATIENCE_S} s the rest of them is cut off, with 503" in text
    assert f"a receiver has {http.TOTAL_S:g} s" in text
    assert f"for {reach.PATIENCE_S:g} s at most" in text
    assert f"ended {serving.PATIENCE_S + service.REST_S:g} s" in text
    assert f"up to {supervisor.LONGEST_PAUSE_S:g} s" in text
    assert (
        f"up to {POOL_SIZE + 1} connections to the database, a ticker up to {POOL_SIZE + 2}" in text
    )


def test_what_the_threat_model_names_exists() -> None:
    text = page("docs/threat-model.md")
    tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert len(tests) > 30
    for path, name in tests:
        assert re.search(rf"^def {name}\(", page(path), re.MULTILINE), f"{path}::{name}"
    for place in re.findall(r"`((?:nef|db)/[\w/.]+)`", text):
        assert (ROOT / place).exists(), place


def test_every_command_on_a_page_has_these_options() -> None:
    pages = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    pattern = re.compile(r"^\$ (?:\S+/)?((?:nef|af-client) .*)$", re.MULTILINE)
    written = [line for path in pages for line in pattern.findall(path.read_text("utf-8"))]
    assert len(written) > 10
    for line in written:
        program, *arguments = shlex.split(line, comments=True)
        _parse({"nef": cli.main, "af-client": af_client.cli.main}[program], arguments)


def _parse(command: click.Command, arguments: list[str]) -> None:
    """As click reads a command line, without looking at values; raises UsageError."""
    context = click.Context(command)
    _, rest, _ = command.make_parser(context).parse_args(arguments)
    if isinstance(command, click.Group):
        _, inner, left = command.resolve_command(context, rest)
        assert inner is not None
        _parse(inner, left)


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")))
def test_every_link_between_pages_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text("utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_every_thread_of_the_service_is_told_of() -> None:
    sources = [path for room in ("nef", "db") for path in (ROOT / room).rglob("*.py")]
    threads = re.compile(r'(?:name=|ThreadPoolExecutor\(\w+, )f?"(nef-[a-z]+)')
    names = {name for path in sources for name in threads.findall(path.read_text("utf-8"))}
    assert len(names) > 8
    told = page("docs/architecture.md")
    assert [name for name in sorted(names) if f"`{name}" not in told] == []


def test_every_decision_is_in_the_list_of_decisions_by_its_title() -> None:
    listed = page("docs/decisions/README.md")
    for path in sorted((ROOT / "docs/decisions").glob("0*.md")):
        title = path.read_text("utf-8").splitlines()[0].removeprefix("# ")
        assert f"[{title}]({path.name})" in listed, f"- [{title}]({path.name})"


def test_every_make_target_has_a_line_of_help() -> None:
    makefile = page("Makefile")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    for target in phony[1].split():
        assert re.search(rf"^{target}:.*## \S", makefile, re.MULTILINE), target
