"""Watch one UE until told to stop, and leave no subscription behind."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from af_client.answers import Answer
from af_client.client import NefClient
from af_client.errors import NefError, ProblemError
from af_client.eventlog import Log
from af_client.live.board import Board
from af_client.live.lines import line_of
from af_client.notifications import NotificationReceiver
from af_client.questions import (
    BandwidthQuestion,
    CongestionQuestion,
    ConnectivityLossQuestion,
    LocationQuestion,
    QosQuestion,
    Question,
    ReachabilityQuestion,
    TransferTimeQuestion,
)
from af_client.reports import Report
from af_client.tokens import Credentials
from af_client.transport import Tls
from af_client.watching import Watch

#: How often the screen is drawn.
_FRAME_S = 0.25


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Which UE, of which NEF, and what is of interest: sizes in bytes, a rate to be kept."""

    nef_url: str
    af_id: str
    gpsi: str
    within_s: int
    every_s: int | None = None
    sizes: tuple[int, ...] = ()
    rate_dl_bps: int | None = None
    notifications_host: str = "127.0.0.1"
    credentials: Credentials | None = None
    tls: Tls | None = None

    @property
    def questions(self) -> tuple[Question[Answer], ...]:
        """What is asked, in the order in which it is shown; the first one is indispensable."""
        asked: list[Question[Answer]] = [
            BandwidthQuestion(),
            BandwidthQuestion(within_s=self.within_s),
        ]
        if self.rate_dl_bps is not None:
            asked.append(QosQuestion(self.rate_dl_bps, within_s=self.within_s))
        if self.sizes:
            asked.append(TransferTimeQuestion(self.sizes))
        return (
            *asked,
            CongestionQuestion(),
            LocationQuestion(),
            ReachabilityQuestion(),
            ConnectivityLossQuestion(),
        )


def print_lines(settings: LiveSettings, stop: threading.Event, log: Log) -> None:
    """Write each report as an event; raises what the first subscription raises."""

    def told(report: Report[Any]) -> None:
        event, fields = line_of(report)
        log(event, ue=settings.gpsi, **fields)

    with _watching(settings, told) as watches:
        while not (stop.wait(_FRAME_S) or _are_over(watches)):
            pass


def show(settings: LiveSettings, stop: threading.Event) -> None:
    """Draw a panel in the terminal; raises as `print_lines` does."""
    from rich.live import Live  # noqa: PLC0415 - the lines do without

    from af_client.live.view import render  # noqa: PLC0415

    board, lock = Board(), threading.Lock()

    def told(report: Report[Any]) -> None:
        with lock:
            board.take(report, time.monotonic())

    title = f"{settings.gpsi} at {settings.nef_url}"
    with _watching(settings, told) as watches, Live(auto_refresh=False) as live:
        while not (stop.wait(_FRAME_S) or _are_over(watches)):
            with lock:
                screen = render(title, settings.questions, board, time.monotonic())
            live.update(screen, refresh=True)


@contextmanager
def _watching(
    settings: LiveSettings, told: Callable[[Report[Any]], None]
) -> Iterator[list[Watch[Answer]]]:
    """Watch everything that this NEF lets us watch; `told` also hears what it does not."""
    first, *others = settings.questions
    with (
        NefClient(
            settings.nef_url, settings.af_id, credentials=settings.credentials, tls=settings.tls
        ) as nef,
        NotificationReceiver(settings.notifications_host) as receiver,
        ExitStack() as stack,
    ):
        ue = nef.ue(gpsi=settings.gpsi)

        def begun(question: Question[Answer]) -> Watch[Answer]:
            every_s = None if _is_event(question) else settings.every_s
            watch = stack.enter_context(ue.watch(receiver, question, every_s=every_s))
            watch.on_report(told)
            return watch

        watches = [begun(first)]
        for question in others:
            try:
                watches.append(begun(question))
            except NefError as fault:
                told(Report(question, failure=_in_short(fault)))
        yield watches


def _are_over(watches: Sequence[Watch[Answer]]) -> bool:
    return all(watch.is_over for watch in watches)


def _is_event(question: Question[Answer]) -> bool:
    """Whether it is about something that happens, and not about a value that can be repeated."""
    return isinstance(question, (ReachabilityQuestion, ConnectivityLossQuestion, LocationQuestion))


def _in_short(fault: NefError) -> str:
    if not isinstance(fault, ProblemError):
        return str(fault)
    if fault.cause in ("INVALID_API", "RESOURCE_URI_STRUCTURE_NOT_FOUND"):
        return "this NEF does not offer it"
    return fault.detail or fault.cause or f"the NEF answered {fault.status}"
