"""Feature masks: read from the wire, and cut to what both sides have."""

import pytest

from nef.domain.errors import InvalidValue
from nef.domain.features import SUPPORTED, Feature, negotiated, parse_features


@pytest.mark.parametrize(("text", "mask"), [("", 0), ("0", 0), ("10", 16), ("fF", 255)])
def test_a_mask_is_hexadecimal_and_an_empty_one_supports_nothing(text: str, mask: int) -> None:
    assert parse_features(text) == mask


@pytest.mark.parametrize("text", [" ", "0x1", "1_0", "-1", "+1", "g", "\u0661"])
def test_anything_else_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(InvalidValue, match="hexadecimal"):
        parse_features(text)


def test_what_is_negotiated_is_what_both_sides_support() -> None:
    ours = int(Feature.ALTERNATIVE_QOS_5G)
    assert negotiated(ours | 1 << 40) == ours
    assert negotiated(1 << 40) == 0
    assert negotiated(SUPPORTED) == SUPPORTED
    assert negotiated(None) is None, "an AF that said nothing negotiated nothing"


def test_a_mask_of_any_length_fits_64_bits_and_keeps_what_there_is_of_features() -> None:
    assert parse_features("f" * 5000) == 2**64 - 1
    assert negotiated(parse_features("9" * 5000 + "812")) == negotiated(0x812)
