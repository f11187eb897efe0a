"""Rates, as the lines that tc gets."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nef.network.linux.classes import (
    LEAST_RATE_BPS,
    added_lines,
    burst_bytes,
    changed_lines,
    rates_of,
    removed_lines,
)
from nef.network.userplane.classification import GrantTable, QosFlow

LIMIT = 1 << 20


def table(**rates_bps: int) -> GrantTable:
    flows = tuple(QosFlow(key, rate, 0.0) for key, rate in rates_bps.items())
    return GrantTable(1, {bytes(4): flows, bytes(16): flows})


def word_after(line: str, word: str) -> str:
    words = line.split()
    return words[words.index(word) + 1]


def test_a_flow_with_two_addresses_has_one_class() -> None:
    assert rates_of(table(a=10**6), {"a": 16}) == {16: 10**6}


def test_a_flow_without_a_rate_has_no_class() -> None:
    numbers = {"a": 16, "b": 17, "c": 18}
    grants = table(a=0, b=LEAST_RATE_BPS - 1, c=LEAST_RATE_BPS)
    assert rates_of(grants, numbers) == {18: LEAST_RATE_BPS}


def test_a_new_class_is_as_fast_as_it_is_granted_and_has_a_bounded_queue() -> None:
    made, queued = added_lines({}, {0x1A: 50 * 10**6}, LIMIT)
    assert made.startswith("class add ")
    assert word_after(made, "classid") == "1:1a"
    assert word_after(made, "rate") == word_after(made, "ceil") == "50000000bit"
    assert word_after(queued, "parent") == "1:1a"
    assert word_after(queued, "handle") == "1a:"
    assert word_after(queued, "limit") == str(LIMIT)


def test_another_rate_leaves_the_queue_with_what_waits_in_it() -> None:
    old, new = {16: 10**6, 17: 10**6}, {16: 10**6, 17: 3 * 10**6}
    assert added_lines(old, new, LIMIT) == []
    (line,) = changed_lines(old, new)
    assert line.startswith("class change ")
    assert word_after(line, "classid") == "1:11"
    assert word_after(line, "rate") == "3000000bit"


def test_what_is_gone_is_removed_and_nothing_else() -> None:
    (line,) = removed_lines({16: 1, 17: 1}, {17: 2, 18: 1})
    assert line.startswith("class del ")
    assert word_after(line, "classid") == "1:10"
    assert changed_lines({16: 10**6, 17: 1}, {16: 10**6, 18: 1}) == []


@given(st.integers(LEAST_RATE_BPS, 4 * 10**11))
def test_a_burst_is_some_milliseconds_of_its_rate_and_never_less_than_a_packet(rate: int) -> None:
    burst = burst_bytes(rate)
    assert burst >= 1514
    assert burst == 1600 or 0.004 <= burst * 8 / rate <= 0.010


@pytest.mark.parametrize("rate", [LEAST_RATE_BPS, 1_100_000_000])
def test_both_buckets_of_htb_have_the_burst(rate: int) -> None:
    line = added_lines({}, {16: rate}, LIMIT)[0]
    assert word_after(line, "burst") == word_after(line, "cburst") == str(burst_bytes(rate))
    assert re.search(r"quantum \d+", line), "else the kernel warns"
