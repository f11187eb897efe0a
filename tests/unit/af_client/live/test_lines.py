"""Reports as lines of JSON."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from af_client import (
    Bandwidth,
    BandwidthQuestion,
    Cell,
    CellCongestion,
    Congestion,
    CongestionQuestion,
    ConnectivityLossQuestion,
    QosOutlook,
    QosQuestion,
    Report,
    Shortfall,
    TransferTime,
    TransferTimeQuestion,
    TransferTimes,
)
from af_client.live.lines import line_of

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
WHEN = "2026-11-23T12:00:00+00:00"


@pytest.mark.parametrize(
    ("report", "event", "fields"),
    [
        (
            Report(BandwidthQuestion(), Bandwidth(5, delay_ms=8, generated_at=NOON)),
            "bandwidth",
            {"average_dl_bps": 5, "delay_ms": 8, "generated_at": WHEN},
        ),
        (
            Report(BandwidthQuestion(within_s=30), Bandwidth(5, confidence=80)),
            "bandwidth",
            {"within_s": 30, "average_dl_bps": 5, "confidence": 80},
        ),
        (
            Report(
                TransferTimeQuestion((5, 6)),
                TransferTimes((TransferTime(5, 0.25, "msisdn-1", confidence=90),), confidence=90),
            ),
            "transfer_times",
            {
                "times": [{"n_bytes": 5, "seconds": 0.25, "confidence": 90}],
                "confidence": 90,
            },
        ),
        (
            Report(QosQuestion(7, within_s=9), QosOutlook(7, (Shortfall(NOON, NOON, 80),))),
            "qos_outlook",
            {
                "within_s": 9,
                "holds": False,
                "rate_dl_bps": 7,
                "shortfalls": [{"starts_at": WHEN, "ends_at": WHEN, "confidence": 80}],
            },
        ),
        (
            Report(
                CongestionQuestion(),
                Congestion(35, (CellCongestion((Cell("001", "01", "00a"),), 35),)),
            ),
            "congestion",
            {"percent": 35, "places": [{"cells": ["001-01-00a"], "percent": 35}]},
        ),
        (
            Report(ConnectivityLossQuestion(), failure="this NEF does not offer it"),
            "no_answer",
            {"about": "connectivity_loss", "reason": "this NEF does not offer it"},
        ),
    ],
)
def test_a_line_says_what_is_known_and_nothing_else(
    report: Report[Any], event: str, fields: dict[str, Any]
) -> None:
    said = line_of(report)
    assert said == (event, fields)
    assert json.loads(json.dumps(said[1])) == fields
