"""What the flows of the simulated network in fact carried, as the user plane reports it."""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

from nef.domain.measurements import AVERAGING_WINDOW_MS, Measurement
from nef.domain.qos import FlowDemand
from nef.domain.units import MAX_BPS, BitRate
from nef.network.simulator.delays import path_delay_ms
from nef.network.simulator.needs import is_covered, reliability
from nef.network.simulator.scenario import Cell
from nef.network.simulator.stage import Stage
from nef.ports.metering import FlowCount, FlowId, MeteredFlow

#: More runs of the user plane are not remembered of a flow; the one heard last stays.
MOST_RUNS = 8
#: Reports of a flow that are kept: of more than the longest window at the usual pace.
_MOST_PIECES = 64
#: The user plane reports every 0.2 s. So long nothing new means that its report is on its way.
_AWAITED_S = 0.5
#: So long after a restart it may take until the user plane has found the service again.
RESUMED_WITHIN_S = 5.0
_EXTREMES = ("longest_wait_us", "last_wait_us")


@dataclass(frozen=True, slots=True)
class _Piece:
    """What was carried between two reports, spread evenly over its time."""

    from_s: float
    until_s: float
    packets: int
    bytes: int
    wait_us: int

    def share(self, from_s: float, until_s: float) -> float:
        """How much of it lies in a window."""
        if self.until_s <= self.from_s:
            return float(from_s < self.until_s <= until_s)
        inside_s = min(self.until_s, until_s) - max(self.from_s, from_s)
        return max(0.0, inside_s) / (self.until_s - self.from_s)


@dataclass
class _Flow:
    """The counters of each run, and the latest pieces."""

    runs: dict[str, FlowCount] = field(default_factory=dict)
    pieces: deque[_Piece] = field(default_factory=lambda: deque(maxlen=_MOST_PIECES))

    def take(self, run_id: str, count: FlowCount, time_s: float) -> None:
        before = self.runs.pop(run_id, FlowCount())
        newer = count.packets >= before.packets and count.bytes >= before.bytes
        self.runs[run_id] = count if newer else before
        if newer and count.packets > before.packets:
            active_s = max(0, count.active_ms - before.active_ms) / 1000
            self.pieces.append(
                _Piece(
                    time_s - active_s,
                    time_s,
                    count.packets - before.packets,
                    count.bytes - before.bytes,
                    max(0, count.wait_us - before.wait_us),
                )
            )
        while len(self.runs) > MOST_RUNS:
            del self.runs[next(iter(self.runs))]

    def rate_bps(self, from_s: float, until_s: float) -> int:
        carried = sum(piece.bytes * piece.share(from_s, until_s) for piece in self.pieces)
        return min(MAX_BPS, round(8 * carried / (until_s - from_s)))

    def mean_wait_us(self, from_s: float, until_s: float) -> float:
        """How long the packets of a window waited, 0 where there were none."""
        inside = [piece for piece in self.pieces if piece.share(from_s, until_s)]
        packets = sum(piece.packets for piece in inside)
        return sum(piece.wait_us for piece in inside) / packets if packets else 0.0

    def total(self) -> FlowCount:
        """All runs together; the last wait is that of the run that was heard last."""
        counts = list(self.runs.values())
        sums = {
            f.name: sum(getattr(count, f.name) for count in counts)
            for f in fields(FlowCount)
            if f.name not in _EXTREMES
        }
        longest_us = max(count.longest_wait_us for count in counts)
        return FlowCount(**sums, longest_wait_us=longest_us, last_wait_us=counts[-1].last_wait_us)


_NOTHING = _Flow()


class SimulatedMeter:
    """Implements `Recorder` and `Metering` on the stage of a simulated network.

    It remembers flows of living sessions only, a bounded number of reports of each.
    """

    def __init__(self, stage: Stage) -> None:
        """Nothing was reported yet."""
        self._stage = stage
        self._flows: dict[str, dict[int, _Flow]] = {}
        self._begun_s = math.floor(stage.ledger.run.started_s)
        self._heard_s = float("-inf")
        #: Grows with each report.
        self.revision = 0
        #: What sessions up to this number carry is unknown until this moment.
        self._unknown_up_to, self._unknown_until_s = -1, -math.inf

    def record(self, run_id: str, counts: Mapping[FlowId, FlowCount], now_s: float) -> int:
        """See the port."""
        with self._stage.lock:
            self._heard_s = self._time_s(now_s)
            self.revision += 1
            self._unknown_up_to = -1
            known = [flow_id for flow_id in counts if self._is_known(*flow_id)]
            for session_id, component in known:
                flows = self._flows.setdefault(session_id, {})
                flow = flows.setdefault(component, _Flow())
                flow.take(run_id, counts[session_id, component], self._heard_s)
            return len(known)

    def flows(self, now_s: float) -> Sequence[MeteredFlow]:
        """See the port."""
        with self._stage.lock:
            window_s = self._window_s(AVERAGING_WINDOW_MS, now_s)
            return [
                MeteredFlow(
                    session_id,
                    component,
                    flow.total(),
                    flow.rate_bps(*window_s),
                    round(flow.mean_wait_us(*window_s)),
                )
                for session_id, flows in self._flows.items()
                for component, flow in flows.items()
            ]

    def measure(self, session_id: str, window_ms: int, now_s: float) -> Mapping[int, Measurement]:
        """See the port."""
        with self._stage.lock:
            self._stage.move(now_s)
            return dict(self._measurements(session_id, window_ms, now_s))

    def carried_bytes(self, session_id: str) -> Mapping[str, int]:
        """See the port."""
        with self._stage.lock:
            return {
                f"{component}/{run_id}": count.bytes
                for component, flow in self._flows.get(session_id, {}).items()
                for run_id, count in flow.runs.items()
            }

    def resume(self, newest: int, now_s: float) -> None:
        """See the port."""
        with self._stage.lock:
            self._unknown_up_to, self._unknown_until_s = newest, now_s + RESUMED_WITHIN_S

    def forget(self, session_id: str) -> None:
        """See the port."""
        with self._stage.lock:
            self._flows.pop(session_id, None)

    # --- how; the lock is held ---

    def _is_known(self, session_id: str, component: int) -> bool:
        return component in (self._stage.ledger.levels(session_id) or {})

    def _window_s(self, window_ms: int, now_s: float) -> tuple[float, float]:
        """A window that ends now, or with the last report while the next one is on its way."""
        time_s = self._time_s(now_s)
        until_s = self._heard_s if 0 <= time_s - self._heard_s <= _AWAITED_S else time_s
        return until_s - window_ms / 1000, until_s

    def _time_s(self, now_s: float) -> float:
        """Seconds since the meter began, without the noise that a float of the epoch carries."""
        return round(now_s - self._begun_s, 6)

    def _measurements(
        self, session_id: str, window_ms: int, now_s: float
    ) -> Iterator[tuple[int, Measurement]]:
        ledger = self._stage.ledger
        reservation = ledger.reservation(session_id)
        levels = ledger.levels(session_id)
        if reservation is None or levels is None:
            return
        cell = ledger.run.cells[ledger.serving(reservation.ue_id)]
        congestion = self._congestion_percent(cell)
        covered = is_covered(ledger.rates(reservation.ue_id))
        window_s = self._window_s(window_ms, now_s)
        is_known = reservation.number > self._unknown_up_to or now_s >= self._unknown_until_s
        for demand in reservation.demands:
            flow = self._flows.get(session_id, {}).get(demand.component, _NOTHING)
            delay_ms = _path_delay_ms(cell, demand, levels[demand.component])
            delay_ms += flow.mean_wait_us(*window_s) / 1000
            rate = BitRate(flow.rate_bps(*window_s)) if is_known else None
            measurement = Measurement(rate, round(delay_ms) if covered else None, congestion)
            yield demand.component, measurement

    def _congestion_percent(self, cell: Cell) -> int | None:
        blocks, held, in_service, _ = self._stage.ledger.look(cell.id).load
        return round(100 * held / blocks) if in_service else None


def _path_delay_ms(cell: Cell, demand: FlowDemand, level: int | None) -> float:
    # Without any guarantee a flow is carried as its most modest rung is.
    rung = demand.ladder[-1 if level is None else level]
    return path_delay_ms(cell, reliability(rung))
