"""From the document of a scenario to a `Scenario`; every error names its place."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from importlib.resources import files
from ipaddress import IPv4Address, IPv6Address
from math import inf
from typing import Any, TypeVar

import jsonschema_rs
import numpy as np
import orjson

from nef.domain.areas import Ncgi, Plmn, Tai
from nef.domain.errors import InvalidParam, InvalidRequest
from nef.domain.faults import SCENARIO_NAMES, Fault, FaultName
from nef.domain.units import BitRate, PacketErrorRate
from nef.network.simulator.conditions import Condition, Constant, Path, Trace, rising
from nef.network.simulator.pathloss import Site
from nef.network.simulator.radio import RESOURCE_BLOCKS, Carrier, sinr_of_rate_db
from nef.network.simulator.scenario import Background, Cell, Group, Scenario, Span, Ue

_Value = TypeVar("_Value")
_ROOT = "/document"
_AT_MOST = 20
#: The PLMN of test networks (TS 23.003 2.2: MCC 001).
_TEST_PLMN = {"mcc": "001", "mnc": "01"}
_KINDS = ("sinr_db", "trace", "rate_trace", "trace_file", "path")


def parse(document: Any) -> Scenario:
    """Make a scenario of a document; raises InvalidRequest with JSON pointers below /document.

    What its trace files have must be in it by now, see `traces.inlined`.
    """
    _check_shape(document)
    plmn = Plmn(**document.get("plmn", _TEST_PLMN))
    cells = tuple(_cell(f"{_ROOT}/cells/{i}", c, i, plmn) for i, c in enumerate(document["cells"]))
    by_id = {cell.id: cell for cell in cells}
    ues = tuple(_ue(f"{_ROOT}/ues/{i}", e, by_id) for i, e in enumerate(document["ues"]))
    _check_unique(cells, ues)
    return Scenario(
        name=document["name"],
        description=document.get("description", ""),
        duration_s=float(document.get("duration_s", 60)),
        seed=document.get("seed", 1),
        cells=cells,
        ues=ues,
        groups=tuple(_groups(document, {ue.id for ue in ues})),
        faults=tuple(_faults(document, {ue.id for ue in ues})),
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
    errors = _validator().iter_errors(document)
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


def _wrong(pointer: str, reason: str) -> InvalidRequest:
    return InvalidRequest(InvalidParam(pointer, reason))


def _parsed(pointer: str, make: Callable[[], _Value]) -> _Value:
    try:
        return make()
    except ValueError as error:
        raise _wrong(pointer, str(error)) from None


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
        raise _wrong(f"{pointer}/bandwidth_mhz", f"{reason} (TS 38.101-1 table 5.3.2-1)")
    outages = enumerate(entry.get("outages", ()))
    return Cell(
        id=entry["id"],
        carrier=carrier,
        ncgi=Ncgi(plmn, entry.get("nci", f"{index + 1:09x}").lower()),
        tai=Tai(plmn, entry.get("tac", "000001").lower()),
        core_delay_ms=float(entry.get("core_delay_ms", 5)),
        outages=tuple(_span(f"{pointer}/outages/{i}", span) for i, span in outages),
        site=_site(entry["site"]) if "site" in entry else None,
    )


def _span(pointer: str, entry: dict[str, Any]) -> Span:
    span = Span(float(entry.get("from_s", 0)), float(entry.get("until_s", inf)))
    if span.until_s <= span.from_s:
        raise _wrong(f"{pointer}/until_s", f"it must be after from_s, which is {span.from_s:g}")
    return span


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


def _ue(pointer: str, entry: dict[str, Any], cells: dict[str, Cell]) -> Ue:
    cell = cells.get(entry["cell"])
    if cell is None:
        raise _wrong(f"{pointer}/cell", f"no such cell; there are: {', '.join(cells)}")
    ipv4, ipv6 = entry.get("ipv4"), entry.get("ipv6")
    background = enumerate(entry.get("background", ()))
    return Ue(
        id=entry["id"],
        gpsi=entry["gpsi"],
        supi=entry["supi"],
        ipv4=_parsed(f"{pointer}/ipv4", lambda: IPv4Address(ipv4)) if ipv4 else None,
        ipv6=_parsed(f"{pointer}/ipv6", lambda: IPv6Address(ipv6)) if ipv6 else None,
        cell_id=cell.id,
        attached=entry.get("attached", True),
        condition=_condition(f"{pointer}/radio", entry["radio"], cell),
        background=tuple(_background(f"{pointer}/background/{i}", flow) for i, flow in background),
    )


def _background(pointer: str, entry: dict[str, Any]) -> Background:
    return Background(
        rate_dl=_parsed(f"{pointer}/rate", lambda: BitRate.parse(entry["rate"])),
        per=PacketErrorRate.parse(entry.get("per", "1E-3")),
        priority=entry.get("priority", 40),
        span=_span(pointer, entry),
    )


def _condition(pointer: str, entry: dict[str, Any], cell: Cell) -> Condition:
    kinds = [kind for kind in _KINDS if kind in entry]
    if len(kinds) != 1:
        raise _wrong(pointer, f"say exactly one of {', '.join(_KINDS)}")
    [kind] = kinds
    if kind == "sinr_db":
        return Constant(float(entry["sinr_db"]))
    if kind == "path":
        return _path(pointer, entry, cell)
    if kind == "trace":
        return _trace(f"{pointer}/trace", entry["trace"])
    if kind == "rate_trace":
        return _rate_trace(f"{pointer}/rate_trace", entry["rate_trace"], cell)
    reason = "only a scenario that is read from a file may name another; write a trace instead"
    raise _wrong(f"{pointer}/trace_file", reason)


def _trace(pointer: str, points: Iterable[Iterable[float]]) -> Trace:
    times_s, values_db = _columns(pointer, points)
    return Trace(times_s, values_db)


def _rate_trace(pointer: str, points: Iterable[Iterable[float]], cell: Cell) -> Trace:
    times_s, rates_mbps = _columns(pointer, points)
    sinrs_db = sinr_of_rate_db(cell.carrier, np.array(rates_mbps) * 1e6)
    return Trace(times_s, tuple(sinrs_db.tolist()))


def _path(pointer: str, entry: dict[str, Any], cell: Cell) -> Path:
    if cell.site is None:
        raise _wrong(f"{pointer}/path", f"a path needs a site of the cell {cell.id}")
    times_s, xs_m, ys_m = _columns(f"{pointer}/path", entry["path"])
    seen, height_m = entry.get("line_of_sight", False), float(entry.get("height_m", 1.5))
    width_mhz = float(cell.carrier.bandwidth_mhz)
    return Path(cell.site, width_mhz, times_s, xs_m, ys_m, height_m, seen)


def _columns(pointer: str, points: Iterable[Iterable[float]]) -> Iterator[tuple[float, ...]]:
    columns = [tuple(float(v) for v in column) for column in zip(*points, strict=True)]
    if not rising(columns[0]):
        raise _wrong(pointer, "each time must be later than the one before")
    return iter(columns)


def _groups(document: dict[str, Any], ue_ids: set[str]) -> Iterator[Group]:
    entries = document.get("groups", [])
    _check_once("groups", "id", [entry["id"] for entry in entries])
    for i, entry in enumerate(entries):
        for j, ue_id in enumerate(entry["ues"]):
            if ue_id not in ue_ids:
                raise _wrong(f"{_ROOT}/groups/{i}/ues/{j}", "the scenario has no such UE")
        yield Group(entry["id"], tuple(entry["ues"]))


def _faults(document: dict[str, Any], ue_ids: set[str]) -> Iterator[Fault]:
    entries = document.get("faults", [])
    _check_once("faults", "name", [entry["name"] for entry in entries])
    for i, entry in enumerate(entries):
        pointer = f"{_ROOT}/faults/{i}"
        if "ue" in entry and entry["ue"] not in ue_ids:
            raise _wrong(f"{pointer}/ue", "the scenario has no such UE")
        given = {SCENARIO_NAMES.get(key, key): value for key, value in entry.items()}
        name = FaultName(given.pop("name"))
        yield _parsed(pointer, partial(Fault.of, name, **given))


def _check_unique(cells: Iterable[Cell], ues: tuple[Ue, ...]) -> None:
    _check_once("cells", "id", [cell.id for cell in cells])
    _check_once("cells", "nci", [cell.ncgi for cell in cells])
    _check_once("ues", "id", [ue.id for ue in ues])
    for name in ("gpsi", "supi", "ipv4", "ipv6"):
        _check_once("ues", name, [getattr(ue, name) for ue in ues])


def _check_once(noun: str, name: str, values: list[Any]) -> None:
    twice = {value for value, n in Counter(values).items() if n > 1 and value is not None}
    params = [
        InvalidParam(f"{_ROOT}/{noun}/{i}/{name}", f"{value} stands more than once")
        for i, value in enumerate(values)
        if value in twice
    ]
    if params:
        raise InvalidRequest(*params[:_AT_MOST])
