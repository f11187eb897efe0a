"""Every program at once, behind tokens: the radio changes, and the right model arrives."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from af_client import Credentials, NefClient
from af_client.demo.programs import Programs
from builders.models import trained_pool
from builders.processes import GPSI, PYTHON
from builders.waiting import until
from nef.testing import RunningNef, running_nef

pytestmark = pytest.mark.alone

CLIENTS = ("model-server", "user-plane")


@pytest.fixture(scope="module")
def nef() -> Iterator[RunningNef]:
    with running_nef("fading-ue", clients=CLIENTS) as running:
        yield running


@pytest.fixture(scope="module")
def programs(nef: RunningNef, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    """The relay, the model server and a device, which asks for its first model by itself."""
    pool = str(trained_pool().folder)
    folder = tmp_path_factory.mktemp("secrets")
    with Programs() as started:
        relay = [*PYTHON, "nef.cli", "user-plane", "--nef-url", nef.url]
        started.start("relay", [*relay, *let_in(nef, "user-plane", folder)])
        ports = started.wait_for("relay", "n6_port")
        n6, radio = f"127.0.0.1:{ports['n6_port']}", f"127.0.0.1:{ports['radio_port']}"
        server = [*PYTHON, "af_client.cli", "model-server", "--nef-url", nef.url]
        server += let_in(nef, "model-server", folder)
        # Whoever asks may know before the notification comes: here nobody asks.
        started.start("server", [*server, "--n6", n6, "--pool", pool, "--poll-s", "600"])
        started.wait_for("server", "event")
        device = [*PYTHON, "af_client.cli", "device", "--radio", radio, "--gpsi", GPSI]
        started.start("device", [*device, "--refresh-s", "600"])
        yield started


def let_in(nef: RunningNef, client_id: str, folder: Path) -> list[str]:
    """The options with which a program gets its tokens."""
    secret = folder / client_id
    secret.write_text(nef.secrets[client_id])
    return ["--token-url", nef.token_url, "--client-secret-file", str(secret)]


def next_model(programs: Programs) -> Mapping[str, Any]:
    """The next transfer that ended with a model on the device."""
    while True:
        ended = programs.wait_for("server", "outcome")
        if ended["outcome"] == "delivered":
            return ended


def test_the_model_follows_the_radio_down_and_up(nef: RunningNef, programs: Programs) -> None:
    first = next_model(programs)
    assert (first["variant"], first["cause"]) == ("digits-large", "missing")
    assert first["topology_intact"] is True
    assert first["accuracy"] > 0.95
    assert 0 <= first["weights_lost"] < 40  # of 5800 at 1E-3

    arrived = []
    for seconds in (10, 6, 10):  # medium, bad, and good again
        nef.step(seconds)
        arrived.append(next_model(programs))
    assert [(model["variant"], model["cause"]) for model in arrived] == [
        ("digits-medium", "notification"),
        ("digits-small", "notification"),
        ("digits-large", "notification"),
    ]
    assert all(model["topology_intact"] for model in arrived)


def test_a_model_server_that_stops_leaves_no_session_behind(
    nef: RunningNef, programs: Programs
) -> None:
    mine = Credentials(nef.token_url, "model-server", nef.secrets["model-server"])
    with NefClient(nef.url, "model-server", credentials=mine) as af:
        until(lambda: af.sessions() != ())
        programs.stop()
        assert af.sessions() == ()
