"""The operator's catalogue and the settings."""

from pathlib import Path

import pytest

from nef.config import Limits, load_catalogue
from nef.domain.errors import InvalidValue
from nef.domain.fiveqi import ResourceType
from nef.domain.units import BitRate

OWN = """
profiles:
  - {reference: gold, five_qi: 3, gbr_dl: 20 Mbps, max_gbr_dl: 40 Mbps, priority: 5, per: 1E-4}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(text)
    return path


def test_no_af_can_take_all_connections_by_its_websockets() -> None:
    assert 2 * Limits().websockets <= Limits().connections


def test_the_shipped_catalogue_has_the_two_profiles_of_a_model_download() -> None:
    catalogue = load_catalogue(None)
    topology = catalogue.profile("model-topology").level
    weights = catalogue.profile("model-weights").level
    assert (topology.per.value, weights.per.value) == (1e-5, 1e-3)
    assert topology.resource_type is ResourceType.DELAY_CRITICAL_GBR
    assert weights.resource_type is ResourceType.GBR


def test_an_operator_adds_profiles_in_a_file(tmp_path: Path) -> None:
    (profile,) = load_catalogue(written(tmp_path, OWN))
    assert profile.level.priority == 5
    assert profile.level.gbr_dl == BitRate.parse("20 Mbps")
    assert profile.max_gbr_dl == BitRate.parse("40 Mbps")
    assert profile.level.delay_ms == 50  # of 5QI 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must have a list of 'profiles'"),
        ("profiles: []", "must have a list of 'profiles'"),
        ("profiles: [", "is not YAML"),
        ("profiles: [{five_qi: 3}]", "must have a 'reference'"),
        ("profiles: [{reference: a, five_qi: 999}]", "5QI 999 is not one of"),
        ("profiles: [{reference: a, five_qi: many}]", "many"),
        ("profiles: [{reference: a, five_qi: 3, gbr_dl: fast}]", "'fast' is not a bit rate"),
        ("profiles: [{reference: a, five_qi: 3, colour: red}]", "colour; it may have"),
        (
            "profiles: [{reference: a, five_qi: 3}, {reference: a, five_qi: 4}]",
            "'a' is defined twice",
        ),
    ],
)
def test_a_bad_catalogue_is_refused_with_the_place_and_the_reason(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(InvalidValue, match=says):
        load_catalogue(written(tmp_path, text))
