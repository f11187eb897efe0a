"""From what an AF plans to the QoS that each UE would need: the ladder of a plan.

A request that cannot be planned raises InvalidRequest with the JSON pointer of what is wrong.
"""

from dataclasses import replace

from nef.domain.errors import InvalidParam, InvalidRequest, InvalidValue
from nef.domain.fiveqi import FIVE_QIS, ResourceType
from nef.domain.plans import PlanRequest, QosWish
from nef.domain.qos import Catalogue, QosLevel
from nef.domain.units import BitRate

#: Each may have to be looked for in all windows, so fewer than a session may have.
MOST_ALTERNATIVES = 8

# A QoS by value that leaves something open is treated like 5QI 3, as in a session.
_GUARANTEED = FIVE_QIS[3]


def ladder_of(request: PlanRequest, catalogue: Catalogue) -> tuple[QosLevel, ...]:
    """What is asked for, and then its alternatives, each with a downlink rate to guarantee.

    Raises InvalidRequest for names that are not in the catalogue, and for what cannot be planned:
    the uplink, and flows without a guarantee.
    """
    if request.wish is None:
        ladder = _by_name(request, catalogue)
    else:
        ladder = _by_value(request.wish, request)
    if len(ladder) > MOST_ALTERNATIVES + 1:
        pointer = "/altQosParamSets" if request.alternatives else "/altQosRefs"
        raise _wrong(pointer, f"a plan has at most {MOST_ALTERNATIVES} alternatives")
    return ladder


def rate_of(level: QosLevel) -> BitRate:
    """The rate of a level of a plan's ladder, which always has one."""
    assert level.gbr_dl is not None  # noqa: S101 - see `ladder_of`
    return level.gbr_dl


def _by_name(request: PlanRequest, catalogue: Catalogue) -> tuple[QosLevel, ...]:
    if request.alternatives:
        raise _wrong("/altQosParamSets", "alternatives by value need a qosParamSet")
    names = (request.qos_reference or "", *request.alternative_references)
    if len(set(names)) < len(names):
        raise _wrong("/altQosRefs", "each name may stand only once")
    pointers = ["/qosReference", *(f"/altQosRefs/{i}" for i in range(len(names) - 1))]
    return tuple(
        _named(name, pointer, catalogue) for name, pointer in zip(names, pointers, strict=True)
    )


def _named(name: str, pointer: str, catalogue: Catalogue) -> QosLevel:
    try:
        level = catalogue.profile(name).at(None)
    except InvalidValue as error:
        raise _wrong(pointer, str(error)) from None
    if level.resource_type is ResourceType.NON_GBR or level.gbr_dl is None:
        reason = f"the profile {name} guarantees no downlink rate, so there is nothing to plan"
        raise _wrong(pointer, reason)
    return level


def _by_value(wish: QosWish, request: PlanRequest) -> tuple[QosLevel, ...]:
    if request.alternative_references:
        raise _wrong("/altQosRefs", "alternatives by name need a qosReference")
    rate = wish.gbr_dl or wish.mbr_dl
    if rate is None:
        raise _wrong("/qosParamSet/gfbrDl", "name a downlink rate to guarantee: it is planned")
    first = QosLevel(
        reference=None,
        resource_type=_GUARANTEED.resource_type,
        priority=wish.priority or _GUARANTEED.priority,
        delay_ms=wish.delay_ms or _GUARANTEED.delay_ms,
        per=wish.per or _GUARANTEED.per,
        gbr_dl=rate,
        gbr_ul=wish.gbr_ul or wish.mbr_ul,
        mbr_dl=wish.mbr_dl,
        mbr_ul=wish.mbr_ul,
    )
    others = (_alternative(first, other) for other in request.alternatives)
    pointers = ["/qosParamSet", *(f"/altQosParamSets/{i}" for i in range(MOST_ALTERNATIVES + 2))]
    return tuple(_bounded(*pair) for pair in zip((first, *others), pointers, strict=False))


def _alternative(first: QosLevel, other: QosWish) -> QosLevel:
    return replace(
        first,
        gbr_dl=other.gbr_dl or first.gbr_dl,
        gbr_ul=other.gbr_ul or first.gbr_ul,
        delay_ms=other.delay_ms or first.delay_ms,
        per=other.per or first.per,
    )


def _bounded(level: QosLevel, pointer: str) -> QosLevel:
    for name, low, high in (("Dl", level.gbr_dl, level.mbr_dl), ("Ul", level.gbr_ul, level.mbr_ul)):
        if low and high and low > high:
            reason = f"the guaranteed rate {low} is above the maximum rate {high}"
            raise _wrong(f"{pointer}/gfbr{name}", reason)
    return level


def _wrong(pointer: str, reason: str) -> InvalidRequest:
    return InvalidRequest(InvalidParam(pointer, reason))
