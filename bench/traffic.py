"""Packets into one flow of the relay, or out of it: the two ends of a measurement.

python -m bench.traffic source HOST PORT RATE_BPS SECONDS
python -m bench.traffic sink HOST PORT
"""

import select
import signal
import sys
import time
from ipaddress import ip_address

import numpy as np

from af_client.delivery.endpoint import TunnelEndpoint
from af_client.delivery.pacing import Pacer
from af_client.delivery.segments import SegmentedPart, SegmentRun
from af_client.delivery.tunnel import Endpoint
from af_client.delivery.wire import HEADER_BYTES, SEGMENT_BYTES, TOS, Part
from af_client.eventlog import EventLog

SERVER = Endpoint(ip_address("10.60.0.1"), 7000)
DEVICE = Endpoint(ip_address("10.45.0.2"), 7001)
#: As the network counts a packet: with its headers of IP and UDP.
PACKET_BYTES = HEADER_BYTES + SEGMENT_BYTES + DEVICE.header_bytes

_LONGEST_RUN = 128
_QUIET_S = 1.0


def main() -> None:
    what, host, port, *more = sys.argv[1:]
    log = EventLog()
    if what == "source":
        rate_bps, seconds = map(float, more)
        log("sent", packets=source((host, int(port)), rate_bps, seconds))
    else:
        log("ready")
        packets, seconds = sink((host, int(port)))
        log("received", packets=packets, seconds=seconds)
    signal.pause()  # who started it ends it


def source(relay: tuple[str, int], rate_bps: float, seconds: float) -> int:
    """Send packets at a rate, headers included; returns how many."""
    part = SegmentedPart(bytes(SEGMENT_BYTES * _LONGEST_RUN))
    sent = 0
    with TunnelEndpoint(relay, SERVER) as endpoint:
        now_s = time.monotonic()
        endpoint.keep_attached(now_s)
        pacer, until_s = Pacer(rate_bps, now_s), now_s + seconds
        while (now_s := time.monotonic()) < until_s:
            most = min(pacer.allows(PACKET_BYTES, now_s), _LONGEST_RUN)
            if most and not endpoint.is_full:
                pacer.sent(most * PACKET_BYTES, now_s)
                endpoint.send_run(DEVICE, TOS[Part.WEIGHTS], _run(part, most))
                sent += most
            else:
                time.sleep(0.001)
            endpoint.receive()
        drained_s = time.monotonic() + _QUIET_S
        while time.monotonic() < drained_s:
            select.select([endpoint], [], [], 0.01)
            endpoint.receive()
    return sent


def sink(relay: tuple[str, int]) -> tuple[int, float]:
    """Receive until nothing comes any more; packets after the first group, and in which time."""
    packets, first_s, last_s = 0, None, 0.0
    with TunnelEndpoint(relay, DEVICE) as endpoint:
        while first_s is None or time.monotonic() < last_s + _QUIET_S:
            endpoint.keep_attached(time.monotonic())
            select.select([endpoint], [], [], 0.1)
            arrived = sum(len(run.payloads) for run in endpoint.receive())
            if not arrived:
                continue
            last_s = time.monotonic()
            if first_s is None:
                first_s = last_s
            else:
                packets += arrived
    return packets, last_s - (first_s or 0.0)


def _run(part: SegmentedPart, packets: int) -> SegmentRun:
    return part.run(1, Part.WEIGHTS, 0, np.zeros(packets, np.uint8))


if __name__ == "__main__":
    main()
