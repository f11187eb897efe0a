"""The metrics of the whole service."""

import socket

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from builders.receivers import receiving
from builders.service import AF, served, subscription
from builders.waiting import until
from nef.domain.errors import InvalidValue
from nef.testing import RunningNef

CREATE = {"operation": "CreateASSessionWithQoSSubscription", "method": "POST"}


def sample(text: str, name: str, **labels: str) -> float | None:
    """The value of a sample, None where there is none of these labels."""
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            if (one.name, one.labels) == (name, labels):
                return one.value
    return None


def told(nef: RunningNef) -> str:
    return requests.get(f"{nef.url}/metrics", timeout=60).text


def test_requests_are_counted_by_operation_and_never_by_path(nef: RunningNef) -> None:
    for n in range(3):
        body = subscription() if n else {}
        requests.post(nef.url + AF, json=body, timeout=60)
        requests.get(f"{nef.url}{AF}/id-{n}", timeout=60)
        requests.get(f"{nef.url}/nowhere/{n}", timeout=60)
    text = told(nef)
    assert sample(text, "nef_requests_total", **CREATE, status="2xx") == 2
    assert sample(text, "nef_requests_total", **CREATE, status="4xx") == 1
    assert "id-" not in text
    assert "nowhere" not in text
    assert "af-1" not in text
    assert sample(text, "nef_request_duration_seconds_count", operation=CREATE["operation"]) == 3
    assert sample(text, "nef_requests_in_flight") == 1


def test_sessions_and_what_was_told_of_them_are_counted(nef: RunningNef) -> None:
    with receiving() as af:
        requests.post(
            nef.url + AF, json=subscription(notificationDestination=af.url), timeout=60
        ).raise_for_status()
        assert af.until(lambda: bool(af.requests))
        name = "nef_notification_attempts_total"
        until(lambda: sample(told(nef), name, outcome="delivered") == 1)
        until(lambda: sample(told(nef), "nef_sessions", state="active") == 1)
    assert sample(told(nef), "nef_notification_attempt_duration_seconds_count") == 1
    until(lambda: bool(sample(told(nef), "nef_tick_duration_seconds_count")))


def test_metrics_are_for_this_machine_and_not_for_who_comes_by_a_proxy(nef: RunningNef) -> None:
    url = f"{nef.url}/metrics"
    assert requests.get(url, timeout=60).status_code == 200
    for header in ("Forwarded", "X-Forwarded-For"):
        answer = requests.get(url, headers={header: "for=192.0.2.1"}, timeout=60)
        assert answer.status_code == 403
        assert "--metrics" in answer.json()["detail"]


def test_metrics_come_in_the_form_that_was_asked_for(nef: RunningNef) -> None:
    wanted = "application/openmetrics-text; version=1.0.0"
    answer = requests.get(f"{nef.url}/metrics", headers={"Accept": wanted}, timeout=60)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_where_they_are_off_there_is_no_such_path() -> None:
    with served(metrics="off") as nef:
        assert nef.http.get("/metrics").status_code == 404


def test_they_may_have_an_address_of_their_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with served(metrics=f"127.0.0.1:{port}") as nef:
        assert nef.http.get("/metrics").status_code == 404
        text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
    assert sample(text, "nef_store_up") == 1
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/metrics", timeout=60)


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:http", "127.0.0.1:99999", ":9"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InvalidValue, match="HOST:PORT"), served(metrics=address):
        pytest.fail("it was served")


def test_an_address_that_is_taken_is_refused() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(InvalidValue, match="in use"),
        served(metrics=f"127.0.0.1:{taken.getsockname()[1]}"),
    ):
        pytest.fail("it was served")
