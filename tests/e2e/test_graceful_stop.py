"""The NEF is asked to end while AFs are busy with it: nobody is left without an answer."""

import signal
import threading
from pathlib import Path

import pytest
import requests

from builders.asking import Asking
from builders.processes import NefProcess, start_nef
from builders.receivers import receiving
from builders.service import AF, subscription
from builders.waiting import until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_each_accepted_request_has_its_answer_and_each_notification_arrives(
    tmp_path: Path, number: signal.Signals
) -> None:
    with receiving() as af:
        nef = start_nef(tmp_path)
        asking = Asking(nef.url, af.url)
        until(lambda: len(asking.made) > 60)
        nef.process.send_signal(number)
        asking.over()
        assert nef.end() == 0
        assert {type(one) for one in asking.rest} == {requests.ConnectionError}

        nef = start_nef(tmp_path)
        stored = requests.get(nef.url + AF, timeout=30).json()
        assert {one["self"].rsplit("/", 1)[1] for one in stored} == set(asking.made)
        assert af.until(lambda: af.told() >= set(asking.made))
        assert nef.stop() == 0


def test_a_request_under_way_is_finished_and_a_new_one_refused(tmp_path: Path) -> None:
    nef = start_nef(tmp_path)
    nef.control("PUT", "/faults/response-slow", {"probability": 1.0, "delayS": 1.5})
    answers: list[requests.Response] = []
    slow = threading.Thread(
        target=lambda: answers.append(requests.post(nef.url + AF, json=subscription(), timeout=30))
    )
    slow.start()
    until(lambda: bool(nef.control("GET", "/flows")["flows"]))
    nef.process.terminate()
    until(lambda: not connects(nef))
    assert not answers
    slow.join()
    assert answers[0].status_code == 201
    assert nef.end() == 0


def test_a_request_that_takes_too_long_is_told_so(tmp_path: Path) -> None:
    nef = start_nef(tmp_path)
    nef.control("PUT", "/faults/response-slow", {"probability": 1.0, "delayS": 25})
    answers: list[requests.Response] = []
    slow = threading.Thread(
        target=lambda: answers.append(requests.post(nef.url + AF, json=subscription(), timeout=30))
    )
    slow.start()
    until(lambda: bool(nef.control("GET", "/flows")["flows"]))
    assert nef.stop() == 0
    slow.join()
    assert (answers[0].status_code, answers[0].json()["cause"]) == (503, "NF_FAILOVER")
    assert "may have happened" in answers[0].json()["detail"]


def connects(nef: NefProcess) -> bool:
    try:
        requests.get(f"{nef.url}/healthz", timeout=30)
    except requests.ConnectionError:
        return False
    return True


def test_while_it_drains_it_serves_and_is_not_ready(tmp_path: Path) -> None:
    nef = start_nef(tmp_path, "--drain-s", "1.5")
    with requests.Session() as http:
        until(lambda: http.get(f"{nef.url}/readyz", timeout=30).status_code == 200)
        nef.process.terminate()
        until(lambda: http.get(f"{nef.url}/readyz", timeout=30).status_code == 503)
        answer = http.post(nef.url + AF, json=subscription(), timeout=30)
        assert (answer.status_code, answer.headers["connection"]) == (201, "close")
    assert nef.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(tmp_path: Path, number: signal.Signals) -> None:
    nef = start_nef(tmp_path, "--drain-s", "600")
    nef.process.terminate()
    until(lambda: requests.get(f"{nef.url}/readyz", timeout=30).status_code == 503)
    nef.process.send_signal(number)
    assert nef.end() == -number


def test_a_notification_under_way_is_finished_before_the_end(tmp_path: Path) -> None:
    with receiving() as af:
        af.delay_s = 1.0
        nef = start_nef(tmp_path)
        requests.post(
            nef.url + AF, json=subscription(notificationDestination=af.url), timeout=30
        ).raise_for_status()
        assert af.until(lambda: len(af.requests) == 1)
        assert nef.stop() == 0
        nef = start_nef(tmp_path)
        try:
            (delivery,) = nef.control("GET", "/notifications")["notifications"]
            assert (delivery["state"], delivery["attempts"]) == ("delivered", 1)
        finally:
            nef.stop()
    assert len(af.requests) == 1
