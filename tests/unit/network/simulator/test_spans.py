"""When something lasts that recurs."""

from itertools import islice
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from nef.network.simulator.spans import Span

DAY_S = 86400.0
#: Of a day, to the millisecond.
seconds = st.integers(0, 86_399_999).map(lambda ms: ms / 1000)


@given(st.lists(seconds, min_size=2, max_size=6, unique=True), st.integers(0, 3650))
def test_what_divides_a_day_has_each_moment_once_on_whichever_day(
    begins_s: list[float], day: int
) -> None:
    begins_s = sorted(begins_s)
    ends_s = [*begins_s[1:], begins_s[0] + DAY_S]
    spans = [Span(a, b, DAY_S) for a, b in zip(begins_s, ends_s, strict=True)]
    for number, begin_s in enumerate(begins_s):
        edge_s = next(iter(spans[number].edges_s(day * DAY_S + begin_s - 1e-4)))
        present = [edge_s in span for span in spans]
        assert present == [one is spans[number] for one in spans], "it begins at its own moment"


def test_what_recurs_is_told_from_a_moment_on_and_nothing_of_it_is_before_the_start() -> None:
    night = Span(20.0, 30.0, 24.0)
    assert list(islice(night.times_s(0.0), 2)) == [(0.0, 6.0), (20.0, 30.0)]
    assert list(islice(night.times_s(54.0), 1)) == [(68.0, 78.0)]
    assert list(islice(night.edges_s(20.0), 3)) == [30.0, 44.0, 54.0]


def test_what_does_not_recur_lasts_once() -> None:
    span = Span(3.0, inf)
    assert [t in span for t in (2.999999, 3.0, 1e9)] == [False, True, True]
    assert list(span.times_s(5.0)) == [(3.0, inf)]
    assert list(span.edges_s(0.0)) == [3.0]
    assert list(Span(3.0, 4.0).times_s(4.0)) == []
