"""Each scenario runs once a seed; how many, and from which on, are options of pytest."""

from collections.abc import Iterator

import pytest

from builders.postgresql import PostgresServer, running_postgres


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test that asks for a seed as many as are wanted."""
    if "seed" in metafunc.fixturenames:
        first = metafunc.config.getoption("--chaos-seed")
        rounds = metafunc.config.getoption("--chaos-rounds")
        metafunc.parametrize("seed", range(first, first + rounds), ids="seed-{}".format)


@pytest.fixture(scope="module")
def durable() -> Iterator[PostgresServer]:
    """A PostgreSQL server that may be stopped."""
    with running_postgres(survives=True) as server:
        yield server
