"""What every test may ask for."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
def in_threads() -> Callable[[int, Callable[[int], None]], None]:
    """Run something in several threads at once; an exception of any fails the test."""

    def run(count: int, work: Callable[[int], None]) -> None:
        with ThreadPoolExecutor(count) as pool:
            for _ in pool.map(work, range(count)):
                pass

    return run
