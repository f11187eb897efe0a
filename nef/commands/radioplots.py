"""Pictures of the radio model. Importing this needs matplotlib."""

from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from nef.commands.plots import save
from nef.commands.references import (
    LINK_LEVEL_DB,
    close_in_db,
    shannon_bps_hz,
    tr_36942_bps_hz,
    winner_c2_db,
)
from nef.network.simulator.cqi import TABLE_64QAM, TABLE_256QAM, Floats, Reliability
from nef.network.simulator.pathloss import ENVIRONMENTS, Site, path_loss_db, sinr_db
from nef.network.simulator.radio import Carrier, block_rates_bps, elements_a_second, per_hertz

_GHZ, _UE_M = 3.5, 1.5
_CARRIER = Carrier(20, 30, 2, 0.75)
_SITES = {name: Site(name, _GHZ, 44, 8, 0, 0, 0) for name in ENVIRONMENTS}


def save_curves(path: Path) -> None:
    """Draw the model's curves beside published ones; raises InvalidValue, OSError."""
    figure, axes = plt.subplots(1, 3, figsize=(17, 5.5), layout="constrained")
    _draw_efficiency(axes[0])
    _draw_losses(axes[1])
    _draw_rates(axes[2])
    for one in axes:
        one.grid(alpha=0.3)
        one.legend(fontsize=8)
    save(figure, path)


def _draw_efficiency(axes: Axes) -> None:
    sinrs_db = np.linspace(-12, 30, 400)
    for kind, label in zip(Reliability, ("BLER 0.1 (256QAM)", "BLER 1E-5"), strict=True):
        axes.step(sinrs_db, per_hertz(sinrs_db, kind), where="post", label=f"the model, {label}")
    axes.plot(sinrs_db, shannon_bps_hz(sinrs_db), "k:", label="Shannon's limit")
    axes.plot(sinrs_db, tr_36942_bps_hz(sinrs_db), "g--", label="TR 36.942 annex A (LTE)")
    # As the model counts: what is left of a carrier after overhead, and of blocks that fail.
    left = per_hertz(np.array([40.0]), Reliability.ORDINARY)[0] / TABLE_256QAM.efficiencies[-1]
    axes.plot(
        LINK_LEVEL_DB, TABLE_64QAM.efficiencies[1:] * left, "rx", label="Mehlführer et al. 2009"
    )
    axes.set_ylim(0, 7)
    axes.set_xlabel("SINR, dB")
    axes.set_ylabel("bit/s/Hz on one layer, before TDD")
    axes.set_title("Rate against SINR")


def _losses(distance_m: Floats) -> list[tuple[str, str, Floats]]:
    """Name, style and loss of every curve: those of the model first."""
    own = [
        (f"{name}, {'in sight' if seen else 'hidden'}", f"C{n}{'--' if seen else '-'}",
         path_loss_db(site, distance_m, _UE_M, line_of_sight=seen))
        for n, (name, site) in enumerate(_SITES.items())
        for seen in (True, False)
    ]  # fmt: skip
    macro_m, micro_m = (np.hypot(distance_m, e.mast_m - _UE_M) for e in ENVIRONMENTS.values())
    return [
        *own,
        ("WINNER II C2 (uma, hidden)", "C0x", winner_c2_db(distance_m, _GHZ)),
        ("TR 38.901 optional (uma, hidden)", "C0+", close_in_db(macro_m, _GHZ, 30)),
        ("TR 38.901 optional (umi, hidden)", "C1+", close_in_db(micro_m, _GHZ, 31.9)),
    ]


def _draw_losses(axes: Axes) -> None:
    distance_m = np.geomspace(50, 2000, 25)
    for label, style, loss_db in _losses(distance_m):
        axes.semilogx(distance_m, loss_db, style, label=label)
    axes.set_xlabel("distance, m")
    axes.set_ylabel("path loss at 3.5 GHz, dB")
    axes.set_title("Path loss against distance")


def _draw_rates(axes: Axes) -> None:
    distance_m = np.geomspace(50, 5000, 60)
    elements = np.full(len(distance_m), elements_a_second(_CARRIER))
    for label, style, loss_db in _losses(distance_m):
        sinrs_db = sinr_db(_SITES["uma"], loss_db, _CARRIER.bandwidth_mhz)
        rates_bps = block_rates_bps(sinrs_db, elements)[Reliability.ORDINARY] * _CARRIER.blocks
        axes.semilogx(distance_m, rates_bps / 1e6, style, label=label)
    axes.set_xlabel("distance, m")
    axes.set_ylabel("20 MHz, 2 layers, 44 dBm, no interference: Mbit/s at 1E-3")
    axes.set_title("Rate against distance")
