"""Courses of UEs and cells, with defaults for what a test does not care about."""

from typing import Any

from nef.domain.areas import CellPlace, Ncgi, Plmn, Tai
from nef.domain.courses import CellMoment, Course, UeMoment
from nef.domain.units import BitRate

PLMN = Plmn("001", "01")


def place(cell_id: str = "cell-1", nci: str = "000000010", tac: str = "000001") -> CellPlace:
    """A cell on the map."""
    return CellPlace(cell_id, Ncgi(PLMN, nci), Tai(PLMN, tac))


def moment(time_s: float = 0.0, bps: int = 1_000_000, **changes: Any) -> UeMoment:
    """A UE that stands well, and could get a rate."""
    said: dict[str, Any] = {
        "cell_id": "cell-1",
        "reachable": True,
        "rate_dl": BitRate(bps),
        "total_rate_dl": BitRate(bps),
        "delay_ms": 0.0,
        "free_blocks": 100,
    }
    return UeMoment(time_s, **(said | changes))


def course(
    *steps: tuple[float, int], until_s: float, confidence: int = 100, **changes: Any
) -> Course[UeMoment]:
    """A course of (time, bit/s); `changes` are those of all its moments."""
    moments = tuple(moment(time_s, bps, **changes) for time_s, bps in steps)
    return Course(moments, until_s, confidence)


def cell_course(
    *steps: tuple[float, int], until_s: float, blocks: int = 100, **changes: Any
) -> Course[CellMoment]:
    """A course of (time, blocks held) of a cell."""
    said: dict[str, Any] = {"active": True, "ues": 2} | changes
    return Course(tuple(CellMoment(t, blocks, held, **said) for t, held in steps), until_s)
