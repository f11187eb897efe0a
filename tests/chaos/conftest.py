"""Each scenario runs once a seed; how many, and from which on, are options of pytest."""

import pytest


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test that asks for a seed as many as are wanted."""
    if "seed" in metafunc.fixturenames:
        first = metafunc.config.getoption("--chaos-seed")
        rounds = metafunc.config.getoption("--chaos-rounds")
        metafunc.parametrize("seed", range(first, first + rounds), ids="seed-{}".format)
