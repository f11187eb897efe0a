"""Where things are: an area names something, or nothing."""

import pytest

from builders.courses import PLMN, place
from nef.domain.areas import NOWHERE, Area, Ncgi, Plmn, Tai


def test_an_area_that_names_nothing_is_no_condition() -> None:
    assert not Area()
    assert Area() == NOWHERE


@pytest.mark.parametrize("area", [Area(cells=(place().ncgi,)), Area(tracking_areas=(place().tai,))])
def test_one_cell_or_one_tracking_area_is_a_place(area: Area) -> None:
    assert area


def test_the_same_cell_number_in_another_network_is_another_cell() -> None:
    there = Plmn("262", "01")
    assert Ncgi(PLMN, "000000010") != Ncgi(there, "000000010")
    assert Tai(PLMN, "000001") != Tai(there, "000001")
    assert len({Ncgi(PLMN, "0"), Ncgi(PLMN, "0"), Ncgi(there, "0")}) == 2


def test_cells_have_an_order_so_that_documents_do() -> None:
    cells = [place(nci=nci).ncgi for nci in ("000000030", "000000010", "000000020")]
    assert [cell.nci[-2:] for cell in sorted(cells)] == ["10", "20", "30"]
