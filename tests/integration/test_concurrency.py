"""Many at once: nobody wins what is not there, and nothing leaks."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from builders.analytics_requests import AF as ANALYTICS
from builders.analytics_requests import question
from builders.analytics_requests import subscription as analytics
from builders.postgresql import PostgresServer
from builders.service import AF, Served, by_value, component, served, subscription
from builders.waiting import until
from nef.services.analytics import Analyst

PATCH = {"content-type": "application/merge-patch+json"}
InThreads = Callable[[int, Callable[[int], None]], None]


@pytest.fixture(params=["memory", "file", "postgresql"])
def nef(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    with ExitStack() as stack:
        match request.param:
            case "memory":
                url = "sqlite://"
            case "file":
                url = f"sqlite:///{tmp_path / 'nef.sqlite3'}"
            case _:
                server: PostgresServer = request.getfixturevalue("postgres")
                url = stack.enter_context(server.database())
        yield stack.enter_context(served(database_url=url, scenario="fading-ue"))


def carried(nef: Served) -> set[str]:
    return {flow["flowKey"].split("/")[0] for flow in nef.control("GET", "/flows")["flows"]}


def stored(nef: Served) -> set[str]:
    return {document["self"].rsplit("/", 1)[1] for document in nef.http.get(AF).json()}


def test_of_many_who_want_the_last_megabits_as_many_win_as_there_are(
    nef: Served, in_threads: InThreads
) -> None:
    # Each takes just under a quarter of what a new flow could get, so that four fit and no more.
    rate = nef.control("GET", "/ues/ue-1")["rateDlBps"] * 24 // 100
    statuses: list[int] = []

    def create(_: int) -> None:
        body = by_value(component(1, f"{rate} bps"))
        statuses.append(nef.http.post(AF, json=body).status_code)

    in_threads(12, create)
    assert sorted(set(statuses)) == [201, 403]
    assert statuses.count(201) in {3, 4}  # whole resource blocks: the last may be one short
    assert carried(nef) == stored(nef)
    cell = nef.control("GET", "/cells")["cells"][0]
    assert cell["blocksGranted"] <= cell["blocks"]


def test_changes_and_deletes_of_one_session_leave_either_all_of_it_or_nothing(
    nef: Served, in_threads: InThreads
) -> None:
    for _ in range(3):
        path = nef.path(nef.create())
        statuses: list[int] = []

        def act(number: int, path: str = path, statuses: list[int] = statuses) -> None:
            if number == 5:
                statuses.append(nef.http.delete(path).status_code)
            elif number % 2:
                changes = {
                    "qosReference": ("model-weights-small", "model-topology")[number % 4 // 2]
                }
                statuses.append(nef.http.patch(path, json=changes, headers=PATCH).status_code)
            else:
                body = subscription(qosReference="video-conference")
                statuses.append(nef.http.put(path, json=body).status_code)

        in_threads(8, act)
        assert set(statuses) <= {200, 204, 404, 409}, statuses
        assert statuses.count(204) <= 1
        assert carried(nef) == stored(nef)
    nef.control("POST", "/simulation/step", {"seconds": 60})
    assert carried(nef) == stored(nef)


def test_sessions_follow_the_radio_while_others_come_and_go(
    nef: Served, in_threads: InThreads
) -> None:
    ladder = (("half", "4 Mbps"), ("least", "300 Kbps"))

    def come_and_go(number: int) -> None:
        for turn in range(4):
            body = by_value(component(2, "9 Mbps", *ladder))
            response = nef.http.post(AF, json=body)
            if number == 0:
                sinr_db = (24.5, 8.5, 1.0, 24.5)[turn]
                nef.control("PUT", "/ues/ue-1/radio", {"sinrDb": sinr_db})
            elif response.status_code == 201 and turn % 2:
                nef.http.delete(nef.path(response.json()))

    in_threads(5, come_and_go)
    nef.step(1)
    assert carried(nef) == stored(nef)
    for flow in nef.control("GET", "/flows")["flows"]:
        name = flow["flowKey"].split("/")[0]
        notes = nef.control("GET", f"/notifications?subscriptionId={name}")["notifications"]
        last = notes[0]["events"][-1]
        # The last word to the AF is about what it holds now.
        if last in {"QOS_GUARANTEED", "SUCCESSFUL_RESOURCES_ALLOCATION"}:
            assert flow["guaranteed"]
        assert (last == "QOS_GUARANTEED") <= (flow["level"] == 0)


def test_what_a_change_causes_is_told_with_its_answer_whoever_ticks_meanwhile() -> None:
    over = threading.Event()
    with served() as nef:
        nef.create()
        tick = nef.nef.services.simulation.tick

        def keep_ticking() -> None:
            while not over.is_set():
                tick()

        ticker = threading.Thread(target=keep_ticking)
        ticker.start()
        told = []
        try:
            for outage in (True, False) * 25:
                nef.control("PUT", "/cells/cell-1/state", {"outage": outage})
                (newest,) = nef.control("GET", "/notifications?limit=1")["notifications"]
                told.append(newest["events"])
        finally:
            over.set()
            ticker.join()
    assert told == [["QOS_NOT_GUARANTEED"], ["QOS_GUARANTEED"]] * 25


def test_who_ticks_while_a_scenario_begins_does_not_see_it_at_a_time_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = question("DN_PERFORMANCE", reptThlds=[{"avgTrafficRate": "1 Mbps"}])
    answer, begun = Analyst.answer, threading.Event()

    def begin() -> None:
        nef.control("PUT", "/simulation", {"scenario": "steady", "mode": "real"})
        begun.set()

    def looked(*question: Any) -> Any:
        """Somebody loads a scenario between the look at the clock and the look at the network."""
        if not beginning.is_alive() and not begun.is_set():
            beginning.start()
            begun.wait(0.5)
        return answer(*question)

    def ticked() -> bool:
        nef.nef.services.simulation.tick()
        return begun.is_set()

    with served(mode="real") as nef:
        assert nef.http.post(ANALYTICS, json=analytics(asked)).status_code == 201
        beginning = threading.Thread(target=begin)
        monkeypatch.setattr(Analyst, "answer", looked)
        until(ticked)
        beginning.join()
        # Of a time before it began nothing is known, and its AF would be told so.
        assert nef.control("GET", "/notifications")["notifications"] == []
