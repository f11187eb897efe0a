"""Every program at once: a camera that is always on gets its large model when the cell is idle."""

import sys
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

import nef.network.simulator
from af_client.demo.programs import Programs
from builders.models import trained_pool
from builders.processes import NefProcess, start_nef

PYTHON = (sys.executable, "-m")
CAMERA = "extid-camera-1@example.com"
APPLICATION = "person-identification-in-surveillance"
SCENARIOS = Path(nef.network.simulator.__path__[0]) / "scenarios"
PLANS = "/3gpp-pdtq-policy-negotiation/v1/model-server/subscriptions"
#: When the cell is idle, in seconds of a scenario: later than the camera can come, however long it
#: takes to start, and soon.
LATER_S, SOON_S = (150, 210), (8, 58)


def idle(from_s: int, until_s: int) -> dict[str, Any]:
    """The scenario that ships, its idle time moved."""
    document: dict[str, Any] = yaml.safe_load((SCENARIOS / "camera-fleet.yaml").read_text("utf-8"))
    (crowd,) = [ue for ue in document["ues"] if ue["id"] == "crowd"]
    before, after = crowd["background"]
    before["until_s"], after["from_s"] = from_s, until_s
    return document | {"duration_s": 300}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NefProcess]:
    started = start_nef(tmp_path_factory.mktemp("nef"), "--scenario", "camera-fleet")
    yield started
    started.stop()


@pytest.fixture
def programs(service: NefProcess) -> Iterator[Programs]:
    """The relay, a model server and a camera, which comes when the scenario begins."""
    pool = str(trained_pool().folder)
    with Programs() as started:
        started.start("relay", [*PYTHON, "nef.cli", "user-plane", "--nef-url", service.url])
        ports = started.wait_for("relay", "n6_port")
        n6, radio = f"127.0.0.1:{ports['n6_port']}", f"127.0.0.1:{ports['radio_port']}"
        server = [*PYTHON, "af_client.cli", "model-server", "--nef-url", service.url]
        started.start("server", [*server, "--n6", n6, "--pool", pool, "--plan-within-s", "250"])
        started.wait_for("server", "event")
        service.control("PUT", "/simulation", {"document": idle(*LATER_S), "mode": "real"})
        device = [*PYTHON, "af_client.cli", "device", "--radio", radio, "--gpsi", CAMERA]
        started.start("device", [*device, "--application", APPLICATION, "--refresh-s", "600"])
        yield started


class Lines:
    """What the server says, by event: two events may come in either order."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._waiting: defaultdict[str, deque[Mapping[str, Any]]] = defaultdict(deque)

    def next(self, event: str) -> Mapping[str, Any]:
        """The next line about this."""
        while not self._waiting[event]:
            said = self._programs.wait_for("server", "event")
            self._waiting[said["event"]].append(said)
        return self._waiting[event].popleft()


def plans(service: NefProcess) -> Any:
    return requests.get(f"{service.url}{PLANS}", timeout=60).json()


def test_a_camera_gets_its_large_model_in_the_window_that_the_network_keeps(
    service: NefProcess, programs: Programs
) -> None:
    lines = Lines(programs)
    assert lines.next("transfer_start")["variant"] == "digits-medium"
    first = lines.next("plan")
    assert (first["variant"], first["state"]) == ("digits-large", "planned")
    assert lines.next("transfer_end")["outcome"] == "delivered"
    assert len(plans(service)) == 1

    service.control("PUT", "/simulation", {"document": idle(*SOON_S), "mode": "real"})
    assert lines.next("plan")["state"] == "warned"
    second = lines.next("plan")
    assert second["state"] == "planned"
    assert second["until_s"] - second["from_s"] < 51 < first["until_s"] - first["from_s"]

    assert lines.next("plan")["state"] == "begun"
    started, over = lines.next("transfer_start"), lines.next("plan")
    assert (started["variant"], started["cause"]) == ("digits-large", "plan")
    assert over["state"] == "over"
    ended = lines.next("transfer_end")
    assert (ended["outcome"], ended["topology_intact"]) == ("delivered", True)
    assert second["from_s"] <= started["time_s"] < ended["time_s"] < second["until_s"]
    assert plans(service) == []


def test_a_model_server_that_stops_leaves_no_plan_behind(
    service: NefProcess, programs: Programs
) -> None:
    assert Lines(programs).next("plan")["state"] == "planned"
    assert len(plans(service)) == 1
    programs.stop()
    assert plans(service) == []
