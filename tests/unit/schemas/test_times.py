"""Moments on the wire: RFC 3339, with a zone, and nothing that could not be written again."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nef.domain.errors import InvalidValue
from nef.schemas.times import date_time, parse_moment, time_window


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("2026-11-23T14:00:00Z", 1_795_442_400.0),
        ("2026-11-23T14:00:00.5Z", 1_795_442_400.5),
        ("2026-11-23t14:00:00z", 1_795_442_400.0),
        ("2026-11-23T15:30:00+01:30", 1_795_442_400.0),
        ("2026-11-23T13:00:00.250-01:00", 1_795_442_400.25),
    ],
)
def test_a_moment_is_read_in_any_zone(text: str, seconds: float) -> None:
    assert parse_moment(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-23",
        "2026-11-23T14:00:00",
        "2026-11-23 14:00:00Z",
        "20261123T140000Z",
        "2026-W48-1T14:00:00Z",
        "2026-02-30T14:00:00Z",
        "2026-11-23T25:00:00Z",
        "2026-11-23T14:00:00+99:00",
        "2026-11-23T14:00:00+01:00:30",
        "2026-11-23T14:00:00.Z",
        "२०२६-11-23T14:00:00Z",
        "2026-11-23T14:00:00Z\n",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "1969-12-31T23:59:59Z",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_moment(text)


@given(st.text(max_size=40))
@example("9" * 40)
def test_no_text_does_anything_but_being_read_or_refused(text: str) -> None:
    with suppress(InvalidValue):
        assert 0 <= parse_moment(text) < 2.6e11


@given(st.floats(0, 2.5e11))
def test_a_moment_is_written_to_the_millisecond_and_read_again(seconds: float) -> None:
    assert parse_moment(date_time(seconds)) == pytest.approx(seconds, abs=0.0011)


def test_a_window_has_both_its_ends() -> None:
    assert time_window(0.0, 1.5) == {
        "startTime": "1970-01-01T00:00:00.000+00:00",
        "stopTime": "1970-01-01T00:00:01.500+00:00",
    }
