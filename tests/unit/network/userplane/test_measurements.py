"""What the relay tells the NEF of its flows: cumulative, and nothing that was told already."""

from collections.abc import Iterator

import pytest
import requests

from builders.userplane import FakeNef
from nef.network.userplane.counters import RelayCounters
from nef.network.userplane.measurements import ALL_EVERY_S, Entry, MeasurementReporter, Tally

MS = 10**6


def sent(counters: RelayCounters, key: str, packets: int, waited_us: int = 0) -> None:
    counters.flow(key).packets_in += packets
    counters.flow(key).sent(packets, packets * 1400, waited_us)


def test_an_entry_has_the_counters_and_the_time_in_which_they_moved() -> None:
    counters, tally = RelayCounters(), Tally(0)
    counters.flow("s/2")
    sent(counters, "s/1", 2, waited_us=300)
    sent(counters, "s/1", 1, waited_us=100)
    assert tally.entries(counters, 200 * MS) == {
        "s/1": {
            "flowKey": "s/1",
            "packetsCarried": 3,
            "bytesCarried": 4200,
            "packetsLost": 0,
            "packetsOverflowed": 0,
            "waitUs": 700,
            "longestWaitUs": 300,
            "lastWaitUs": 100,
            "activeMs": 200,
        }
    }


def test_a_pause_is_no_time_of_activity() -> None:
    counters, tally = RelayCounters(), Tally(0)
    sent(counters, "s/1", 1)
    tally.entries(counters, 200 * MS)
    tally.entries(counters, 5000 * MS)
    sent(counters, "s/1", 1)
    assert tally.entries(counters, 5200 * MS)["s/1"]["activeMs"] == 400


def test_what_did_not_move_is_the_same_entry_and_what_is_gone_has_none() -> None:
    counters, tally = RelayCounters(), Tally(0)
    sent(counters, "s/1", 1)
    sent(counters, "s/2", 1)
    before = tally.entries(counters, MS)
    sent(counters, "s/2", 1)
    after = tally.entries(counters, 2 * MS)
    assert after["s/1"] is before["s/1"]
    assert after["s/2"] != before["s/2"]
    del counters.flows["s/1"]
    assert set(tally.entries(counters, 3 * MS)) == {"s/2"}


@pytest.fixture
def nef() -> FakeNef:
    return FakeNef({})


@pytest.fixture
def reporter(nef: FakeNef) -> Iterator[MeasurementReporter]:
    with nef.serving() as url:
        yield MeasurementReporter(url, 0.01)


def entry(key: str = "s/1", packets: int = 1) -> Entry:
    return {"flowKey": key, "packetsCarried": packets}


def told(nef: FakeNef) -> list[list[str]]:
    return [[flow["flowKey"] for flow in body["flows"]] for body in nef.measured]


def test_only_what_changed_is_told_and_everything_now_and_then(
    nef: FakeNef, reporter: MeasurementReporter
) -> None:
    reporter.report(0.0)
    reporter.latest = {"s/1": entry(), "s/2": entry("s/2")}
    reporter.report(0.2)
    reporter.report(0.4)
    reporter.latest = {**reporter.latest, "s/2": entry("s/2", 2)}
    reporter.report(0.6)
    reporter.report(ALL_EVERY_S)
    assert told(nef) == [["s/1", "s/2"], ["s/2"], ["s/1", "s/2"]]
    assert {body["runId"] for body in nef.measured} == {reporter.run_id}


def test_what_was_not_taken_is_told_again_and_the_refusal_logged_once(
    nef: FakeNef, reporter: MeasurementReporter, caplog: pytest.LogCaptureFixture
) -> None:
    nef.takes = 503
    reporter.latest = {"s/1": entry()}
    reporter.report(0.0)
    reporter.report(0.2)
    nef.takes = 200
    reporter.report(0.4)
    reporter.report(0.6)
    assert told(nef) == [["s/1"]] * 3
    (message,) = caplog.messages
    assert "HTTP 503" in message


def test_very_many_flows_go_in_several_reports(nef: FakeNef, reporter: MeasurementReporter) -> None:
    reporter.latest = {f"s/{n}": entry(f"s/{n}") for n in range(2500)}
    reporter.report(0.0)
    assert [len(flows) for flows in told(nef)] == [1000, 1000, 500]


def test_a_nef_that_was_gone_is_told_what_it_missed(
    nef: FakeNef, reporter: MeasurementReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        monkeypatch.undo()
        raise requests.ConnectionError("nobody listens")

    monkeypatch.setattr(requests.Session, "put", gone)
    reporter.latest = {"s/1": entry()}
    reporter.report(0.0)
    assert told(nef) == []
    reporter.report(0.2)
    assert told(nef) == [["s/1"]]
