"""The whole HTTP surface on one page: parse, one service call, reply.

The keys of `handlers` are the operationIds of the documents in `openapi/`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nef.schemas import (
    analytics,
    analytics_requests,
    faults,
    measurements,
    monitoring_event_requests,
    monitoring_events,
    plans,
    simulation,
)
from nef.schemas.notifications import notification_document
from nef.schemas.queries import addresses_of
from nef.schemas.sessions import request_of, revision_of, session_document
from nef.services.analytics import AnalyticsService
from nef.services.deliveries import DeliveryService
from nef.services.faults import FaultService
from nef.services.monitoring_events import MonitoringService
from nef.services.plans import PlanService
from nef.services.sessions import SessionService
from nef.services.simulation import SimulationService

Reply = tuple[Any, int, dict[str, str]]

_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Services:
    """What the handlers call."""

    sessions: SessionService
    analytics: AnalyticsService
    monitoring: MonitoringService
    plans: PlanService
    deliveries: DeliveryService
    simulation: SimulationService
    faults: FaultService


def _ok(document: Any, status: int = 200, **headers: str) -> Reply:
    return document, status, _JSON | headers


def _done() -> Reply:
    return None, 204, {}


def handlers(services: Services, api_root: str) -> Mapping[str, Callable[..., Reply]]:
    """Every operation of the contract; `api_root` is how AFs reach this service."""
    return (
        _sessions(services.sessions, api_root)
        | _analytics(services.analytics, api_root)
        | _monitoring(services.monitoring, api_root)
        | _plans(services.plans, api_root)
        | _simulation(services.simulation, services.deliveries)
        | _faults(services.faults)
    )


def _sessions(service: SessionService, api_root: str) -> dict[str, Callable[..., Reply]]:
    """TS 29.122 5.14.3."""

    def fetch_all(
        scs_as_id: str,
        ip_addrs: str | None = None,
        ip_domain: str | None = None,
        mac_addrs: list[str] | None = None,
    ) -> Reply:
        if mac_addrs:
            return _ok([])  # no UE here has Ethernet sessions
        found = service.of_af(scs_as_id, addresses_of(ip_addrs))
        named = [s for s in found if ip_domain in (None, s.request.ip_domain)]
        return _ok([session_document(session, api_root) for session in named])

    def create(scs_as_id: str, body: Any) -> Reply:
        session = service.create(scs_as_id, request_of(body))
        document = session_document(session, api_root)
        return _ok(document, 201, Location=document["self"])

    def fetch(scs_as_id: str, subscription_id: str) -> Reply:
        return _ok(session_document(service.read(scs_as_id, subscription_id), api_root))

    def update(scs_as_id: str, subscription_id: str, body: Any) -> Reply:
        request = request_of(body)
        session = service.change(scs_as_id, subscription_id, lambda _: request)
        return _ok(session_document(session, api_root))

    def modify(scs_as_id: str, subscription_id: str, body: Any) -> Reply:
        session = service.change(scs_as_id, subscription_id, revision_of(body))
        return _ok(session_document(session, api_root))

    def delete(scs_as_id: str, subscription_id: str) -> Reply:
        last = service.delete(scs_as_id, subscription_id)
        return _done() if last is None else _ok(notification_document(last, api_root))

    return {
        "FetchAllASSessionWithQoSSubscriptions": fetch_all,
        "CreateASSessionWithQoSSubscription": create,
        "FetchIndASSessionWithQoSSubscription": fetch,
        "UpdateIndASSessionWithQoSSubscription": update,
        "ModifyIndASSessionWithQoSSubscription": modify,
        "DeleteIndASSessionWithQoSSubscription": delete,
    }


def _analytics(service: AnalyticsService, api_root: str) -> dict[str, Callable[..., Reply]]:
    """TS 29.522 5.6.2."""

    def fetch(af_id: str, body: Any) -> Reply:  # noqa: ARG001 - analytics belong to nobody
        answer = service.fetch(analytics_requests.question_of(body))
        return _done() if answer is None else _ok(analytics.data_document(answer))

    def read_all(af_id: str, supp_feat: str | None = None) -> Reply:  # noqa: ARG001 - no feature is optional here
        found = service.of_af(af_id)
        return _ok([analytics.subscription_document(one, (), api_root) for one in found])

    def create(af_id: str, body: Any) -> Reply:
        made = service.subscribe(af_id, analytics_requests.request_of(body))
        document = analytics.subscription_document(*made, api_root)
        return _ok(document, 201, Location=document["self"])

    def read(af_id: str, subscription_id: str, supp_feat: str | None = None) -> Reply:  # noqa: ARG001
        found = service.read(af_id, subscription_id)
        return _ok(analytics.subscription_document(found, (), api_root))

    def replace(af_id: str, subscription_id: str, body: Any) -> Reply:
        made = service.replace(af_id, subscription_id, analytics_requests.request_of(body))
        return _ok(analytics.subscription_document(*made, api_root))

    def delete(af_id: str, subscription_id: str) -> Reply:
        service.delete(af_id, subscription_id)
        return _done()

    return {
        "FetchAnalyticsInfo": fetch,
        "ReadAllSubscriptions": read_all,
        "CreateNewSubscription": create,
        "ReadAnSubscription": read,
        "FullyUpdateAnSubscription": replace,
        "DeleteAnSubscription": delete,
    }


def _monitoring(service: MonitoringService, api_root: str) -> dict[str, Callable[..., Reply]]:
    """TS 29.122 5.3.3."""
    requests, documents = monitoring_event_requests, monitoring_events

    def fetch_all(
        scs_as_id: str,
        ip_addrs: str | None = None,
        ip_domain: str | None = None,
        mac_addrs: list[str] | None = None,
    ) -> Reply:
        addresses = addresses_of(ip_addrs)
        requests.check_domain(ip_domain, addresses)
        # No UE here has Ethernet sessions, or is in a domain of addresses.
        nobody = bool(mac_addrs or ip_domain)
        found = () if nobody else service.of_af(scs_as_id, addresses)
        return _ok(documents.subscription_documents(found, api_root))

    def create(scs_as_id: str, body: Any) -> Reply:
        kept, told = service.subscribe(scs_as_id, requests.request_of(body))
        if kept is None:
            return _ok(documents.reports_document(told))
        document = documents.subscription_document(kept, told, api_root)
        return _ok(document, 201, Location=document["self"])

    def fetch(scs_as_id: str, subscription_id: str) -> Reply:
        found = service.read(scs_as_id, subscription_id)
        return _ok(documents.subscription_document(found, (), api_root))

    def update(scs_as_id: str, subscription_id: str, body: Any) -> Reply:
        made = service.replace(scs_as_id, subscription_id, requests.request_of(body))
        return _ok(documents.subscription_document(*made, api_root))

    def modify(scs_as_id: str, subscription_id: str, body: Any) -> Reply:
        service.modify(scs_as_id, subscription_id, requests.revision_of(body))
        return _done()

    def delete(scs_as_id: str, subscription_id: str) -> Reply:
        held = service.delete(scs_as_id, subscription_id)
        return _ok(documents.report_documents(held)) if held else _done()

    return {
        "FetchAllMonitoringEventSubscriptions": fetch_all,
        "CreateMonitoringEventSubscription": create,
        "FetchIndMonitoringEventSubscription": fetch,
        "UpdateIndMonitoringEventSubscription": update,
        "ModifyIndMonitoringEventSubscription": modify,
        "DeleteIndMonitoringEventSubscription": delete,
    }


def _plans(service: PlanService, api_root: str) -> dict[str, Callable[..., Reply]]:
    """TS 29.522 PDTQPolicyNegotiation."""

    def fetch_all(af_id: str) -> Reply:
        return _ok([plans.plan_document(plan, api_root) for plan in service.of_af(af_id)])

    def create(af_id: str, body: Any) -> Reply:
        plan = service.create(af_id, plans.request_of(body))
        document = plans.plan_document(plan, api_root)
        return _ok(document, 201, Location=document["self"])

    def fetch(af_id: str, subscription_id: str) -> Reply:
        return _ok(plans.plan_document(service.read(af_id, subscription_id), api_root))

    def modify(af_id: str, subscription_id: str, body: Any) -> Reply:
        plan = service.modify(af_id, subscription_id, plans.changes_of(body))
        return _ok(plans.plan_document(plan, api_root))

    def delete(af_id: str, subscription_id: str) -> Reply:
        service.delete(af_id, subscription_id)
        return _done()

    return {
        "FetchAllActivePDTQSubscriptions": fetch_all,
        "CreatePDTQSubscription": create,
        "FetchIndPDTQSubscription": fetch,
        "ModifyIndPDTQSubscription": modify,
        "DeleteIndPDTQSubscription": delete,
    }


def _simulation(
    service: SimulationService, deliveries: DeliveryService
) -> dict[str, Callable[..., Reply]]:
    """The control API, which is ours."""

    def load(body: Any) -> Reply:
        return _ok(simulation.status_document(service.load(**simulation.load_of(body))))

    def force_radio(ue_id: str, body: Any) -> Reply:
        return _ok(simulation.ue_document(service.force_sinr(ue_id, body["sinrDb"])))

    def free_radio(ue_id: str) -> Reply:
        return _ok(simulation.ue_document(service.force_sinr(ue_id, None)))

    def attach(ue_id: str, body: Any) -> Reply:
        ue = service.attach(ue_id, attached=body["attached"])
        return _ok(simulation.ue_document(ue))

    def outage(cell_id: str, body: Any) -> Reply:
        cell = service.set_outage(cell_id, outage=body["outage"])
        return _ok(simulation.cell_document(cell))

    def measured(body: Any) -> Reply:
        return _ok({"flowsTaken": service.record(*measurements.counts_of(body))})

    def notifications(
        subscription_id: str | None = None, state: str | None = None, limit: int = 100
    ) -> Reply:
        found = deliveries.find(subscription_id, simulation.state_of(state), limit)
        return _ok(simulation.deliveries_document(found))

    return {
        "listScenarios": lambda: _ok(simulation.scenarios_document(service.scenarios())),
        "getSimulation": lambda: _ok(simulation.status_document(service.status())),
        "listChanges": lambda: _ok(simulation.changes_document(service.changes_s())),
        "loadSimulation": load,
        "resetSimulation": lambda: _ok(simulation.status_document(service.reset())),
        "stepSimulation": lambda body: _ok(
            simulation.status_document(service.step(body["seconds"]))
        ),
        "listUes": lambda: _ok(simulation.ues_document(service.ues())),
        "getUe": lambda ue_id: _ok(simulation.ue_document(service.ue(ue_id))),
        "forceUeRadio": force_radio,
        "freeUeRadio": free_radio,
        "setUeAttachment": attach,
        "listCells": lambda: _ok(simulation.cells_document(service.cells())),
        "setCellState": outage,
        "listFlows": lambda ue_id=None: _ok(
            simulation.flows_document(service.status(), *service.carried(), ue_id)
        ),
        "reportMeasurements": measured,
        "listMeasurements": lambda: _ok(measurements.measurements_document(service.measurements())),
        "listNotifications": notifications,
        "listQosProfiles": lambda: _ok(simulation.profiles_document(service.profiles())),
    }


def _faults(service: FaultService) -> dict[str, Callable[..., Reply]]:
    """The faults of the control API."""

    def put(fault_name: str, body: Any) -> Reply:
        rule = faults.fault_of(faults.name_of(fault_name), body)
        with faults.as_written():
            state = service.set(rule)
        return _ok(faults.fault_document(state))

    def trigger(fault_name: str, body: Any) -> Reply:
        state = service.trigger(faults.name_of(fault_name), body.get("times", 1))
        return _ok(faults.fault_document(state))

    def clear(fault_name: str) -> Reply:
        service.clear(faults.name_of(fault_name))
        return None, 204, {}

    def clear_all() -> Reply:
        service.clear(*faults.NAMES)
        return None, 204, {}

    return {
        "listFaults": lambda: _ok(faults.faults_document(service.all())),
        "setFault": put,
        "triggerFault": trigger,
        "clearFault": clear,
        "clearFaults": clear_all,
    }
