"""Scenarios in files, and errors that name file and line."""

from pathlib import Path

import pytest

from nef.domain.errors import InvalidValue
from nef.network.simulator.files import read_scenario, scenario_source

GOOD = """\
name: street
cells:
  - id: cell-1
    bandwidth_mhz: 20
ues:
  - id: ue-1
    gpsi: msisdn-12345
    supi: imsi-12345
    cell: cell-1
    radio: {trace_file: measured/drive.csv}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "measured").mkdir()
    (tmp_path / "measured" / "drive.csv").write_text("time_s,rate_mbps\n0,50\n10,5\n")
    (tmp_path / "street.yaml").write_text(GOOD)
    return tmp_path / "street.yaml"


def wrong(path: Path, old: str, new: str) -> list[str]:
    """The errors where a text stands in place of another, without the folder of the file."""
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(InvalidValue) as caught:
        read_scenario(path)
    return str(caught.value).replace(f"{path.parent}/", "").splitlines()


def test_a_file_becomes_a_document_that_needs_no_other_file(path: Path) -> None:
    document = read_scenario(path)
    assert document["ues"][0]["radio"] == {"rate_trace": [[0.0, 50.0], [10.0, 5.0]]}
    assert scenario_source(str(path)) == scenario_source(path) == document


def test_files_may_begin_with_a_byte_order_mark_as_spreadsheets_write_it(path: Path) -> None:
    for file in (path, path.parent / "measured" / "drive.csv"):
        file.write_text(file.read_text("utf-8"), "utf-8-sig")
    document = read_scenario(path)
    assert document["ues"][0]["radio"] == {"rate_trace": [[0.0, 50.0], [10.0, 5.0]]}


def test_a_name_and_a_document_are_what_they_are() -> None:
    assert scenario_source("steady") == "steady"
    assert scenario_source({"name": "x"}) == {"name": "x"}


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("_mhz: 20", "_mhz: 21", 4, "/cells/0/bandwidth_mhz: at 30 kHz a carrier has one of 5, 10"),
        ("    bandwidth_mhz: 20\n", "", 3, '/cells/0/bandwidth_mhz: "bandwidth_mhz" is a required'),
        ("cell: cell-1", "cell: cell-2", 9, "/ues/0/cell: no such cell; there are: cell-1"),
        ("supi:", "sopi:", 8, "/ues/0/sopi: there is no such field here, but: id, gpsi, supi"),
        ("drive.csv", "walk.csv", 10, "trace_file: measured/walk.csv cannot be read: No such file"),
        ("ues:\n", "ues: [\n", 6, "did not find expected"),
        ("name: street", "name: street\nname: road", 2, "the key 'name' stands twice"),
        ("name: street", "7: street", 1, "the key '7' must be a text"),
        ("name: street", "name: 2026-01-01\nseed: 2026-01-01", 2, "/seed: "),
        ("name: street", "name: street\nx: &x [*x]", 1, "/: it refers to itself, or is nested too"),
        ("name: street", f"name: {'[' * 300}{']' * 300}", 1, "/: it refers to itself, or is nest"),
        (GOOD, "", 1, "/: null is not of type"),
    ],
)
def test_an_error_names_line_place_and_what_was_expected(
    path: Path, old: str, new: str, line: int, reason: str
) -> None:
    errors = wrong(path, old, new)
    assert any(e.startswith(f"street.yaml:{line}: ") and reason in e for e in errors), errors


def test_every_error_has_a_line_of_its_own(path: Path) -> None:
    errors = wrong(path, "_mhz: 20", "_mhz: many\n    layers: 9")
    assert [error.split(": ")[:2] for error in errors] == [
        ["street.yaml:4", "/cells/0/bandwidth_mhz"],
        ["street.yaml:5", "/cells/0/layers"],
    ]


def test_a_trace_that_is_not_there_hides_no_other_error(path: Path) -> None:
    (path.parent / "measured" / "drive.csv").unlink()
    errors = wrong(path, "_mhz: 20", "_mhz: many")
    assert [error.split(": ")[:2] for error in errors] == [
        ["street.yaml:10", "/ues/0/radio/trace_file"],
        ["street.yaml:4", "/cells/0/bandwidth_mhz"],
    ]


def test_a_file_that_is_not_there_or_no_text_is_named(path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"none\.yaml: No such file"):
        read_scenario(path.parent / "none.yaml")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidValue, match=r"street\.yaml: is not text in UTF-8"):
        read_scenario(path)
