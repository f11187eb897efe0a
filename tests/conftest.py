"""What every test may ask for."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from builders.postgresql import PostgresServer, running_postgres

# The same examples in every run, and no test fails because the machine was busy; new examples
# come with `pytest --hypothesis-profile=search` (make search).
_UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", _UNHURRIED, max_examples=500, print_blob=True)
settings.register_profile("same", _UNHURRIED, derandomize=True, max_examples=50)
settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the tests run that can go on and on: those of tests/chaos and of tests/fuzz."""
    parser.addoption("--chaos-rounds", type=int, default=1, help="Rounds of each scenario.")
    parser.addoption("--fuzz-s", type=float, default=0.0, help="Seconds for each document.")
    parser.addoption("--fuzz-seed", type=int, help="Where to begin; a run prints it.")
    parser.addoption("--chaos-seed", type=int, default=1, help="The seed of the first round.")


@pytest.fixture
def in_threads() -> Callable[[int, Callable[[int], None]], None]:
    """Run something in several threads at once; an exception of any fails the test."""

    def run(count: int, work: Callable[[int], None]) -> None:
        with ThreadPoolExecutor(count) as pool:
            for _ in pool.map(work, range(count)):
                pass

    return run


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for all tests of this process that ask for one."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that outlives a process, of each kind there is."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'nef.sqlite3'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url
