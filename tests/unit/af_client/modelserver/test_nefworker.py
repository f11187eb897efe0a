import json
import queue
import time
from collections.abc import Hashable
from typing import Any

import pytest

from af_client import ConnectFailed, Inbox, NefClient, Notification, Reply, Warnings
from af_client.modelserver.flows import media_flows, session_request
from af_client.modelserver.nefworker import NefWorker
from af_client.modelserver.selection import select
from af_client.modelserver.steps import (
    Accepted,
    Answer,
    CheckSession,
    ChooseWindow,
    Command,
    CreateSession,
    Declined,
    DeleteSession,
    DropPlan,
    Failed,
    FetchOutlook,
    Gone,
    ModifySession,
    Planned,
    PlanTransfer,
    Reported,
)
from af_client.plans import TransferQos
from builders.analytics import OUTLOOK, event, transfers
from builders.negotiations import (
    DEVICE,
    GPSI,
    LARGE,
    SERVER,
    SESSION_URL,
    SMALL,
    a_session,
    allocated,
)
from builders.plan_requests import NEF_URL, PLANS, a_candidate, a_plan, plan_document
from fakes.transport import FakeTransport, problem, reply

CHOICE = select((SMALL, LARGE), 10**9, 1.0)
FETCH = FetchOutlook(GPSI)
CREATE = CreateSession(session_request(SERVER, DEVICE, CHOICE.ladder), CHOICE)
MODIFY = ModifySession("s-1", media_flows(SERVER, DEVICE, CHOICE.ladder), CHOICE)
CHECK = CheckSession("s-1")
DELETE = DeleteSession(a_session())
PLAN = PlanTransfer(GPSI, TransferQos(gbr_dl_bps=30_000_000), within_s=120)
DOCUMENT = {
    "self": SESSION_URL,
    "ueIpv4Addr": "10.45.0.2",
    "notificationDestination": "http://af.example/secret",
}


class Worked:
    """What came of commands that were carried out against a scripted NEF, in this thread."""

    def __init__(self, *script: Reply | Exception) -> None:
        self.transport = FakeTransport(*script)
        self.inbox = Inbox("http://af.example/secret")
        self.warnings = Warnings()
        self.warnings.url = "http://af.example/warnings"
        self.answers: list[Answer] = []
        nef = NefClient("http://nef.example", "af", transport=self.transport)
        self.worker = NefWorker(nef, self.inbox, self.warnings, self._answered)

    def _answered(self, whose: Hashable, command: Command, answer: Answer) -> None:
        assert whose == "the device"
        self.answers.append(answer)

    def on(self, command: Command) -> Answer:
        self.worker.carry_out("the device", command)
        return self.answers[-1]


def performance(rate: str) -> dict[str, Any]:
    return {"dnPerfInfos": [{"dnPerf": [{"perfData": {"avgTrafficRate": rate}}]}], "suppFeat": "0"}


def test_the_reported_bandwidth_is_in_bits_per_second() -> None:
    assert Worked(reply(200, performance("25 Mbps"))).on(FETCH) == Reported(25_000_000)


def test_the_time_of_each_volume_comes_with_the_bandwidth() -> None:
    times = event("E2E_DATA_VOL_TRANS_TIME", transfers((1000, 200), (5000, 1500)))
    made = reply(201, {"eventNotifis": [times]}, Location="http://nef.example/s/1")
    worked = Worked(reply(200, performance("25 Mbps")), made, reply(404, {"status": 404}))
    answer = worked.on(FetchOutlook(GPSI, volumes=(1000, 5000)))
    assert answer == Reported(25_000_000, {1000: 0.2, 5000: 1.5}, confidence=88)


def test_the_largest_rate_that_lasts_is_found_from_the_top() -> None:
    now, bad, good = performance("25 Mbps"), reply(200, OUTLOOK), reply(200, {"suppFeat": "0"})
    soon = performance("25 Mbps")
    soon["dnPerfInfos"][0]["confidence"] = 70
    worked = Worked(reply(200, now), bad, good, reply(200, soon))
    answer = worked.on(FetchOutlook(GPSI, rates_bps=(9_000_000, 4_000_000, 1), within_s=2))
    assert answer == Reported(25_000_000, lasting_bps=4_000_000, confidence=70)


def test_where_no_rate_lasts_it_is_none_of_them() -> None:
    worked = Worked(reply(200, performance("25 Mbps")), reply(200, OUTLOOK))
    answer = worked.on(FetchOutlook(GPSI, rates_bps=(9_000_000,), within_s=2))
    assert answer == Reported(25_000_000, lasting_bps=0, confidence=80)


@pytest.mark.parametrize("refusal", [reply(204), problem(400), problem(404)])
@pytest.mark.parametrize("asked", [{"volumes": (1000,)}, {"rates_bps": (1, 2), "within_s": 1}])
def test_a_nef_that_foresees_nothing_still_reports_the_bandwidth(
    refusal: Reply, asked: dict[str, Any]
) -> None:
    worked = Worked(reply(200, performance("25 Mbps")), refusal)
    assert worked.on(FetchOutlook(GPSI, **asked)) == Reported(25_000_000)


def test_a_session_is_created_for_its_inbox_after_what_was_left_is_deleted() -> None:
    left = {**DOCUMENT, "self": SESSION_URL.replace("s-1", "s-0")}
    of_its_other_address = {"self": SESSION_URL.replace("s-1", "s-9"), "ueIpv6Addr": "2001:db8::2"}
    worked = Worked(
        reply(200, [of_its_other_address, left]),
        reply(204),
        reply(201, DOCUMENT, Location=SESSION_URL),
    )
    answer = worked.on(CREATE)
    assert isinstance(answer, Accepted)
    assert answer.session.id == "s-1"
    assert [method for method, _ in worked.transport.asked] == ["GET", "DELETE", "POST"]
    assert worked.transport.said["notificationDestination"] == worked.inbox.url


def test_notifications_of_a_session_come_after_its_answer() -> None:
    worked = Worked(reply(200, []), reply(201, DOCUMENT, Location=SESSION_URL))
    worked.inbox.accept(allocated())  # the NEF may be faster than its own answer
    order: queue.SimpleQueue[object] = queue.SimpleQueue()
    nef = NefClient("http://nef.example", "af", transport=worked.transport)

    def heard(notification: Notification) -> None:
        order.put(notification)

    worked.inbox.on_notification(heard)
    worker = NefWorker(nef, worked.inbox, worked.warnings, lambda _, __, answer: order.put(answer))
    worker.carry_out("the device", CREATE)
    first, second = order.get(timeout=60), order.get(timeout=60)
    worked.inbox.close()
    assert isinstance(first, Accepted)
    assert second == allocated()


def test_a_refusal_says_what_each_flow_would_get() -> None:
    parts = {"2": {"medCompN": 2, "marBwDl": "4 Mbps"}}
    refusal = problem(403, {"acceptableServInfo": {"accBwMedComps": parts}})
    answer = Worked(refusal).on(MODIFY)
    assert isinstance(answer, Declined)
    assert answer.acceptable_bps == {2: 4_000_000}


@pytest.mark.parametrize("command", [MODIFY, CHECK, DELETE])
def test_a_session_that_the_nef_does_not_know_is_gone(command: Command) -> None:
    assert isinstance(Worked(problem(404)).on(command), Gone)


@pytest.mark.parametrize("command", [FETCH, CREATE, MODIFY, CHECK, DELETE])
def test_a_nef_that_cannot_be_reached_is_no_end(command: Command) -> None:
    answer = Worked(ConnectFailed("nobody listens")).on(command)
    assert answer == Failed("nobody listens")


# --- plans ---


def located(cell_id: str | None = "001-01-000000010") -> Reply:
    where = {"cellId": cell_id} if cell_id else {}
    return reply(200, {"monitoringType": "LOCATION_REPORTING", "locationInfo": where})


def test_a_plan_is_made_where_the_device_is_and_its_first_window_chosen() -> None:
    made = reply(201, plan_document(), Location=f"{NEF_URL}{PLANS}/p-1")
    worked = Worked(located(), made, reply(200, plan_document(selectedPolicy=1)))
    before_s = time.monotonic() - time.time()
    answer = worked.on(PLAN)
    assert isinstance(answer, Planned)
    assert answer.plan.chosen == a_candidate(1, 20, 60)
    assert answer.until_s - answer.from_s == pytest.approx(40)
    starts_s = a_candidate(1, 20, 60).window.starts_at.timestamp()
    assert answer.from_s == pytest.approx(starts_s + before_s, abs=60)
    asked = json.loads(worked.transport.requests[1].body or b"")
    cell = {"plmnId": {"mcc": "001", "mnc": "01"}, "nrCellId": "000000010"}
    assert asked["locationArea5G"] == {"nwAreaInfo": {"ncgis": [cell]}}
    assert asked["notificationDestination"] == worked.warnings.url
    assert asked["qosParamSet"]["gfbrDl"] == "30 Mbps"
    assert worked.transport.said == {"selectedPolicy": 1}


@pytest.mark.parametrize("where", [problem(404), reply(204), located(None), located("cell-1")])
def test_a_device_that_is_nobody_knows_where_is_planned_for_anywhere(where: Reply) -> None:
    made = reply(201, plan_document(), Location=f"{NEF_URL}{PLANS}/p-1")
    worked = Worked(where, made, reply(200, plan_document(selectedPolicy=1)))
    assert isinstance(worked.on(PLAN), Planned)
    assert "locationArea5G" not in json.loads(worked.transport.requests[1].body or b"")


@pytest.mark.parametrize(("status", "kind"), [(403, Declined), (404, Gone), (500, Failed)])
def test_a_plan_that_is_none_is_answered_as_it_was_refused(status: int, kind: type) -> None:
    assert isinstance(Worked(located(), problem(status)).on(PLAN), kind)


@pytest.mark.parametrize(
    ("chosen", "kind"),
    [(problem(403), Declined), (reply(200, plan_document()), Failed)],
)
def test_a_plan_whose_window_cannot_be_chosen_is_given_up(chosen: Reply, kind: type) -> None:
    made = reply(201, plan_document(), Location=f"{NEF_URL}{PLANS}/p-1")
    worked = Worked(located(), made, chosen, reply(204))
    assert isinstance(worked.on(PLAN), kind)
    assert worked.transport.asked[-1] == ("DELETE", f"{NEF_URL}{PLANS}/p-1")


def test_a_plan_without_candidates_is_given_up() -> None:
    made = reply(201, plan_document(pdtqPolicies=None), Location=f"{NEF_URL}{PLANS}/p-1")
    worked = Worked(located(), made, reply(204))
    assert isinstance(worked.on(PLAN), Failed)
    assert worked.transport.asked[-1][0] == "DELETE"


def test_another_window_is_chosen() -> None:
    worked = Worked(reply(200, plan_document(selectedPolicy=2)))
    answer = worked.on(ChooseWindow(a_plan(), a_candidate(2, 70, 100)))
    assert isinstance(answer, Planned)
    assert answer.until_s - answer.from_s == pytest.approx(30)
    assert worked.transport.said == {"selectedPolicy": 2}


@pytest.mark.parametrize("gone", [reply(204), problem(404)])
def test_a_plan_is_dropped_also_where_it_is_over(gone: Reply) -> None:
    assert Worked(gone).on(DropPlan(a_plan())) == Gone("deleted")


def test_a_fault_of_our_own_ends_no_thread() -> None:
    answer = Worked(RuntimeError("a slip")).on(CHECK)
    assert answer == Failed("RuntimeError: a slip")


def test_what_is_deleted_is_no_longer_listened_to() -> None:
    worked = Worked(reply(204))
    worked.inbox.expect(SESSION_URL)
    assert worked.on(DELETE) == Gone("deleted")
    assert worked.inbox.accept(allocated()).name == "UNKNOWN_SESSION"


def test_the_thread_carries_out_what_waits_before_it_ends() -> None:
    worked = Worked(reply(200, performance("1 Mbps")), reply(200, performance("2 Mbps")))
    worked.worker.start()
    for _ in range(2):
        worked.worker.put("the device", FETCH)
    assert worked.worker.finish(timeout_s=60)
    assert worked.answers == [Reported(1_000_000), Reported(2_000_000)]
