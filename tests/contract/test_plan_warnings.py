"""Warnings of plans keep the contract, and every store keeps plans and warnings as they were."""

from dataclasses import replace

from builders.contracts import breaches
from builders.plans import CELL, DOCUMENT, QOS, asking, body
from nef.domain.notifications import Notification, PlanWarning
from nef.domain.planned_qos import ladder_of
from nef.domain.plans import Candidate, Plan, Window
from nef.domain.qos import Catalogue
from nef.domain.subscriptions import Api, Due, Subscription
from nef.ports.storage import Storage
from nef.schemas.notifications import event_names, notification_document
from nef.schemas.plans import plan_document, policy_documents

ROOT = "http://nef.example"
NOW_S = 1.8e9
EARLY, LATE = Candidate(7, Window(NOW_S, NOW_S + 1.5)), Candidate(2, Window(0.0, NOW_S))
WISH = QOS | {"maxBitRateDl": "40 Mbps", "gfbrUl": "1 Mbps", "priorLevel": 20, "pdb": 80}
AREA = {"ncgis": [CELL], "tais": [{"plmnId": CELL["plmnId"], "tac": "0000ab"}]}
ASKED = asking(
    NOW_S,
    (0, 10.5),
    (20, 30),
    qosParamSet=WISH,
    altQosParamSets=[{"gfbrDl": "1 Mbps", "per": "1E-6"}, {}],
    locationArea5G={"nwAreaInfo": AREA},
    notificationDestination="http://af.example/plans",
    warnNotifEnabled=True,
    appId="recognition",
)
FULL = Plan(
    ASKED,
    ladder_of(ASKED, Catalogue(())),
    (EARLY, LATE),
    rung=1,
    issued=7,
    selected=7,
    begun_s=NOW_S + 0.25,
    sought_s=NOW_S + 3,
)
NEW = Plan(asking(NOW_S), ladder_of(asking(NOW_S), Catalogue(())))


def warning(*candidates: Candidate) -> Notification:
    return Notification("p1", "af", "http://af.example", PlanWarning(candidates), NOW_S)


# --- the contract ---


def test_a_warning_names_the_plan_and_what_could_be_chosen_instead() -> None:
    document = notification_document(warning(EARLY, LATE), ROOT)
    assert breaches(DOCUMENT, "Notification", document) == []
    assert document == {"pdtqRefId": "p1", "candPolicies": policy_documents((EARLY, LATE))}
    assert event_names(warning(EARLY)) == ["PDTQ_WARNING"]


def test_a_warning_names_the_plan_as_the_plan_names_itself() -> None:
    plan = plan_document(Subscription("p1", "af", Api.TRANSFERS, FULL, NOW_S), ROOT)
    assert notification_document(warning(EARLY), ROOT)["pdtqRefId"] == plan["referenceId"]


def test_a_plan_keeps_the_contract_with_all_it_can_have_and_with_the_least() -> None:
    for plan in (FULL, NEW):
        document = plan_document(Subscription("p1", "af", Api.TRANSFERS, plan, NOW_S), ROOT)
        assert breaches(DOCUMENT, "Pdtq", document) == []


def test_the_contract_would_notice() -> None:
    assert breaches(DOCUMENT, "Notification", notification_document(warning(), ROOT)), "no offer"
    good = notification_document(warning(EARLY), ROOT)
    assert breaches(DOCUMENT, "Notification", good | {"pdtqRefId": 1})
    assert breaches(DOCUMENT, "Notification", {"candPolicies": good["candPolicies"]})
    both = body(NOW_S) | {"qosReference": "best"}
    assert breaches(DOCUMENT, "Pdtq", both), "by name or by value, not both ways"


# --- the store ---


def test_a_plan_is_read_with_every_field_as_it_was_written(store: Storage) -> None:
    for name, plan in (("full", FULL), ("new", NEW)):
        written: Subscription[Plan] = Subscription(name, "af", Api.TRANSFERS, plan, NOW_S, Due(7.5))
        with store.transaction() as work:
            written = work.subscriptions.add(written)
        with store.reading() as work:
            assert work.subscriptions.get(Api.TRANSFERS, name) == written
            assert work.subscriptions.get(Api.ANALYTICS, name) is None


def test_a_change_of_a_plan_is_read_back(store: Storage) -> None:
    with store.transaction() as work:
        first = work.subscriptions.add(Subscription("p1", "af", Api.TRANSFERS, NEW, NOW_S))
    with store.transaction() as work:
        work.subscriptions.replace(replace(first, body=FULL))
    with store.reading() as work:
        [found] = work.subscriptions.of_af(Api.TRANSFERS, "af")
    assert found.body == FULL


def test_a_warning_is_told_as_it_was_written(store: Storage) -> None:
    with store.transaction() as work:
        work.outbox.add(warning(EARLY, LATE), 0.0)
    with store.transaction() as work:
        [delivery] = work.outbox.claim(0.0, 30.0, 10)
    assert delivery.notification == warning(EARLY, LATE)
