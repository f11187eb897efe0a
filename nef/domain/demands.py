"""From what an AF asked for to what each QoS flow asks of the network.

The rules about which attributes go together are those of TS 29.122 5.14.2.1.2 and, for media
components, of TS 29.514 5.6.2. A request that breaks one raises InvalidRequest with the JSON
pointers of what is wrong.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from nef.domain.errors import InvalidParam, InvalidRequest, InvalidValue
from nef.domain.fiveqi import FIVE_QIS, ResourceType
from nef.domain.qos import Catalogue, FlowDemand, QosLevel
from nef.domain.sessions import (
    AlternativeRequirement,
    MediaComponent,
    QosRequirement,
    RateRequirement,
    SessionRequest,
)

# A demand by value that leaves something open is treated like 5QI 3 (guaranteed) or like the
# default bearer's 5QI 9 (TS 23.501 table 5.7.4-1).
_GUARANTEED, _SHARED = FIVE_QIS[3], FIVE_QIS[9]


#: More than a UE could have: it has at most 64 QoS flows in a PDU session (TS 38.413, QFI 0..63).
MOST_COMPONENTS = 64
#: A bound on one flow's ladder, so that one request cannot keep the admission busy.
MOST_ALTERNATIVES = 32


def demands_of(request: SessionRequest, catalogue: Catalogue) -> tuple[FlowDemand, ...]:
    """The QoS flows of a request: one a media component, or one for the whole subscription."""
    _check_one_way_of_asking(request)
    _check_size(request)
    if not request.components:
        _check_traffic(request)
        return (FlowDemand(0, request.flows, _subscription_ladder(request, catalogue)),)
    _check_component_numbers(request.components)
    _check_flow_ids(request.components)
    return tuple(
        FlowDemand(part.number, part.flows, _component_ladder(part, request, catalogue))
        for part in request.components
    )


def _check_one_way_of_asking(request: SessionRequest) -> None:
    if request.qos_reference and request.requirement:
        raise _wrong("/tscQosReq", "ask by name (qosReference) or by value, not both ways")
    if request.requirement == QosRequirement():
        raise _wrong("/tscQosReq", "it names no parameter; name a rate, a delay or an error rate")
    if request.alternative_references and not request.qos_reference:
        raise _wrong("/altQoSReferences", "alternatives by name need a qosReference")
    if request.alternatives and not request.requirement:
        raise _wrong("/altQosReqs", "alternatives by value need a tscQosReq")
    if not (request.qos_reference or request.requirement or request.components):
        reason = "name a QoS: qosReference, tscQosReq or multiModDatFlows"
        raise InvalidRequest(InvalidParam("/qosReference", reason, missing=True))


def _check_size(request: SessionRequest) -> None:
    if len(request.components) > MOST_COMPONENTS:
        raise _wrong("/multiModDatFlows", f"a session has at most {MOST_COMPONENTS} components")
    ladders = {
        "/altQoSReferences": request.alternative_references,
        "/altQosReqs": request.alternatives,
    }
    for part in request.components:
        where = f"/multiModDatFlows/{part.number}"
        ladders[f"{where}/altSerReqs"] = part.alternative_references
        ladders[f"{where}/altSerReqsData"] = part.alternatives
    for pointer, ladder in ladders.items():
        if len(ladder) > MOST_ALTERNATIVES:
            raise _wrong(pointer, f"a flow has at most {MOST_ALTERNATIVES} alternatives")


def _check_traffic(request: SessionRequest) -> None:
    if not request.flows and request.external_app_id is None:
        raise _wrong("/flowInfo", "say which traffic is meant: flowInfo, exterAppId or components")
    _check_unique((flow.flow_id for flow in request.flows), "/flowInfo")


def _check_component_numbers(components: Iterable[MediaComponent]) -> None:
    for part in components:
        # 0 is the AF's own signalling (TS 29.214 5.3.17), and the whole subscription to us.
        if part.number < 1:
            pointer = f"/multiModDatFlows/{part.number}/medCompN"
            raise _wrong(pointer, "media components are numbered from 1")


def _check_flow_ids(components: Iterable[MediaComponent]) -> None:
    for part in components:
        pointer = f"/multiModDatFlows/{part.number}/flowInfos"
        _check_unique((flow.flow_id for flow in part.flows), pointer)


def _check_unique(flow_ids: Iterable[int], pointer: str) -> None:
    ids = list(flow_ids)
    if len(set(ids)) < len(ids):
        raise _wrong(pointer, "each flowId may stand only once")


def _subscription_ladder(request: SessionRequest, catalogue: Catalogue) -> tuple[QosLevel, ...]:
    if request.qos_reference is None:
        wanted = request.requirement or QosRequirement()
        return _by_value(wanted, request.alternatives, "/tscQosReq", "/altQosReqs")
    names = (request.qos_reference, *request.alternative_references)
    pointers = _pointers("/qosReference", "/altQoSReferences", names)
    rates = RateRequirement()
    return _by_name(names, pointers, rates, catalogue)


def _component_ladder(
    part: MediaComponent, request: SessionRequest, catalogue: Catalogue
) -> tuple[QosLevel, ...]:
    where = f"/multiModDatFlows/{part.number}"
    if part.qos_reference:
        if part.alternatives:
            raise _wrong(
                f"{where}/altSerReqsData", "a qosReference has its alternatives by name: altSerReqs"
            )
        _check_values_of_named(part.requirement, f"{where}/tsnQos")
        names = (part.qos_reference, *part.alternative_references)
        pointers = _pointers(f"{where}/qosReference", f"{where}/altSerReqs", names)
        return _by_name(names, pointers, part.requirement.rates, catalogue)
    if part.alternative_references:
        raise _wrong(f"{where}/altSerReqs", "alternatives by name need a qosReference")
    if part.requirement == QosRequirement():
        return _inherited(part, request, catalogue, where)
    return _by_value(
        part.requirement, part.alternatives, f"{where}/mirBwDl", f"{where}/altSerReqsData"
    )


def _check_values_of_named(beside: QosRequirement, pointer: str) -> None:
    """Rates choose within what a profile allows, a burst is for others; the rest is its own."""
    if beside.delay_ms or beside.per or beside.priority:
        reason = "a qosReference has an error rate, a delay and a priority of its own"
        raise _wrong(pointer, f"{reason}; ask by name or by value")


def _inherited(
    part: MediaComponent, request: SessionRequest, catalogue: Catalogue, where: str
) -> tuple[QosLevel, ...]:
    """A component that names no QoS has that of the subscription."""
    if part.alternatives:
        raise _wrong(f"{where}/altSerReqsData", "alternatives by value need tsnQos or a bit rate")
    if not (request.qos_reference or request.requirement):
        raise _wrong(where, "name a QoS: qosReference, or tsnQos with mirBwDl")
    return _subscription_ladder(request, catalogue)


def _pointers(first: str, others: str, names: tuple[str, ...]) -> list[str]:
    return [first, *(f"{others}/{i}" for i in range(len(names) - 1))]


def _by_name(
    names: tuple[str, ...], pointers: list[str], rates: RateRequirement, catalogue: Catalogue
) -> tuple[QosLevel, ...]:
    if len(set(names)) < len(names):
        raise _wrong(pointers[1], "each name may stand only once: it tells which rung is applied")
    wanted = _pointed(
        pointers[0], lambda: catalogue.profile(names[0]).at(rates.gbr_dl, rates.gbr_ul)
    )
    first = wanted
    if rates.mbr_dl or rates.mbr_ul:
        first = replace(
            wanted, mbr_dl=rates.mbr_dl or wanted.mbr_dl, mbr_ul=rates.mbr_ul or wanted.mbr_ul
        )
    if names[1:]:
        _check_guaranteed(first, pointers[1])
    # The rates of a request belong to what it asks for; an alternative has those of its profile.
    others = (
        _pointed(pointer, lambda name=name: catalogue.profile(name).at(None))  # type: ignore[misc]
        for name, pointer in zip(names[1:], pointers[1:], strict=True)
    )
    return (_checked(first, pointers[0]), *others)


def _by_value(
    wanted: QosRequirement,
    alternatives: tuple[AlternativeRequirement, ...],
    pointer: str,
    others_pointer: str,
) -> tuple[QosLevel, ...]:
    rates = wanted.rates
    gbr_dl, gbr_ul = rates.gbr_dl or rates.mbr_dl, rates.gbr_ul or rates.mbr_ul
    row = _GUARANTEED if gbr_dl or gbr_ul else _SHARED
    first = QosLevel(
        reference=None,
        resource_type=row.resource_type,
        # The eight TSC priority levels spread over the priorities of the 5QI table.
        priority=wanted.priority * 10 if wanted.priority else row.priority,
        delay_ms=wanted.delay_ms or row.delay_ms,
        per=wanted.per or row.per,
        gbr_dl=gbr_dl,
        gbr_ul=gbr_ul,
        mbr_dl=rates.mbr_dl,
        mbr_ul=rates.mbr_ul,
    )
    _check_unique_references(alternatives, others_pointer)
    if alternatives:
        _check_guaranteed(first, others_pointer)
    others = (
        _checked(_alternative(first, other), f"{others_pointer}/{i}")
        for i, other in enumerate(alternatives)
    )
    return (_checked(first, pointer), *others)


def _check_guaranteed(first: QosLevel, pointer: str) -> None:
    # Only a GBR QoS flow has alternative QoS profiles (TS 23.501 5.7.1.2a).
    if first.resource_type is ResourceType.NON_GBR:
        raise _wrong(pointer, "a flow without a guaranteed rate has no alternatives to it")


def _check_unique_references(others: Iterable[AlternativeRequirement], pointer: str) -> None:
    references = [other.reference for other in others]
    if len(set(references)) < len(references):
        raise _wrong(pointer, "each altQosParamSetRef may stand only once")


def _alternative(first: QosLevel, other: AlternativeRequirement) -> QosLevel:
    return replace(
        first,
        reference=other.reference,
        gbr_dl=other.gbr_dl or first.gbr_dl,
        gbr_ul=other.gbr_ul or first.gbr_ul,
        delay_ms=other.delay_ms or first.delay_ms,
        per=other.per or first.per,
    )


def _checked(level: QosLevel, pointer: str) -> QosLevel:
    for low, high in ((level.gbr_dl, level.mbr_dl), (level.gbr_ul, level.mbr_ul)):
        if low and high and low > high:
            raise _wrong(pointer, f"the guaranteed rate {low} is above the maximum rate {high}")
    return level


def _pointed(pointer: str, make: Callable[[], QosLevel]) -> QosLevel:
    try:
        return make()
    except InvalidValue as error:
        raise _wrong(pointer, str(error)) from None


def _wrong(pointer: str, reason: str) -> InvalidRequest:
    return InvalidRequest(InvalidParam(pointer, reason))
