"""What the simulated network grants, as the control API of the NEF tells it."""

import logging
import threading
from collections import defaultdict
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

import orjson
import requests

from nef.domain.errors import InvalidValue
from nef.domain.filters import TosTrafficClass, parse_ip_filter_rule
from nef.domain.units import PacketErrorRate
from nef.network.access import NOTHING_TO_SHOW, Access
from nef.network.unreached import unreached
from nef.network.userplane.classification import GrantTable, QosFlow, TrafficSelector

_LOG = logging.getLogger(__name__)

#: Connecting, and the wait for each part of the answer.
TIMEOUT_S = (1.0, 2.0)
#: What is on its way is kept in memory, so a delay has a bound.
MOST_DELAY_MS = 10_000
_NS_PER_MS = 10**6


def table_of(document: Mapping[str, Any]) -> GrantTable:
    """The table of an answer to `GET /simulator/v1/flows`; raises InvalidValue."""
    try:
        return _table(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidValue(
            f"not an answer of /simulator/v1/flows: {type(error).__name__}: {error}"
        ) from error


def _table(document: Mapping[str, Any]) -> GrantTable:
    by_address: dict[bytes, list[QosFlow]] = defaultdict(list)
    # TS 23.501 5.7.1.5: rising precedence value; the same for the same answer in any order.
    flows = sorted(document["flows"], key=lambda f: (f["priority"], f["component"], f["flowKey"]))
    for entry in flows:
        _place(by_address, entry, _flow(entry, entry["flowKey"]))
    for entry in document["defaultBearers"]:
        _place(by_address, entry, _flow(entry, f"default/{entry['ueId']}"))
    return GrantTable(int(document["seed"]), {a: tuple(f) for a, f in by_address.items()})


def _place(by_address: dict[bytes, list[QosFlow]], entry: Mapping[str, Any], flow: QosFlow) -> None:
    for name in ("ueIpv4Addr", "ueIpv6Addr"):
        if entry.get(name) is not None:
            by_address[ip_address(entry[name]).packed].append(flow)


def _flow(entry: Mapping[str, Any], key: str) -> QosFlow:
    rate_bps = int(entry["rateDlBps"])
    if rate_bps < 0:
        raise InvalidValue(f"the rate of {key} is {rate_bps}, it must not be negative")
    delay_ms = float(entry["delayMs"])
    if not 0 <= delay_ms <= MOST_DELAY_MS:
        raise InvalidValue(f"the delay of {key} is {delay_ms} ms, not 0 to {MOST_DELAY_MS}")
    selectors = tuple(_selector(part) for part in entry.get("filters", ()))
    error_rate = PacketErrorRate.parse(entry["per"]).value
    return QosFlow(key, rate_bps, error_rate, selectors, round(delay_ms * _NS_PER_MS))


def _selector(part: Mapping[str, Any]) -> TrafficSelector:
    rules = tuple(parse_ip_filter_rule(text) for text in part.get("flowDescriptions", ()))
    tos = part.get("tosTC")
    return TrafficSelector(rules, None if tos is None else TosTrafficClass.parse(tos))


class GrantPoller:
    """Asks the NEF again and again; `table` is the latest answer, None before the first.

    A table is never changed, only replaced, so another thread may read `table` at any time.
    """

    def __init__(self, nef_url: str, interval_s: float, access: Access = NOTHING_TO_SHOW) -> None:
        """`nef_url` is the root of the NEF's APIs, `access` what it wants to see.

        Asking starts with `run`.
        """
        self.table: GrantTable | None = None
        self._url = nef_url.rstrip("/") + "/simulator/v1/flows"
        self._interval_s = interval_s
        self._answer = b""
        self._answers = True
        self._session = access.session()

    def run(self, stop: threading.Event) -> None:
        """Poll until `stop`; while the NEF does not answer, the last table stays."""
        with self._session:
            while not stop.is_set():
                self._ask()
                stop.wait(self._interval_s)

    def _ask(self) -> None:
        try:
            self._poll()
        except requests.RequestException as error:
            self._go_without(unreached(self._url, error))
        except InvalidValue as error:
            self._go_without(f"{self._url} answers with something else: {error}")
        else:
            if not self._answers:
                _LOG.warning("grants from %s again", self._url)
            self._answers = True

    def _go_without(self, why: str) -> None:
        if self._answers:
            meanwhile = "nothing is carried" if self.table is None else "the last ones stay"
            _LOG.warning("no grants, %s until there are: %s", meanwhile, why)
        self._answers = False

    def _poll(self) -> None:
        response = self._session.get(self._url, timeout=TIMEOUT_S, allow_redirects=False)
        response.raise_for_status()
        if response.content != self._answer:
            self.table = table_of(_json(response.content))
            self._answer = response.content


def _json(content: bytes) -> Mapping[str, Any]:
    try:
        document: Mapping[str, Any] = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise InvalidValue(f"the answer is not JSON: {error}") from error
    return document
