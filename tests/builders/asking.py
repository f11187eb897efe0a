"""AFs that are busy with a service until it is gone."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from builders.service import AF, subscription


class Asking:
    """AFs that create sessions by kept connections, until nobody answers any more."""

    def __init__(self, nef_url: str, destination: str, afs: int = 6) -> None:
        self.made: list[str] = []
        #: Statuses, or what went wrong, of all that was not created.
        self.rest: list[Any] = []
        self._body = subscription(
            notificationDestination=destination, events=["SUCCESSFUL_RESOURCES_ALLOCATION"]
        )
        self._url = nef_url + AF
        self._pool = ThreadPoolExecutor(afs)
        self._done = [self._pool.submit(self._ask) for _ in range(afs)]

    def _ask(self) -> None:
        with requests.Session() as http:
            while True:
                try:
                    answer = http.post(self._url, json=self._body, timeout=60)
                except requests.ConnectionError as error:
                    self.rest.append(error)
                    return
                if answer.status_code == 201:
                    self.made.append(answer.json()["self"].rsplit("/", 1)[1])
                else:
                    self.rest.append(answer.status_code)

    def over(self) -> None:
        """Wait until everybody has given up."""
        for one in self._done:
            one.result(120)
        self._pool.shutdown()
