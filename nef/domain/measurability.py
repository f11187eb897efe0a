"""Whether what is to be measured makes sense, and can ever lead to a report."""

from collections.abc import Iterator

from nef.domain.errors import InvalidParam, InvalidRequest
from nef.domain.measurements import Kind, monitoring_of, thresholds_of
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


def check_measuring(request: SessionRequest) -> None:
    """Raise InvalidRequest for what could never be reported as it is asked for."""
    wrong = [p for kind, asked in monitoring_of(request).items() for p in _wrong(kind, asked)]
    if request.usage_threshold is not None:
        wrong += _wrong_threshold(request.usage_threshold)
    if wrong:
        raise InvalidRequest(*wrong)


def _wrong(kind: Kind, asked: Monitoring) -> Iterator[InvalidParam]:
    where, known = _POINTERS[kind], _PARAMETERS[kind]
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
