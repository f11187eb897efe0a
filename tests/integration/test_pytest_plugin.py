"""The pytest plugin, as somebody uses it who has a test suite of his own."""

import re
from pathlib import Path

import pytest

from nef.testing import RunningNef

pytest_plugins = "pytester"

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_examples_of_the_page_pass(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_page="\n".join(blocks("python")))
    [room] = blocks("yaml")
    (pytester.path / "room.yaml").write_text(room)
    pytester.runpytest_inprocess("-p", "no:xdist").assert_outcomes(passed=5)


def test_every_word_of_a_running_nef_is_on_the_page() -> None:
    for name in vars(RunningNef):
        if not name.startswith("_"):
            assert re.search(rf"`{name}[(`]", PAGE), name


def test_no_test_sees_what_another_one_did(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_everything_is_new(nef, number):
            assert nef.time_s == 0
            assert nef.ue("ue-1").rate_dl_bps > 0
            assert nef.events() == []
            nef.step(10)
            nef.degrade("ue-1")
            assert nef.ue("ue-1").rate_dl_bps == 0
    """)
    pytester.runpytest_inprocess("-p", "no:xdist").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("options", "blocks"), [((), 51), (("--nef-scenario", "cell-outage"), 133)]
)
def test_the_command_line_wins_over_the_configuration_file(
    pytester: pytest.Pytester, options: tuple[str, ...], blocks: int
) -> None:
    pytester.makeini("[pytest]\nnef_scenario = fading-ue")
    pytester.makepyfile(f"def test_it(nef): assert nef.cell('cell-1').blocks == {blocks}")
    pytester.runpytest_inprocess("-p", "no:xdist", *options).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("nef(scenario='nowhere')", "*no scenario is named 'nowhere'; there are: *steady*"),
        ("nef(scenery='steady')", "*the marker is nef(scenario=None, *"),
        ("nef(mode='fast')", "*'fast' is no mode*"),
    ],
)
def test_a_marker_that_makes_no_sense_is_explained(
    pytester: pytest.Pytester, marker: str, told: str
) -> None:
    pytester.makepyfile(f"import pytest\n@pytest.mark.{marker}\ndef test_it(nef): pass")
    result = pytester.runpytest_inprocess("-p", "no:xdist")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([told])
