"""Warnings about plans on their way from the NEF to the AF."""

import queue

import pytest
import requests

from af_client import NoNotification, NotificationReceiver, PlanWarning, Warnings
from af_client.inbox import Receipt
from af_client.schemas.base import Malformed
from builders.plan_requests import policy, warning_document


def numbered(number: int) -> dict[str, object]:
    return warning_document(policy(number, 0, 10))


def number_of(warning: PlanWarning) -> int:
    return warning.candidates[0].id


def test_warnings_come_in_order() -> None:
    warnings = Warnings()
    for number in (1, 2):
        assert warnings.receive(numbered(number), None) is Receipt.ACCEPTED
    assert [number_of(warnings.get(0)) for _ in range(2)] == [1, 2]
    with pytest.raises(NoNotification, match="none in 0 s"):
        warnings.get(0)


def test_a_repeated_delivery_is_dropped_but_not_that_of_another_plan() -> None:
    warnings = Warnings()
    for reference in ("ref-1", "ref-1", "ref-2"):
        document = warning_document(reference=reference)
        assert warnings.receive(document, "7") is Receipt.ACCEPTED
    assert [warnings.get(0).reference for _ in range(2)] == ["ref-1", "ref-2"]
    with pytest.raises(NoNotification):
        warnings.get(0)


def test_a_full_one_takes_the_same_delivery_later() -> None:
    warnings = Warnings(limit=1)
    warnings.receive(numbered(1), "1")
    assert warnings.receive(numbered(2), "2") is Receipt.FULL
    warnings.get(0)
    assert warnings.receive(numbered(2), "2") is Receipt.ACCEPTED
    assert number_of(warnings.get(0)) == 2


def test_what_is_closed_takes_nothing_and_lets_nobody_wait() -> None:
    warnings = Warnings()
    warnings.receive(numbered(1), None)
    warnings.close()
    assert warnings.receive(numbered(2), None) is Receipt.UNKNOWN_SESSION
    assert [number_of(warning) for warning in warnings] == [1]


def test_what_is_no_warning_is_malformed() -> None:
    with pytest.raises(Malformed, match="pdtqRefId"):
        Warnings().receive({"candPolicies": [policy(1, 0, 1)]}, None)


def test_a_callback_that_fails_gets_the_next_warning() -> None:
    warnings, heard = Warnings(), queue.SimpleQueue[int]()

    def hear(warning: PlanWarning) -> None:
        heard.put(number_of(warning))
        raise RuntimeError("a slip")

    warnings.on_warning(hear)
    for number in (1, 2):
        warnings.receive(numbered(number), None)
    assert [heard.get(timeout=60) for _ in range(2)] == [1, 2]
    warnings.close()


def test_each_has_a_secret_url_of_its_own_at_the_receiver() -> None:
    with NotificationReceiver() as receiver:
        one, other = receiver.warnings(), receiver.warnings()
        answers = [
            requests.post(url, json=document, timeout=60).status_code
            for url, document in (
                (one.url, numbered(1)),
                (one.url, {"eventReports": []}),
                (one.url[:-1], numbered(1)),
            )
        ]
        assert answers == [204, 400, 404]
        assert number_of(one.get(10)) == 1
        with pytest.raises(NoNotification):
            other.get(0)
    with pytest.raises(NoNotification, match="closed"):
        one.get()
