"""Bit rates and packet error rates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nef.domain.errors import InvalidValue
from nef.domain.units import MAX_BPS, BitRate, PacketErrorRate

RATES = st.integers(1, MAX_BPS).map(BitRate)
ERROR_RATES = st.builds(PacketErrorRate, st.integers(1, 9), st.integers(1, 9))


@given(RATES)
def test_a_written_rate_is_read_as_the_same_rate(rate: BitRate) -> None:
    assert BitRate.parse(str(rate)) == rate


@pytest.mark.parametrize(
    ("text", "bps", "written"),
    [
        ("125 Mbps", 125_000_000, "125 Mbps"),
        ("0.125 Gbps", 125_000_000, "125 Mbps"),
        ("125000 Kbps", 125_000_000, "125 Mbps"),
        ("1.5 Mbps", 1_500_000, "1.5 Mbps"),
        ("1000001 bps", 1_000_001, "1.000001 Mbps"),
        ("999 bps", 999, "999 bps"),
        ("10 Tbps", MAX_BPS, "10 Tbps"),
        ("1.10 Kbps", 1100, "1.1 Kbps"),
    ],
)
def test_a_rate_has_one_value_in_every_notation(text: str, bps: int, written: str) -> None:
    assert BitRate.parse(text).bps == bps
    assert str(BitRate.parse(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "0 bps",
        "0.0 Mbps",
        "-3 Mbps",
        "1",
        "1 mbps",
        "1Mbps",
        "1  Mbps",
        "1 Mbps\n",
        "1e3 bps",
        "1. Mbps",
        "0.5 bps",
        "1.0001 Kbps",
        "10.1 Tbps",
        f"{10**30} bps",
        "9" * 5000 + " bps",
        "\u0663 Mbps",
        "1." + "0" * 5000 + " bps",
        "NaN bps",
        "",
    ],
)
def test_what_is_no_rate_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        BitRate.parse(text)
    assert repr(text)[1:30].rstrip("'") in str(refusal.value)


@given(st.text())
def test_no_text_breaks_the_readers(text: str) -> None:
    for parse in (BitRate.parse, PacketErrorRate.parse):
        try:
            parse(text)
        except InvalidValue:
            continue


@given(RATES, RATES)
def test_rates_are_ordered_by_their_bits_whatever_their_unit(one: BitRate, other: BitRate) -> None:
    assert (one < other) == (one.bps < other.bps)
    assert (str(one) == str(other)) == (one == other)


def test_a_rate_cannot_be_negative_or_beyond_reason() -> None:
    for bps in (-1, MAX_BPS + 1):
        with pytest.raises(InvalidValue):
            BitRate(bps)


@given(ERROR_RATES)
def test_a_written_error_rate_is_read_as_the_same(rate: PacketErrorRate) -> None:
    assert PacketErrorRate.parse(str(rate)) == rate
    assert 0 < rate.value < 1


@given(ERROR_RATES, ERROR_RATES)
def test_error_rates_are_ordered_by_how_much_is_lost(
    one: PacketErrorRate, other: PacketErrorRate
) -> None:
    assert (one < other) == (one.value < other.value)
    assert (one == other) == (one.value == other.value)
    assert (one != other) or hash(one) == hash(other)


def test_error_rates_sort_from_best_to_worst() -> None:
    written = ["9E-1", "1E-3", "1E-9", "2E-3", "1E-5", "9E-9", "1E-2"]
    rates = sorted(PacketErrorRate.parse(text) for text in written)
    assert [str(rate) for rate in rates] == ["1E-9", "9E-9", "1E-5", "1E-3", "2E-3", "1E-2", "9E-1"]
    assert PacketErrorRate.parse("1E-3") <= PacketErrorRate(1, 3)


@pytest.mark.parametrize(
    "text", ["0E-3", "1E-0", "\u0661E-3", "1E-3\n", "1e-3", "1E3", "10E-3", "1E-10", "0.001", ""]
)
def test_what_is_no_error_rate_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        PacketErrorRate.parse(text)
