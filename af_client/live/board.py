"""What is known of a UE at a moment, from the reports so far."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from af_client.answers import Answer, Bandwidth, ConnectivityLoss, Reachability
from af_client.questions import BandwidthQuestion, Question
from af_client.reports import Report

#: What the sparkline shows, in seconds and in columns.
MINUTE_S = 60.0
COLUMNS = 30


@dataclass
class Board:
    """The last report on each question, and the bandwidth of the last minute.

    Times are seconds of one clock. `missing` says of a question why it has no answer.
    """

    answers: dict[Question[Any], Answer] = field(default_factory=dict)
    missing: dict[Question[Any], str] = field(default_factory=dict)
    reachable: bool | None = None
    heard_s: float | None = None
    _rates: deque[tuple[float, int]] = field(default_factory=deque)

    def take(self, report: Report[Any], now_s: float) -> None:
        """Remember a report."""
        self.heard_s = now_s
        if report.answer is None:
            self.answers.pop(report.question, None)
            self.missing[report.question] = report.failure or "no answer"
            return
        self.missing.pop(report.question, None)
        self.answers[report.question] = report.answer
        if isinstance(report.answer, (Reachability, ConnectivityLoss)):
            self.reachable = isinstance(report.answer, Reachability)
        if report.question == BandwidthQuestion() and isinstance(report.answer, Bandwidth):
            self._remember(now_s, report.answer.average_dl_bps)

    def rates(self, now_s: float) -> list[int | None]:
        """Return the bandwidth of the last minute in equal steps; None before the first report.

        A reported rate holds until the next report.
        """
        step_s = MINUTE_S / COLUMNS
        times = (now_s - step_s * back for back in reversed(range(COLUMNS)))
        return [self._rate_at(time_s) for time_s in times]

    def _rate_at(self, time_s: float) -> int | None:
        return next((rate for since_s, rate in reversed(self._rates) if since_s <= time_s), None)

    def _remember(self, now_s: float, rate_bps: int) -> None:
        self._rates.append((now_s, rate_bps))
        # The last one before the minute still holds at its beginning.
        while len(self._rates) > 1 and self._rates[1][0] <= now_s - MINUTE_S:
            self._rates.popleft()
