import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from af_client import format_rate, parse_rate
from af_client.units import checked_error_rate, checked_rate, checked_tos

WIRE_PATTERN = re.compile(r"^\d+(\.\d+)? (bps|Kbps|Mbps|Gbps|Tbps)$")


@pytest.mark.parametrize(
    ("text", "bps"),
    [
        ("0 bps", 0),
        ("12.5 Mbps", 12_500_000),
        ("33.6 Mbps", 33_600_000),
        ("1.1 Gbps", 1_100_000_000),
        ("0.000000001001 Tbps", 1001),
    ],
)
def test_a_rate_is_read_without_rounding(text: str, bps: int) -> None:
    assert parse_rate(text) == bps


def test_parts_of_a_bit_never_overstate_a_rate() -> None:
    assert parse_rate("1.9999 Kbps") == 1999


@pytest.mark.parametrize(
    "text",
    ["", "12", "12Mbps", "-3 Mbps", "1e3 bps", "12 mbps", "1. Mbps", "\u0661 bps", "1 bps\n"],
)
def test_what_is_no_rate_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"12\.5 Mbps"):
        parse_rate(text)


def test_a_number_too_long_to_be_a_rate_is_refused_cheaply() -> None:
    with pytest.raises(ValueError, match="not a bit rate"):
        parse_rate("9" * 100_000 + " bps")


@pytest.mark.parametrize(
    ("bps", "text"),
    [
        (0, "0 bps"),
        (999, "999 bps"),
        (1000, "1 Kbps"),
        (12_500_000, "12.5 Mbps"),
        (10**15, "1000 Tbps"),
    ],
)
def test_a_rate_is_written_in_its_largest_unit(bps: int, text: str) -> None:
    assert format_rate(bps) == text


@given(st.integers(min_value=0, max_value=10**16))
def test_every_rate_comes_back_exactly_and_keeps_to_the_pattern(bps: int) -> None:
    text = format_rate(bps)
    assert WIRE_PATTERN.match(text)
    assert parse_rate(text) == bps


def test_a_negative_rate_is_not_written() -> None:
    with pytest.raises(ValueError, match="-1 bps"):
        format_rate(-1)


@pytest.mark.parametrize("text", ["1E-9", "9E-1"])
def test_a_packet_error_rate_stays_what_it_is(text: str) -> None:
    assert checked_error_rate(text) == text


@pytest.mark.parametrize("text", ["0.001", "1e-3", "10E-3", "0E-3", "1E-0"])
def test_a_packet_error_rate_has_one_notation(text: str) -> None:
    with pytest.raises(ValueError, match="1E-3"):
        checked_error_rate(text)


def test_a_rate_in_whole_bits_stays_what_it_is() -> None:
    assert checked_rate("min_rate_dl_bps", 12_500_000) == 12_500_000


@pytest.mark.parametrize("rate", [12.5e6, -1, True, "12.5 Mbps", None])
def test_any_other_rate_is_refused_with_what_would_be_right(rate: Any) -> None:
    with pytest.raises(ValueError, match=r"min_rate_dl_bps is .*whole number of bits per second"):
        checked_rate("min_rate_dl_bps", rate)


@pytest.mark.parametrize("tos", ["b8fc", "B8FC", "0000"])
def test_a_type_of_service_stays_what_it_is(tos: str) -> None:
    assert checked_tos(tos) == tos


@pytest.mark.parametrize("tos", ["b8", "b8fc0", "b8 fc", "0xb8", ""])
def test_a_type_of_service_has_a_mask(tos: str) -> None:
    with pytest.raises(ValueError, match="the octet and its mask"):
        checked_tos(tos)
