"""The programs that a measurement runs, each a process of its own on loopback."""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from af_client.demo.programs import Programs

PYTHON = (sys.executable, "-m")

#: One UE, near the antenna of a cell that has no slots for the uplink: room for 2.3 Gbit/s.
SCENARIO = {
    "name": "bench",
    "cells": [
        {"id": "cell-1", "bandwidth_mhz": 100, "subcarrier_spacing_khz": 30, "layers": 4,
         "downlink_share": 1.0},
    ],
    "ues": [
        {"id": "ue-1", "gpsi": "msisdn-001010000000001", "supi": "imsi-001010000000001",
         "ipv4": "10.45.0.2", "cell": "cell-1", "radio": {"sinr_db": 30.0}},
    ],
}  # fmt: skip
GPSI = "msisdn-001010000000001"


@dataclass(frozen=True)
class World:
    """A NEF and a relay that run; `n6` and `radio` are the two sides of the relay."""

    programs: Programs
    nef_url: str
    n6: tuple[str, int]
    radio: tuple[str, int]
    relay_pid: int

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API of the network."""
        url = f"{self.nef_url}/simulator/v1{path}"
        reply = requests.request(method, url, json=body, timeout=10)
        reply.raise_for_status()
        return reply.json() if reply.content else None


@contextmanager
def running_world() -> Iterator[World]:
    """Run a NEF and a relay for the length of a `with` block."""
    with tempfile.TemporaryDirectory() as folder, Programs() as programs:
        database = f"sqlite:///{Path(folder) / 'nef.sqlite3'}"
        command = [*PYTHON, "nef.cli", "serve", "--port", "0", "--database", database]
        programs.start("nef", command)
        url = str(programs.wait_for("nef", "text")["text"]).split()[2].rstrip(",")
        relay = programs.start(
            "relay", [*PYTHON, "nef.cli", "user-plane", "--nef-url", url, "--counters"]
        )
        ports = programs.wait_for("relay", "n6_port")
        n6, radio = ("127.0.0.1", ports["n6_port"]), ("127.0.0.1", ports["radio_port"])
        world = World(programs, url, n6, radio, relay.pid)
        world.control("PUT", "/simulation", {"document": SCENARIO, "mode": "real"})
        yield world


def cpu_s(pid: int) -> float:
    """The CPU time that a process has used, in seconds, to the nanosecond (Linux)."""
    # The clock of another process, as clock_getcpuclockid(3) makes its number.
    return time.clock_gettime(~pid << 3 | 2)


def memory_mb(pid: int) -> float:
    """The resident memory of a process (Linux: proc(5))."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (found,) = (line for line in lines if line.startswith("VmRSS:"))
    return int(found.split()[1]) / 1024


def address(where: tuple[str, int]) -> str:
    """Write host and port as the options of the programs take them."""
    return f"{where[0]}:{where[1]}"
