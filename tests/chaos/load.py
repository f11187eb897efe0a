"""Clients that create, change and delete sessions, keep account, and never stop asking."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from chaos.ledger import Deed, Ledger, Outcome, Said
from chaos.wire import UES, id_in, of_rate, retry_after, session, sessions_of

#: The scenario's cell carries about a hundred of the middle one; so some are refused.
RATES_BPS = (100_000, 400_000, 1_600_000)
_PATCH = {"Content-Type": "application/merge-patch+json"}
_MOST_SESSIONS = 12
_PAUSE_S = 0.05


class Client:
    """One AF with sessions of its own, one request after another."""

    def __init__(self, url: str, destination: str, af_id: str, seed: int, ledger: Ledger) -> None:
        """All it does follows from the seed, and from the answers."""
        self._url, self._destination, self._af_id = url, destination, af_id
        self._chance = random.Random(f"{seed}/{af_id}")
        self._ledger, self._http = ledger, requests.Session()
        self._keys, self._mine = iter(range(1, 60_000)), dict[int, str]()

    def run(self, stop: threading.Event) -> None:
        """Do one thing after another until it is stopped."""
        while not stop.is_set():
            if self._act().outcome is Outcome.UNKNOWN:
                stop.wait(_PAUSE_S)
        self._http.close()

    def _act(self) -> Said:
        chance = self._chance.random()
        if not self._mine or (chance < 0.5 and len(self._mine) < _MOST_SESSIONS):
            return self._create()
        return self._change() if chance < 0.75 else self._delete()

    def _create(self) -> Said:
        key, rate_bps = next(self._keys), self._chance.choice(RATES_BPS)
        body = session(key, rate_bps, self._chance.choice(tuple(UES)), self._destination)
        said = self._say(Deed.CREATE, key, rate_bps, "POST", "", json=body)
        if said.session_id is not None:
            self._mine[key] = said.session_id
        return said

    def _change(self) -> Said:
        key, rate_bps = self._chance.choice(tuple(self._mine)), self._chance.choice(RATES_BPS)
        return self._say(
            Deed.CHANGE, key, rate_bps, "PATCH", key, json=of_rate(rate_bps), headers=_PATCH
        )

    def _delete(self) -> Said:
        key = self._chance.choice(tuple(self._mine))
        said = self._say(Deed.DELETE, key, None, "DELETE", key)
        # After no answer it asks again, and hears of it or of nothing.
        if said.outcome is not Outcome.UNKNOWN:
            del self._mine[key]
        return said

    def _say(
        self, deed: Deed, key: int, rate_bps: int | None, method: str, of: int | str, **more: Any
    ) -> Said:
        root = sessions_of(self._url, self._af_id)
        where = f"{root}/{self._mine[of]}" if isinstance(of, int) else root
        began_s = time.monotonic()
        status, made, back = None, None, None
        try:
            response = self._http.request(method, where, timeout=60, **more)
            status, back = response.status_code, retry_after(response)
            made = id_in(response.headers["Location"]) if status == 201 else None
        except requests.RequestException:
            pass  # no answer: it is not known what became of it
        took_s = time.monotonic() - began_s
        said = Said(self._af_id, key, deed, rate_bps, status, took_s, made, back)
        self._ledger.add(said)
        return said


class Weather:
    """Radio that changes all the time, so that there is something to notify."""

    def __init__(self, url: str, seed: int) -> None:
        """All of it follows from the seed."""
        self._url, self._chance = url, random.Random(f"{seed}/weather")

    def run(self, stop: threading.Event) -> None:
        """Change it until it is stopped."""
        while not stop.wait(_PAUSE_S):
            ue_id, sinr_db = self._chance.choice(tuple(UES)), self._chance.choice((-3, 4, 12, 22))
            where = f"{self._url}/simulator/v1/ues/{ue_id}/radio"
            try:
                requests.put(where, json={"sinrDb": sinr_db}, timeout=60)
            except requests.RequestException:
                stop.wait(_PAUSE_S)  # it is down


@contextmanager
def load(
    url: str, destination: str, af_ids: list[str], seed: int, ledger: Ledger
) -> Iterator[None]:
    """Clients and weather until the end of the block."""
    stop = threading.Event()
    clients = [Client(url, destination, af_id, seed, ledger) for af_id in af_ids]
    workers = [one.run for one in clients] + [Weather(url, seed).run]
    threads = [threading.Thread(target=run, args=(stop,)) for run in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
