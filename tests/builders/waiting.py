"""Waiting for what has to happen, for as long as a busy machine may need."""

import threading
import time
from collections.abc import Callable

import pytest

PATIENCE_S = 120.0


def until(condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait for something that has to happen; fails the test if it does not."""
    end_s = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > end_s:
            pytest.fail(f"it did not happen within {patience_s:g} s")
        threading.Event().wait(0.005)
