"""What a call of the network in another process costs: CPU time of both sides, and the wait.

python -m bench.remote
"""

import multiprocessing
import os
import resource
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path
from types import FrameType
from typing import Any

from bench.table import printed
from nef.domain.fiveqi import ResourceType
from nef.domain.qos import FlowDemand, QosLevel
from nef.domain.sessions import UeAddress
from nef.domain.units import BitRate, PacketErrorRate
from nef.network.simulator.clock import SimulationClock
from nef.network.simulator.network import SimulatedNetwork
from nef.ports.network import Reservation
from nef.processes.answering import Answering
from nef.processes.remote import Caller, Remote
from nef.realtime import real_time

CALLS = 4000
_FORK = multiprocessing.get_context("fork")
_SECRET = b"of the benchmark"
_UE = UeAddress(ipv4=IPv4Address("10.45.0.2"))
_PER = PacketErrorRate.parse("1E-3")
_LEVEL = QosLevel(None, ResourceType.GBR, 20, 100, _PER, gbr_dl=BitRate(1_000))

_Call = Callable[[Any, float], object]


def _reserve(network: Any, now_s: float) -> None:
    demands = (FlowDemand(1, (), (_LEVEL, _LEVEL)), FlowDemand(2, (), (_LEVEL,)))
    network.reserve(Reservation("session", "ue-1", demands, now_s), now_s)


_CALLED: dict[str, _Call] = {
    "find_ue": lambda network, _: network.find_ue(_UE),
    "levels": lambda network, _: network.levels("session"),
    "reserve": _reserve,
}


def main() -> None:
    """Print a line for each call: microseconds."""
    rows = [[name, *(f"{us:.0f}" for us in _measured(call))] for name, call in _CALLED.items()]
    printed(("call", "here", "asking", "answering", "wait"), rows)


def _measured(call: _Call) -> Iterator[float]:
    now_s = real_time()
    network = SimulatedNetwork(SimulationClock(now_s))
    yield _spent_us(lambda: _called(network, call, now_s()))
    with _answered(network) as remote:
        remote.find_ue(_UE)
        began_s = time.perf_counter()
        asking_us = _spent_us(lambda: _called(remote, call, now_s()))
        wait_us = 1e6 * (time.perf_counter() - began_s) / CALLS
        before_s = _children_s()
    yield from (asking_us, 1e6 * (_children_s() - before_s) / CALLS, wait_us)


def _called(network: Any, call: _Call, now_s: float) -> None:
    for _ in range(CALLS):
        call(network, now_s)


def _spent_us(work: Callable[[], None]) -> float:
    before_s = time.process_time()
    work()
    return 1e6 * (time.process_time() - before_s) / CALLS


def _children_s() -> float:
    """CPU time of processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _answered(network: SimulatedNetwork) -> Iterator[Any]:
    """A network in another process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network"
        process = _FORK.Process(target=_answer, args=(path, network))
        process.start()
        try:
            yield Remote(Caller(path, _SECRET, patience_s=5.0, answer_s=5.0), "network")
        finally:
            process.terminate()
            process.join()


def _answer(path: Path, network: SimulatedNetwork) -> None:
    def end(_: int, __: FrameType | None) -> None:
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    Answering(path, _SECRET, {"network": network})
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
