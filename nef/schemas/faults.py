"""Faults on the wire, in the control API; its contract is openapi/simulator.yaml."""

from collections.abc import Iterable, Mapping
from typing import Any

from nef.domain.errors import InvalidParam, InvalidRequest, InvalidValue, NotFound
from nef.domain.faultplan import FaultState
from nef.domain.faults import TIMES, Fault, FaultName, unfit

NAMES = tuple(FaultName)

#: Attributes on the wire, and ours.
_ATTRIBUTES = {
    "probability": "probability",
    "times": "times",
    "fromS": "from_s",
    "untilS": "until_s",
    "afId": "af_id",
    "ueId": "ue_id",
    "seed": "seed",
    "afterS": "after_s",
    "lastsS": "lasts_s",
    "delayS": "delay_s",
    "retryAfterS": "retry_after_s",
}
_WIRE_NAMES = {ours: wire for wire, ours in _ATTRIBUTES.items()}


def name_of(text: str) -> FaultName:
    """A fault by its name; raises NotFound."""
    try:
        return FaultName(text)
    except ValueError:
        raise NotFound(f"no fault is named {text[:80]}; there are: {', '.join(NAMES)}") from None


def fault_of(name: FaultName, document: Mapping[str, Any]) -> Fault:
    """The fault that a body sets; raises InvalidRequest."""
    given = {ours: document[wire] for wire, ours in _ATTRIBUTES.items() if wire in document}
    wrong = [
        InvalidParam(f"/{_WIRE_NAMES[attribute]}", f"the fault {name} does not have it")
        for attribute in unfit(name, given)
    ]
    if wrong:
        raise InvalidRequest(*wrong)
    try:
        return Fault.of(name, **given)
    except InvalidValue as error:
        raise InvalidRequest(InvalidParam("/untilS", str(error))) from None


def faults_document(states: Iterable[FaultState]) -> dict[str, Any]:
    """The faults that are set, and the names of all there are."""
    return {"faults": [fault_document(state) for state in states], "names": list(NAMES)}


def fault_document(state: FaultState) -> dict[str, Any]:
    """A fault and its past."""
    fault = state.fault
    document = {
        "name": fault.name.value,
        "probability": fault.probability,
        "timesLeft": state.left,
        "occasions": state.occasions,
        "strikes": state.strikes,
        "fromS": fault.from_s,
    }
    optional = ("until_s", "af_id", "ue_id", "seed", *TIMES[fault.name])
    values = {_WIRE_NAMES[ours]: getattr(fault, ours) for ours in optional}
    return document | {wire: value for wire, value in values.items() if value is not None}
