"""The pytest plugin: a fixture `nef`, a NEF of its own for each test. docs/testing.md shows it.

It is loaded in every run of pytest beside an installed `open-nef`, and so imports nothing large
until a test asks for it.
"""

import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from nef.testing import RunningNef

_MARKER = "nef(scenario=None, seed=None, mode='manual', clients=()): what the fixture `nef` plays"
_ABOUT = "scenario of the fixture `nef`: the name of one that ships, or the path of a file"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a command line or a configuration file say which scenario tests play."""
    parser.getgroup("nef").addoption("--nef-scenario", metavar="NAME_OR_FILE", help=_ABOUT)
    parser.addini("nef_scenario", _ABOUT, default="steady")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture(scope="session")
def nef_server() -> Iterator["RunningNef"]:
    """The NEF of the whole run, for fixtures of one's own that `reset` it."""
    with ExitStack() as stack:
        # What its libraries deprecate is no matter of the tests that use it.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from nef.testing import running_nef  # noqa: PLC0415 - large, and not of every test

            server = stack.enter_context(running_nef())
        yield server


@pytest.fixture
def nef(nef_server: "RunningNef", request: pytest.FixtureRequest) -> "RunningNef":
    """A NEF that has just begun its scenario; its time stands until the test steps it."""
    marker = request.node.get_closest_marker("nef")
    asked: dict[str, Any] = dict(marker.kwargs) if marker else {}
    if (marker and marker.args) or asked.keys() - {"scenario", "seed", "mode", "clients"}:
        raise pytest.UsageError(f"the marker is {_MARKER.partition(':')[0]}, with names")
    scenario = asked.pop("scenario", None)
    if scenario is None:
        scenario = _configured(request.config)
    elif isinstance(scenario, str):
        scenario = _found(scenario, request.path.parent)
    nef_server.reset(scenario, **asked)
    return nef_server


def _configured(config: pytest.Config) -> str | Path:
    option: str | None = config.getoption("--nef-scenario")
    if option is not None:
        return _found(option, config.invocation_params.dir)
    return _found(config.getini("nef_scenario"), config.rootpath)


def _found(scenario: str, folder: Path) -> str | Path:
    """A file from the place that names it, where there is one; a name as it is."""
    path = folder / scenario
    return path if path.is_file() else scenario
