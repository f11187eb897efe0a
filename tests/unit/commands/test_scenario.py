"""`nef scenario`: what it says of scenarios, good and bad, and the pictures it draws."""

import json
import sys
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from click.testing import CliRunner, Result

from builders.simulations import one_cell
from nef.cli import main
from nef.network.simulator.scenario import shipped_document, shipped_scenarios


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["scenario", *map(str, arguments)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    radio = {"trace": [[0, 22], [30, 2]]}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(one_cell(radio, {"sinr_db": 10})))
    return tmp_path / "mine.yaml"


def test_the_scenarios_that_ship_are_listed_with_what_each_is_for() -> None:
    told = dict(line.split(": ", 1) for line in run("list").output.splitlines())
    assert tuple(told) == shipped_scenarios()
    assert all(told.values())


def test_the_schema_that_is_printed_accepts_what_ships() -> None:
    schema = jsonschema_rs.Draft202012Validator(json.loads(run("schema").output))
    assert all(schema.is_valid(shipped_document(name)) for name in shipped_scenarios())
    assert not schema.is_valid({"name": "x"})


def test_a_scenario_that_is_valid_is_said_to_be(path: Path) -> None:
    assert run("check", path).output == f"{path} is valid: 1 cell, 2 UEs, 60 s, seed 1\n"
    assert run("check", "steady").exit_code == 0


@pytest.mark.parametrize("command", ["check", "describe", "plot"])
def test_a_scenario_that_is_not_is_refused_with_its_line(command: str, path: Path) -> None:
    path.write_text(path.read_text().replace("bandwidth_mhz: 20", "bandwidth_mhz: 21"))
    result = run(command, path)
    assert result.exit_code == 1
    assert f"{path}:2: /cells/0/bandwidth_mhz: at 30 kHz a carrier has one of 5" in result.output


def test_a_name_of_none_is_answered_with_those_there_are() -> None:
    result = run("check", "nowhere")
    assert result.exit_code == 1
    assert "no scenario is named 'nowhere'; there are: busy-cell, " in result.output


def test_a_file_of_another_kind_is_not_taken_for_a_name(tmp_path: Path) -> None:
    other = tmp_path / "steady.txt"
    other.write_text("name: steady")
    assert run("check", other).output == (
        f"Error: {other} ends otherwise than a scenario: in .yaml, .yml or .json\n"
    )


def test_a_description_has_the_range_and_the_mean_over_time(path: Path) -> None:
    lines = run("describe", path).output.splitlines()
    (mine,) = (line.split() for line in lines if line.startswith("ue-1 "))
    # 123.9 and 17.4 Mbit/s for half of the time each (docs/radio-model.md).
    assert mine == ["ue-1", "cell-1", "2.0", "to", "22.0", "17.4", "70.7", "123.9", "none"]
    (cell,) = (line.split() for line in lines if line.startswith("cell-1 "))
    assert cell == ["cell-1", "20", "51", "164", "0%", "0%", "never"]


def test_a_description_says_when_a_cell_is_out_and_who_is_in_a_group() -> None:
    assert "10 s to 20 s" in run("describe", "cell-outage").output
    assert "group cameras@example.com, 4: camera-1, cam" in run("describe", "camera-fleet").output


def test_ues_that_are_alike_share_a_row() -> None:
    lines = run("describe", "stadium").output.splitlines()
    assert [line[:20] for line in lines if line.startswith(("north", "south"))] == [
        "north-1 to north-40 ",
        "south-1 to south-20 ",
    ]


def test_a_plot_is_a_picture_of_the_kind_that_was_asked_for(path: Path, tmp_path: Path) -> None:
    png, svg = tmp_path / "a.png", tmp_path / "a.svg"
    assert run("plot", path, "--out", png).output == f"{png} shows mine\n"
    assert png.read_bytes().startswith(b"\x89PNG")
    assert run("plot", path, "--out", svg).exit_code == 0
    assert "<svg" in svg.read_text()


def test_a_plot_is_the_same_each_time(path: Path, tmp_path: Path) -> None:
    pictures = [tmp_path / "a.svg", tmp_path / "b.svg"]
    for picture in pictures:
        assert run("plot", path, "--out", picture).exit_code == 0
    assert pictures[0].read_bytes() == pictures[1].read_bytes()


@pytest.mark.parametrize(
    ("out", "reason"),
    [("a.txt", "a picture is one of .png, .svg"), ("no/such/a.png", "No such file or directory")],
)
def test_a_place_where_no_picture_can_be_is_named(path: Path, out: str, reason: str) -> None:
    result = run("plot", path, "--out", path.parent / out)
    assert result.exit_code == 1
    assert reason in result.output
    assert out in result.output


def test_without_matplotlib_one_line_says_how_to_get_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "nef.commands.plots", raising=False)
    result = run("plot", path)
    assert result.exit_code == 1
    assert result.output == "Error: a picture needs matplotlib: pip install 'open-nef[demo]'\n"
