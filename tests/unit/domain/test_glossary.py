"""The glossary, held against the names it speaks of."""

import re
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from nef.domain.events import UserPlaneEvent

PAGE = (Path(__file__).parents[3] / "docs/glossary.md").read_text("utf-8")
ROWS = re.findall(r"^\| (?!3GPP|---)([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)


def resolved(path: str) -> Any:
    module, *names = path.split(".")
    found: Any = import_module(f"nef.domain.{module}")
    for name in names:
        declared = {f.name for f in fields(found)} if is_dataclass(found) else set()
        # A field, or what a test may find on an instance only: an annotation or an attribute.
        found = name if name in declared else getattr(found, name)
    return found


@pytest.mark.parametrize("ours", [row[1] for row in ROWS])
def test_each_name_on_the_page_is_a_name_in_the_code(ours: str) -> None:
    assert re.fullmatch(r"`[a-zA-Z_.]+`", ours)
    assert resolved(ours.strip("`"))


def test_every_line_of_a_table_was_read() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    headings = [line for line in lines if line.startswith("| 3GPP ")]
    assert len(ROWS) == len(lines) - len(headings)


def test_a_name_of_ours_stands_only_once() -> None:
    ours = [row[1] for row in ROWS]
    assert sorted(set(ours)) == sorted(ours)


def test_every_event_is_explained() -> None:
    assert {event.value for event in UserPlaneEvent} <= {row[0].strip("`") for row in ROWS}
