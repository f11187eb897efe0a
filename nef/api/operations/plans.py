"""Plans for transfers to come, TS 29.522 PDTQPolicyNegotiation."""

from typing import Any

from nef.api.replies import Handler, Reply, created, done, ok
from nef.schemas.plans import changes_of, plan_document, request_of
from nef.services.plans import PlanService


def operations(service: PlanService, api_root: str) -> dict[str, Handler]:
    """The handler of each operationId."""

    def fetch_all(af_id: str) -> Reply:
        return ok([plan_document(plan, api_root) for plan in service.of_af(af_id)])

    def create(af_id: str, body: Any) -> Reply:
        plan = service.create(af_id, request_of(body))
        return created(plan_document(plan, api_root))

    def fetch(af_id: str, subscription_id: str) -> Reply:
        return ok(plan_document(service.read(af_id, subscription_id), api_root))

    def modify(af_id: str, subscription_id: str, body: Any) -> Reply:
        plan = service.modify(af_id, subscription_id, changes_of(body))
        return ok(plan_document(plan, api_root))

    def delete(af_id: str, subscription_id: str) -> Reply:
        service.delete(af_id, subscription_id)
        return done()

    return {
        "FetchAllActivePDTQSubscriptions": fetch_all,
        "CreatePDTQSubscription": create,
        "FetchIndPDTQSubscription": fetch,
        "ModifyIndPDTQSubscription": modify,
        "DeleteIndPDTQSubscription": delete,
    }
