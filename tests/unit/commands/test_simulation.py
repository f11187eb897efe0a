"""`nef sim`: the control API from a terminal, against a NEF that runs."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import yaml
from click.testing import CliRunner

from builders.service import AF, subscription
from builders.simulations import one_cell
from builders.waiting import until
from nef.cli import main
from nef.testing import RunningNef, running_nef

Say = Callable[..., str]


@pytest.fixture(scope="module")
def nef() -> Iterator[RunningNef]:
    with running_nef() as running:
        yield running


@pytest.fixture
def sim(nef: RunningNef) -> Say:
    """A command whose output is wanted; where it fails, what it says is after "Error: "."""
    nef.reset()

    def run(*arguments: str) -> str:
        told = CliRunner().invoke(main, ["sim", "--nef-url", nef.url, *arguments])
        assert told.exit_code == (1 if "Error: " in told.output else 0), told.output
        return told.output.strip()

    return run


def test_time_is_stepped_and_the_scenario_changed(sim: Say, tmp_path: Path) -> None:
    assert sim("status") == "steady: 0 s of 60 s, mode manual, seed 1"
    assert sim("step", "2.5") == "steady: 2.5 s of 60 s, mode manual, seed 1"
    assert sim("reset") == "steady: 0 s of 60 s, mode manual, seed 1"
    loaded = sim("load", "fading-ue", "--seed", "4", "--mode", "x10")
    assert re.fullmatch(r"fading-ue: \S+ s of 30 s, mode x10, seed 4", loaded)
    assert "time runs by itself" in sim("step", "1")
    assert sim("changes").splitlines() == ["8", "14", "20", "24"]
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(one_cell({"sinr_db": 9}) | {"name": "mine"}))
    loaded = sim("load", str(tmp_path / "mine.yaml"), "--mode", "manual")
    assert loaded == "mine: 0 s of 60 s, mode manual, seed 1"
    assert "no scenario is named 'nowhere'; there are: " in sim("load", "nowhere")


def test_radio_attachment_and_cells_are_in_its_hands(sim: Say) -> None:
    assert sim("ues").splitlines()[1].split()[:4] == ["ue-1", "cell-1", "26.0", "1577.475"]
    assert "3.0 (forced)  186.784" in sim("degrade", "ue-1", "--sinr-db", "3")
    assert "-50.0 (forced)  0.000" in sim("degrade", "ue-1")
    assert "26.0     1577.475" in sim("recover", "ue-1")
    assert "cell-1 (off)" in sim("detach", "ue-2")
    assert "(off)" not in sim("attach", "ue-2")
    assert sim("fail-cell", "cell-1").endswith("out of service")
    assert sim("repair-cell", "cell-1").splitlines()[1].split() == ["cell-1", "273", "0"]
    assert sim("degrade", "nobody") == (
        "Error: the scenario has no UE nobody, but ue-1, ue-2, ue-3, ue-4"
    )


def test_faults_are_set_triggered_and_cleared(sim: Say) -> None:
    assert sim("faults", "list").startswith("no fault is set; there are: resources-refused, ")
    told = sim("faults", "set", "bearer-lost", "probability=0.1", "ue=ue-1", "lasts_s=3")
    assert told.splitlines()[1].split()[:5] == ["bearer-lost", "0.1", "0", "0", "0"]
    assert told.endswith("from_s=0 ue=ue-1 after_s=1 lasts_s=3")
    assert "response-slow" in sim("faults", "trigger", "response-slow", "--times", "2")
    assert "response-slow" not in sim("faults", "clear", "response-slow")
    assert sim("faults", "clear").startswith("no fault is set")


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (("rain",), "no fault is named rain; there are: "),
        (("bearer-lost", "probability=2"), "Error: probability: it must be a number from 0 to 1"),
        (("bearer-lost", "ue=nobody"), "/ueId: the scenario has no such UE"),
        (("bearer-lost", "delay_s=1"), "delay_s: the fault bearer-lost does not have it, but: "),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(
    sim: Say, rule: tuple[str, ...], reason: str
) -> None:
    assert reason in sim("faults", "set", *rule)


def test_what_was_told_is_listed(nef: RunningNef, sim: Say) -> None:
    made = requests.post(f"{nef.url}{AF}", json=subscription(), timeout=60).json()
    nef.notified()
    found = sim("notifications", "--subscription", made["self"].rpartition("/")[2])
    assert found.splitlines()[1].split()[1:4] == [
        "af-1",
        "pending",
        "SUCCESSFUL_RESOURCES_ALLOCATION",
    ]
    until(lambda: ": nobody listens at 127.0.0.1:9" in sim("notifications"))
    assert '"model-topology"' in sim("profiles")


def test_a_root_without_its_scheme_is_refused() -> None:
    told = CliRunner().invoke(main, ["sim", "--nef-url", "127.0.0.1:8080", "status"])
    assert told.exit_code == 2
    assert "'127.0.0.1:8080' is no URL; one begins with http:// or https://" in told.output


def test_who_needs_a_token_is_told_how_to_give_it(tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("no secret of anybody's")
    with running_nef(clients=["user-plane"]) as guarded:
        place = ["--nef-url", guarded.url]
        bare = CliRunner().invoke(main, ["sim", *place, "status"])
        place += ["--token-url", guarded.token_url, "--client-secret-file", str(tmp_path / "wrong")]
        refused = CliRunner().invoke(main, ["sim", *place, "status"])
    assert "nef sim takes --token-url and --client-secret-file before its command" in bare.output
    said = "there is no client of this id and secret (clients are read at the start)"
    assert refused.output == (
        f"Error: {guarded.token_url} has no token for user-plane: 401, {said}\n"
    )


def test_where_nobody_answers_that_is_said() -> None:
    told = CliRunner().invoke(main, ["sim", "--nef-url", "http://127.0.0.1:9", "status"])
    assert told.exit_code == 1
    said = "nobody listens at http://127.0.0.1:9; nef serve starts a NEF, --nef-url names another"
    assert told.output == f"Error: {said}\n"


@pytest.mark.parametrize("command", ["status", "faults list"])
def test_an_option_that_stands_too_late_is_told_its_place(command: str) -> None:
    told = CliRunner().invoke(main, ["sim", *command.split(), "--nef-url", "http://127.0.0.1:9"])
    place = f"--nef-url stands before the command: main sim --nef-url … {command} …"
    assert (told.exit_code, place in told.output) == (2, True)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("degrade ue-1 -12", "-12 stands behind its option: --sinr-db -12"),
        ("degrade ue-1 -1.5", "-1.5 stands behind its option: --sinr-db -1.5"),
        ("step -5", "-5 is no option, and SECONDS is not negative"),
        ("recover -5", "-5 is no option"),
    ],
)
def test_a_negative_number_is_not_called_an_option(command: str, said: str) -> None:
    told = CliRunner().invoke(main, ["sim", *command.split()])
    assert told.exit_code == 2
    assert told.output.endswith(f"Error: {said}\n")


def test_an_option_that_nobody_has_is_refused_as_ever() -> None:
    told = CliRunner().invoke(main, ["sim", "status", "--verbose"])
    assert (told.exit_code, "No such option '--verbose'" in told.output) == (2, True)


def test_a_mode_that_is_none_is_refused_with_those_that_are() -> None:
    told = CliRunner().invoke(main, ["sim", "load", "steady", "--mode", "fast"])
    assert told.exit_code == 2
    assert "'fast' is no mode; there are real, manual, and factors such as x10" in told.output


def test_a_nef_without_tls_is_told_from_none(nef: RunningNef) -> None:
    https = nef.url.replace("http://", "https://")
    told = CliRunner().invoke(main, ["sim", "--nef-url", https, "status"])
    assert told.output == f"Error: {https} does not speak TLS; say {nef.url}\n"
