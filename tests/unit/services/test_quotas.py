"""How many resources an AF may have: exact for one request after the other, and seldom counted."""

import tracemalloc
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.clock import FakeClock
from nef.domain.errors import QuotaExceeded
from nef.services import quotas
from nef.services.quotas import Quota


class Store:
    def __init__(self) -> None:
        self.held, self.counts = 0, 0

    def count(self, _: str) -> int:
        self.counts += 1
        return self.held


@given(st.integers(1, 60), st.lists(st.booleans(), max_size=200))
def test_an_af_never_has_more_than_its_quota_and_is_refused_only_there(
    most: int, steps: list[bool]
) -> None:
    store = Store()
    quota = Quota(most, "things", store.count)
    refused_at = set()
    for begins in steps:
        if not begins:
            store.held = max(0, store.held - 1)
            continue
        try:
            quota.take("af")
        except QuotaExceeded:
            refused_at.add(store.held)
        else:
            store.held += 1
        assert store.held <= most
    assert refused_at <= {most}


def test_far_from_the_limit_it_is_hardly_ever_counted() -> None:
    store = Store()
    quota = Quota(100_000, "things", store.count)
    for _ in range(50_000):
        quota.take("af")
        store.held += 1
    assert store.counts < 10


def test_what_other_processes_take_is_seen_soon_also_where_little_is_taken_here() -> None:
    store, clock = Store(), FakeClock()
    quota = Quota(1000, "things", store.count, clock.now_s)
    quota.take("af")
    store.held = 1000  # elsewhere
    quota.take("af")
    clock.advance(6.0)
    with pytest.raises(QuotaExceeded):
        quota.take("af")


def test_without_a_limit_nobody_counts() -> None:
    store = Store()
    Quota(0, "things", store.count).take("af")
    assert store.counts == 0


def test_each_af_has_a_quota_of_its_own() -> None:
    quota = Quota(1, "things", {"a": 1, "b": 0}.__getitem__)
    quota.take("b")
    with pytest.raises(QuotaExceeded, match="1 things"):
        quota.take("a")


def test_afs_are_not_remembered_without_end_and_each_has_its_quota_all_the_same() -> None:
    held = Counter[str]()
    quota = Quota(2, "things", lambda af_id: held[af_id])

    def take(af_id: str) -> None:
        quota.take(af_id)
        held[af_id] += 1

    take("first")
    tracemalloc.start()
    for number in range(quotas._MOST_KEPT * 3):
        quota.take(f"af-{number}" + "x" * 250)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < quotas._MOST_KEPT * 1000
    take("first")
    with pytest.raises(QuotaExceeded):
        take("first")
