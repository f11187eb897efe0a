"""What keeps a user plane to its grants, around one that only remembers."""

import io
import json
import logging
from typing import Any

import pytest

from builders.userplane import UE
from nef.network.userplane.accounts import Accounts
from nef.network.userplane.classification import GrantTable, QosFlow
from nef.network.userplane.counters import RelayCounters
from nef.network.userplane.measurements import MeasurementReporter

MS = 10**6


class Remembering:
    """A user plane that counts a packet for each look."""

    def __init__(self) -> None:
        self.tables: list[GrantTable] = []
        self.counters = RelayCounters()

    def enforce(self, table: GrantTable, now_ns: int) -> None:
        self.tables.append(table)

    def counted(self, now_ns: int) -> RelayCounters:
        flow = self.counters.flow("s/1")
        flow.packets_in += 1
        flow.packets_sent += 1
        return self.counters

    def close(self) -> None:
        pass


class Running:
    """The accounts, with what it wrote."""

    def __init__(self, counters_to: io.StringIO | None = None) -> None:
        self.plane = Remembering()
        self.reporter = MeasurementReporter("http://127.0.0.1:9", 0.2)
        self.accounts = Accounts(self.plane, self.reporter, counters_to, 0)


def table(*addresses: Any, rate: int = 1) -> GrantTable:
    return GrantTable(1, {a.packed: (QosFlow("default/x", rate, 0.0),) for a in addresses})


def test_nothing_is_enforced_before_there_are_grants() -> None:
    running = Running()
    assert not running.accounts.follow(None, 0)
    assert running.plane.tables == []


def test_a_table_is_enforced_once_and_the_next_one_too() -> None:
    running = Running()
    first, second = table(UE), table(UE, rate=2)
    others = [running.accounts.follow(one, 0) for one in (first, first, second, second)]
    assert others == [True, False, True, False]
    assert running.plane.tables == [first, second]


def test_counters_are_looked_at_every_so_often_and_reported() -> None:
    running = Running()
    for at_ms in range(1000):
        running.accounts.due(at_ms * MS)
    assert running.plane.counters.flows["s/1"].packets_in == 5
    assert running.reporter.latest["s/1"]["packetsCarried"] == 5
    running.accounts.end(1000 * MS)
    assert running.reporter.latest["s/1"]["packetsCarried"] == 6


def test_counters_are_written_every_second_and_at_the_end() -> None:
    stream = io.StringIO()
    running = Running(stream)
    for at_ms in range(1, 2501):
        running.accounts.due(at_ms * MS)
    running.accounts.end(2501 * MS)
    written = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["flows"]["s/1"]["packets_in"] for line in written] == [1, 6, 11, 14]


def test_a_reader_that_is_gone_is_told_once_and_carrying_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Unwritable(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError(32, "nobody reads")

    running = Running(Unwritable())
    with caplog.at_level(logging.WARNING):
        running.accounts.due(1)
        running.accounts.end(10**10)
    assert len(caplog.messages) == 1
    assert "nobody reads" in caplog.messages[0]
    assert running.plane.counters.flows["s/1"].packets_in == 2
