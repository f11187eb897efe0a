"""The analytics of a network, asked once or subscribed to (TS 29.522 AnalyticsExposure)."""

from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

from af_client.answers import Answer
from af_client.errors import NefError, NoAnalytics
from af_client.exchange import Exchange, document_of, resource_of, understanding
from af_client.mailbox import Channel
from af_client.questions import AnalyticsQuestion, Target, Terms
from af_client.reports import Told
from af_client.schemas.analytics import answer_of, told_in_notification, told_in_reply
from af_client.schemas.analytics_requests import event_of, fetch_document, subscription_document

_A = TypeVar("_A", bound=Answer)


@dataclass(frozen=True, slots=True)
class AnalyticsApi:
    """Asks as the AF `af_id`; its methods raise errors of `af_client.errors`."""

    exchange: Exchange
    af_id: str

    def fetch(self, question: AnalyticsQuestion[_A], target: Target) -> _A:
        """Return the answer of now; raises NoAnalytics where there is none."""
        reply = self.exchange.ask("POST", self.path("fetch"), fetch_document(question, target))
        if reply.status == 204:
            raise NoAnalytics(f"the NEF has no {event_of(question)} analytics about {target} now")
        with understanding("analytics"):
            return answer_of(question, document_of(reply))

    def channel(self, question: AnalyticsQuestion[Any], target: Target) -> Channel:
        """Return the way of a subscription, which is still to be made."""
        return AnalyticsChannel(self, question, target)

    def path(self, what: str) -> str:
        """Return the path of a resource of the AF."""
        return f"/3gpp-analyticsexposure/v1/{quote(self.af_id, safe='')}/{what}"


class AnalyticsChannel:
    """A subscription to one question, under a `notifId` of its own."""

    def __init__(self, api: AnalyticsApi, question: AnalyticsQuestion[Any], target: Target) -> None:
        self._api, self._question, self._target = api, question, target
        self._notification_id = str(uuid4())
        self._resource: str | None = None

    def open(self, url: str, terms: Terms) -> Told:
        """Subscribe; returns what the NEF reports at once."""
        document = subscription_document(
            self._question, self._target, url, self._notification_id, terms
        )
        reply = self._api.exchange.ask("POST", self._api.path("subscriptions"), document)
        self._resource = resource_of(reply)
        try:
            with understanding("new subscription"):
                return told_in_reply(self._question, document_of(reply))
        except NefError:
            self.close()
            raise

    def read(self, document: Any) -> Told:
        """Return what a notification says; raises Malformed."""
        return told_in_notification(self._question, document, self._notification_id)

    def close(self) -> None:
        """Unsubscribe."""
        if self._resource is not None:
            self._api.exchange.delete(self._api.path(f"subscriptions/{self._resource}"))
            self._resource = None
