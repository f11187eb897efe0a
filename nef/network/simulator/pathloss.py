"""Path loss of TR 38.901 table 7.4.1-1, and the SINR that is left after it.

Distances are in metres, frequencies in GHz. Shadow fading and indoor losses are not modelled.
"""

from dataclasses import dataclass

import numpy as np

from nef.network.simulator.cqi import Floats

_LIGHT_M_S = 3.0e8  # as TR 38.901 table 7.4.1-1 note 1 rounds it
_EFFECTIVE_HEIGHT_M = 1.0  # h_E of the same note, exact for UMi and for UMa below 13 m
_THERMAL_NOISE_DBM_HZ = -174.0  # ITU-R M.2412-0 table 5
_NOISE_FIGURE_DB = 7.0  # of a UE below 6 GHz, ITU-R M.2412-0 table 5
_MIN_DISTANCE_M = 10.0  # where the formulas of TR 38.901 begin to hold


@dataclass(frozen=True, slots=True)
class Environment:
    """The coefficients of a kind of surroundings, in the order of TR 38.901's formulas."""

    mast_m: float
    near: tuple[float, float]
    far_slope: float
    blocked: tuple[float, float, float, float]


#: Urban macro and urban micro (street canyon).
ENVIRONMENTS = {
    "uma": Environment(25.0, (28.0, 22.0), 9.0, (13.54, 39.08, 20.0, 0.6)),
    "umi": Environment(10.0, (32.4, 21.0), 9.5, (22.4, 35.3, 21.3, 0.3)),
}


@dataclass(frozen=True, slots=True)
class Site:
    """Where a cell's antenna stands and how it sends.

    `antenna_gain_db` is that of the antenna towards the UE; `interference_db` is by how much
    other cells raise the noise.
    """

    environment: str
    frequency_ghz: float
    tx_power_dbm: float
    antenna_gain_db: float
    interference_db: float
    x_m: float
    y_m: float


def path_loss_db(site: Site, distance_m: Floats, height_m: float, *, line_of_sight: bool) -> Floats:
    """The loss at a horizontal distance to a UE at a height; holds from 10 m to 5 km."""
    kind = ENVIRONMENTS[site.environment]
    flat = np.maximum(distance_m, _MIN_DISTANCE_M)
    rise = kind.mast_m - height_m
    direct = np.hypot(flat, rise)
    seen = _line_of_sight_db(kind, site.frequency_ghz, flat, direct, height_m)
    if line_of_sight:
        return seen
    base, slope, per_frequency, per_height = kind.blocked
    blocked = base + slope * np.log10(direct) + per_frequency * np.log10(site.frequency_ghz)
    hidden: Floats = np.maximum(seen, blocked - per_height * (height_m - 1.5))
    return hidden


def _line_of_sight_db(
    kind: Environment, frequency_ghz: float, flat: Floats, direct: Floats, height_m: float
) -> Floats:
    heights = (kind.mast_m - _EFFECTIVE_HEIGHT_M) * (height_m - _EFFECTIVE_HEIGHT_M)
    breakpoint_m = 4 * heights * frequency_ghz * 1e9 / _LIGHT_M_S
    base, slope = kind.near
    frequency = base + 20 * np.log10(frequency_ghz)
    near = frequency + slope * np.log10(direct)
    bend = np.log10(breakpoint_m**2 + (kind.mast_m - height_m) ** 2)
    far = frequency + 40 * np.log10(direct) - kind.far_slope * bend
    loss: Floats = np.where(flat <= breakpoint_m, near, far)
    return loss


def received_dbm(site: Site, loss_db: Floats) -> Floats:
    """The power that arrives behind a loss, of the whole carrier."""
    received: Floats = site.tx_power_dbm + site.antenna_gain_db - loss_db
    return received


def sinr_db(site: Site, loss_db: Floats, bandwidth_mhz: float) -> Floats:
    """The SINR behind a loss, of a signal and a noise that both fill the bandwidth."""
    noise_dbm = _THERMAL_NOISE_DBM_HZ + 10 * np.log10(bandwidth_mhz * 1e6) + _NOISE_FIGURE_DB
    left: Floats = received_dbm(site, loss_db) - noise_dbm - site.interference_db
    return left
