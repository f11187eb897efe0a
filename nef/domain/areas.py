"""Where cells and UEs are, by the identities of a 5G network (TS 23.003 clause 19)."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Plmn:
    """A network: mobile country code and mobile network code, three and two or three digits."""

    mcc: str
    mnc: str


@dataclass(frozen=True, order=True, slots=True)
class Ncgi:
    """The identity of an NR cell; `nci` is nine hexadecimal digits."""

    plmn: Plmn
    nci: str


@dataclass(frozen=True, order=True, slots=True)
class Tai:
    """A tracking area; `tac` is four or six hexadecimal digits."""

    plmn: Plmn
    tac: str


@dataclass(frozen=True, slots=True)
class Area:
    """Cells, and all cells of tracking areas (`NetworkAreaInfo`, TS 29.554 5.6.2)."""

    cells: tuple[Ncgi, ...] = ()
    tracking_areas: tuple[Tai, ...] = ()

    def __bool__(self) -> bool:
        """Whether it names any place."""
        return bool(self.cells or self.tracking_areas)


#: No place named: which is the whole network, or no condition at all.
NOWHERE = Area()


@dataclass(frozen=True, slots=True)
class CellPlace:
    """A cell by the name that the network gives it, and where it belongs on the map of cells."""

    cell_id: str
    ncgi: Ncgi
    tai: Tai
