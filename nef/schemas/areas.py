"""Cells, tracking areas and times on the wire."""

from collections.abc import Iterable
from typing import Any

from marshmallow import ValidationError, fields, post_load

from nef.domain.areas import NOWHERE, Area, CellPlace, Ncgi, Plmn, Tai
from nef.schemas.base import WireSchema


class PlmnSchema(WireSchema):
    """`PlmnId` (TS 29.571 5.4.4.3)."""

    makes = Plmn
    mcc = fields.String(required=True)
    mnc = fields.String(required=True)


class NcgiSchema(WireSchema):
    """`Ncgi`; hexadecimal digits mean the same in either case."""

    plmn = fields.Nested(PlmnSchema, data_key="plmnId", required=True)
    nci = fields.String(data_key="nrCellId", required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Ncgi:
        """Build the identity."""
        return Ncgi(data["plmn"], data["nci"].lower())


class TaiSchema(WireSchema):
    """`Tai`."""

    plmn = fields.Nested(PlmnSchema, data_key="plmnId", required=True)
    tac = fields.String(required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Tai:
        """Build the identity."""
        return Tai(data["plmn"], data["tac"].lower())


class NetworkAreaSchema(WireSchema):
    """`NetworkAreaInfo` (TS 29.554 5.6.2)."""

    makes = Area
    cells = fields.List(fields.Nested(NcgiSchema), data_key="ncgis")
    tracking_areas = fields.List(fields.Nested(TaiSchema), data_key="tais")


class LocationAreaSchema(WireSchema):
    """`LocationArea5G` (TS 29.122 5.2.1); geographic and civic areas are not known here.

    An area without any cell would be the whole network, which is not what it says.
    """

    network = fields.Nested(NetworkAreaSchema, data_key="nwAreaInfo")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Area:
        """Build the area."""
        area: Area = data.get("network", NOWHERE)
        if not area:
            raise ValidationError("name cells or tracking areas, in ncgis and tais of nwAreaInfo")
        return area


_NCGI, _TAI = NcgiSchema(), TaiSchema()


def ncgi_document(ncgi: Ncgi) -> dict[str, Any]:
    """`Ncgi`."""
    return dict(_NCGI.dump(ncgi))


def tai_document(tai: Tai) -> dict[str, Any]:
    """`Tai`."""
    return dict(_TAI.dump(tai))


def area_document(places: Iterable[CellPlace]) -> dict[str, Any]:
    """The `LocationArea5G` of some cells."""
    return {"nwAreaInfo": {"ncgis": [ncgi_document(place.ncgi) for place in places]}}


def named_area_document(area: Area) -> dict[str, Any]:
    """The `LocationArea5G` of an area as it was named."""
    named = {
        "ncgis": [ncgi_document(ncgi) for ncgi in area.cells],
        "tais": [tai_document(tai) for tai in area.tracking_areas],
    }
    return {"nwAreaInfo": {key: value for key, value in named.items() if value}}
