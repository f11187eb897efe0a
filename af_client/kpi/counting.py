"""Real packets through the user plane, counted: what the flows lose that were granted.

Small packets, for a loss is drawn for each packet, whatever its length.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from af_client.delivery.endpoint import TunnelEndpoint
from af_client.delivery.pacing import Pacer
from af_client.delivery.tunnel import Endpoint
from af_client.delivery.wire import TOS, Part
from af_client.experiments.control import server_for
from af_client.experiments.network import serving_user_plane
from af_client.kpi.network import Grant, Network
from af_client.kpi.statistics import Share
from af_client.messages import Session
from af_client.modelserver.selection import Rung, Variant

_PAYLOAD_BYTES = 72
#: Below the granted rate, so that nothing is lost but what the radio loses.
_SHARE_OF_RATE = 0.9
_LONGEST_RUN = 256
#: The user plane has heard by then that both ends are attached.
_SETTLED_S = 0.5
#: The user plane reports what it counted every 200 ms (docs/user-plane.md); how long it may take on
#: a busy machine until it has told of every packet, and all are here that it carried.
_PATIENCE_S, _LOOK_EVERY_S = 60.0, 0.1


@dataclass(frozen=True, slots=True)
class Counted:
    """Packets of one flow: sent, lost on the way, and what the user plane says that it lost.

    `per` is the error rate that the flow was granted, `overflowed` were too fast for it.
    """

    part: str
    per: float
    rate_bps: int
    packet_bytes: int
    sent: int
    lost: int
    reported_lost: int
    overflowed: int

    @property
    def share(self) -> Share:
        """The packets that arrived at the first attempt."""
        return Share(self.lost, self.sent)


@dataclass(frozen=True, slots=True)
class _Filled:
    """So many packets of zeros."""

    packets: int
    message_bytes: int = _PAYLOAD_BYTES

    def framed(self, before: bytes) -> memoryview:
        return memoryview((before + bytes(_PAYLOAD_BYTES)) * self.packets)


class NothingToCount(Exception):
    """The network carries no session in which packets could be counted."""


def count_packets(
    network: Network, wanted: Mapping[Part, int], longest_s: float
) -> tuple[Counted, ...]:
    """Send so many packets of each part through a user plane of its own, for a time at most.

    Raises NothingToCount, and ProgramFailed where the user plane does not start.
    """
    with _session(network) as (session, grant), serving_user_plane(network.url) as (n6, radio):
        device = network.played.device
        server = server_for(device.address)
        with TunnelEndpoint(n6, server) as near, TunnelEndpoint(radio, device) as far:
            lines = _Lines(near, far, device, grant, wanted)
            lines.send(longest_s)
            return _counted(grant, lines, _reported(network, session, lines))


@contextmanager
def _session(network: Network) -> Iterator[tuple[Session, Grant]]:
    """Hold a session of both flows, each with a quarter of what the UE could get at 1E-3."""
    for stretch in network.played.stretches:
        network.go_to(stretch.from_s)
        rate_bps = network.rate_bps() // 4
        if rate_bps == 0:
            continue
        session = network.hold([Rung(Variant("counted", 0.0, 0, 0), rate_bps, rate_bps)])
        if session is None:
            continue
        try:
            _, grant = network.held(session)
            if grant is not None:
                yield session, grant
                return
        finally:
            network.release(session)
    raise NothingToCount("at no time the network carries packets for the UE")


class _Lines:
    """Both flows, side by side, from the server's end to the device's."""

    def __init__(
        self,
        near: TunnelEndpoint,
        far: TunnelEndpoint,
        device: Endpoint,
        grant: Grant,
        wanted: Mapping[Part, int],
    ) -> None:
        self._near, self._far, self._device = near, far, device
        now_s = time.monotonic()
        rates = {Part.TOPOLOGY: grant.topology_bps, Part.WEIGHTS: grant.weights_bps}
        self._pacers = {
            part: Pacer(_SHARE_OF_RATE * rates[part], now_s + _SETTLED_S) for part in wanted
        }
        self._left = dict(wanted)
        self.packet_bytes = device.header_bytes + _PAYLOAD_BYTES
        self.sent = dict.fromkeys(wanted, 0)
        self.received = dict.fromkeys(wanted, 0)

    def send(self, longest_s: float) -> None:
        """Send, for a time at most, and receive meanwhile."""
        end_s = time.monotonic() + longest_s
        while any(self._left.values()) and (now_s := time.monotonic()) < end_s:
            self._near.keep_attached(now_s)
            self._far.keep_attached(now_s)
            self._send(now_s)
            self._receive()

    def receive(self, for_s: float) -> None:
        """Receive what comes in a time."""
        end_s = time.monotonic() + for_s
        while time.monotonic() < end_s:
            self._receive()

    def _send(self, now_s: float) -> None:
        for part, pacer in self._pacers.items():
            if self._near.is_full:
                return
            count = min(pacer.allows(self.packet_bytes, now_s), self._left[part], _LONGEST_RUN)
            if count:
                self._near.send_run(self._device, TOS[part], _Filled(count))
                pacer.sent(count * self.packet_bytes, now_s)
                self._left[part] -= count
                self.sent[part] += count

    def _receive(self) -> None:
        self._near.receive()  # what waits to be sent goes on
        runs = self._far.receive()
        for run in runs:
            for part in self.received:
                if run.tos == TOS[part]:
                    self.received[part] += len(run.payloads)
        if not runs:
            time.sleep(0.0005)


#: What the user plane says of each component of a session.
_Reported = Mapping[int, Mapping[str, int]]


def _reported(network: Network, session: Session, lines: _Lines) -> _Reported:
    """What the user plane says once it knows of every packet, and what it carried is here."""
    until_s = time.monotonic() + _PATIENCE_S
    while True:
        lines.receive(_LOOK_EVERY_S)
        reported = network.measured(session)
        flows = {part: reported.get(int(part), {}) for part in lines.sent}
        if time.monotonic() > until_s or all(
            _known(flow) >= lines.sent[part]
            and lines.received[part] >= int(flow.get("packetsCarried", 0))
            for part, flow in flows.items()
        ):
            return reported


def _counted(grant: Grant, lines: _Lines, reported: _Reported) -> tuple[Counted, ...]:
    pers = {Part.TOPOLOGY: grant.topology_per, Part.WEIGHTS: grant.weights_per}
    rates = {Part.TOPOLOGY: grant.topology_bps, Part.WEIGHTS: grant.weights_bps}
    return tuple(
        Counted(
            part.name.lower(),
            pers[part],
            rates[part],
            lines.packet_bytes,
            sent,
            sent - lines.received[part],
            int(reported.get(int(part), {}).get("packetsLost", 0)),
            int(reported.get(int(part), {}).get("packetsOverflowed", 0)),
        )
        for part, sent in lines.sent.items()
    )


def _known(flow: Mapping[str, int]) -> int:
    fates = ("packetsCarried", "packetsLost", "packetsOverflowed")
    return sum(int(flow.get(fate, 0)) for fate in fates)
