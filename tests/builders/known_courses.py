"""What a simulated network knows of courses, asked by the seconds of its run."""

from builders.simulations import Simulated
from nef.domain.courses import CellMoment, Course, UeMoment
from nef.ports.information import ORDINARY_FLOW

#: A radio that turns bad, and halfway good again.
STEPS = {"trace": [[0, 22], [5, 8.5], [9, 15]]}


def window(
    network: Simulated, from_s: float, until_s: float, ue: str = "ue-1"
) -> Course[UeMoment] | None:
    """The course of a UE between two moments of the run."""
    began_s = network.stage.ledger.run.started_s
    return network.information.ue_course(
        ue, ORDINARY_FLOW, began_s + from_s, began_s + until_s, network.now_s
    )


def known(network: Simulated, from_s: float, until_s: float, ue: str = "ue-1") -> Course[UeMoment]:
    """The same, where there must be one."""
    found = window(network, from_s, until_s, ue)
    assert found is not None
    return found


def cell(network: Simulated, from_s: float, until_s: float) -> Course[CellMoment]:
    """The course of the cell."""
    began_s = network.stage.ledger.run.started_s
    found = network.information.cell_course(
        "cell-1", began_s + from_s, began_s + until_s, network.now_s
    )
    assert found is not None
    return found


def steps(network: Simulated, course: Course[UeMoment]) -> list[tuple[float, int]]:
    """(seconds of the run, rate) of each moment."""
    began_s = network.stage.ledger.run.started_s
    return [(round(one.time_s - began_s, 6), one.rate_dl.bps) for one in course.moments]


def at(course: Course[UeMoment], time_s: float) -> UeMoment:
    """What holds at a moment; epoch times are no finer than a microsecond."""
    return [one for one in course.moments if one.time_s <= time_s + 1e-6][-1]


def rate(network: Simulated, ue: str = "ue-1") -> int:
    """What a new flow of the UE could get now, in bit/s."""
    return next(u.rate_dl_bps for u in network.ues(network.now_s) if u.ue_id == ue)
