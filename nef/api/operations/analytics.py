"""Analytics, TS 29.522 5.6.2."""

from typing import Any

from nef.api.replies import Handler, Reply, created, done, ok
from nef.schemas.analytics import data_document, subscription_document
from nef.schemas.analytics_requests import question_of, request_of
from nef.services.analytics import AnalyticsService


def operations(service: AnalyticsService, api_root: str) -> dict[str, Handler]:
    """The handler of each operationId."""

    def fetch(af_id: str, body: Any) -> Reply:  # noqa: ARG001 - analytics belong to nobody
        answer = service.fetch(question_of(body))
        return done() if answer is None else ok(data_document(answer))

    def read_all(af_id: str, supp_feat: str | None = None) -> Reply:  # noqa: ARG001 - no feature is optional here
        found = service.of_af(af_id)
        return ok([subscription_document(one, (), api_root) for one in found])

    def create(af_id: str, body: Any) -> Reply:
        made = service.subscribe(af_id, request_of(body))
        return created(subscription_document(*made, api_root))

    def read(af_id: str, subscription_id: str, supp_feat: str | None = None) -> Reply:  # noqa: ARG001
        found = service.read(af_id, subscription_id)
        return ok(subscription_document(found, (), api_root))

    def replace(af_id: str, subscription_id: str, body: Any) -> Reply:
        made = service.replace(af_id, subscription_id, request_of(body))
        return ok(subscription_document(*made, api_root))

    def delete(af_id: str, subscription_id: str) -> Reply:
        service.delete(af_id, subscription_id)
        return done()

    return {
        "FetchAnalyticsInfo": fetch,
        "ReadAllSubscriptions": read_all,
        "CreateNewSubscription": create,
        "ReadAnSubscription": read,
        "FullyUpdateAnSubscription": replace,
        "DeleteAnSubscription": delete,
    }
