"""What the user plane must carry: every flow, and the default bearer of every UE."""

from collections.abc import Iterator

from nef.domain.fiveqi import FIVE_QIS
from nef.domain.qos import FlowDemand
from nef.network.simulator.cqi import Reliability
from nef.network.simulator.delays import path_delay_ms
from nef.network.simulator.ledger import Ledger
from nef.network.simulator.needs import is_covered, reliability, reserved_bps
from nef.network.simulator.scenario import Cell, Ue
from nef.ports.network import Reservation
from nef.ports.simulation import CarriedFlow

#: The QoS of a default bearer: 5QI 9 of TS 23.501 table 5.7.4-1.
_DEFAULT = FIVE_QIS[9]


def carried_flows(ledger: Ledger) -> tuple[CarriedFlow, ...]:
    """Every flow with its rate now, the default bearers last."""
    flows: list[CarriedFlow] = []
    bearers: list[CarriedFlow] = []
    for cell in ledger.run.scenario.cells:
        share_blocks = _share_blocks(ledger, cell)
        for reservation in ledger.reservations_of(cell.id):
            flows += _session_flows(ledger, reservation, share_blocks)
        bearers += (_bearer(ledger, ue, share_blocks) for ue in _attached(ledger, cell))
    return (*flows, *bearers)


def _attached(ledger: Ledger, cell: Cell) -> list[Ue]:
    return [ue for ue in ledger.ues_of(cell.id) if ledger.run.is_attached(ue)]


def _share_blocks(ledger: Ledger, cell: Cell) -> float:
    """An equal share of the blocks that nobody holds, for each who has no guarantee."""
    sharers = sum(is_covered(ledger.rates(ue.id)) for ue in _attached(ledger, cell))
    for reservation in ledger.reservations_of(cell.id):
        if is_covered(ledger.rates(reservation.ue_id)):
            levels = ledger.levels(reservation.session_id) or {}
            sharers += sum(not _is_reserved(d, levels[d.component]) for d in reservation.demands)
    return ledger.look(cell.id).free_blocks() / sharers if sharers else 0.0


def _is_reserved(demand: FlowDemand, level: int | None) -> bool:
    return level is not None and reserved_bps(demand.ladder[level]) > 0


def _session_flows(
    ledger: Ledger, reservation: Reservation, share_blocks: float
) -> Iterator[CarriedFlow]:
    ue = ledger.run.ues[reservation.ue_id]
    levels = ledger.levels(reservation.session_id) or {}
    share_bps = _share_bps(ledger, ue, share_blocks)
    for demand in reservation.demands:
        level = levels[demand.component]
        # Without any guarantee a flow loses what its most modest rung may lose.
        rung = demand.ladder[-1 if level is None else level]
        if _is_reserved(demand, level):
            rate_bps = reserved_bps(rung)
        else:
            rate_bps = min(share_bps, rung.mbr_dl.bps) if rung.mbr_dl else share_bps
        yield CarriedFlow(
            ue_id=ue.id,
            ipv4=ue.ipv4,
            ipv6=ue.ipv6,
            session_id=reservation.session_id,
            component=demand.component,
            flows=demand.flows,
            rate_dl_bps=rate_bps,
            per=rung.per,
            level=level,
            priority=demand.ladder[0].priority,
            guaranteed=level is not None and reserved_bps(rung) > 0,
            delay_ms=path_delay_ms(ledger.run.cells[ue.cell_id], reliability(rung)),
        )


def _share_bps(ledger: Ledger, ue: Ue, share_blocks: float) -> int:
    return int(share_blocks * ledger.rates(ue.id)[Reliability.ORDINARY])


def _bearer(ledger: Ledger, ue: Ue, share_blocks: float) -> CarriedFlow:
    return CarriedFlow(
        ue_id=ue.id,
        ipv4=ue.ipv4,
        ipv6=ue.ipv6,
        session_id=None,
        component=None,
        flows=(),
        rate_dl_bps=_share_bps(ledger, ue, share_blocks),
        per=_DEFAULT.per,
        level=None,
        priority=_DEFAULT.priority,
        guaranteed=False,
        delay_ms=path_delay_ms(ledger.run.cells[ue.cell_id], Reliability.ORDINARY),
    )
