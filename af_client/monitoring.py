"""Events of a UE, asked for once or subscribed to (TS 29.122 MonitoringEvent)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from af_client.errors import NefError
from af_client.exchange import Exchange, document_of, resource_of, understanding
from af_client.mailbox import Channel
from af_client.questions import MonitoringQuestion, Terms
from af_client.reports import Told
from af_client.schemas.monitoring import request_document, told_in_notification, told_in_reply


@dataclass(frozen=True, slots=True)
class MonitoringApi:
    """Asks as the AF `af_id`; its methods raise errors of `af_client.errors`."""

    exchange: Exchange
    af_id: str

    def channel(self, question: MonitoringQuestion[Any], gpsi: str) -> Channel:
        """Return the way of a subscription, which is still to be made."""
        return MonitoringChannel(self, question, gpsi)

    def path(self, what: str) -> str:
        """Return the path of a resource of the AF."""
        return f"/3gpp-monitoring-event/v1/{quote(self.af_id, safe='')}/{what}"


class MonitoringChannel:
    """A subscription to one kind of event of a UE."""

    def __init__(self, api: MonitoringApi, question: MonitoringQuestion[Any], gpsi: str) -> None:
        self._api, self._question, self._gpsi = api, question, gpsi
        self._resource: str | None = None

    def open(self, url: str, terms: Terms) -> Told:
        """Subscribe; returns what the NEF reports at once, which can be all (a reply of 200)."""
        document = request_document(self._question, self._gpsi, url, terms)
        reply = self._api.exchange.ask("POST", self._api.path("subscriptions"), document)
        created = reply.status == 201
        self._resource = resource_of(reply) if created else None
        try:
            with understanding("new subscription"):
                return told_in_reply(self._question, document_of(reply), created=created)
        except NefError:
            self.close()
            raise

    def read(self, document: Any) -> Told:
        """Return what a notification says; raises Malformed."""
        return told_in_notification(self._question, document)

    def close(self) -> None:
        """Unsubscribe."""
        if self._resource is not None:
            self._api.exchange.delete(self._api.path(f"subscriptions/{self._resource}"))
            self._resource = None
