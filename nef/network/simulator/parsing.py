"""From the document of a scenario to a `Scenario`; every error names its place."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files
from itertools import chain
from typing import Any

import jsonschema_rs
import orjson

from nef.domain.areas import Ncgi, Plmn, Tai
from nef.domain.errors import InvalidParam, InvalidRequest
from nef.domain.faults import Fault, FaultName, UnfitRule
from nef.domain.profiles import profile_of
from nef.domain.qos import QosProfile
from nef.network.simulator.pathloss import Site
from nef.network.simulator.pointers import parsed, span, wrong
from nef.network.simulator.radio import RESOURCE_BLOCKS, Carrier
from nef.network.simulator.scenario import Cell, Group, Scenario, Ue
from nef.network.simulator.ueparsing import ues_of

_ROOT = "/document"
_AT_MOST = 20
#: The PLMN of test networks (TS 23.003 2.2: MCC 001).
_TEST_PLMN = {"mcc": "001", "mnc": "01"}


def parse(document: Any) -> Scenario:
    """Make a scenario of a document; raises InvalidRequest with JSON pointers below /document.

    What its trace files have must be in it by now, see `traces.inlined`.
    """
    _check_shape(document)
    plmn = Plmn(**document.get("plmn", _TEST_PLMN))
    cells = tuple(_cell(f"{_ROOT}/cells/{i}", c, i, plmn) for i, c in enumerate(document["cells"]))
    by_id = {cell.id: cell for cell in cells}
    duration_s = float(document.get("duration_s", 60))
    parsed_ues = [
        tuple(ues_of(f"{_ROOT}/ues/{i}", entry, by_id)) for i, entry in enumerate(document["ues"])
    ]
    _check_unique(cells, parsed_ues)
    ues = tuple(chain.from_iterable(parsed_ues))
    ids = {ue.id: (ue.id,) for ue in ues}
    counted = {
        entry["id"]: tuple(ue.id for ue in found)
        for entry, found in zip(document["ues"], parsed_ues, strict=True)
        if "count" in entry
    }
    return Scenario(
        name=document["name"],
        description=document.get("description", ""),
        duration_s=duration_s,
        seed=document.get("seed", 1),
        cells=cells,
        ues=ues,
        groups=tuple(_groups(document, ids | counted)),
        faults=tuple(_faults(document, ids)),
        profiles=tuple(_profiles(document)),
    )


@cache
def schema() -> dict[str, Any]:
    """The JSON schema of scenarios (draft 2020-12)."""
    text = files("nef.network.simulator").joinpath("scenario.schema.json").read_text("utf-8")
    document: dict[str, Any] = orjson.loads(text)
    return document


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema())


def _check_shape(document: Any) -> None:
    try:
        errors = _validator().iter_errors(document)
    except ValueError:  # the validator goes down so far and no further
        raise wrong(_ROOT, "it refers to itself, or is nested too deeply") from None
    params = [_shape_error(error) for error, _ in zip(errors, range(_AT_MOST), strict=False)]
    if params:
        raise InvalidRequest(*params)


def _shape_error(error: Any) -> InvalidParam:
    place, kind = [str(part) for part in error.instance_path], error.kind
    missing = isinstance(kind, jsonschema_rs.ValidationErrorKind.Required)
    reason = error.message
    if missing:
        place.append(kind.property)
    elif isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        place.append(kind.unexpected[0])
        reason = f"there is no such field here, but: {', '.join(_fields(error.schema_path))}"
    pointer = "/".join([_ROOT, *(p.replace("~", "~0").replace("/", "~1") for p in place)])
    return InvalidParam(pointer, reason, missing)


def _fields(path: Iterable[str | int]) -> list[str]:
    """The fields that stand beside the `additionalProperties` at a place of the schema."""
    part: Any = schema()
    for step in list(path)[:-1]:
        part = part[step]
        if "$ref" in part:
            part = schema()["$defs"][part["$ref"].rpartition("/")[2]]
    return list(part["properties"])


def _cell(pointer: str, entry: dict[str, Any], index: int, plmn: Plmn) -> Cell:
    carrier = Carrier(
        bandwidth_mhz=entry["bandwidth_mhz"],
        spacing_khz=entry.get("subcarrier_spacing_khz", 30),
        layers=entry.get("layers", 2),
        downlink_share=entry.get("downlink_share", 0.75),
    )
    if (carrier.spacing_khz, carrier.bandwidth_mhz) not in RESOURCE_BLOCKS:
        widths = ", ".join(str(w) for s, w in RESOURCE_BLOCKS if s == carrier.spacing_khz)
        reason = f"at {carrier.spacing_khz} kHz a carrier has one of {widths} MHz"
        raise wrong(f"{pointer}/bandwidth_mhz", f"{reason} (TS 38.101-1 table 5.3.2-1)")
    outages = enumerate(entry.get("outages", ()))
    return Cell(
        id=entry["id"],
        carrier=carrier,
        ncgi=Ncgi(plmn, entry.get("nci", f"{index + 1:09x}").lower()),
        tai=Tai(plmn, entry.get("tac", "000001").lower()),
        core_delay_ms=float(entry.get("core_delay_ms", 5)),
        outages=tuple(span(f"{pointer}/outages/{i}", outage) for i, outage in outages),
        site=_site(entry["site"]) if "site" in entry else None,
    )


def _site(entry: dict[str, Any]) -> Site:
    return Site(
        environment=entry.get("environment", "uma"),
        frequency_ghz=entry.get("frequency_ghz", 3.5),
        tx_power_dbm=entry.get("tx_power_dbm", 44),
        antenna_gain_db=entry.get("antenna_gain_db", 8),
        interference_db=entry.get("interference_db", 0),
        x_m=entry.get("x_m", 0),
        y_m=entry.get("y_m", 0),
    )


def _groups(document: dict[str, Any], ue_ids: Mapping[str, tuple[str, ...]]) -> Iterator[Group]:
    entries = document.get("groups", [])
    _check_once("groups", "id", [entry["id"] for entry in entries])
    for i, entry in enumerate(entries):
        for j, ue_id in enumerate(entry["ues"]):
            if ue_id not in ue_ids:
                raise wrong(f"{_ROOT}/groups/{i}/ues/{j}", "the scenario has no such UE")
        yield Group(entry["id"], tuple(chain.from_iterable(ue_ids[name] for name in entry["ues"])))


def _faults(document: dict[str, Any], ue_ids: Collection[str]) -> Iterator[Fault]:
    entries = document.get("faults", [])
    _check_once("faults", "name", [entry["name"] for entry in entries])
    for i, entry in enumerate(entries):
        pointer = f"{_ROOT}/faults/{i}"
        if "ue" in entry and entry["ue"] not in ue_ids:
            raise wrong(f"{pointer}/ue", "the scenario has no such UE")
        rule = {key: value for key, value in entry.items() if key != "name"}
        try:
            yield Fault.written(FaultName(entry["name"]), rule)
        except UnfitRule as error:
            raise wrong(f"{pointer}/{error.written}", error.reason) from None


def _profiles(document: dict[str, Any]) -> Iterator[QosProfile]:
    entries = document.get("qos_profiles", [])
    _check_once("qos_profiles", "reference", [entry["reference"] for entry in entries])
    for i, entry in enumerate(entries):
        yield parsed(f"{_ROOT}/qos_profiles/{i}", partial(profile_of, entry))


def _check_unique(cells: Sequence[Cell], ues: Sequence[Sequence[Ue]]) -> None:
    _check_once("cells", "id", [cell.id for cell in cells])
    _check_once("cells", "nci", [cell.ncgi for cell in cells])
    for name in ("id", "gpsi", "supi", "ipv4", "ipv6"):
        own = [(i, getattr(ue, name)) for i, found in enumerate(ues) for ue in found]
        _check_once("ues", name, [value for _, value in own], [i for i, _ in own])


def _check_once(
    noun: str, name: str, values: list[Any], places: Sequence[int] | None = None
) -> None:
    """`places` are the entries of the document that the values are of, where not one each."""
    twice = {value for value, n in Counter(values).items() if n > 1 and value is not None}
    params = {
        place: InvalidParam(f"{_ROOT}/{noun}/{place}/{name}", f"{value} stands more than once")
        for place, value in zip(places or range(len(values)), values, strict=True)
        if value in twice
    }
    if params:
        raise InvalidRequest(*list(params.values())[:_AT_MOST])
