"""Words about plans: what contradicts itself is refused where it is written."""

from datetime import UTC, datetime
from typing import Any

import pytest

from af_client import PlanRequest, PlanWarning, TransferQos, Window
from builders.plan_requests import BEGAN, a_candidate, a_plan, a_plan_request, a_window


def test_a_window_has_a_zone() -> None:
    with pytest.raises(ValueError, match="starts_at needs a time zone"):
        Window(datetime(2026, 1, 1), BEGAN)  # noqa: DTZ001 - that is the fault
    with pytest.raises(ValueError, match="ends_at needs a time zone"):
        Window(BEGAN, datetime(2027, 1, 1))  # noqa: DTZ001 - that is the fault


@pytest.mark.parametrize("length_s", [0, -1])
def test_a_window_ends_later_than_it_begins(length_s: float) -> None:
    with pytest.raises(ValueError, match="not later"):
        a_window(0, length_s)


def test_the_next_seconds_begin_now() -> None:
    before = datetime.now(UTC)
    window = Window.of_next(30)
    assert before <= window.starts_at <= datetime.now(UTC)
    assert (window.ends_at - window.starts_at).total_seconds() == 30


@pytest.mark.parametrize(
    ("words", "fault"),
    [({"per": "0.001"}, "packet error rate"), ({"gbr_dl_bps": 1.5}, "gbr_dl_bps is 1.5")],
)
def test_a_qos_that_cannot_be_written_is_refused(words: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        TransferQos(**words)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"windows": ()}, "at least one window"),
        ({"qos_reference": "model-weights"}, "either qos or qos_reference"),
        ({"qos": None}, "either qos or qos_reference"),
        ({"alternatives": (TransferQos(mbr_dl_bps=1),)}, "no mbr_dl_bps"),
        ({"alternatives": (TransferQos(priority=1),)}, "no priority"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        a_plan_request(**changes)


def test_a_request_by_name_needs_no_values() -> None:
    assert PlanRequest((a_window(),), qos_reference="model-weights").n_ues == 1


def test_what_is_chosen_is_one_of_the_candidates() -> None:
    first, second = a_candidate(1), a_candidate(2, 70, 100)
    assert a_plan(first, second).chosen is None
    assert a_plan(first, second, chosen=2).chosen == second
    assert a_plan(first, second, chosen=9).chosen is None


def test_a_warning_knows_its_plan() -> None:
    warning = PlanWarning("ref-p-2", (a_candidate(),))
    assert warning.is_about(a_plan(name="p-2"))
    assert not warning.is_about(a_plan(name="p-1"))
