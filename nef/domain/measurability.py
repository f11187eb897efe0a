"""Whether what is to be told and measured makes sense, and can ever lead to a report."""

from collections.abc import Collection, Iterator

from nef.domain.errors import InvalidParam, InvalidRequest
from nef.domain.events import UserPlaneEvent
from nef.domain.measurements import Kind, monitoring_of, thresholds_of
from nef.domain.names import misspelt
from nef.domain.sessions import Monitoring, SessionRequest, Usage

_POINTERS = {
    Kind.DELAY: "/qosMonInfo",
    Kind.RATE: "/qosMonDatRate",
    Kind.CONGESTION: "/qosMonConReq",
}
# What a report has a word for, were it only that it could not be measured. There is none for the
# rate of the uplink.
_PARAMETERS = {
    Kind.DELAY: ("DOWNLINK", "UPLINK", "ROUND_TRIP"),
    Kind.RATE: ("DOWNLINK_DATA_RATE",),
    Kind.CONGESTION: ("DOWNLINK_CONGESTION", "UPLINK_CONGESTION"),
}
_THRESHOLDS = {
    "DOWNLINK": "repThreshDl",
    "UPLINK": "repThreshUl",
    "ROUND_TRIP": "repThreshRp",
    "DOWNLINK_DATA_RATE": "repThreshDatRateDl",
    "DOWNLINK_CONGESTION": "conThreshDl",
    "UPLINK_CONGESTION": "conThreshUl",
}
_FREQUENCIES = ("EVENT_TRIGGERED", "PERIODIC")
_EVENTS = tuple(UserPlaneEvent)


def check_reporting(request: SessionRequest) -> None:
    """Raise InvalidRequest for what could never be reported as it is asked for."""
    wrong = list(_wrong_events(request.events))
    wrong += [p for kind, asked in monitoring_of(request).items() for p in _wrong(kind, asked)]
    if request.usage_threshold is not None:
        wrong += _wrong_threshold(request.usage_threshold)
    if wrong:
        raise InvalidRequest(*wrong)


def _wrong_events(wanted: Collection[str]) -> Iterator[InvalidParam]:
    # Beside an event that is reported, an unknown one passes: AFs know features and later releases
    # that this NEF does not (docs/decisions/0029). No event at all leaves the choice to the NEF.
    slips = list(misspelt("/events", wanted, _EVENTS))
    yield from slips
    if wanted and not slips and set(wanted).isdisjoint(_EVENTS):
        reason = f"none of these is ever reported here; there are: {', '.join(_EVENTS)}"
        yield InvalidParam("/events", reason)


def _wrong(kind: Kind, asked: Monitoring) -> Iterator[InvalidParam]:
    where, known = _POINTERS[kind], _PARAMETERS[kind]
    slips = list(misspelt(f"{where}/reqQosMonParams", asked.parameters, known))
    slips += misspelt(f"{where}/repFreqs", asked.frequencies, _FREQUENCIES)
    if slips:
        yield from slips
        return  # what goes with the right names would be wrong again
    named = [name for name in known if name in asked.parameters]
    if not named:
        reason = f"here can be measured: {', '.join(known)}"
        yield InvalidParam(f"{where}/reqQosMonParams", reason)
    if not any(name in asked.frequencies for name in _FREQUENCIES):
        yield InvalidParam(f"{where}/repFreqs", f"name one of {', '.join(_FREQUENCIES)}")
    if "PERIODIC" in asked.frequencies and asked.period_s is None:
        reason = "is missing: say how many seconds lie between two PERIODIC reports"
        yield InvalidParam(f"{where}/repPeriod", reason, missing=True)
    if named and "EVENT_TRIGGERED" in asked.frequencies and not thresholds_of(asked):
        names = ", ".join(_THRESHOLDS[name] for name in named)
        reason = f"EVENT_TRIGGERED needs a threshold of what is measured: {names}"
        yield InvalidParam(f"{where}/{_THRESHOLDS[named[0]]}", reason, missing=True)


def _wrong_threshold(threshold: Usage) -> list[InvalidParam]:
    if threshold == Usage():
        return [InvalidParam("/usageThreshold", "name a duration or a volume")]
    if threshold == Usage(uplink_bytes=threshold.uplink_bytes):
        reason = "the uplink is not counted here: name totalVolume, downlinkVolume or duration"
        return [InvalidParam("/usageThreshold/uplinkVolume", reason)]
    return []
