"""`af-client watch` against `nef serve`, as a user runs them."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from builders.processes import NefProcess, start_nef

GPSI = "msisdn-001010000000001"


@pytest.fixture(scope="module")
def nef(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NefProcess]:
    folder = tmp_path_factory.mktemp("nef")
    nef = start_nef(folder, "--scenario", "fading-ue", "--mode", "manual")
    try:
        yield nef
    finally:
        nef.stop()


def watch(nef: NefProcess, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "af_client.cli", "watch", "--nef-url", nef.url, *options]
    return subprocess.Popen(  # noqa: S603 - our own program
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def subscriptions(nef: NefProcess) -> Any:
    url = f"{nef.url}/3gpp-analyticsexposure/v1/watch/subscriptions"
    return requests.get(url, timeout=60).json()


def test_it_tells_every_change_and_leaves_nothing_behind(nef: NefProcess) -> None:
    program = watch(nef, "--ue", GPSI, "--bytes", "100000", "--rate", "30 Mbps")
    assert program.stdout is not None
    lines = (json.loads(line) for line in program.stdout)
    first: dict[str, Any] = {}
    while not {"bandwidth", "transfer_times", "qos_outlook", "congestion"} <= first.keys():
        line = next(lines)
        first.setdefault(line["event"], line)
    assert first["bandwidth"]["average_dl_bps"] > 100_000_000
    assert {line["ue"] for line in first.values()} == {GPSI}
    assert subscriptions(nef) != []

    nef.control("POST", "/simulation/step", {"seconds": 9})
    changed = next(
        line for line in lines if line["event"] == "bandwidth" and "within_s" not in line
    )
    assert 30_000_000 < changed["average_dl_bps"] < 40_000_000

    program.send_signal(signal.SIGINT)
    _, errors = program.communicate(timeout=120)
    assert (program.returncode, errors) == (0, "")
    assert subscriptions(nef) == []


def test_a_ue_that_is_not_known_is_said_in_one_line(nef: NefProcess) -> None:
    program = watch(nef, "--ue", "msisdn-999999999")
    output, errors = program.communicate(timeout=120)
    assert (program.returncode, output) == (1, "")
    assert "404" in errors
    assert "msisdn-999999999" in errors
    assert "Traceback" not in errors
