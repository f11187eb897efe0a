"""`nef user-plane --network linux` as an operator runs it: begun, killed, begun again, ended."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from af_client.demo.programs import Programs
from builders.linux_plane import needs_linux_plane, own_names
from builders.models import trained_pool
from builders.processes import NefProcess, start_nef
from builders.userplane import FakeNef, grants
from nef.network.linux import commands
from nef.network.linux.leftovers import remove
from nef.network.linux.names import Names
from nef.network.linux.ownership import FOLDER

pytestmark = [pytest.mark.linux_network, pytest.mark.alone]

PYTHON = (sys.executable, "-m")
GPSI = "msisdn-001010000000001"
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def _able() -> None:
    needs_linux_plane()


@pytest.fixture
def names() -> Iterator[Names]:
    own = own_names()
    yield own
    remove(own)
    (FOLDER / f"{own.name}.owner").unlink(missing_ok=True)


@pytest.fixture
def start(names: Names) -> Iterator[Start]:
    """Starts user planes of one name, and sees to it that none outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def one(*options: str, nef_url: str = "http://127.0.0.1:9") -> "subprocess.Popen[str]":
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*command(names, nef_url), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield one
    for process in started:
        process.kill()
        process.communicate()


def command(names: Names, nef_url: str) -> list[str]:
    words = [*PYTHON, "nef.cli", "user-plane", "--network", "linux", "--nef-url", nef_url]
    return [*words, "--name", names.name, "--host-link", str(names.host_link)]


def told(process: "subprocess.Popen[str]") -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def left(names: Names) -> list[str]:
    """Everything on the machine that has the name."""
    seen = [commands.ip("netns", "list"), commands.ip("-br", "link")]
    seen.append(commands.nft_list(None, "tables"))
    words = " ".join(seen).replace('"', " ").replace("@", " ").split()
    files = [path.name for path in FOLDER.glob("*")]
    return [word for word in (*words, *files) if names.name in word]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_things_are_and_leaves_nothing(
    names: Names, start: Start, number: signal.Signals
) -> None:
    with FakeNef(grants()).serving() as url:
        plane = start(nef_url=url)
        waiting, ready, addresses = told(plane), told(plane), told(plane)
        assert (waiting["event"], waiting["nef"]) == ("waiting", url)
        assert waiting["data_network"] == names.data_network
        assert ready["event"] == "ready"
        assert addresses["addresses"] == ["10.45.0.2", "10.45.0.3", "2001:db8:45::2"]
        assert left(names)
        plane.send_signal(number)
        assert plane.wait(120) == 0
    assert left(names) == []


def killed(start: Start) -> None:
    plane = start()
    assert told(plane)["event"] == "waiting"
    plane.kill()
    plane.wait(120)


def test_what_a_killed_one_left_is_replaced_by_the_next(names: Names, start: Start) -> None:
    killed(start)
    assert names.upf in left(names)
    plane = start()
    assert told(plane)["event"] == "waiting"
    plane.terminate()
    assert plane.wait(120) == 0
    assert left(names) == []


def test_what_a_killed_one_left_can_be_cleaned(names: Names, start: Start) -> None:
    killed(start)
    both = start("--clean"), start("--clean")
    said = [one.communicate(timeout=120)[0] for one in both]
    # The other one came too late, or while the first was at it.
    assert said.count(f"{names.name}: removed\n") == 1
    assert left(names) == []
    third = start("--clean")
    assert third.communicate(timeout=120)[0] == f"{names.name}: there was nothing to remove\n"


@pytest.mark.parametrize("options", [(), ("--clean",)])
def test_nobody_takes_what_a_living_one_has(
    names: Names, start: Start, options: tuple[str, ...]
) -> None:
    owner = start()
    told(owner)
    thief = start(*options)
    _, complaint = thief.communicate(timeout=120)
    assert thief.returncode == 1
    assert f"process {owner.pid}" in complaint
    assert names.upf in left(names)
    assert owner.poll() is None


@pytest.mark.parametrize("options", [(), ("--clean",)])
def test_a_namespace_of_somebody_else_is_left_alone(
    names: Names, start: Start, options: tuple[str, ...]
) -> None:
    commands.ip("netns", "add", names.data_network)
    plane = start(*options)
    _, complaint = plane.communicate(timeout=120)
    assert plane.returncode == 1
    assert f"{names.data_network}: there already" in complaint
    assert left(names) == [names.data_network]


def test_what_the_kernel_refuses_leaves_nothing_half_made(names: Names, start: Start) -> None:
    plane = start("--server", "10.60.0.1", "--server", "10.60.0.1")
    _, complaint = plane.communicate(timeout=120)
    assert plane.returncode == 1
    assert "refused: ip" in complaint
    assert "Traceback" not in complaint
    assert left(names) == []


def test_a_plane_of_which_something_is_taken_away_says_so_and_goes_as_a_whole(
    names: Names, start: Start
) -> None:
    plane = start()
    told(plane)
    commands.ip("netns", "del", names.upf)
    _, complaint = plane.communicate(timeout=120)
    assert plane.returncode == 1
    assert "Error: refused: nft -j list counters" in complaint
    assert "Traceback" not in complaint
    assert left(names) == []


def test_a_link_that_another_one_has_is_refused_by_its_interface(
    names: Names, start: Start
) -> None:
    owner = start()
    told(owner)
    second = start("--name", f"{names.name}b"[-10:])
    _, complaint = second.communicate(timeout=120)
    assert second.returncode == 1
    assert f"{names.host_link} is in use by {names.host_interface}" in complaint
    owner.terminate()
    assert owner.wait(120) == 0
    assert left(names) == []


@contextmanager
def everything(folder: Path, names: Names) -> Iterator[tuple[Programs, NefProcess]]:
    """The NEF on the host, a model server and a device each in its namespace."""
    host = str(names.host_address)
    with Programs() as programs:
        programs.start("plane", command(names, f"http://{host}:{PORT}"))
        plane = programs.wait_for("plane", "nef_host")
        nef = start_nef(folder, "--host", host, "--open", "--scenario", "fading-ue",
                        "--callback-network", str(names.host_link), "--mode", "manual",
                        port=PORT)  # fmt: skip
        try:
            programs.wait_for("plane", "addresses")
            inside = ["ip", "netns", "exec"]
            server = [*inside, names.data_network, *PYTHON, "af_client.cli", "model-server"]
            server += ["--direct", "--nef-url", nef.url, "--pool", str(trained_pool().folder)]
            server += ["--notifications-host", plane["notifications_host"]]
            programs.start("server", server)
            programs.wait_for("server", "event")
            device = [*inside, names.ue, *PYTHON, "af_client.cli", "device", "--direct"]
            programs.start("device", [*device, "--gpsi", GPSI, "--refresh-s", "600"])
            yield programs, nef
            programs.stop()
        finally:
            nef.stop()


#: The addresses of the link are this test's own, so is every port.
PORT = 8080


def delivered(programs: Programs) -> Any:
    while True:
        ended = programs.wait_for("server", "outcome")
        if ended["outcome"] == "delivered":
            return ended


def test_a_model_is_delivered_between_namespaces_and_follows_the_radio(
    tmp_path: Path, names: Names
) -> None:
    with everything(tmp_path, names) as (programs, nef):
        first = delivered(programs)
        assert (first["variant"], first["cause"]) == ("digits-large", "missing")
        assert first["topology_intact"] is True
        nef.control("POST", "/simulation/step", {"seconds": 10})
        second = delivered(programs)
        assert (second["variant"], second["cause"]) == ("digits-medium", "notification")
        flows = requests.get(f"{nef.url}/simulator/v1/measurements", timeout=60).json()["flows"]
        carried = {one["flowKey"].split("/")[1]: one["bytesCarried"] for one in flows}
        assert carried["2"] > first["size_bytes"] > carried["1"] > 0
    assert left(names) == []
