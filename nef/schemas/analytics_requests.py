"""What an AF asks of analytics, from the wire (TS 29.522 5.6.3; TS 29.520 5.1.6.2)."""

from collections.abc import Mapping
from typing import Any

from nef.domain.analytics import (
    PERFORMANCE_MEASURES,
    AnalyticsEvent,
    AnalyticsRequest,
    Measure,
    Quality,
    Question,
    Target,
    Threshold,
    Volume,
    Window,
)
from nef.domain.areas import NOWHERE
from nef.domain.errors import InvalidParam, InvalidRequest
from nef.domain.reporting import Direction, Method, Reporting
from nef.schemas.analytics_filters import QuestionSchema, RequestSchema
from nef.schemas.analytics_offers import refused_of_question, refused_of_reporting
from nef.schemas.base import loaded
from nef.schemas.links import websocket_wanted

_PERFORMANCES = {measure.value: measure for measure in PERFORMANCE_MEASURES}
_REQUEST, _QUESTION = RequestSchema(), QuestionSchema()
#: What an AF gives; the rest of its document is the NEF's to say.
_OWN = frozenset(field.data_key for field in _REQUEST.fields.values()) | {"websockNotifConfig"}


def question_of(document: Any) -> Question:
    """What a fetch asks; raises InvalidRequest, also for what is not offered."""
    parts = loaded(_QUESTION, document)
    refused = refused_of_question(document, "")
    if refused:
        raise InvalidRequest(*refused)
    return _question(parts, "")


def request_of(document: Any) -> AnalyticsRequest:
    """What a subscription asks; raises InvalidRequest, also where none of it is offered.

    Of questions that are not offered beside others that are, the events are kept.
    """
    parts = loaded(_REQUEST, document)
    wrong = refused_of_reporting(document.get("analyRepInfo") or {})
    questions, unsupported, refused = [], [], []
    for i, part in enumerate(parts["questions"]):
        pointer = f"/analyEventsSubs/{i}"
        reasons = refused_of_question(document["analyEventsSubs"][i], pointer)
        if reasons:
            unsupported.append(part["event"])
            refused += reasons
        else:
            questions.append(_question(part, pointer))
    if wrong or not questions:
        raise InvalidRequest(*wrong, *(() if questions else refused))
    return AnalyticsRequest(
        destination=parts["destination"],
        notification_id=parts["notification_id"],
        questions=tuple(questions),
        unsupported=tuple(unsupported),
        reporting=_reporting(parts.get("reporting", {})),
        features=parts.get("features"),
        test_notification=parts.get("test_notification", False),
        websocket=websocket_wanted(document),
        wire={key: value for key, value in document.items() if key in _OWN},
    )


def _question(parts: Mapping[str, Any], pointer: str) -> Question:
    conditions = parts.get("conditions", {})
    event = AnalyticsEvent(parts["event"])
    window = dict(parts.get("window") or conditions.get("window") or {})
    own = {name: window.pop(name, None) for name in ("most_objects", "needed_by_s")}
    kinds = [*conditions.get("kinds", ()), *(p["kind"] for p in conditions.get("performances", ()))]
    where = f"{pointer}/analyEventFilter"
    return Question(
        event=event,
        pointer=pointer,
        target=parts.get("target", Target()),
        area=conditions.get("area", NOWHERE),
        window=Window(**window),
        quality=conditions.get("quality", Quality()),
        volumes=tuple(_volume(one, where) for one in _volumes(conditions)),
        measures=tuple(_PERFORMANCES[kind] for kind in dict.fromkeys(kinds)),
        thresholds=tuple(dict.fromkeys(_thresholds(event, conditions, where))),
        direction=_one_of(
            Direction, conditions.get("direction"), Direction.CROSSED, f"{where}/matchingDir"
        ),
        part_s=conditions.get("part_s"),
        **own,
    )


def _volumes(conditions: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*conditions.get("volumes", ()), *conditions.get("more_volumes", ())]


def _volume(parts: Mapping[str, Any], pointer: str) -> Volume:
    downlink_bytes = parts.get("volume", {}).get("downlink")
    if downlink_bytes is None:
        reason = "name the dataVolume, downlinkVolume in bytes"
        raise InvalidRequest(InvalidParam(f"{pointer}/dataVlTrnsTmRqs", reason))
    repeats = parts.get("repeats", 0)
    if not 1 <= repeats <= MOST_REPEATS:
        reason = f"repeatDataTrans is a number from 1 to {MOST_REPEATS}"
        raise InvalidRequest(InvalidParam(f"{pointer}/dataVlTrnsTmRqs", reason))
    slowest_first = parts.get("order") == Direction.DESCENDING
    return Volume(downlink_bytes, repeats, parts.get("most_ues"), slowest_first)


#: A bound on the work of one question.
MOST_REPEATS = 100


def _thresholds(
    event: AnalyticsEvent, conditions: Mapping[str, Any], pointer: str
) -> list[Threshold]:
    """The thresholds that belong to an event."""
    match event:
        case AnalyticsEvent.QOS_SUSTAINABILITY:
            rates = conditions.get("rates") or [conditions.get("quality", Quality()).gbr_dl]
            return [Threshold(Measure.LEAST_RATE, rate.bps) for rate in rates if rate]
        case AnalyticsEvent.DN_PERFORMANCE:
            levels = [
                level
                for one in conditions.get("dn_thresholds", ())
                for level in one.get("thresholds", ())
            ]
            return [t for level in (*conditions.get("thresholds", ()), *levels) for t in level]
        case AnalyticsEvent.CONGESTION:
            return [t for level in conditions.get("thresholds", ()) for t in level]
        case AnalyticsEvent.NETWORK_PERFORMANCE:
            return [
                Threshold(_PERFORMANCES[one["kind"]], one.get("ratio", one.get("number")))
                for one in conditions.get("performances", ())
                if "ratio" in one or "number" in one
            ]
        case AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME:
            return [
                Threshold(Measure.TRANSFER_TIME, one[name], _volume(one, pointer))
                for one in _volumes(conditions)
                for name in ("high_ms", "low_ms")
                if name in one
            ]
    return []


def _reporting(parts: Mapping[str, Any]) -> Reporting:
    default = Method.PERIODIC if "period_s" in parts else Method.ON_EVENT_DETECTION
    method = _one_of(Method, parts.get("method"), default, "/analyRepInfo/notifMethod")
    if method is Method.PERIODIC and "period_s" not in parts:
        reason = "PERIODIC needs a repPeriod"
        raise InvalidRequest(InvalidParam("/analyRepInfo/repPeriod", reason, missing=True))
    return Reporting(**{**parts, "method": method})


def _one_of(kind: Any, text: str | None, default: Any, pointer: str) -> Any:
    if text is None:
        return default
    if text not in set(kind):
        reason = f"{text[:40]!r} is not offered; there are: {', '.join(kind)}"
        raise InvalidRequest(InvalidParam(pointer, reason))
    return kind(text)
