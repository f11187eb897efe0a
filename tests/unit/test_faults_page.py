"""The page about faults, held against the code."""

import ast
import re
from pathlib import Path

import yaml

from builders.simulations import one_cell
from nef.domain.faults import TIMES, FaultName
from nef.network.simulator.parsing import parse

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "faults.md").read_text("utf-8")


def rows(header: str) -> list[list[str]]:
    """The cells of the rows of a table."""
    below = PAGE[PAGE.index(f"| {header}") :].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in below]


def test_every_fault_is_explained_with_its_times() -> None:
    table = rows("fault | occasion")
    assert [row[0].strip("`") for row in table] == [name.value for name in FaultName]
    for name, _, times, _ in table:
        said = {time: float(value) for time, value in re.findall(r"`(\w+)` (\d+)", times)}
        assert said == TIMES[FaultName(name.strip("`"))], name


def test_it_is_said_of_every_fault_what_a_good_af_does_and_a_test_shows_it() -> None:
    named = [name for row in rows("fault | a good AF") for name in re.findall(r"`(\S+)`", row[0])]
    assert named == [name.value for name in FaultName]
    tests = ("test_client_faults.py", "test_client_tokens.py")
    shown = set().union(*(shown_by(ROOT / "tests" / "integration" / name) for name in tests))
    assert set(named) <= shown


def shown_by(path: Path) -> set[str]:
    """The texts that stand in a test of a file which sets a fault and asserts something."""
    found: set[str] = set()
    for test in ast.parse(path.read_text("utf-8")).body:
        if isinstance(test, ast.FunctionDef) and test.name.startswith("test_"):
            parts = list(ast.walk(test))
            calls = {
                ast.unparse(one.func).rpartition(".")[2]
                for one in parts
                if isinstance(one, ast.Call)
            }
            asserts = "raises" in calls or any(isinstance(one, ast.Assert) for one in parts)
            if asserts and calls & {"set_fault", "trigger_fault"}:
                found |= {
                    one.value
                    for one in parts
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return found


def test_the_faults_of_the_example_are_those_of_a_scenario() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    faults = parse(one_cell() | yaml.safe_load(example)).faults
    assert [fault.name.value for fault in faults] == [
        "bearer-lost",
        "too-many-requests",
        "notification-lost",
    ]
