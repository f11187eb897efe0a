"""What clients have with the NEF, as it is asked for, changed and read on the wire.

Each kind tells in what an AF reads which key and value it has; the value is what a change changes.
"""

import re
import time
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Protocol

from builders import analytics_requests, monitoring_events, plans
from chaos import wire
from chaos.ledger import Kind, Name

_MERGE = "application/merge-patch+json"
_JSON = "application/json"
#: The UE that monitoring is about; no session is, for those of a UE that is detached end.
MONITORED = "ue-4"
_MSISDN = "001010000000004"
_DAY_S = 86_400.0


class Form(Protocol):
    """How one kind is spoken of; `to` is where its notifications go."""

    values: Sequence[int]

    def root(self, url: str, af_id: str) -> str:
        """Where those of an AF are."""
        ...

    def made(self, key: int, value: int, to: str, chance: Random) -> dict[str, Any]:
        """The body of a POST."""
        ...

    def changed(self, key: int, value: int, to: str) -> tuple[str, dict[str, Any], str]:
        """The method, the body and the type of a request for another value."""
        ...

    def read(self, document: dict[str, Any]) -> tuple[int, int]:
        """Key and value."""
        ...


class Sessions:
    """By value, in the rate of their one component; the key is a port in its filter."""

    #: The scenario's cell carries about a hundred of the middle one; so some are refused.
    values: Sequence[int] = (100_000, 400_000, 1_600_000)

    def root(self, url: str, af_id: str) -> str:
        return wire.sessions_of(url, af_id)

    def made(self, key: int, value: int, to: str, chance: Random) -> dict[str, Any]:
        return wire.session(key, value, chance.choice(tuple(wire.UES)), to)

    def changed(self, key: int, value: int, to: str) -> tuple[str, dict[str, Any], str]:
        return "PATCH", wire.of_rate(value), _MERGE

    def read(self, document: dict[str, Any]) -> tuple[int, int]:
        return wire.key_and_rate(document)


class Analytics:
    """To be told when what ue-1 can get crosses a rate, which is the value, in Mbit/s."""

    values: Sequence[int] = (5, 20, 60)

    def root(self, url: str, af_id: str) -> str:
        return _root(url, analytics_requests.AF, af_id)

    def made(self, key: int, value: int, to: str, chance: Random) -> dict[str, Any]:
        crossing = analytics_requests.crossing(f"{value} Mbps")
        return analytics_requests.subscription(crossing, to=to, notifId=str(key))

    def changed(self, key: int, value: int, to: str) -> tuple[str, dict[str, Any], str]:
        return "PUT", self.made(key, value, to, Random()), _JSON

    def read(self, document: dict[str, Any]) -> tuple[int, int]:
        threshold = document["analyEventsSubs"][0]["analyEventFilter"]["reptThlds"][0]
        return int(document["notifId"]), int(float(threshold["avgTrafficRate"].split()[0]))


class Monitoring:
    """To be told when a UE can be reached, more often than it comes to; the value is how often."""

    values: Sequence[int] = (10_000, 20_000, 30_000)

    def root(self, url: str, af_id: str) -> str:
        return _root(url, monitoring_events.AF, af_id)

    def made(self, key: int, value: int, to: str, chance: Random) -> dict[str, Any]:
        return monitoring_events.body(
            monitoring_events.REACHABILITY,
            msisdn=_MSISDN,
            maximumNumberOfReports=value,
            notificationDestination=to,
        )

    def changed(self, key: int, value: int, to: str) -> tuple[str, dict[str, Any], str]:
        return "PUT", self.made(key, value, to, Random()), _JSON

    def read(self, document: dict[str, Any]) -> tuple[int, int]:
        _, _, key = name_in(document["notificationDestination"])
        return key, document["maximumNumberOfReports"]


class Plans:
    """To send a little some time today; the value is in the query of where to warn."""

    values: Sequence[int] = (1, 2, 3)

    def root(self, url: str, af_id: str) -> str:
        return _root(url, plans.AF, af_id)

    def made(self, key: int, value: int, to: str, chance: Random) -> dict[str, Any]:
        # The time of the simulation began with the real one, and runs faster.
        return plans.body(
            time.time(),
            (0, _DAY_S),
            numberOfUEs=1,
            qosParamSet={"gfbrDl": "100 Kbps"},
            warnNotifEnabled=True,
            notificationDestination=f"{to}?{value}",
        )

    def changed(self, key: int, value: int, to: str) -> tuple[str, dict[str, Any], str]:
        return "PATCH", {"notificationDestination": f"{to}?{value}"}, _MERGE

    def read(self, document: dict[str, Any]) -> tuple[int, int]:
        where, _, value = document["notificationDestination"].partition("?")
        _, _, key = name_in(where)
        return key, int(value)


FORMS: Mapping[Kind, Form] = {
    Kind.SESSION: Sessions(),
    Kind.ANALYTICS: Analytics(),
    Kind.MONITORING: Monitoring(),
    Kind.PLAN: Plans(),
}


def place_of(name: Name, receiver: str) -> str:
    """Where notifications about a thing go, at a receiver."""
    return "/".join((receiver, *map(str, name)))


def name_in(place: str) -> Name:
    """The thing about which notifications go to a place."""
    found = re.search(r"/(\w+)/([\w-]+)/(\d+)(\?|$)", place)
    assert found is not None, place
    return Kind(found[1]), found[2], int(found[3])


def _root(url: str, of_af_1: str, af_id: str) -> str:
    return url + of_af_1.replace("/af-1/", f"/{af_id}/")
