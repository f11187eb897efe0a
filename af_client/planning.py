"""The planned transfers of one AF (TS 29.522 PDTQPolicyNegotiation), asked for and read."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from af_client.errors import InvalidReply
from af_client.exchange import MERGE_PATCH, Exchange, document_of, understanding
from af_client.plans import Candidate, Plan, PlanRequest
from af_client.schemas.planning import patch_document, plan_of, request_document
from af_client.transport import Reply
from af_client.warned import Warnings

_API = "/3gpp-pdtq-policy-negotiation/v1"


class Plans:
    """What `NefClient` does with plans; its methods say what each one promises."""

    def __init__(self, exchange: Exchange, af_id: str) -> None:
        self._exchange, self._af_id = exchange, af_id
        self._path = f"{_API}/{quote(af_id, safe='')}/subscriptions"

    def create(self, request: PlanRequest, warnings: Warnings | None) -> Plan:
        if warnings is not None:
            url = request.notification_destination or warnings.url
            request = replace(request, notification_destination=url, warned=True)
        if request.warned and request.notification_destination is None:
            raise ValueError("warnings need a place to go to: plan_transfer(request, warnings=...)")
        request = replace(request, provider=request.provider or self._af_id)
        reply = self._exchange.ask("POST", self._path, request_document(request))
        location = reply.header("Location")
        link = self._exchange.resolved(location) if location else None
        with understanding("new plan"):
            return plan_of(document_of(reply), link)

    def get(self, plan_id: str) -> Plan:
        return self._plan(plan_id, self._exchange.ask("GET", self._one(plan_id)))

    def list(self) -> tuple[Plan, ...]:
        documents = document_of(self._exchange.ask("GET", self._path))
        if not isinstance(documents, list):
            raise InvalidReply("the NEF's list of plans is no JSON array")
        with understanding("list of plans"):
            return tuple(plan_of(document) for document in documents)

    def choose(self, plan: Plan, candidate: Candidate) -> Plan:
        return self._patch(plan.id, patch_document(candidate.id, None, None))

    def modify(
        self, plan_id: str, warned: bool | None, notification_destination: str | None
    ) -> Plan:
        changes = patch_document(None, warned, notification_destination)
        if not changes:
            raise ValueError("modify_plan was given nothing to change")
        return self._patch(plan_id, changes)

    def delete(self, plan_id: str) -> None:
        self._exchange.delete(self._one(plan_id))

    def _patch(self, plan_id: str, changes: Mapping[str, Any]) -> Plan:
        reply = self._exchange.ask("PATCH", self._one(plan_id), changes, content_type=MERGE_PATCH)
        return self._plan(plan_id, reply)

    def _plan(self, plan_id: str, reply: Reply) -> Plan:
        if reply.status == 204:
            return self.get(plan_id)
        document = document_of(reply)
        has_link = isinstance(document, dict) and isinstance(document.get("self"), str)
        link = None if has_link else self._exchange.url(self._one(plan_id))
        with understanding("plan"):
            return plan_of(document, link)

    def _one(self, plan_id: str) -> str:
        return f"{self._path}/{quote(plan_id, safe='')}"
