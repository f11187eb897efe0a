"""Sessions with QoS, TS 29.122 5.14.3."""

from typing import Any

from nef.api.replies import Handler, Reply, created, done, ok
from nef.schemas.notifications import notification_document
from nef.schemas.queries import places_of
from nef.schemas.sessions import request_of, revision_of, session_document
from nef.services.sessions import SessionService


def operations(service: SessionService, api_root: str) -> dict[str, Handler]:
    """The handler of each operationId."""

    def fetch_all(
        scs_as_id: str,
        ip_addrs: str | None = None,
        ip_domain: str | None = None,
        mac_addrs: list[str] | None = None,
    ) -> Reply:
        places = places_of(ip_addrs, ip_domain)
        # No UE here has Ethernet sessions.
        found = () if mac_addrs else service.of_af(scs_as_id, places)
        named = [s for s in found if ip_domain in (None, s.request.ip_domain)]
        return ok([session_document(session, api_root) for session in named])

    def create(scs_as_id: str, body: Any) -> Reply:
        session = service.create(scs_as_id, request_of(body))
        return created(session_document(session, api_root))

    def fetch(scs_as_id: str, subscription_id: str) -> Reply:
        return ok(session_document(service.read(scs_as_id, subscription_id), api_root))

    def update(scs_as_id: str, subscription_id: str, body: Any) -> Reply:
        request = request_of(body)
        session = service.change(scs_as_id, subscription_id, lambda _: request)
        return ok(session_document(session, api_root))

    def modify(scs_as_id: str, subscription_id: str, body: Any) -> Reply:
        session = service.change(scs_as_id, subscription_id, revision_of(body))
        return ok(session_document(session, api_root))

    def delete(scs_as_id: str, subscription_id: str) -> Reply:
        last = service.delete(scs_as_id, subscription_id)
        return done() if last is None else ok(notification_document(last, api_root))

    return {
        "FetchAllASSessionWithQoSSubscriptions": fetch_all,
        "CreateASSessionWithQoSSubscription": create,
        "FetchIndASSessionWithQoSSubscription": fetch,
        "UpdateIndASSessionWithQoSSubscription": update,
        "ModifyIndASSessionWithQoSSubscription": modify,
        "DeleteIndASSessionWithQoSSubscription": delete,
    }
