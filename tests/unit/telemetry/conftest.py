"""No test of these sees the request of another one."""

from collections.abc import Iterator

import pytest

from nef.telemetry import requests


@pytest.fixture(autouse=True)
def _no_request() -> Iterator[None]:
    yield
    requests._TRACE.set(None)
