"""Notifications over HTTP: one POST, in bounded time, to exactly the place the AF named."""

from typing import Any

import orjson
import requests

from nef.domain.notifications import Delivery
from nef.ports.notifier import DeliveryFailed
from nef.schemas.notifications import notification_document

#: Connecting, and the wait for each part of the answer.
TIMEOUT_S = (2.0, 5.0)


class HttpNotifier:
    """A Notifier that posts to the AF's notificationDestination (TS 29.122 5.2.5.2).

    Redirects are not followed and no proxy is used: the destination is where it says it is.
    `X-Notification-Id` is the same in each attempt of one notification, so that a receiver can
    tell a repetition.
    """

    def __init__(self, api_root: str, connections: int) -> None:
        """`connections` bounds what is kept open to one receiver."""
        self._api_root = api_root
        self._session = requests.Session()
        self._session.trust_env = False
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=connections, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def send(self, delivery: Delivery) -> None:
        """Post one notification; raises DeliveryFailed unless the AF answers with 2xx."""
        document = notification_document(delivery.notification, self._api_root)
        try:
            response = self._post(delivery, document)
        except (requests.RequestException, ValueError) as error:
            raise DeliveryFailed(f"{type(error).__name__}: {error}"[:500]) from error
        response.close()
        if not 200 <= response.status_code < 300:
            raise DeliveryFailed(f"the receiver answered {response.status_code} {response.reason}")

    def _post(self, delivery: Delivery, document: dict[str, Any]) -> requests.Response:
        return self._session.post(
            delivery.notification.destination,
            data=orjson.dumps(document),
            headers={
                "Content-Type": "application/json",
                "X-Notification-Id": str(delivery.id),
            },
            timeout=TIMEOUT_S,
            allow_redirects=False,
            stream=True,
        )
