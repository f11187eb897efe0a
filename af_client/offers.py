"""From a refusal to the next request: what was asked for, brought within what is offered."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from af_client.errors import AcceptableRate

if TYPE_CHECKING:
    from af_client.messages import Alternative, MediaFlow, SessionRequest

_Request = TypeVar("_Request", bound="SessionRequest")

#: The number under which an offer is about the session as a whole.
_WHOLE = 0


def fitted(request: _Request, acceptable: Mapping[int, AcceptableRate]) -> _Request | None:
    """Return the request within the offered rates; None where that changes nothing or is nothing.

    What has no guaranteed rate has nothing to lower, and a rate by name is the operator's.
    """
    if any(0 in (r.max_rate_dl_bps, r.max_rate_ul_bps) for r in acceptable.values()):
        return None
    flows = tuple(_fitted_flow(flow, acceptable.get(flow.number)) for flow in request.flows)
    whole = acceptable.get(_WHOLE)
    requirement, rungs = request.requirement, request.alternative_requirements
    if requirement is not None and whole is not None:
        lower = _lowered(requirement, "gbr_dl_bps", "gbr_ul_bps", whole)
        requirement, rungs = replace(requirement, **lower), _within(rungs, whole)
    smaller = replace(request, flows=flows, requirement=requirement, alternative_requirements=rungs)
    return None if smaller == request else smaller


def _fitted_flow(flow: "MediaFlow", offer: AcceptableRate | None) -> "MediaFlow":
    if offer is None:
        return flow
    lower = _lowered(flow, "min_rate_dl_bps", "min_rate_ul_bps", offer)
    return replace(flow, **lower, alternatives=_within(flow.alternatives, offer))


def _lowered(asked: Any, downlink: str, uplink: str, offer: AcceptableRate) -> dict[str, Any]:
    limits = {downlink: offer.max_rate_dl_bps, uplink: offer.max_rate_ul_bps}
    return {
        name: limit
        for name, limit in limits.items()
        if limit is not None and (getattr(asked, name) or 0) > limit
    }


def _within(ladder: tuple["Alternative", ...], offer: AcceptableRate) -> tuple["Alternative", ...]:
    return tuple(rung for rung in ladder if not _lowered(rung, "gbr_dl_bps", "gbr_ul_bps", offer))
