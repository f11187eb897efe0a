"""What is known of a UE, from the reports so far."""

from typing import Any

from af_client import (
    Bandwidth,
    BandwidthQuestion,
    Congestion,
    CongestionQuestion,
    ConnectivityLoss,
    ConnectivityLossQuestion,
    Reachability,
    ReachabilityQuestion,
    Report,
)
from af_client.live.board import COLUMNS, MINUTE_S, Board


def bandwidth(rate_bps: int, within_s: int | None = None) -> Report[Any]:
    return Report(BandwidthQuestion(within_s=within_s), Bandwidth(rate_bps))


def test_the_last_answer_to_each_question_counts() -> None:
    board = Board()
    for report in (bandwidth(5), bandwidth(7), bandwidth(9, within_s=30)):
        board.take(report, 1.0)
    assert board.answers == {
        BandwidthQuestion(): Bandwidth(7),
        BandwidthQuestion(within_s=30): Bandwidth(9),
    }
    assert board.heard_s == 1.0


def test_a_rate_holds_until_the_next_report() -> None:
    board = Board()
    board.take(bandwidth(5), 100.0)
    board.take(bandwidth(7), 110.0)
    rates = board.rates(120.0)
    assert len(rates) == COLUMNS
    assert rates[-1] == 7
    assert rates.count(7) == rates.count(5) + 1
    assert rates[0] is None


def test_what_was_reported_before_the_minute_still_holds_in_it() -> None:
    board = Board()
    for second in range(5):
        board.take(bandwidth(second), float(second))
    assert board.rates(4.0 + MINUTE_S) == [4] * COLUMNS
    assert board.rates(1000.0) == [4] * COLUMNS


def test_a_forecast_is_not_the_past() -> None:
    board = Board()
    board.take(bandwidth(9, within_s=30), 1.0)
    assert board.rates(2.0) == [None] * COLUMNS


def test_a_question_without_an_answer_has_a_reason_until_it_has_one() -> None:
    board = Board()
    question = CongestionQuestion()
    board.take(Report(question, Congestion(5)), 1.0)
    board.take(Report(question, failure="UNAVAILABLE_DATA"), 2.0)
    assert (board.answers, board.missing) == ({}, {question: "UNAVAILABLE_DATA"})
    board.take(Report(question, Congestion(6)), 3.0)
    assert (board.answers, board.missing) == ({question: Congestion(6)}, {})


def test_a_ue_is_reachable_until_it_loses_its_connection() -> None:
    board = Board()
    reachable = [board.reachable]
    for report in (
        Report(ReachabilityQuestion(), Reachability("DATA")),
        Report(ConnectivityLossQuestion(), ConnectivityLoss(7)),
    ):
        board.take(report, 1.0)
        reachable.append(board.reachable)
    assert reachable == [None, True, False]
