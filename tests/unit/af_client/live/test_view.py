"""What the terminal shows."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from af_client import (
    Answer,
    Bandwidth,
    BandwidthQuestion,
    Congestion,
    CongestionQuestion,
    ConnectivityLoss,
    ConnectivityLossQuestion,
    Location,
    LocationQuestion,
    QosOutlook,
    QosQuestion,
    Question,
    Reachability,
    ReachabilityQuestion,
    Report,
    Shortfall,
    TransferTime,
    TransferTimeQuestion,
    TransferTimes,
)
from af_client.live.board import Board
from af_client.live.run import LiveSettings
from af_client.live.view import render, sparkline

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SIZES = TransferTimeQuestion((100_000, 12_000_000))


def shown(*reports: Report[Any], asked: tuple[Question[Answer], ...] = ()) -> str:
    board = Board()
    for report in reports:
        board.take(report, 10.0)
    questions = asked or tuple(report.question for report in reports)
    console = Console(width=100, force_terminal=False)
    with console.capture() as capture:
        console.print(render("msisdn-1", questions, board, 12.0))
    return capture.get()


@pytest.mark.parametrize(
    ("report", "parts"),
    [
        (Report(BandwidthQuestion(), Bandwidth(33_600_000)), ["bandwidth", "33.6 Mbit/s", "█"]),
        (
            Report(
                BandwidthQuestion(within_s=30), Bandwidth(5_000, 1_500_000_000, 0, confidence=80)
            ),
            ["next 30 s", "5 kbit/s", "nothing to 1.50 Gbit/s", "confidence 80 %"],
        ),
        (
            Report(SIZES, TransferTimes((TransferTime(100_000, 0.128, confidence=90),))),
            ["100 kB take", "0.128 s", "confidence 90 %", "12 MB take", "no end foreseen"],
        ),
        (Report(QosQuestion(30_000_000), QosOutlook(30_000_000)), ["30.0 Mbit/s", "holds"]),
        (
            Report(
                QosQuestion(30_000_000, within_s=30),
                QosOutlook(30_000_000, (Shortfall(NOON, NOON),)),
            ),
            ["30.0 Mbit/s, 30 s", "falls short", f"from {NOON.astimezone():%H:%M:%S} to"],
        ),
        (Report(CongestionQuestion(), Congestion(35)), ["congestion", "35 %"]),
        (
            Report(LocationQuestion(), Location("cell-1", "0001")),
            ["location", "cell-1", "tracking area 0001"],
        ),
        (Report(ReachabilityQuestion(), Reachability("DATA")), ["reachable", "yes"]),
        (
            Report(CongestionQuestion(), failure="this NEF does not offer it"),
            ["congestion", "—", "this NEF does not offer it"],
        ),
    ],
)
def test_each_answer_has_its_row(report: Report[Any], parts: list[str]) -> None:
    text = shown(report)
    assert [part for part in parts if part not in text] == []
    assert "heard 2 s ago" in text


def test_a_loss_of_connectivity_is_told_in_the_row_of_reachability() -> None:
    asked = (ReachabilityQuestion(), ConnectivityLossQuestion())
    lost = Report(ConnectivityLossQuestion(), ConnectivityLoss(7))
    text = shown(Report(ReachabilityQuestion(), Reachability()), lost, asked=asked)
    assert "reachable" in text
    assert " no " in text
    assert "connectivity" not in text


def test_before_the_first_report_every_row_is_there_already() -> None:
    settings = LiveSettings(
        "http://nef", "watch", "msisdn-1", 30, None, SIZES.sizes, rate_dl_bps=1_000_000
    )
    text = shown(asked=settings.questions)
    for label in ("bandwidth", "next 30 s", "1.0 Mbit/s", "12 MB", "congestion", "reachable"):
        assert label in text
    assert "no report yet" in text


@pytest.mark.parametrize(
    ("rates", "line"),
    [
        ([], ""),
        ([None, 0, 0], " ▁▁"),
        ([None, 5, 10], " ▅█"),
        ([1000, 0], "█▁"),
    ],
)
def test_a_sparkline_is_drawn_between_zero_and_its_highest(
    rates: list[int | None], line: str
) -> None:
    assert sparkline(rates) == line
