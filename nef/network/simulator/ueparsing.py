"""From an entry of a scenario's UEs to as many UEs as it counts; errors name their places."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address
from itertools import chain, pairwise
from math import inf
from typing import Any

import numpy as np

from nef.domain.units import BitRate, PacketErrorRate
from nef.network.simulator.conditions import Condition, Constant, Path, Trace, rising
from nef.network.simulator.handover import Trigger, Way, way_of
from nef.network.simulator.pointers import parsed, span, wrong
from nef.network.simulator.radio import sinr_of_rate_db
from nef.network.simulator.scenario import Background, Cell, Ue
from nef.network.simulator.spans import Span

_KINDS = ("sinr_db", "trace", "rate_trace", "trace_file", "path")
_DAY_HOURS, _HOUR_S = 24, 3600
_DAY_S = _DAY_HOURS * _HOUR_S
#: As long as a path lasts at most, see the schema.
_WEEK_S = 7 * _DAY_S
#: The most digits of an MSISDN or an IMSI (TS 23.003 3.3, 2.2).
_MOST_DIGITS = 15


def ues_of(pointer: str, entry: dict[str, Any], cells: Mapping[str, Cell]) -> Iterator[Ue]:
    """The UE of an entry, or with a `count` as many; raises InvalidRequest."""
    cell = cells.get(entry["cell"])
    if cell is None:
        raise wrong(f"{pointer}/cell", f"no such cell; there are: {', '.join(cells)}")
    condition = _condition(f"{pointer}/radio", entry["radio"], cell, cells)
    background = tuple(
        chain.from_iterable(
            _background(f"{pointer}/background/{i}", flow)
            for i, flow in enumerate(entry.get("background", ()))
        )
    )
    for number in range(entry.get("count", 1)):
        yield Ue(
            **_identities(pointer, entry, number),
            cell_id=cell.id,
            attached=entry.get("attached", True),
            condition=condition,
            background=background,
            stays=condition.stays if isinstance(condition, Way) else (),
        )


def _identities(pointer: str, entry: dict[str, Any], number: int) -> dict[str, Any]:
    """Of a counted UE the name ends in its number, from 1; digits and addresses count up."""
    ipv4, ipv6 = entry.get("ipv4"), entry.get("ipv6")
    suffix = f"-{number + 1}" if "count" in entry else ""
    return {
        "id": entry["id"] + suffix,
        "gpsi": parsed(f"{pointer}/gpsi", lambda: _counted(entry["gpsi"], number, suffix)),
        "supi": parsed(f"{pointer}/supi", lambda: _counted(entry["supi"], number, suffix)),
        "ipv4": parsed(f"{pointer}/ipv4", lambda: IPv4Address(ipv4) + number) if ipv4 else None,
        "ipv6": parsed(f"{pointer}/ipv6", lambda: IPv6Address(ipv6) + number) if ipv6 else None,
    }


def _counted(identity: str, number: int, suffix: str) -> str:
    kind, _, own = identity.partition("-")
    if kind == "extid":
        local, _, domain = own.partition("@")
        return f"{kind}-{local}{suffix}@{domain}"
    digits = str(int(own) + number).zfill(len(own))
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"counted up it would have more than {_MOST_DIGITS} digits")
    return f"{kind}-{digits}"


def _background(pointer: str, entry: dict[str, Any]) -> Iterator[Background]:
    rate = parsed(f"{pointer}/rate", lambda: BitRate.parse(entry["rate"]))
    per = PacketErrorRate.parse(entry.get("per", "1E-3"))
    for share, when in _shares(pointer, entry):
        bps = round(rate.bps * share)
        if bps:
            yield Background(BitRate(bps), per, entry.get("priority", 40), when)


def _shares(pointer: str, entry: dict[str, Any]) -> Iterable[tuple[float, Span]]:
    """The shares of its rate that a flow has, and when."""
    if "by_hour" not in entry:
        return [(1.0, span(pointer, entry))]
    if "from_s" in entry or "until_s" in entry:
        raise wrong(f"{pointer}/by_hour", "by_hour says when; from_s and until_s cannot, too")
    hours, shares = _columns(f"{pointer}/by_hour", entry["by_hour"])
    # The last share holds until the first hour of the next day.
    hours_s = [hour * _HOUR_S for hour in (*hours, hours[0] + _DAY_HOURS)]
    spans = (Span(from_s, until_s, _DAY_S) for from_s, until_s in pairwise(hours_s))
    return zip(shares, spans, strict=True)


def _condition(
    pointer: str, entry: dict[str, Any], cell: Cell, cells: Mapping[str, Cell]
) -> Condition:
    kinds = [kind for kind in _KINDS if kind in entry]
    if len(kinds) != 1:
        raise wrong(pointer, f"say exactly one of {', '.join(_KINDS)}")
    [kind] = kinds
    if "handover" in entry:
        if kind != "path":
            raise wrong(f"{pointer}/handover", "only a UE on a path is handed over")
        return _way(pointer, entry, cell, cells)
    if kind == "sinr_db":
        return Constant(float(entry["sinr_db"]))
    if kind == "path":
        return _path(pointer, entry, cell)
    if kind == "trace":
        return _trace(f"{pointer}/trace", entry["trace"])
    if kind == "rate_trace":
        return _rate_trace(f"{pointer}/rate_trace", entry["rate_trace"], cell)
    reason = "only a scenario that is read from a file may name another; write a trace instead"
    raise wrong(f"{pointer}/trace_file", reason)


def _trace(pointer: str, points: Iterable[Iterable[float]]) -> Trace:
    times_s, values_db = _columns(pointer, points)
    return Trace(times_s, values_db)


def _rate_trace(pointer: str, points: Iterable[Iterable[float]], cell: Cell) -> Trace:
    times_s, rates_mbps = _columns(pointer, points)
    sinrs_db = sinr_of_rate_db(cell.carrier, np.array(rates_mbps) * 1e6)
    return Trace(times_s, tuple(sinrs_db.tolist()))


def _path(pointer: str, entry: dict[str, Any], cell: Cell) -> Path:
    if cell.site is None:
        raise wrong(f"{pointer}/path", f"a path needs a site of the cell {cell.id}")
    times_s, xs_m, ys_m = _columns(f"{pointer}/path", entry["path"])
    seen, height_m = entry.get("line_of_sight", False), float(entry.get("height_m", 1.5))
    width_mhz = float(cell.carrier.bandwidth_mhz)
    return Path(cell.site, width_mhz, times_s, xs_m, ys_m, height_m, seen)


def _way(pointer: str, entry: dict[str, Any], cell: Cell, cells: Mapping[str, Cell]) -> Way:
    own = entry["handover"]
    trigger = Trigger(float(own.get("hysteresis_db", 3)), own.get("time_to_trigger_ms", 320) / 1000)
    first = _path(pointer, entry, cell)
    heard = [one for one in cells.values() if one.site is not None]
    ends_s = [span.until_s for one in heard for span in one.outages if span.until_s < inf]
    if max(ends_s, default=0) > _WEEK_S:
        raise wrong(f"{pointer}/handover", "then outages of cells with a site end within a week")
    paths = {one.id: first if one is cell else _path(pointer, entry, one) for one in heard}
    return way_of(heard, paths, cell.id, trigger)


def _columns(pointer: str, points: Iterable[Iterable[float]]) -> Iterator[tuple[float, ...]]:
    columns = [tuple(float(v) for v in column) for column in zip(*points, strict=True)]
    if not rising(columns[0]):
        raise wrong(pointer, "each time must be later than the one before")
    return iter(columns)
