"""The radio model beside published figures, as docs/radio-model.md shows them."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from nef.cli import main
from nef.commands.references import (
    close_in_db,
    shannon_bps_hz,
    tr_36942_bps_hz,
    winner_c2_db,
)
from nef.network.simulator.cqi import Reliability
from nef.network.simulator.pathloss import ENVIRONMENTS, Site, path_loss_db
from nef.network.simulator.radio import (
    RESOURCE_BLOCKS,
    Carrier,
    block_rates_bps,
    elements_a_second,
    peak_rate_bps,
    per_hertz,
)

PAGE = (Path(__file__).parents[4] / "docs" / "radio-model.md").read_text("utf-8")


def rows(header: str) -> list[list[str]]:
    below = PAGE[PAGE.index(f"| {header}") :].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in below]


def ts_38306_mbps(blocks: int, spacing_khz: int, layers: int) -> float:
    """The formula of TS 38.306 4.1.2 in its own words, for the downlink of one carrier in FR1."""
    symbol_s = 1e-3 / (14 * spacing_khz / 15)
    return 1e-6 * layers * 8 * (948 / 1024) * blocks * 12 / symbol_s * (1 - 0.14)


def test_the_peak_rates_are_those_of_ts_38_306() -> None:
    table = rows("carrier | layers")
    assert len(table) == 5
    for name, layers, *told in table:
        width, _, _, spacing, _ = name.split()
        blocks = RESOURCE_BLOCKS[int(spacing), int(width)]
        published = ts_38306_mbps(blocks, int(spacing), int(layers))
        whole, shared = (Carrier(int(width), int(spacing), int(layers), s) for s in (1.0, 0.75))
        assert peak_rate_bps(whole) / 1e6 == pytest.approx(published)
        own = [
            block_rates_bps(np.array([40.0]), np.array([elements_a_second(c)]))[0, 0] * blocks / 1e6
            for c in (whole, shared)
        ]
        assert told == [f"{rate:.1f}" for rate in (published, *own)], name


def test_the_rates_against_sinr_stand_beside_those_of_lte() -> None:
    table = rows("SINR, in dB")
    assert len(table) == 6
    for sinr, *told in table:
        at = np.array([float(sinr)])
        own = per_hertz(at, Reliability.ORDINARY)[0]
        said = [own, tr_36942_bps_hz(at)[0], shannon_bps_hz(at)[0]]
        assert told == [f"{rate:.2f}" for rate in said], sinr
        assert own < shannon_bps_hz(at)[0]


def test_the_losses_stand_beside_other_models_of_a_city() -> None:
    table = rows("distance, in m")
    assert len(table) == 4
    for distance, *told in table:
        at = np.array([float(distance)])
        uma, umi = (
            path_loss_db(Site(kind, 3.5, 44, 8, 0, 0, 0), at, 1.5, line_of_sight=False)
            for kind in ENVIRONMENTS
        )
        rise = {"uma": 23.5, "umi": 8.5}
        macro, micro = (np.hypot(at, rise[kind]) for kind in ENVIRONMENTS)
        others = close_in_db(macro, 3.5, 30), winner_c2_db(at, 3.5), close_in_db(micro, 3.5, 31.9)
        said = [uma, others[0], others[1], umi, others[2]]
        assert told == [f"{loss[0]:.1f}" for loss in said], distance
        assert abs(uma - others[1])[0] < 8, "less than shadow fading"


def test_the_picture_of_the_page_can_be_drawn(tmp_path: Path) -> None:
    out = tmp_path / "radio.png"
    result = CliRunner().invoke(main, ["radio", "plot", "--out", str(out)])
    assert result.output == f"{out} shows the radio model\n"
    assert out.read_bytes().startswith(b"\x89PNG")
