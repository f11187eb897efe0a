"""A real text recogniser of 21 MB, delivered over both flows, reads words on the device."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from af_client.demo.programs import Programs
from af_client.models.adding import add_model
from af_client.models.labelled import read_labelled_set
from af_client.models.pool import Pool
from builders.models import RECOGNISER
from builders.processes import GPSI, PYTHON, start_nef

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(
        not RECOGNISER.exists(), reason=f"no {RECOGNISER.name}: `make recogniser` fetches it"
    ),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pool with the recogniser, and the words that it is measured on."""
    from builders.texts import labelled_texts  # noqa: PLC0415 - needs what only this test needs

    folder = tmp_path_factory.mktemp("recogniser")
    words = folder / "words.npz"
    labelled_texts(RECOGNISER, words, count=100, seed=1)
    labelled = read_labelled_set(words)
    add_model(folder / "pool", RECOGNISER, name="recogniser", labelled=labelled)
    return folder


@contextmanager
def delivered(
    folder: Path, tmp: Path, per: str, *server_options: str
) -> Iterator[Mapping[str, Any]]:
    """What the server says of the recogniser's transfer, its weights at an error rate."""
    nef = start_nef(tmp, "--scenario", "steady")
    try:
        with Programs() as programs:
            yield _outcome(programs, nef.url, folder, "--weights-per", per, *server_options)
    finally:
        nef.stop()


def _outcome(programs: Programs, nef_url: str, folder: Path, *options: str) -> Mapping[str, Any]:
    programs.start("relay", [*PYTHON, "nef.cli", "user-plane", "--nef-url", nef_url])
    ports = programs.wait_for("relay", "n6_port")
    n6, radio = f"127.0.0.1:{ports['n6_port']}", f"127.0.0.1:{ports['radio_port']}"
    server = ["model-server", "--nef-url", nef_url, "--n6", n6, "--pool", str(folder / "pool")]
    programs.start("server", [*PYTHON, "af_client.cli", *server, *options])
    programs.wait_for("server", "variants")
    device = ["device", "--radio", radio, "--gpsi", GPSI, "--refresh-s", "600"]
    device += ["--labelled", str(folder / "words.npz")]
    programs.start("device", [*PYTHON, "af_client.cli", *device])
    return programs.wait_for("server", "outcome")


def test_what_was_lost_is_repaired_while_there_is_time_and_costs_nothing(
    folder: Path, tmp_path: Path
) -> None:
    # Two seconds for 21 MB, which a busy machine keeps up with, and then time for what was lost.
    with delivered(folder, tmp_path, "1E-2", "--budget-s", "22", "--margin-s", "20") as ended:
        assert ended["weights_repaired"] > 50  # of 15 296 segments
        assert ended["weights_intact"] is True
        assert ended["accuracy"] == Pool(folder / "pool").entry("recogniser").accuracy


def test_without_time_for_repair_what_is_lost_is_missed(folder: Path, tmp_path: Path) -> None:
    with delivered(folder, tmp_path, "1E-2", "--budget-s", "2", "--margin-s", "0") as ended:
        assert ended["outcome"] == "delivered"
        assert ended["weights_lost"] > 50
        # Which segments are lost decides how much: mostly nothing is read any more, once 72 %.
        assert ended["accuracy"] < (Pool(folder / "pool").entry("recogniser").accuracy or 0)
