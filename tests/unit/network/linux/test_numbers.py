"""Numbers of flows."""

import pytest

from nef.network.linux.commands import LinuxPlaneUnusable
from nef.network.linux.numbers import FIRST, LAST, FlowNumbers


def test_a_flow_keeps_its_number_while_others_come_and_go() -> None:
    numbers = FlowNumbers()
    numbers.take(["a", "b", "c"])
    of_b = numbers.of["b"]
    numbers.give_back({"a"})
    numbers.take(["b", "d", "e"])
    assert numbers.of["b"] == of_b
    assert len(set(numbers.of.values())) == len(numbers.of) == 4


def test_numbers_are_used_again_so_that_they_do_not_run_out() -> None:
    numbers = FlowNumbers()
    for session in range(100_000):
        numbers.take([f"s{session}"])
        numbers.give_back({f"s{session}"})
    numbers.take(["last"])
    assert numbers.of == {"last": FIRST}


def test_more_flows_than_tc_has_classes_are_refused() -> None:
    numbers = FlowNumbers()
    numbers.take(str(at) for at in range(LAST - FIRST + 1))
    with pytest.raises(LinuxPlaneUnusable, match=str(LAST - FIRST + 1)):
        numbers.take(["one more"])
