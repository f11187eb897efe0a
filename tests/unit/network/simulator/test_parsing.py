"""Documents of scenarios, right and wrong."""

from ipaddress import IPv4Address
from itertools import islice
from typing import Any

import numpy as np
import pytest

from nef.domain.errors import InvalidRequest
from nef.network.simulator.conditions import Constant, Path, Trace
from nef.network.simulator.cqi import Reliability
from nef.network.simulator.parsing import parse, schema
from nef.network.simulator.radio import block_rates_bps, elements_a_second


def ue(**changes: Any) -> dict[str, Any]:
    entry = {
        "id": "ue-1",
        "gpsi": "msisdn-12345",
        "supi": "imsi-12345",
        "ipv4": "10.0.0.1",
        "cell": "c",
        "radio": {"sinr_db": 20},
    }
    return {key: value for key, value in (entry | changes).items() if value is not None}


def cell(**changes: Any) -> dict[str, Any]:
    return {"id": "c", "bandwidth_mhz": 20} | changes


def document(*ues: dict[str, Any], cells: Any = None, **changes: Any) -> dict[str, Any]:
    own = {"name": "mine", "cells": cells or [cell()], "ues": list(ues) or [ue()]}
    return own | changes


def refused(broken: Any) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as caught:
        parse(broken)
    return {param.pointer: param.reason for param in caught.value.params}


def test_what_is_left_out_has_its_documented_default() -> None:
    scenario = parse(document())
    [one], [first] = scenario.cells, scenario.ues
    assert (scenario.seed, scenario.duration_s, scenario.description) == (1, 60.0, "")
    assert (one.carrier.spacing_khz, one.carrier.layers, one.carrier.downlink_share) == (
        30,
        2,
        0.75,
    )
    assert one.core_delay_ms == 5.0
    assert first.attached
    assert first.ipv4 == IPv4Address("10.0.0.1")
    assert first.condition == Constant(20.0)


def test_every_kind_of_radio_is_read() -> None:
    site = cell(site={"environment": "umi"})
    radios = [
        {"trace": [[0, 20], [5, -3.5]]},
        {"path": [[0, 10, 0], [9, 500, 20]], "line_of_sight": True, "height_m": 2},
    ]
    for radio, kind in zip(radios, (Trace, Path), strict=True):
        scenario = parse(document(ue(radio=radio), cells=[site]))
        assert isinstance(scenario.ues[0].condition, kind)


def test_a_document_from_outside_reads_no_file() -> None:
    reasons = refused(document(ue(radio={"trace_file": "t.csv"})))
    assert "write a trace instead" in reasons["/document/ues/0/radio/trace_file"]


def test_a_measured_rate_is_played_as_the_radio_that_gives_about_it() -> None:
    """A carrier of 20 MHz: each rate comes back within half a step of the CQI table (18 %)."""
    rates_mbps = [4.0, 30.0, 100.0, 147.0]
    points = [[float(n), rate] for n, rate in enumerate([0.0, *rates_mbps])]
    scenario = parse(document(ue(radio={"rate_trace": points})))
    condition, carrier = scenario.ues[0].condition, scenario.cells[0].carrier
    sinrs_db = np.array([condition.sinr_db(float(n)) for n in range(5)])
    elements = np.full(5, elements_a_second(carrier))
    got = block_rates_bps(sinrs_db, elements)[Reliability.ORDINARY] * carrier.blocks / 1e6
    assert got[0] == 0
    assert got[1:] == pytest.approx(rates_mbps, rel=0.3)


def test_a_background_flow_lasts_as_long_as_it_says() -> None:
    flow = {"rate": "2 Mbps", "from_s": 3, "until_s": 5}
    [entry] = parse(document(ue(background=[flow]))).ues[0].background
    assert [t in entry.span for t in (2.9, 3, 4.9, 5)] == [False, True, True, False]
    assert (entry.rate_dl.bps, entry.priority) == (2_000_000, 40)


def test_a_flow_follows_the_hour_of_each_day_for_ever() -> None:
    flow = {"rate": "100 Mbps", "by_hour": [[6, 0.2], [8, 1], [20, 0]]}
    [entry] = parse(document(ue(background=[flow]), duration_s=100_000)).ues

    def mbps_at(day: int, hour: float) -> list[float]:
        time_s = (24 * day + hour) * 3600
        return [f.rate_dl.bps / 1e6 for f in entry.background if time_s in f.span]

    for day in (0, 1, 4000):
        told = [mbps_at(day, hour) for hour in (0, 5.99, 6, 7.99, 8, 19.99, 20)]
        assert told == [[], [], [20], [20], [100], [100], []]


def test_what_is_left_of_the_night_before_holds_until_the_first_hour() -> None:
    flow = {"rate": "100 Mbps", "by_hour": [[6, 1], [22, 0.1]]}
    [entry] = parse(document(ue(background=[flow]))).ues
    times_h = {
        f.rate_dl.bps: [(a / 3600, b / 3600) for a, b in islice(f.span.times_s(0), 2)]
        for f in entry.background
    }
    assert times_h == {100_000_000: [(6, 22), (30, 46)], 10_000_000: [(0, 6), (22, 30)]}


def test_a_counted_entry_is_as_many_ues_with_identities_of_their_own() -> None:
    fans = ue(id="fan", count=3, gpsi="msisdn-009998", ipv4="10.0.0.254")
    cams = ue(id="cam", count=2, gpsi="extid-cam@example.com", supi="imsi-7", ipv4="10.0.9.1")
    groups = [{"id": "all@example.com", "ues": ["cam", "fan-2"]}]
    scenario = parse(document(fans, cams | {"supi": "imsi-70000"}, groups=groups))
    told = [(u.id, u.gpsi, u.supi, str(u.ipv4)) for u in scenario.ues]
    assert told == [
        ("fan-1", "msisdn-009998", "imsi-12345", "10.0.0.254"),
        ("fan-2", "msisdn-009999", "imsi-12346", "10.0.0.255"),
        ("fan-3", "msisdn-010000", "imsi-12347", "10.0.1.0"),
        ("cam-1", "extid-cam-1@example.com", "imsi-70000", "10.0.9.1"),
        ("cam-2", "extid-cam-2@example.com", "imsi-70001", "10.0.9.2"),
    ]
    assert scenario.groups[0].ue_ids == ("cam-1", "cam-2", "fan-2")


WRONG: list[tuple[Any, str, str]] = [
    (document(cells=[cell(bandwidth_mhz=21)]), "/document/cells/0/bandwidth_mhz", "20, 25, 30"),
    (document(cells=[cell(layers=0)]), "/document/cells/0/layers", "minimum of 1"),
    (document(cells=[{"id": "c"}]), "/document/cells/0/bandwidth_mhz", "required"),
    (document(cells=[cell(colour="red")]), "/document/cells/0/colour", "but: id, nci, tac"),
    (
        document(cells=[cell(outages=[{"from_s": 5, "until_s": 5}])]),
        "/document/cells/0/outages/0/until_s",
        "after from_s, which is 5",
    ),
    (document(cells=[cell(), cell()]), "/document/cells/1/id", "more than once"),
    (document(ue(cell="x")), "/document/ues/0/cell", "there are: c"),
    (document(ue(ipv4="10.0.0.999")), "/document/ues/0/ipv4", "10.0.0.999"),
    (document(ue(ipv6="::g")), "/document/ues/0/ipv6", "::g"),
    (document(ue(gpsi="+49")), "/document/ues/0/gpsi", "match"),
    (document(ue(radio={})), "/document/ues/0/radio", "exactly one of sinr_db"),
    (document(ue(radio={"sinr_db": 1, "trace": [[0, 1]]})), "/document/ues/0/radio", "exactly one"),
    (document(ue(radio={"sinr_db": "good"})), "/document/ues/0/radio/sinr_db", "number"),
    (document(ue(radio={"trace": [[5, 1], [5, 2]]})), "/document/ues/0/radio/trace", "later"),
    (document(ue(radio={"path": [[0, 1, 1]]})), "/document/ues/0/radio/path", "needs a site"),
    (
        document(ue(background=[{"rate": "0 bps"}])),
        "/document/ues/0/background/0/rate",
        "from 1 bps",
    ),
    (document(ue(), ue(id="ue-2")), "/document/ues/1/gpsi", "more than once"),
    (
        document(ue(id="ue", count=2), ue(id="ue-2", gpsi="msisdn-99999", supi="imsi-99999")),
        "/document/ues/1/id",
        "ue-2 stands more than once",
    ),
    (document(ue(count=9, ipv4="255.255.255.250")), "/document/ues/0/ipv4", "IPv4"),
    (document(ue(count=9, supi="imsi-" + 15 * "9")), "/document/ues/0/supi", "15 digits"),
    (document(ue(count=0)), "/document/ues/0/count", "minimum of 1"),
    (
        document(ue(background=[{"rate": "1 bps", "from_s": 1, "by_hour": [[0, 1]]}])),
        "/document/ues/0/background/0/by_hour",
        "from_s and until_s cannot",
    ),
    (
        document(ue(background=[{"rate": "1 bps", "by_hour": [[8, 1], [8, 0]]}])),
        "/document/ues/0/background/0/by_hour",
        "later than the one before",
    ),
    (document(name=""), "/document/name", "shorter"),
    (document(seed=-1), "/document/seed", "minimum of 0"),
    (document(cells=7), "/document/cells", "array"),
    ([], "/document", "object"),
    ({}, "/document/name", "required"),
]


@pytest.mark.parametrize(("broken", "pointer", "reason"), WRONG, ids=lambda x: str(x)[-40:])
def test_every_error_names_its_place_and_what_was_expected(
    broken: Any, pointer: str, reason: str
) -> None:
    assert reason in refused(broken)[pointer]


def test_times_places_and_rates_have_an_end() -> None:
    way = ue(radio={"path": [[0, 1e9, 0], [1e9, 0, -1e9]]})
    trace = ue(radio={"rate_trace": [[0, 1e300]]})
    spans = [{"from_s": 0, "until_s": 1e12}]
    broken = document(way, trace, cells=[cell(site={"x_m": 1e9}, outages=spans)], duration_s=1e9)
    assert refused(broken).keys() == {
        "/document/duration_s",
        "/document/cells/0/outages/0/until_s",
        "/document/cells/0/site/x_m",
        "/document/ues/0/radio/path/0/1",
        "/document/ues/0/radio/path/1/0",
        "/document/ues/0/radio/path/1/2",
        "/document/ues/1/radio/rate_trace/0/1",
    }


def test_where_a_ue_is_handed_over_outages_end_within_a_week() -> None:
    way = ue(radio={"path": [[0, 10, 0], [9, 50, 0]], "handover": {}})
    cells = [cell(site={}, outages=[{"from_s": 0, "until_s": 604801}])]
    assert "within a week" in refused(document(way, cells=cells))["/document/ues/0/radio/handover"]


def test_a_document_full_of_errors_gets_a_bounded_answer() -> None:
    assert len(refused(document(*({} for _ in range(1000))))) <= 20


def test_every_property_of_the_schema_says_what_it_means() -> None:
    told = schema()
    parts = [told, *told["$defs"].values()]
    for part in parts:
        for name, value in part.get("properties", {}).items():
            target = told["$defs"][value["$ref"].split("/")[-1]] if "$ref" in value else value
            assert target.get("description"), name
