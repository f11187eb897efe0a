"""Faults on the wire, in the control API; its contract is openapi/simulator.yaml."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nef.domain.errors import InvalidParam, InvalidRequest, NotFound
from nef.domain.faultplan import FaultState
from nef.domain.faults import SCENARIO_NAMES, TIMES, Fault, FaultName, UnfitRule, attributes_of

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
    there_are = ", ".join(_WIRE_NAMES[ours] for ours in attributes_of(name))
    wrong = [
        InvalidParam(f"/{wire[:80]}", f"the fault {name} does not have it, but: {there_are}")
        for wire in document
        if _ATTRIBUTES.get(wire) not in attributes_of(name)
    ]
    if wrong:
        raise InvalidRequest(*wrong)
    with as_written():
        return Fault.of(name, **{_ATTRIBUTES[wire]: value for wire, value in document.items()})


def rule_document(name: str, rule: Mapping[str, object]) -> dict[str, object]:
    """The body that sets a rule in the names of a scenario; raises NotFound and InvalidValue."""
    Fault.written(name_of(name), rule)
    return {_WIRE_NAMES[SCENARIO_NAMES.get(key, key)]: value for key, value in rule.items()}


def written_name(wire: str) -> str:
    """What a scenario and a rule call an attribute of the wire."""
    ours = _ATTRIBUTES[wire]
    return next((key for key, name in SCENARIO_NAMES.items() if name == ours), ours)


@contextmanager
def as_written() -> Iterator[None]:
    """What is wrong with a rule is said in the names of the wire, as InvalidRequest."""
    try:
        yield
    except UnfitRule as error:
        pointer = f"/{_WIRE_NAMES[error.attribute]}"
        raise InvalidRequest(InvalidParam(pointer, error.reason)) from None


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
