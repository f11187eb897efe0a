"""SIGKILL around the crossings of a threshold: each is told once, and in order."""

import threading
from pathlib import Path

import requests

from builders.analytics_requests import AF, GPSI, question, subscription
from builders.processes import NefProcess, start_nef
from builders.receivers import Receiver, receiving
from builders.simulations import one_cell
from builders.waiting import until

THRESHOLDS = [{"avgTrafficRate": rate} for rate in ("100 Mbps", "50 Mbps", "10 Mbps")]


def play(nef: NefProcess, seconds: float) -> None:
    for _ in range(round(seconds / 0.5)):
        nef.control("POST", "/simulation/step", {"seconds": 0.5})


def wait_until_told(nef: NefProcess) -> None:
    """What was sent but not yet noted down when it is killed would be sent again."""
    until(lambda: not nef.control("GET", "/notifications?state=pending")["notifications"])


def rates(af: Receiver) -> list[int]:
    """The rates that were told, in whole Mbit/s."""
    infos = [
        one["dnPerfInfos"][0] for _, _, body in af.requests for one in body["analyEventNotifs"]
    ]
    texts = [info["dnPerf"][0]["perfData"]["avgTrafficRate"] for info in infos]
    return [round(float(text.removesuffix(" Mbps"))) for text in texts]


def test_each_crossing_is_told_once_and_in_order(tmp_path: Path) -> None:
    with receiving() as af:
        nef = start_nef(tmp_path, "--scenario", "fading-ue", "--mode", "manual")
        port = int(nef.url.rsplit(":", 1)[1])
        asked = question("DN_PERFORMANCE", reptThlds=THRESHOLDS)
        made = requests.post(f"{nef.url}{AF}", json=subscription(asked, to=af.url), timeout=60)
        assert made.status_code == 201, made.text
        for seconds in (9.0, 7.0, 6.0):  # down, farther down, and half way up
            play(nef, seconds)
            wait_until_told(nef)
            nef.kill()
            nef = start_nef(tmp_path, port=port)
        try:
            play(nef, 10.0)
            assert af.until(lambda: len(rates(af)) >= 4)
            last = requests.delete(made.json()["self"], timeout=60)
            assert last.status_code == 204
        finally:
            nef.stop()
        assert rates(af) == [34, 7, 34, 121]


def test_what_is_crossed_while_the_service_is_dead_is_told_when_it_lives_again(
    tmp_path: Path,
) -> None:
    """In real time, which goes on while nobody is there."""
    radio = {"trace": [[0, 24], [3, 8], [4, 1], [5, 8], [6, 24], [9, 1]]}
    with receiving() as af:
        nef = start_nef(tmp_path)
        port = int(nef.url.rsplit(":", 1)[1])
        scenario = one_cell(radio, ue={"gpsi": GPSI})
        nef.control("PUT", "/simulation", {"document": scenario, "mode": "manual"})
        asked = question("DN_PERFORMANCE", reptThlds=THRESHOLDS)
        made = requests.post(f"{nef.url}{AF}", json=subscription(asked, to=af.url), timeout=60)
        assert made.status_code == 201, made.text
        # Only now does time begin, so that nothing is crossed however long this takes.
        nef.control("PUT", "/simulation", {"document": scenario, "mode": "real"})
        nef.kill()
        threading.Event().wait(6.5)
        nef = start_nef(tmp_path, port=port)
        try:
            assert nef.control("GET", "/simulation")["mode"] == "real"
            assert af.until(lambda: len(rates(af)) >= 5)
        finally:
            nef.stop()
        good, medium, bad = sorted(set(rates(af)), reverse=True)
        assert rates(af) == [medium, bad, medium, good, bad]
