"""One service in several processes: they share the load, and each may be killed."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
import requests
from websockets.sync.client import connect

from builders.analytics_requests import AF as ANALYTICS
from builders.analytics_requests import GPSI, question, subscription
from builders.forks import beside, kill
from builders.postgresql import PostgresServer
from builders.receivers import Receiver, receiving
from builders.service import AF, by_value, component
from builders.service import subscription as subscription_by_name
from builders.simulations import one_cell
from builders.waiting import until
from builders.workers import Workers, lives, stopped, workers
from chaos.kinds import FORMS, place_of
from db.storage import SqlStorage
from nef.domain.lifecycle import Trigger
from nef.services.underway import ABANDONED_AFTER_S

NOBODY = "http://127.0.0.1:9/not-listening"
LADDER = (("less", "5 Mbps"),)
#: For what happens at once where a process is no more, and would be waited for if it might live.
SOON_S = ABANDONED_AFTER_S / 2


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="module")
def module_url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="module")
def module_nef(tmp_path_factory: pytest.TempPathFactory, module_url: str) -> Iterator[Workers]:
    folder = tmp_path_factory.mktemp("nef")
    with workers(folder, module_url, "--mode", "manual") as nef:
        yield nef


@pytest.fixture
def nef(module_nef: Workers) -> Iterator[Workers]:
    """A service whose time stands, without sessions at the beginning and at the end."""
    module_nef.control("PUT", "/simulation", {"scenario": "steady", "mode": "manual"})
    yield module_nef
    for session in requests.get(module_nef.url + AF, timeout=60).json():
        assert requests.delete(session["self"], timeout=60).ok


def create(nef: Workers, to: str, rate: str = "20 Mbps", **more: Any) -> requests.Response:
    body = by_value(component(1, rate, *LADDER), notificationDestination=to, **more)
    return requests.post(nef.url + AF, json=body, timeout=60)


def created(nef: Workers, to: str, **more: Any) -> dict[str, Any]:
    response = create(nef, to, **more)
    assert response.status_code == 201, response.text
    document: dict[str, Any] = response.json()
    return document


def outage(nef: Workers, out: bool) -> None:
    nef.control("PUT", "/cells/cell-1/state", {"outage": out})


def held(nef: Workers) -> set[str]:
    flows = nef.control("GET", "/flows")["flows"]
    return {flow["flowKey"].partition("/")[0] for flow in flows}


def stored(nef: Workers) -> set[str]:
    found = requests.get(nef.url + AF, timeout=60).json()
    return {document["self"].rpartition("/")[2] for document in found}


def test_the_sessions_of_an_address_are_found_by_a_worker_that_has_no_network(nef: Workers) -> None:
    made = created(nef, NOBODY, ueIpv4Addr=None, gpsi="msisdn-001010000000001")
    for address, found in (("10.45.0.2", [made]), ("10.45.0.3", [])):
        query = {"ip-addrs": f'[{{"ipv4Addr": "{address}"}}]'}
        assert requests.get(nef.url + AF, params=query, timeout=60).json() == found


def test_each_worker_answers_and_no_cell_grants_more_than_it_has(nef: Workers) -> None:
    for name in ("worker-1", "worker-2"):
        with stopped(nef.processes[name]):  # so it is the other one that answers
            assert create(nef, NOBODY).status_code == 201
    with ThreadPoolExecutor(16) as many:
        rates = ["150 Mbps"] * 48
        answers = list(many.map(lambda rate: create(nef, NOBODY, rate), rates))
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {201, 403}, statuses
    (cell,) = nef.control("GET", "/cells")["cells"]
    assert cell["blocksGranted"] <= cell["blocks"]
    assert held(nef) == stored(nef)
    assert len(held(nef)) == 2 + statuses[201]


def test_what_one_worker_is_told_holds_for_all(nef: Workers) -> None:
    """Time, faults and the sessions of the other one."""
    first, second = (nef.processes[name] for name in ("worker-1", "worker-2"))
    with stopped(second):
        session = created(nef, NOBODY)
        before_s = nef.control("GET", "/simulation")["timeS"]
        nef.control("POST", "/simulation/step", {"seconds": 7})
        nef.control("PUT", "/faults/service-unavailable", {"probability": 1})
    with stopped(first):
        assert nef.control("GET", "/simulation")["timeS"] == before_s + 7
        assert requests.get(session["self"], timeout=60).status_code == 503
        nef.control("DELETE", "/faults")
    with stopped(second):
        assert requests.delete(session["self"], timeout=60).status_code == 204
    with stopped(first):
        assert requests.get(session["self"], timeout=60).status_code == 404


def test_what_an_af_subscribes_to_at_one_worker_it_reads_and_ends_at_the_other(
    nef: Workers,
) -> None:
    nef.control("PUT", "/simulation", {"scenario": "busy-cell", "mode": "manual"})
    first, second = (nef.processes[name] for name in ("worker-1", "worker-2"))
    for kind, form in FORMS.items():
        place, (before, after, *_) = place_of((kind, "af-1", 1), NOBODY), form.values
        body = form.made(1, before, place, Random(1))
        with stopped(second):
            made = requests.post(form.root(nef.url, "af-1"), json=body, timeout=60)
            assert made.status_code == 201, made.text
        method, body, of_type = form.changed(1, after, place)
        with stopped(first):
            where, headers = made.headers["Location"], {"Content-Type": of_type}
            changed = requests.request(method, where, json=body, headers=headers, timeout=60)
            assert form.read(changed.json()) == (1, after)
            assert requests.delete(where, timeout=60).ok


DRONE = {"reference": "drone", "five_qi": 3, "gbr_dl": "7 Mbps", "per": "1E-4"}


def test_the_profiles_of_a_scenario_are_offered_by_all_and_outlive_who_has_the_network(
    nef: Workers,
) -> None:
    first, second = (nef.processes[name] for name in ("worker-1", "worker-2"))
    asked = subscription_by_name(qosReference="drone")

    def rates_bps() -> list[int]:
        return [flow["rateDlBps"] for flow in nef.control("GET", "/flows")["flows"]]

    with stopped(second):
        document = one_cell(ue={"ipv4": "10.45.0.2"}) | {"qos_profiles": [DRONE]}
        nef.control("PUT", "/simulation", {"document": document, "mode": "manual"})
    with stopped(first):
        assert requests.post(nef.url + AF, json=asked, timeout=60).status_code == 201
    nef.kill_network()
    for other in (first, second):
        with stopped(other):
            assert requests.post(nef.url + AF, json=asked, timeout=60).status_code == 201
    assert rates_bps() == [7_000_000] * 3
    nef.control("PUT", "/simulation", {"scenario": "steady", "mode": "manual"})
    for other in (first, second):
        with stopped(other):
            assert requests.post(nef.url + AF, json=asked, timeout=60).status_code == 400


def test_each_notification_comes_once_and_in_order(nef: Workers) -> None:
    with receiving() as af:
        sessions = [created(nef, af.url)["self"].rpartition("/")[2] for _ in range(8)]
        for _ in range(5):
            outage(nef, True)
            outage(nef, False)
        turns = ["QOS_NOT_GUARANTEED", "QOS_GUARANTEED"] * 5
        assert af.until(lambda: len(af.events()) >= len(sessions) * (1 + len(turns)))
        for session in sessions:
            assert af.events(session) == ["SUCCESSFUL_RESOURCES_ALLOCATION", *turns]
        numbers = Counter(headers["X-Notification-Id"] for _, headers, _ in af.requests)
        assert set(numbers.values()) == {1}


def test_a_websocket_is_written_to_whichever_worker_holds_it(nef: Workers) -> None:
    wanted = {"supportedFeatures": "3", "websockNotifConfig": {"requestWebsocketUri": True}}
    with ExitStack() as open_:
        sessions = [created(nef, NOBODY, **wanted) for _ in range(6)]
        uris = [one["websockNotifConfig"]["websocketUri"] for one in sessions]
        halves = ("worker-1", uris[:3]), ("worker-2", uris[3:])
        sockets = []
        for name, half in halves:
            with stopped(nef.processes[name]):
                sockets += [open_.enter_context(connect(uri, proxy=None)) for uri in half]
        outage(nef, True)
        outage(nef, False)
        for socket in sockets:
            heard = [socket.recv(timeout=60) for _ in range(3)]
            assert [name in str(text) for text, name in zip(heard, _TOLD, strict=True)] == [
                True
            ] * 3


_TOLD = ("SUCCESSFUL_RESOURCES_ALLOCATION", "QOS_NOT_GUARANTEED", "QOS_GUARANTEED")


def test_what_a_process_was_changing_when_it_was_killed_can_be_changed_again_soon(
    nef: Workers, module_url: str
) -> None:
    here = created(nef, NOBODY)["self"]

    def begin_a_change() -> None:
        opened.append(SqlStorage.open(module_url))
        with opened[-1].transaction() as work:
            work.outbox.claim(0.0, 1.0, 1)  # by which a process is known to live
            session = work.sessions.get(here.rpartition("/")[2])
            assert session is not None
            intent = session.moved(Trigger.CHANGE, session.changed_at_s, pending=session.request)
            work.sessions.replace(intent)

    def again() -> int:
        body, kind = {"usageThreshold": {"duration": 60}}, "application/merge-patch+json"
        return requests.patch(
            here, json=body, headers={"Content-Type": kind}, timeout=30
        ).status_code

    with beside(begin_a_change) as pid:
        assert again() == 409, "it may still be confirmed"
        kill(pid)
        until(lambda: again() == 200, SOON_S)


#: So that nothing closes what a process has open while it lives.
opened = list[SqlStorage]()


def rates(af: Receiver) -> list[int]:
    """The rates that were told, in whole Mbit/s, each notification once."""
    told = {headers["X-Notification-Id"]: body for _, headers, body in af.requests}
    infos = [one["dnPerfInfos"][0] for body in told.values() for one in body["analyEventNotifs"]]
    texts = [info["dnPerf"][0]["perfData"]["avgTrafficRate"] for info in infos]
    return [round(float(text.removesuffix(" Mbps"))) for text in texts]


def test_who_has_the_network_is_killed_and_another_one_goes_on_with_it(
    tmp_path: Path, url: str
) -> None:
    radio = {"trace": [[0, 24], [4, 8], [5, 1], [6, 8], [7, 24]]}
    thresholds = [{"avgTrafficRate": rate} for rate in ("100 Mbps", "50 Mbps", "10 Mbps")]
    with receiving() as af, workers(tmp_path, url) as nef:
        document = one_cell(radio, ue={"gpsi": GPSI})
        nef.control("PUT", "/simulation", {"document": document, "mode": "manual"})
        asked = question("DN_PERFORMANCE", reptThlds=thresholds)
        made = requests.post(nef.url + ANALYTICS, json=subscription(asked, to=af.url), timeout=60)
        assert made.status_code == 201, made.text
        session = created(nef, NOBODY)
        # Only now does time begin, so that nothing is crossed however long this takes.
        nef.control("PUT", "/simulation", {"document": document, "mode": "real"})
        times: list[float] = []
        for moment_s in (3.9, 5.9, 7.5):  # just before it goes down, while it is down, afterwards
            until_time(nef, moment_s, times)
            nef.kill_network()
        until_time(nef, moment_s, times)
        assert all(before <= after for before, after in pairwise(times))
        assert len(set(nef.networks)) == 4
        assert af.until(lambda: len(rates(af)) >= 4)
        good, medium, bad = sorted(set(rates(af)), reverse=True)
        assert rates(af) == [medium, bad, medium, good]
        assert held(nef) == stored(nef) == {session["self"].rpartition("/")[2]}


def until_time(nef: Workers, moment_s: float, times: list[float]) -> None:
    """Wait for a moment of the simulation; `times` gets all that are seen."""

    def come() -> bool:
        times.append(nef.control("GET", "/simulation")["timeS"])
        return times[-1] >= moment_s

    until(come)


def test_requests_wait_for_the_next_network_and_none_is_lost(tmp_path: Path, url: str) -> None:
    """Under load, while the network changes its process and a worker is killed."""
    with workers(tmp_path, url) as nef:
        acknowledged: list[str] = []
        statuses: Counter[object] = Counter()
        enough = threading.Event()

        def load() -> None:
            while not enough.is_set():
                try:
                    answer = create(nef, NOBODY, "100 Kbps")
                except requests.ConnectionError:
                    statuses["broken"] += 1  # it was the worker that was killed
                    continue
                statuses[answer.status_code] += 1
                if answer.status_code == 201:
                    acknowledged.append(answer.json()["self"].rpartition("/")[2])

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()

        def until_more() -> None:
            before = len(acknowledged)
            until(lambda: len(acknowledged) > before + 20)

        until_more()
        nef.kill_network()
        until_more()
        worker = nef.processes["worker-1"]
        os.kill(worker, signal.SIGKILL)
        until(lambda: nef.processes["worker-1"] != worker)
        until_more()
        enough.set()
        for thread in threads:
            thread.join()
        assert set(statuses) <= {201, 503, "broken"}, statuses
        assert set(acknowledged) <= stored(nef)
        # What was under way in the worker that died is given up soon, and nothing but that.
        assert stored(nef) <= held(nef)
        until(lambda: held(nef) == stored(nef), SOON_S)
        with stopped(nef.processes["worker-2"]):
            assert create(nef, NOBODY, "100 Kbps").status_code == 201
        processes = nef.children()
        assert len(processes) == 4
        assert nef.stop() == 0
        assert not any(map(lives, processes)), "it ends in good order, and with all it has begun"


def test_who_loses_the_database_has_the_network_no_more(
    tmp_path: Path, url: str, postgres: PostgresServer
) -> None:
    with workers(tmp_path, url, "--mode", "manual") as nef:
        session = created(nef, NOBODY)["self"].rpartition("/")[2]
        nef.control("POST", "/simulation/step", {"seconds": 3})
        before, noted = nef.networks, who_has_the_network(url)
        postgres.end_connections(url)
        until(lambda: len(nef.networks) > len(before))
        until(lambda: not lives(before[-1]))
        assert who_has_the_network(url) != noted, "or who had it would believe that nobody else did"
        assert nef.control("GET", "/simulation")["timeS"] == 3
        assert held(nef) == {session}
        processes = nef.children()
        nef.kill()
        until(lambda: not any(map(lives, processes)))  # nobody stays who is not looked after


def who_has_the_network(url: str) -> str | None:
    with closing(SqlStorage.open(url)) as storage, storage.reading() as work:
        return work.simulations.user()
