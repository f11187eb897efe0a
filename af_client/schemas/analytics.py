"""Answers of analytics: what a question finds in `AnalyticsData` or `AnalyticsEventNotif`."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast

from af_client.answers import (
    Answer,
    Bandwidth,
    CellCongestion,
    Communication,
    Congestion,
    Mobility,
    NetworkPerformance,
    PerformanceFigure,
    QosOutlook,
    Stay,
    Traffic,
    TransferTime,
    TransferTimes,
)
from af_client.errors import InvalidParam, NoAnalytics
from af_client.questions import (
    AnalyticsQuestion,
    BandwidthQuestion,
    CommunicationQuestion,
    CongestionQuestion,
    MobilityQuestion,
    PerformanceQuestion,
    QosQuestion,
    TransferTimeQuestion,
)
from af_client.reports import Report, Told
from af_client.schemas.analytics_data import (
    DataSchema,
    EventSchema,
    NotificationSchema,
    SubscriptionSchema,
)
from af_client.schemas.analytics_requests import event_of
from af_client.schemas.base import Malformed, loaded

_A = TypeVar("_A", bound=Answer)

_DATA = DataSchema()
_SUBSCRIPTION = SubscriptionSchema()
_NOTIFICATION = NotificationSchema()
_EVENT = EventSchema()


def told_in_reply(question: AnalyticsQuestion[Any], document: Any) -> Told:
    """What comes with a subscription at once.

    Raises Malformed, or NoAnalytics where the NEF says that it will not report on the question.
    """
    data = loaded(_SUBSCRIPTION, document)
    event = event_of(question)
    for failed in data["failed"]:
        if failed["event"] == event:
            raise NoAnalytics(f"the NEF does not report {event}: {failed['code']}")
    return Told(tuple(_reports(question, data["events"])))


def told_in_notification(
    question: AnalyticsQuestion[Any], document: Any, notification_id: str
) -> Told:
    """What a notification says; raises Malformed, also where it is one of another watch."""
    data = loaded(_NOTIFICATION, document)
    if data["notification_id"] != notification_id:
        raise Malformed((InvalidParam("/notifId", "is not that of this subscription"),))
    return Told(tuple(_reports(question, data["events"])), over="end" in data)


def _reports(question: AnalyticsQuestion[Any], events: list[Any]) -> Iterator[Report[Any]]:
    for document in events:
        head = loaded(_EVENT, document)
        if head["event"] != event_of(question):
            continue
        if "failure" in head:
            yield Report(question, failure=head["failure"])
            continue
        try:
            yield Report(question, answer_of(question, document))
        except NoAnalytics as missing:
            yield Report(question, failure=str(missing))


def answer_of(question: AnalyticsQuestion[_A], document: Any) -> _A:
    """The answer to a question in what a NEF says; raises Malformed, or NoAnalytics without one."""
    data = loaded(_DATA, document)
    times = {name: data.get(name) for name in ("generated_at", "valid_from", "valid_until")}
    return cast("_A", _READERS[type(question)](question, data, times))


def _bandwidth(_: BandwidthQuestion, data: Mapping[str, Any], times: dict[str, Any]) -> Bandwidth:
    found = (
        (dict(entry["performance"]), info.get("confidence"))
        for info in data["performances"]
        for entry in info["entries"]
        if "average_dl_bps" in entry["performance"]
    )
    performance, confidence = next(found, ({}, None))
    if not performance:
        raise NoAnalytics("the NEF's DN performance analytics name no avgTrafficRate")
    loss = performance.pop("loss_tenths_of_percent", None)
    # PacketLossRate counts tenths of a percent (TS 29.571 5.5.2).
    loss_rate = None if loss is None else loss / 1000
    return Bandwidth(**performance, loss_rate=loss_rate, confidence=confidence, **times)


def _transfer_times(
    question: TransferTimeQuestion, data: Mapping[str, Any], times: dict[str, Any]
) -> TransferTimes:
    infos = [*data["transfers"], *data["more_transfers"]]
    found = tuple(time for info in infos for time in _of_info(question, info, times))
    return TransferTimes(found, confidence=_least(time.confidence for time in found), **times)


def _of_info(
    question: TransferTimeQuestion, info: Mapping[str, Any], times: dict[str, Any]
) -> Iterator[TransferTime]:
    # A NEF need not repeat the size where only one was asked for.
    only = question.sizes[0] if len(question.sizes) == 1 else None
    for ue in (ue for slot in info["slots"] for ue in slot["ues"]):
        n_bytes, time_ms = ue["taken"].get("n_bytes", only), ue["taken"].get("time_ms")
        if n_bytes is not None and time_ms is not None:
            yield TransferTime(
                n_bytes,
                time_ms / 1000,
                ue.get("gpsi"),
                confidence=info.get("confidence"),
                **times,
            )


def _outlook(question: QosQuestion, data: Mapping[str, Any], times: dict[str, Any]) -> QosOutlook:
    shortfalls = tuple(data["shortfalls"])
    confidence = _least(one.confidence for one in shortfalls)
    return QosOutlook(question.rate_dl_bps, shortfalls, confidence=confidence, **times)


def _congestion(
    _: CongestionQuestion, data: Mapping[str, Any], times: dict[str, Any]
) -> Congestion:
    places = tuple(
        CellCongestion(info["cells"], one["level"]["percent"], one.get("confidence"))
        for info in data["congestions"]
        for one in info["analytics"]
        if "percent" in one["level"]
    )
    if not places:
        raise NoAnalytics("the NEF's analytics name no level of congestion")
    worst = max(places, key=lambda place: place.percent)
    return Congestion(worst.percent, places, confidence=worst.confidence, **times)


def _performance(
    _: PerformanceQuestion, data: Mapping[str, Any], times: dict[str, Any]
) -> NetworkPerformance:
    figures = tuple(
        PerformanceFigure(one["kind"], one.get("percent", one.get("number")), one.get("confidence"))
        for one in data["figures"]
        if "percent" in one or "number" in one
    )
    if not figures:
        raise NoAnalytics("the NEF's analytics name no figure of performance")
    confidence = _least(figure.confidence for figure in figures)
    return NetworkPerformance(figures, confidence=confidence, **times)


def _mobility(_: MobilityQuestion, data: Mapping[str, Any], times: dict[str, Any]) -> Mobility:
    stays = tuple(
        Stay(place["cells"], one["duration_s"], one.get("starts_at"), place.get("confidence"))
        for one in data["stays"]
        for place in one["places"]
    )
    return Mobility(stays, confidence=_least(stay.confidence for stay in stays), **times)


def _communication(
    _: CommunicationQuestion, data: Mapping[str, Any], times: dict[str, Any]
) -> Communication:
    traffic = tuple(Traffic(**one.pop("volume"), **one) for one in map(dict, data["traffic"]))
    return Communication(traffic, confidence=_least(one.confidence for one in traffic), **times)


def _least(confidences: Iterator[int | None]) -> int | None:
    return min((one for one in confidences if one is not None), default=None)


_READERS: Mapping[type[AnalyticsQuestion[Any]], Callable[..., Answer]] = {
    BandwidthQuestion: _bandwidth,
    TransferTimeQuestion: _transfer_times,
    QosQuestion: _outlook,
    CongestionQuestion: _congestion,
    PerformanceQuestion: _performance,
    MobilityQuestion: _mobility,
    CommunicationQuestion: _communication,
}
