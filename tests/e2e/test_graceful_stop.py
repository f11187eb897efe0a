"""The NEF is asked to end while AFs are busy with it: nobody is left without an answer."""

import signal
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import requests

from builders.asking import Asking
from builders.processes import NefProcess, start_nef
from builders.receivers import receiving
from builders.service import AF, subscription
from builders.waiting import until


def test_each_accepted_request_has_its_answer_and_each_notification_arrives(
    tmp_path: Path,
) -> None:
    with receiving() as af:
        nef = start_nef(tmp_path)
        asking = Asking(nef.url, af.url)
        until(lambda: len(asking.made) > 60)
        nef.process.terminate()
        asking.over()
        assert nef.end() == 0
        assert {type(one) for one in asking.rest} == {requests.ConnectionError}

        nef = start_nef(tmp_path)
        stored = requests.get(nef.url + AF, timeout=60).json()
        assert {one["self"].rsplit("/", 1)[1] for one in stored} == set(asking.made)
        assert af.until(lambda: af.told() >= set(asking.made))
        assert nef.stop() == 0


def test_what_is_under_way_is_finished_and_a_new_request_refused(tmp_path: Path) -> None:
    """A request whose answer is slow, and a notification whose receiver is."""
    with receiving() as af:
        af.delay_s = 1.0
        nef = start_nef(tmp_path)
        slow = create_slowly(nef, 1.5, af.url)
        assert af.until(lambda: len(af.requests) == 1)
        nef.process.terminate()
        until(lambda: not connects(nef))
        assert slow.result().status_code == 201
        assert nef.end() == 0

        nef = start_nef(tmp_path)
        (delivery,) = nef.control("GET", "/notifications")["notifications"]
        assert (delivery["state"], delivery["attempts"]) == ("delivered", 1)
        nef.stop()
    assert len(af.requests) == 1


def test_a_request_that_takes_too_long_is_told_so(tmp_path: Path) -> None:
    nef = start_nef(tmp_path)
    slow = create_slowly(nef, 60.0, "http://127.0.0.1:9/not-listening")
    until(lambda: bool(nef.control("GET", "/flows")["flows"]))
    assert nef.stop() == 0
    problem = slow.result().json()
    assert (problem["status"], problem["cause"]) == (503, "NF_FAILOVER")
    assert "may have happened" in problem["detail"]


def test_while_it_drains_it_serves_and_is_not_ready_and_a_second_signal_ends_it_at_once(
    tmp_path: Path,
) -> None:
    nef = start_nef(tmp_path, "--drain-s", "600")
    with requests.Session() as http:
        until(lambda: http.get(f"{nef.url}/readyz", timeout=60).status_code == 200)
        nef.process.send_signal(signal.SIGINT)
        until(lambda: http.get(f"{nef.url}/readyz", timeout=60).status_code == 503)
        answer = http.post(nef.url + AF, json=subscription(), timeout=60)
        assert (answer.status_code, answer.headers["connection"]) == (201, "close")
    nef.process.terminate()
    assert nef.end() == -signal.SIGTERM


def create_slowly(nef: NefProcess, delay_s: float, destination: str) -> "Future[requests.Response]":
    """A session that is created at once, and whose AF is answered late."""
    nef.control("PUT", "/faults/response-slow", {"probability": 1.0, "delayS": delay_s})
    body = subscription(notificationDestination=destination)
    with_one = ThreadPoolExecutor(1)
    answer = with_one.submit(requests.post, nef.url + AF, json=body, timeout=120)
    with_one.shutdown(wait=False)
    return answer


def connects(nef: NefProcess) -> bool:
    try:
        requests.get(f"{nef.url}/healthz", timeout=60)
    except requests.ConnectionError:
        return False
    return True
