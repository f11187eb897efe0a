"""Whether the embedded user plane keeps its grants: rates, error rates, and what they cost.

    python -m bench.plane [--seconds 2]

A session is asked for as an AF does. Then a source sends a quarter more than was granted, so that
the flow is never idle, and a sink counts what comes and when.
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scipy.stats import beta

from af_client import FlowFilter, MediaFlow, NefClient, SessionRequest, UeAddress
from af_client.delivery.wire import TOS, Part
from bench import loopback
from bench.table import printed
from bench.traffic import DEVICE, PACKET_BYTES, SERVER
from bench.world import PYTHON, World, cpu_s, running_world

#: Granted rate in bit/s, and packet error rate.
CASES = ((2_000_000, "1E-2"), (20_000_000, "1E-2"), (100_000_000, "1E-3"), (1_100_000_000, "1E-3"))
_SURPLUS = 1.25
_CONFIDENCE = 0.99


@dataclass(frozen=True)
class Kept:
    """What came of one grant; `core` is the share of a core that the relay used."""

    granted_bps: int
    error_rate: float
    rate_bps: float
    packets: int
    lost: int
    core: float
    unshaped_bps: float

    @property
    def interval(self) -> tuple[float, float]:
        """The error rates that explain the losses (Clopper and Pearson, 1934)."""
        tail = (1 - _CONFIDENCE) / 2
        low = beta.ppf(tail, self.lost, self.packets - self.lost + 1) if self.lost else 0.0
        return float(low), float(beta.ppf(1 - tail, self.lost + 1, self.packets - self.lost))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--seconds", type=float, default=2.0)
    seconds = arguments.parse_args().seconds
    with running_world() as world:
        kept = [keep(world, rate_bps, per, seconds) for rate_bps, per in CASES]
    print("\nGrants on the embedded user plane")
    printed(
        ("granted Mbit/s", "measured", "off %", "asked PER", "lost", "99 % interval of the PER",
         "relay core", "x unshaped"),
        [_row(each) for each in kept],
    )  # fmt: skip


def keep(world: World, rate_bps: int, per: str, seconds: float) -> Kept:
    """Fill one flow for some seconds."""
    filters = (FlowFilter(1, (f"permit out 17 from {SERVER.address} to {DEVICE.address}",),
                          tos=f"{TOS[Part.WEIGHTS]:02x}fc"),)  # fmt: skip
    flow = MediaFlow(number=1, filters=filters, per=per, min_rate_dl_bps=rate_bps)
    request = SessionRequest(
        ue=UeAddress(ipv4=str(DEVICE.address)),
        flows=(flow,),
        notification_destination="http://127.0.0.1:9/",
    )
    with NefClient(world.nef_url, "bench") as nef:
        session = nef.create_session(request)
        time.sleep(0.2)  # the relay asks every 50 ms
        before_s = cpu_s(world.relay_pid)
        received = _fill(world, rate_bps * _SURPLUS, seconds)
        core = (cpu_s(world.relay_pid) - before_s) / received["seconds"]
        counters = _counters(world, session.id)
        nef.delete_session(session.id)
    return Kept(
        granted_bps=rate_bps,
        error_rate=float(per),
        # What was lost had its share of the rate.
        rate_bps=received["packets"] * PACKET_BYTES * 8 / received["seconds"] / (1 - float(per)),
        packets=counters["packets_sent"] + counters["packets_lost"],
        lost=counters["packets_lost"],
        core=core,
        unshaped_bps=_unshaped_bps(rate_bps * seconds),
    )


def _fill(world: World, rate_bps: float, seconds: float) -> Mapping[str, Any]:
    programs = world.programs
    programs.start("sink", [*PYTHON, "bench.traffic", "sink", *_side(world.radio)])
    programs.wait_for("sink", "event")
    source = [*PYTHON, "bench.traffic", "source", *_side(world.n6), str(rate_bps), str(seconds)]
    programs.start("source", source)
    received = programs.wait_for("sink", "packets")
    programs.stop("source")
    programs.stop("sink")
    return received


def _counters(world: World, session_id: str) -> Mapping[str, Any]:
    """The counters of the session's flow, once they no longer move."""
    before: Mapping[str, Any] | None = None
    while True:
        flows = world.programs.wait_for("relay", "flows")["flows"]
        (now,) = (flow for key, flow in flows.items() if key.startswith(session_id))
        if now == before and now["packets_sent"]:
            return dict(now)
        before = now


def _unshaped_bps(bits: float) -> float:
    size_bytes = max(int(bits / 8), 50_000_000)
    return size_bytes * 8 / loopback.transfer_s(size_bytes)


def _side(side: tuple[str, int]) -> tuple[str, str]:
    return side[0], str(side[1])


def _row(kept: Kept) -> tuple[str, ...]:
    low, high = kept.interval
    within = "in" if low <= kept.error_rate <= high else "OUT"
    return (
        f"{kept.granted_bps / 1e6:.0f}",
        f"{kept.rate_bps / 1e6:.2f}",
        f"{100 * (kept.rate_bps / kept.granted_bps - 1):+.2f}",
        f"{kept.error_rate:.0E}",
        f"{kept.lost}/{kept.packets}",
        f"{low:.2E} to {high:.2E}: {within}",
        f"{kept.core:.2f}",
        f"{kept.rate_bps / kept.unshaped_bps:.4f}",
    )


if __name__ == "__main__":
    main()
