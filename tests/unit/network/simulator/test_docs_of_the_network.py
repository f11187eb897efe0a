"""The pages about the simulated network, held against the code."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from builders.simulations import Simulated
from nef.domain.capacity import spare_blocks, together
from nef.domain.errors import InvalidValue
from nef.domain.units import BitRate, PacketErrorRate
from nef.network.simulator.cqi import DIVERSITY_ORDER, SHANNON_GAP_DB, TABLE_256QAM
from nef.network.simulator.files import read_scenario
from nef.network.simulator.parsing import parse, schema
from nef.network.simulator.pathloss import Site, path_loss_db
from nef.network.simulator.radio import Carrier, block_rates_bps, blocks_for, elements_a_second
from nef.network.simulator.run import scenario_of
from nef.network.simulator.scenario import Stay, shipped_scenarios
from nef.network.simulator.timeline import timeline_of
from nef.ports.information import FlowClass

DOCS = Path(__file__).parents[4] / "docs"
MODEL = (DOCS / "radio-model.md").read_text("utf-8")
SCENARIOS = (DOCS / "scenarios.md").read_text("utf-8")


def rows(text: str, header: str) -> list[list[str]]:
    """The cells of the rows of the table that begins with a header."""
    below = text[text.index(f"| {header}") :].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in below]


def test_the_table_of_rates_is_that_of_the_model() -> None:
    carrier = Carrier(20, 30, 2, 0.75)
    table = rows(MODEL, "SINR, dB")
    assert len(table) == 10
    for sinr, *told in table:
        elements = np.array([elements_a_second(carrier)])
        rates = [int(r) for r in block_rates_bps(np.array([float(sinr)]), elements)[:, 0]]
        said = [f"{r / 1e3:.1f}" for r in rates] + [f"{r * 51 / 1e6:.1f}" for r in rates]
        said += [str(blocks_for(10_000_000, r) or "—") for r in rates]
        assert told == said, sinr


def test_the_table_of_losses_is_that_of_the_model() -> None:
    table = rows(MODEL, "distance, m")
    assert len(table) == 5
    for distance, *told in table:
        losses = [
            path_loss_db(
                Site(kind, 3.5, 44, 8, 0, 0, 0),
                np.array([float(distance)]),
                1.5,
                line_of_sight=seen,
            )[0]
            for kind in ("uma", "umi")
            for seen in (True, False)
        ]
        assert told == [f"{loss:.1f}" for loss in losses], distance


def test_the_constants_of_the_page_are_those_of_the_code() -> None:
    assert f"+ {SHANNON_GAP_DB} dB + 10 log10(0.1 / BLER) / {DIVERSITY_ORDER}" in MODEL
    edge = f"{TABLE_256QAM.thresholds_db[0]:.1f}".replace("-", "−")  # noqa: RUF001 - as printed
    assert f"Below {edge} dB" in MODEL


def test_every_scenario_that_ships_is_explained_and_no_other() -> None:
    explained = re.findall(r"^### `(.*)`$", SCENARIOS, re.MULTILINE)
    assert sorted(explained) == list(shipped_scenarios())
    assert len(explained) >= 4


@pytest.mark.parametrize("name", shipped_scenarios())
def test_every_scenario_that_ships_is_valid_and_bears_its_name(name: str) -> None:
    scenario = scenario_of(name)
    assert scenario.name == name
    assert scenario.description


def test_the_phases_of_the_demo_are_as_told() -> None:
    network = Simulated("fading-ue")
    table = rows(SCENARIOS, "from, s")
    assert len(table) == 5
    for from_s, _, sinr, ordinary, high in table:
        network.step(max(float(from_s) - network.status(network.now_s).time_s, 1e-6))
        assert network.ues(network.now_s)[0].sinr_db == float(sinr)
        found = [network.seen_by("ue-1", per).rate_dl.bps / 1e6 for per in ("1E-3", "1E-5")]
        assert [f"{rate:.1f}" for rate in found] == [ordinary, high], from_s


def test_the_demo_tells_three_models_apart_by_a_second_of_radio() -> None:
    """8, 1.5 and 0.1 MB: each phase carries its model in 0.8 s, and not the next larger one."""
    network = Simulated("fading-ue")
    for at_s, fits_mb, too_large_mb in ((0, 8, None), (8, 1.5, 8), (14, 0.1, 1.5)):
        network.step(max(at_s - network.status(network.now_s).time_s, 1e-6))
        megabits = network.seen_by("ue-1").rate_dl.bps / 1e6
        assert megabits * 0.8 > fits_mb * 8
        assert too_large_mb is None or megabits < too_large_mb * 8


def test_the_rates_of_the_camera_fleet_are_as_told() -> None:
    network = Simulated("camera-fleet")
    [cell] = network.cells(network.now_s)
    assert f"holds {cell.blocks_granted} of the {cell.blocks}\nblocks" in SCENARIOS
    flow = FlowClass(PacketErrorRate(1, 3), 30)
    now_s = network.now_s
    table = rows(SCENARIOS, "cameras")
    assert len(table) == 2
    for cameras, *told in table:
        for rate, (from_s, until_s) in zip(told, ((0, 30), (30, 90)), strict=True):
            times = now_s + from_s, now_s + until_s, now_s
            course = network.information.room_course("cell-1", flow, *times)
            assert course is not None
            [standing] = together([course]).moments
            for more_bps, fits in ((0, True), (100_000, False)):
                asked = BitRate(round(float(rate) * 1e6) + more_bps)
                found = spare_blocks(standing, asked, int(cameras))
                assert (found is not None) == fits, (cameras, rate)


def test_the_walker_has_what_the_page_says() -> None:
    timeline = timeline_of("walking-away", 720)
    rates = dict(zip(timeline.times_s, timeline.rates_bps["walker"], strict=True))
    assert "falls from 147 Mbit/s to 7 Mbit/s in the first three minutes" in SCENARIOS
    assert [round(rates[t] / 1e6) for t in (0.0, 180.0)] == [147, 7]
    without = [t for t, rate in rates.items() if not rate]
    assert "from 250 s to 450 s it has nothing" in SCENARIOS
    assert 240 < without[0] <= 250
    assert 450 <= without[-1] < 460


@pytest.mark.parametrize(
    ("name", "header", "unit_s", "ues"),
    [
        ("stadium", "at, s", 1, {2: "steward-1"}),
        ("camera-day", "hour", 3600, {1: "market-1", 2: "station-1"}),
    ],
)
def test_the_rates_of_the_long_scenarios_are_as_told(
    name: str, header: str, unit_s: int, ues: dict[int, str]
) -> None:
    timeline = timeline_of(name)
    table = rows(SCENARIOS, header)
    assert len(table) == 7
    for row in table:
        at = timeline.times_s.index(float(row[0]) * unit_s)
        for column, ue_id in ues.items():
            assert row[column] == f"{timeline.rates_bps[ue_id][at] / 1e6:.1f}", row


def test_the_bus_is_where_the_page_says() -> None:
    scenario = scenario_of("street")
    told = [(stay.cell_id, stay.from_s) for stay in scenario.ues[0].stays]
    assert "to `cell-b` after 27 s and to `cell-c` after 57 s" in SCENARIOS
    assert told == [("cell-a", 0), ("cell-b", 27), ("cell-c", 57)]
    assert "holds\n43 of the 51 blocks of `cell-b`" in SCENARIOS  # test_handover.py


def test_the_defaults_of_a_handover_are_those_of_the_page() -> None:
    site = {"environment": "umi"}
    cells = [{"id": f"c-{n}", "bandwidth_mhz": 20, "site": site | {"x_m": 300 * n}} for n in (0, 1)]
    radio = {"path": [[0, 0, 0], [30, 300, 0]]}
    ue = {"id": "u", "gpsi": "msisdn-12345", "supi": "imsi-12345", "cell": "c-0"}

    def stays(**handover: float) -> tuple[Stay, ...]:
        way = radio | {"handover": handover}
        return parse({"name": "x", "cells": cells, "ues": [ue | {"radio": way}]}).ues[0].stays

    assert len(stays()) == 2
    assert stays() == stays(hysteresis_db=3, time_to_trigger_ms=320)
    assert "the hysteresis (3 dB) for the time to trigger (320 ms)" in MODEL


def test_the_error_of_the_page_is_that_of_the_command(tmp_path: Path) -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", SCENARIOS, re.DOTALL)
    (tmp_path / "street.yaml").write_text(example.replace("_mhz: 40", "_mhz: 41"))
    with pytest.raises(InvalidValue) as caught:
        read_scenario(tmp_path / "street.yaml")
    assert f"Error: {str(caught.value).replace(f'{tmp_path}/', '')}\n" in SCENARIOS


def test_the_other_figures_of_the_page_are_those_of_the_scenarios() -> None:
    steady, fading = Simulated("steady"), Simulated("fading-ue")
    assert f"room for {steady.seen_by('ue-1').rate_dl.bps / 1e9:.2f} Gbit/s" in SCENARIOS
    [cell] = fading.cells(fading.now_s)
    assert f"holds {cell.blocks_granted} of the {cell.blocks} blocks" in SCENARIOS


def test_the_example_of_the_page_is_valid() -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", SCENARIOS, re.DOTALL)
    assert parse(yaml.safe_load(example)).name == "two-rooms"


def test_every_kind_of_radio_is_on_the_page() -> None:
    kinds = schema()["$defs"]["radio"]["properties"]
    for kind in ("sinr_db", "trace", "rate_trace", "trace_file", "path"):
        assert kind in kinds
        assert f"| `{kind}` |" in SCENARIOS
