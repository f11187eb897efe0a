"""Areas on the wire: cells and tracking areas, and no other way to name a place."""

from typing import Any

import pytest

from builders.courses import PLMN, place
from nef.domain.areas import Area, Ncgi, Tai
from nef.domain.errors import InvalidRequest
from nef.schemas.areas import (
    LocationAreaSchema,
    area_document,
    named_area_document,
    ncgi_document,
    tai_document,
)
from nef.schemas.base import loaded

PLMN_ID = {"mcc": "001", "mnc": "01"}
NCGI = {"plmnId": PLMN_ID, "nrCellId": "00000000A"}
TAI = {"plmnId": PLMN_ID, "tac": "00000B"}


def area(document: dict[str, Any]) -> Any:
    return loaded(LocationAreaSchema(), document)


def test_cells_and_tracking_areas_are_read_in_either_case() -> None:
    found = area({"nwAreaInfo": {"ncgis": [NCGI], "tais": [TAI]}})
    assert found == Area((Ncgi(PLMN, "00000000a"),), (Tai(PLMN, "00000b"),))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"nwAreaInfo": {}},
        {"nwAreaInfo": {"ncgis": []}},
        {"nwAreaInfo": {"ecgis": [{"plmnId": PLMN_ID, "eutraCellId": "0000001"}]}},
        {"geographicAreas": [{"shape": "POINT", "point": {"lon": 1, "lat": 2}}]},
        {"civicAddresses": [{"country": "DE"}]},
    ],
)
def test_an_area_that_is_not_known_here_is_not_taken_for_the_whole_network(
    document: dict[str, Any],
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        area(document)
    assert "nwAreaInfo" in caught.value.params[0].reason


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"ncgis": [{"nrCellId": "0"}]}, "/nwAreaInfo/ncgis/0/plmnId"),
        ({"ncgis": [NCGI, {"plmnId": PLMN_ID}]}, "/nwAreaInfo/ncgis/1/nrCellId"),
        ({"tais": [{"plmnId": {"mcc": "001"}, "tac": "1"}]}, "/nwAreaInfo/tais/0/plmnId/mnc"),
        ({"tais": "all"}, "/nwAreaInfo/tais"),
    ],
)
def test_what_is_missing_is_named(document: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        area({"nwAreaInfo": document})
    assert [param.pointer for param in caught.value.params] == [pointer]


def test_what_was_read_is_written_again() -> None:
    for named in (
        Area((place().ncgi,), (place().tai,)),
        Area((place().ncgi, place(nci="000000020").ncgi)),
        Area(tracking_areas=(place().tai,)),
    ):
        assert area(named_area_document(named)) == named


def test_places_are_written_as_their_cells() -> None:
    document = area_document([place(), place("cell-2", "000000020")])
    assert [one["nrCellId"] for one in document["nwAreaInfo"]["ncgis"]] == [
        "000000010",
        "000000020",
    ]
    assert ncgi_document(place().ncgi) == {"plmnId": PLMN_ID, "nrCellId": "000000010"}
    assert tai_document(place().tai) == {"plmnId": PLMN_ID, "tac": "000001"}
