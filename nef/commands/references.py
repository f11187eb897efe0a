"""What others have published, to hold the radio model against; nothing of it is in the model."""

import numpy as np

from nef.network.simulator.cqi import Floats

#: SINR in dB from which LTE meets a block error rate of 0.1 at CQI 1 to 15 of TS 36.213 table
#: 7.2.3-1, whose efficiencies are those of TS 38.214 table 5.2.2.1-2: Mehlführer et al.,
#: "Simulating the Long Term Evolution Physical Layer", EUSIPCO 2009.
LINK_LEVEL_DB = (
    -6.936, -5.147, -3.18, -1.253, 0.761, 2.699, 4.694, 6.525,
    8.573, 10.366, 12.289, 14.173, 15.888, 17.814, 19.829,
)  # fmt: skip


def shannon_bps_hz(sinr_db: Floats) -> Floats:
    """Shannon's limit, in bit/s/Hz."""
    limit: Floats = np.log2(1 + 10 ** (sinr_db / 10))
    return limit


def tr_36942_bps_hz(sinr_db: Floats) -> Floats:
    """TR 36.942 annex A, the downlink: Shannon attenuated by 0.6, from -10 dB to 4.4 bit/s/Hz."""
    attenuated: Floats = np.minimum(0.6 * shannon_bps_hz(sinr_db), 4.4)
    return np.where(sinr_db < -10, 0.0, attenuated)


def winner_c2_db(distance_m: Floats, frequency_ghz: float, mast_m: float = 25.0) -> Floats:
    """Path loss in a city without line of sight by WINNER II, D1.1.2 V1.2 (2007), table 4-4, C2."""
    slope = 44.9 - 6.55 * np.log10(mast_m)
    base = 34.46 + 5.83 * np.log10(mast_m) + 23 * np.log10(frequency_ghz / 5)
    loss: Floats = slope * np.log10(distance_m) + base
    return loss


def close_in_db(distance_m: Floats, frequency_ghz: float, slope: float) -> Floats:
    """The optional path loss of TR 38.901 table 7.4.1-1 without line of sight.

    `slope` is 30 for UMa and 31.9 for UMi: a fit to measurements that begins at one metre. The
    distance is that between the antennas, not the horizontal one.
    """
    loss: Floats = 32.4 + 20 * np.log10(frequency_ghz) + slope * np.log10(distance_m)
    return loss
