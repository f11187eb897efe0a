"""Planned transfers through the client, over HTTP: offered, chosen, warned of, given up."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import requests

from af_client import (
    Cell,
    NefClient,
    NotFound,
    NotificationReceiver,
    Plan,
    PlanRequest,
    Refused,
    TransferQos,
    Window,
)
from builders.plan_requests import a_plan_request, a_window, intrude
from builders.plans import AF, busy_then_idle
from nef.testing import RunningNef

PATIENCE_S = 20.0
#: More than a busy cell has left, and no more than an empty one has, for two UEs.
QOS = TransferQos(gbr_dl_bps=30_000_000, per="1E-3")


@pytest.fixture
def service(nef_server: RunningNef) -> RunningNef:
    nef_server.reset(busy_then_idle())
    return nef_server


@pytest.fixture
def began(service: RunningNef) -> datetime:
    return service.now


@pytest.fixture
def nef(service: RunningNef) -> NefClient:
    return NefClient(service.url, "af-1")


@pytest.fixture
def receiver() -> Iterator[NotificationReceiver]:
    with NotificationReceiver() as receiver:
        yield receiver


def request(began: datetime, **changes: Any) -> PlanRequest:
    words: dict[str, Any] = {"windows": (a_window(0, 100, began),), "n_ues": 2, "qos": QOS}
    return a_plan_request(**words | changes)


def seconds(windows: list[Window], began: datetime) -> list[tuple[float, float]]:
    return [
        (
            round((window.starts_at - began).total_seconds(), 2),
            round((window.ends_at - began).total_seconds(), 2),
        )
        for window in windows
    ]


def offered(plan: Plan, began: datetime) -> list[tuple[float, float]]:
    return seconds([one.window for one in plan.candidates], began)


def test_the_windows_are_those_in_which_the_cell_is_idle(nef: NefClient, began: datetime) -> None:
    plan = nef.plan_transfer(request(began, places=(Cell("001", "01", "000000001"),)))
    assert offered(plan, began) == [(20, 60), (70, 100)]
    assert plan.chosen is None
    assert nef.plan(plan.id) == plan
    assert nef.plans() == (plan,)


def test_what_was_chosen_stays_chosen(nef: NefClient, began: datetime) -> None:
    plan = nef.plan_transfer(request(began))
    chosen = nef.choose(plan, plan.candidates[1])
    assert chosen.chosen == plan.candidates[1]
    assert nef.plan(plan.id).chosen == plan.candidates[1]


def test_a_plan_by_name_is_one_too(nef: NefClient, began: datetime) -> None:
    by_name = request(began, n_ues=1, qos=None, qos_reference="model-topology")
    assert nef.plan_transfer(by_name).candidates


def test_where_no_time_would_do_the_refusal_says_what_would(
    nef: NefClient, began: datetime
) -> None:
    much = TransferQos(gbr_dl_bps=10**9)
    with pytest.raises(Refused, match="they could carry at most") as refused:
        nef.plan_transfer(request(began, qos=much))
    assert refused.value.cause == "REQUESTED_SERVICE_TEMPORARILY_NOT_AUTHORIZED"
    assert nef.plans() == ()


def test_a_plan_that_cannot_be_kept_is_warned_of(
    service: RunningNef, nef: NefClient, began: datetime, receiver: NotificationReceiver
) -> None:
    warnings = receiver.warnings()
    plan = nef.plan_transfer(request(began), warnings=warnings)
    plan = nef.choose(plan, plan.candidates[0])
    service.step(20)
    intrude(service)
    service.step(2)
    warning = warnings.get(PATIENCE_S)
    assert warning.is_about(plan)
    assert seconds([one.window for one in warning.candidates], began) == [(70, 100)]
    assert nef.plan(plan.id).chosen is None
    again = nef.choose(plan, warning.candidates[0])
    assert again.chosen == warning.candidates[0]


def test_who_wants_no_warnings_any_more_says_so(
    nef: NefClient, began: datetime, receiver: NotificationReceiver
) -> None:
    plan = nef.plan_transfer(request(began), warnings=receiver.warnings())
    assert plan.request.warned
    assert not nef.modify_plan(plan.id, warned=False).request.warned
    other = receiver.warnings().url
    moved = nef.modify_plan(plan.id, notification_destination=other)
    assert moved.request.notification_destination == other


def test_a_plan_that_was_given_up_is_gone(
    service: RunningNef, nef: NefClient, began: datetime
) -> None:
    plan = nef.plan_transfer(request(began))
    nef.delete_plan(plan.id)
    nef.delete_plan(plan.id)
    assert requests.get(service.url + AF, timeout=60).json() == []
    with pytest.raises(NotFound):
        nef.plan(plan.id)
