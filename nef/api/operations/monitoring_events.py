"""Monitoring events, TS 29.122 5.3.3."""

from typing import Any

from nef.api.replies import Handler, Reply, created, done, ok
from nef.schemas import monitoring_event_requests as requests
from nef.schemas import monitoring_events as documents
from nef.schemas.queries import places_of
from nef.services.monitoring_events import MonitoringService


def operations(service: MonitoringService, api_root: str) -> dict[str, Handler]:
    """The handler of each operationId."""

    def fetch_all(
        scs_as_id: str,
        ip_addrs: str | None = None,
        ip_domain: str | None = None,
        mac_addrs: list[str] | None = None,
    ) -> Reply:
        places = places_of(ip_addrs, ip_domain)
        # No UE here has Ethernet sessions, or is in a domain of addresses.
        nobody = bool(mac_addrs or ip_domain)
        found = () if nobody else service.of_af(scs_as_id, places)
        return ok(documents.subscription_documents(found, api_root))

    def create(scs_as_id: str, body: Any) -> Reply:
        kept, told = service.subscribe(scs_as_id, requests.request_of(body))
        if kept is None:
            return ok(documents.reports_document(told))
        return created(documents.subscription_document(kept, told, api_root))

    def fetch(scs_as_id: str, subscription_id: str) -> Reply:
        found = service.read(scs_as_id, subscription_id)
        return ok(documents.subscription_document(found, (), api_root))

    def update(scs_as_id: str, subscription_id: str, body: Any) -> Reply:
        made = service.replace(scs_as_id, subscription_id, requests.request_of(body))
        return ok(documents.subscription_document(*made, api_root))

    def modify(scs_as_id: str, subscription_id: str, body: Any) -> Reply:
        service.modify(scs_as_id, subscription_id, requests.revision_of(body))
        return done()

    def delete(scs_as_id: str, subscription_id: str) -> Reply:
        held = service.delete(scs_as_id, subscription_id)
        return ok(documents.report_documents(held)) if held else done()

    return {
        "FetchAllMonitoringEventSubscriptions": fetch_all,
        "CreateMonitoringEventSubscription": create,
        "FetchIndMonitoringEventSubscription": fetch,
        "UpdateIndMonitoringEventSubscription": update,
        "ModifyIndMonitoringEventSubscription": modify,
        "DeleteIndMonitoringEventSubscription": delete,
    }
