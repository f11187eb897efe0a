"""How the simulation stands, as it is shown to who drives it; the lock of the stage is held."""

from collections.abc import Sequence

from nef.network.simulator.ledger import Ledger
from nef.network.simulator.scenario import Cell, Ue
from nef.ports.information import ORDINARY_FLOW
from nef.ports.simulation import CellStatus, SimulationStatus, UeStatus


def simulation_status(ledger: Ledger, mode: str) -> SimulationStatus:
    """What is played, and where it stands."""
    run = ledger.run
    return SimulationStatus(
        scenario=run.scenario.name,
        description=run.scenario.description,
        seed=run.seed,
        mode=mode,
        time_s=ledger.time_s,
        duration_s=run.scenario.duration_s,
        version=ledger.revision,
    )


def ue_statuses(ledger: Ledger, ues: Sequence[Ue]) -> list[UeStatus]:
    """Where UEs are, and what is there for them."""
    sinrs_db = ledger.run.sinrs_db(ues, ledger.time_s)
    return [_ue_status(ledger, ue, float(db)) for ue, db in zip(ues, sinrs_db, strict=True)]


def cell_statuses(ledger: Ledger) -> list[CellStatus]:
    """How full every cell is."""
    return [_cell_status(ledger, cell) for cell in ledger.run.scenario.cells]


def _ue_status(ledger: Ledger, ue: Ue, sinr_db: float) -> UeStatus:
    run, cell_id = ledger.run, ledger.serving(ue.id)
    return UeStatus(
        ue_id=ue.id,
        gpsi=ue.gpsi,
        supi=ue.supi,
        ipv4=ue.ipv4,
        ipv6=ue.ipv6,
        cell_id=cell_id,
        attached=run.is_attached(ue),
        sinr_db=sinr_db,
        sinr_forced=ue.id in run.sinr_db,
        rate_dl_bps=ledger.look(cell_id).rate_bps(ue.id, ORDINARY_FLOW),
    )


def _cell_status(ledger: Ledger, cell: Cell) -> CellStatus:
    look, blocks = ledger.look(cell.id), cell.carrier.blocks
    return CellStatus(
        cell_id=cell.id,
        blocks=blocks,
        blocks_granted=blocks - look.free_blocks(),
        outage=look.out,
    )
