"""Whom a network can be asked about: a UE, a group of UEs, an area."""

from collections.abc import Sequence
from typing import Any, TypeVar

from af_client.analytics import AnalyticsApi
from af_client.answers import (
    Answer,
    Bandwidth,
    Communication,
    Congestion,
    Location,
    Mobility,
    NetworkPerformance,
    PerformanceKind,
    QosOutlook,
    TransferTime,
    TransferTimes,
)
from af_client.errors import NoAnalytics
from af_client.exchange import Exchange
from af_client.mailbox import Channel, Reception
from af_client.monitoring import MonitoringApi
from af_client.questions import (
    AnalyticsQuestion,
    BandwidthQuestion,
    CommunicationQuestion,
    CongestionQuestion,
    LocationQuestion,
    MobilityQuestion,
    MonitoringQuestion,
    PerformanceQuestion,
    QosQuestion,
    Question,
    ReachabilityQuestion,
    Target,
    Terms,
    TransferTimeQuestion,
)
from af_client.reports import Told
from af_client.watching import DAY_S, Watch

_A = TypeVar("_A", bound=Answer)

#: Where nothing is ever sent to: a question that is answered in the reply has to name some URL.
_NOWHERE = "http://no-notifications.invalid/"
#: How long a subscription may outlive a process that died between asking and unsubscribing.
_BRIEFLY_S = 60.0


class Analytics:
    """What the network can do for UEs; made by `NefClient.ue`, `group` and `area`.

    `within_s` asks for the whole seconds to come, `past_s` for those gone by, neither for now.
    `per` is the packet error rate of the flow that is meant. Every method raises NoAnalytics
    where the NEF has no answer, NotFound for a UE that it does not know.
    """

    def __init__(self, exchange: Exchange, af_id: str, target: Target) -> None:
        self._analytics = AnalyticsApi(exchange, af_id)
        self._monitoring = MonitoringApi(exchange, af_id)
        self._target = target

    def bandwidth(
        self, *, within_s: int | None = None, past_s: int | None = None, per: str | None = None
    ) -> Bandwidth:
        """Fetch what a new flow could get, each UE by itself (DN_PERFORMANCE)."""
        return self._fetch(BandwidthQuestion(within_s=within_s, past_s=past_s, per=per))

    def transfer_time(self, n_bytes: int, *, per: str | None = None) -> TransferTime:
        """Ask how long so many bytes will take to arrive, from now on (E2E_DATA_VOL_TRANS_TIME).

        Raises NoAnalytics too where the network does not foresee that they arrive.
        """
        time = self.transfer_times([n_bytes], per=per).of(n_bytes)
        if time is None:
            raise NoAnalytics(f"that {n_bytes} bytes reach {self._target} is not foreseen")
        return time

    def transfer_times(self, sizes: Sequence[int], *, per: str | None = None) -> TransferTimes:
        """Ask how long each of some sizes will take, one at a time, in one request."""
        question = TransferTimeQuestion(tuple(sizes), per=per)
        told = self._ask(self._analytics.channel(question, self._target))
        for report in told.reports:
            if isinstance(report.answer, TransferTimes):
                return report.answer
        reason = told.reports[0].failure if told.reports else "it does not report at once"
        raise NoAnalytics(f"the NEF has no transfer times about {self._target} now: {reason}")

    def qos_outlook(
        self, *, rate_dl_bps: int, within_s: int | None = None, per: str | None = None
    ) -> QosOutlook:
        """Fetch whether a downlink rate will hold (QOS_SUSTAINABILITY)."""
        return self._fetch(QosQuestion(rate_dl_bps, within_s=within_s, per=per))

    def congestion(self, *, within_s: int | None = None, past_s: int | None = None) -> Congestion:
        """Fetch how congested the serving cells, or the area, are (CONGESTION)."""
        return self._fetch(CongestionQuestion(within_s=within_s, past_s=past_s))

    def network_performance(
        self, *kinds: str, within_s: int | None = None, past_s: int | None = None
    ) -> NetworkPerformance:
        """Fetch figures of the serving cells, or the area (NETWORK_PERFORMANCE); none for all."""
        asked = kinds or tuple(PerformanceKind)
        return self._fetch(PerformanceQuestion(kinds=asked, within_s=within_s, past_s=past_s))

    def mobility(self, *, within_s: int | None = None, past_s: int | None = None) -> Mobility:
        """Fetch where the UE is, was or will be (UE_MOBILITY)."""
        return self._fetch(MobilityQuestion(within_s=within_s, past_s=past_s))

    def communication(
        self, *, within_s: int | None = None, past_s: int | None = None
    ) -> Communication:
        """Fetch when the UE communicates, besides the flows of AFs (UE_COMM)."""
        return self._fetch(CommunicationQuestion(within_s=within_s, past_s=past_s))

    def watch(
        self,
        receiver: Reception,
        *questions: Question[_A],
        every_s: int | None = None,
        max_reports: int | None = None,
        duration_s: float = DAY_S,
    ) -> Watch[_A]:
        """Have questions answered again and again, for the length of a `with` block.

        `every_s` asks for a report each so many whole seconds; without it there is one when a
        threshold of the question is crossed, or, where it has none, on each change. `max_reports`
        counts for each question, the one at once included. Questions about events of a UE need a
        UE; they raise ValueError for a group or an area. `receiver` is a `NotificationReceiver`:
        watches are posted to, and TypeError is raised for anything else that listens.
        """
        if not hasattr(receiver, "lend"):
            kind = type(receiver).__name__
            reason = f"a watch is posted to: give it a NotificationReceiver, not a {kind}"
            raise TypeError(f"{reason}; websockets are for sessions")
        if not questions:
            raise ValueError("watch what? Name at least one question, BandwidthQuestion() say")
        terms = Terms(duration_s, every_s, max_reports)
        return Watch(receiver, [self._channel(question) for question in questions], terms)

    def _fetch(self, question: AnalyticsQuestion[_A]) -> _A:
        return self._analytics.fetch(question, self._target)

    def _channel(self, question: Question[Any]) -> Channel:
        if isinstance(question, AnalyticsQuestion):
            return self._analytics.channel(question, self._target)
        if isinstance(question, MonitoringQuestion) and self._target.gpsi is not None:
            return self._monitoring.channel(question, self._target.gpsi)
        if isinstance(question, type):
            raise TypeError(f"{question.__name__} is a class; ask {question.__name__}()")
        raise ValueError(f"{question} can be asked about a UE, but not about {self._target}")

    def _ask(self, channel: Channel) -> Told:
        """Subscribe for what is reported at once, and unsubscribe again."""
        try:
            return channel.open(_NOWHERE, Terms(_BRIEFLY_S, once=True))
        finally:
            channel.close()


class UeAnalytics(Analytics):
    """What the network can do for one UE, and where and how it is."""

    def location(self) -> Location:
        """Ask where the UE is, as the network knows it (LOCATION_REPORTING).

        Raises NoAnalytics where the network does not know.
        """
        told = self._ask(self._channel(LocationQuestion()))
        for report in told.reports:
            if isinstance(report.answer, Location):
                return report.answer
        reason = told.reports[0].failure if told.reports else "it does not report at once"
        raise NoAnalytics(f"the NEF does not know where {self._target} is: {reason}")

    def reachable(self) -> bool:
        """Ask whether data can reach the UE now (UE_REACHABILITY)."""
        told = self._ask(self._channel(ReachabilityQuestion()))
        return any(report.answer is not None for report in told.reports)
