"""Clients that create, change and delete what AFs may have, keep account, and never stop asking."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from chaos.kinds import FORMS, MONITORED, place_of
from chaos.ledger import Deed, Kind, Ledger, Name, Outcome, Said
from chaos.wire import UES, id_in, retry_after

#: Of six creates three are of sessions.
_KINDS = (*[Kind.SESSION] * 3, Kind.ANALYTICS, Kind.MONITORING, Kind.PLAN)
_MOST_THINGS = 16
_PAUSE_S = 0.05
_SINRS_DB = (-3, 4, 12, 22)


class Client:
    """One AF with things of its own, one request after another."""

    def __init__(self, url: str, destination: str, af_id: str, seed: int, ledger: Ledger) -> None:
        """All it does follows from the seed, and from the answers."""
        self._url, self._destination, self._af_id = url, destination, af_id
        self._chance = random.Random(f"{seed}/{af_id}")
        self._ledger, self._http = ledger, requests.Session()
        self._keys, self._mine = iter(range(1, 60_000)), dict[Name, str]()

    def run(self, stop: threading.Event) -> None:
        """Do one thing after another until it is stopped."""
        while not stop.is_set():
            if self._act().outcome is Outcome.UNKNOWN:
                stop.wait(_PAUSE_S)
        self._http.close()

    def _act(self) -> Said:
        chance = self._chance.random()
        if not self._mine or (chance < 0.5 and len(self._mine) < _MOST_THINGS):
            return self._create()
        name = self._chance.choice(tuple(self._mine))
        return self._change(name) if chance < 0.75 else self._delete(name)

    def _create(self) -> Said:
        name = (self._chance.choice(_KINDS), self._af_id, next(self._keys))
        value, form = self._value_of(name), FORMS[name[0]]
        body = form.made(name[2], value, self._place_of(name), self._chance)
        said = self._say(Deed.CREATE, name, value, "POST", json=body)
        if said.subscription_id is not None:
            self._mine[name] = said.subscription_id
        return said

    def _change(self, name: Name) -> Said:
        value = self._value_of(name)
        method, body, of_type = FORMS[name[0]].changed(name[2], value, self._place_of(name))
        headers = {"Content-Type": of_type}
        return self._say(Deed.CHANGE, name, value, method, json=body, headers=headers)

    def _delete(self, name: Name) -> Said:
        said = self._say(Deed.DELETE, name, None, "DELETE")
        # After no answer it asks again, and hears of it or of nothing.
        if said.outcome is not Outcome.UNKNOWN:
            del self._mine[name]
        return said

    def _say(self, deed: Deed, name: Name, value: int | None, method: str, **more: Any) -> Said:
        kind, af_id, key = name
        root = FORMS[kind].root(self._url, af_id)
        where = root if deed is Deed.CREATE else f"{root}/{self._mine[name]}"
        began_s = time.monotonic()
        status, made, back = None, None, None
        try:
            response = self._http.request(method, where, timeout=60, **more)
            status, back = response.status_code, retry_after(response)
            made = id_in(response.headers["Location"]) if status == 201 else None
        except requests.RequestException:
            pass  # no answer: it is not known what became of it
        took_s = time.monotonic() - began_s
        said = Said(af_id, key, deed, value, status, took_s, made, back, kind)
        self._ledger.add(said)
        return said

    def _value_of(self, name: Name) -> int:
        return self._chance.choice(FORMS[name[0]].values)

    def _place_of(self, name: Name) -> str:
        return place_of(name, self._destination)


class Weather:
    """Radio that changes all the time, and a UE that comes and goes: there is much to notify."""

    def __init__(self, url: str, seed: int) -> None:
        """All of it follows from the seed."""
        self._url, self._chance = url, random.Random(f"{seed}/weather")
        self.broken: list[str] = []

    def run(self, stop: threading.Event) -> None:
        """Change it until it is stopped."""
        while not stop.wait(_PAUSE_S):
            if self._chance.random() < 0.1:
                where = f"{MONITORED}/attachment"
                body: dict[str, object] = {"attached": self._chance.random() < 0.5}
            else:
                ue_id, sinr_db = self._chance.choice(tuple(UES)), self._chance.choice(_SINRS_DB)
                where, body = f"{ue_id}/radio", {"sinrDb": sinr_db}
            try:
                url = f"{self._url}/simulator/v1/ues/{where}"
                answer = requests.put(url, json=body, timeout=60)
                self.broken += [answer.text] if answer.status_code == 500 else []
            except requests.RequestException:
                stop.wait(_PAUSE_S)  # it is down


@contextmanager
def load(
    url: str, destination: str, af_ids: list[str], seed: int, ledger: Ledger
) -> Iterator[None]:
    """Clients and weather until the end of the block."""
    stop = threading.Event()
    clients = [Client(url, destination, af_id, seed, ledger) for af_id in af_ids]
    weather = Weather(url, seed)
    workers = [one.run for one in clients] + [weather.run]
    threads = [threading.Thread(target=run, args=(stop,)) for run in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert weather.broken == []
