"""What flows need of a cell: from rates and error rates to resource blocks."""

from collections.abc import Iterator, Mapping
from math import inf

from nef.domain.admission import FlowNeed
from nef.domain.fiveqi import ResourceType
from nef.domain.qos import QosLevel
from nef.domain.units import BitRate
from nef.network.simulator.cqi import Reliability
from nef.network.simulator.flows import Flow
from nef.network.simulator.radio import UeRates, blocks_for
from nef.network.simulator.scenario import Ue
from nef.ports.network import Reservation


def is_covered(rates: UeRates) -> bool:
    """Whether a UE is reached at all: an ordinary transmission meets CQI 1."""
    return rates[Reliability.ORDINARY] > 0


def flow_needs(reservation: Reservation, rates: UeRates) -> list[FlowNeed]:
    """The needs of a session's flows; their importance is that of what was asked for."""
    return [
        FlowNeed(
            session_id=reservation.session_id,
            component=demand.component,
            priority=demand.ladder[0].priority,
            admitted_at_s=reservation.admitted_at_s,
            blocks=tuple(_blocks(level, rates) for level in demand.ladder),
            number=reservation.number,
        )
        for demand in reservation.demands
    ]


def session_flows(reservation: Reservation, ue: int) -> Iterator[Flow]:
    """What a session's flows ask for; their importance is that of what was asked for first."""
    for demand in reservation.demands:
        rank = (
            demand.ladder[0].priority,
            reservation.admitted_at_s,
            reservation.number,
            reservation.session_id,
            demand.component,
        )
        yield Flow(ue, rank, tuple((reserved_bps(r), reliability(r)) for r in demand.ladder))


def background_flows(ue: Ue, number: int) -> Iterator[Flow]:
    """A UE's own flows; they were there before everybody else."""
    for index, flow in enumerate(ue.background):
        rank = (flow.priority, -inf, 0, f"background/{ue.id}", index)
        ladder = ((flow.rate_dl.bps, Reliability.of(flow.per)),)
        yield Flow(number, rank, ladder, flow.span, covered=True)


def reserved_bps(level: QosLevel) -> int:
    """The downlink rate that holds blocks; the uplink is not modelled."""
    if level.resource_type is ResourceType.NON_GBR or level.gbr_dl is None:
        return 0
    return level.gbr_dl.bps


def reliability(level: QosLevel) -> Reliability:
    """The class a rung is sent in."""
    return Reliability.of(level.per, guaranteed=reserved_bps(level) > 0)


def acceptable_rates(
    offers: Mapping[int, int], reservation: Reservation, rates: UeRates
) -> dict[int, BitRate]:
    """Blocks as rates at the error rate of the asked rung; in whole kbit/s below what was asked."""
    found = {}
    for demand in reservation.demands:
        asked = demand.ladder[0]
        blocks = offers.get(demand.component, 0)
        rate_bps = blocks * rates[reliability(asked)] // 1000 * 1000
        if rate_bps:
            found[demand.component] = BitRate(min(rate_bps, reserved_bps(asked)))
    return found


def _blocks(level: QosLevel, rates: UeRates) -> int | None:
    if not is_covered(rates):
        return None
    return blocks_for(reserved_bps(level), rates[reliability(level)])
