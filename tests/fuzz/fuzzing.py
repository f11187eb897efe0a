"""A service, told everything that its contract lets one say, and more; its answers are judged.

schemathesis makes requests of a document and judges answers by it. State builds up: paths take the
names of what was created, most bodies are good ones, as they are, with parts missing, or with some
made-up and odd ones, and time passes, so that what was created is looked at and told of.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from builders import plans, service
from builders.contracts import FOLDER, breaches
from builders.odd_bodies import ODD, changed, paths
from fuzz import good
from fuzz.guises import Guise, Guises
from nef.testing import RunningNef

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: What an AF is told, by document; what it is told for a test alone is another thing.
TOLD = {
    "analytics-exposure.yaml": "AnalyticsEventNotification",
    "as-session-with-qos.yaml": "UserPlaneNotificationData",
    "monitoring-event.yaml": "MonitoringNotification",
    "pdtq-policy-negotiation.yaml": "Notification",
}
#: What is created first, and what takes it away last.
_ORDER = ("post", "get", "put", "patch", "delete")
_MOST_NAMES = 50
#: Hypothesis tries nothing twice, and does not see what chance of ours makes of an example.
_MANY = st.integers(0, 2**32)
_PATIENCE_S = 60.0


@dataclass
class Report:
    """What came of it: answers by operation and status, and faults, each once with its request."""

    answers: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    faults: dict[str, str] = field(default_factory=dict)
    notifications: int = 0

    def never_succeeded(self) -> list[str]:
        """The operations that never answered with 2xx."""
        return [
            name
            for name, statuses in self.answers.items()
            if not any(200 <= status < 300 for status in statuses)
        ]

    def told(self) -> Iterator[str]:
        """Each fault with a request that shows it."""
        for name, text in self.faults.items():
            yield f"{name}\n{text}"

    def lines(self) -> Iterator[str]:
        """How often each operation answered what."""
        for name, statuses in self.answers.items():
            found = "  ".join(f"{status}: {n}" for status, n in sorted(statuses.items()))
            yield f"{name:42} {found}"
        yield f"{'notifications':42} {self.notifications}"


class Fuzzing:
    """One document against one service."""

    def __init__(
        self, document: str, nef: RunningNef, report: Report, *, guarded: bool = False
    ) -> None:
        """`document` is the file's name in openapi/; the service has just begun.

        Where it is `guarded`, requests are made by all kinds of callers, and none are made up.
        """
        path, operations = _operations_of(document)
        self._root, self._operations = f"{nef.url}/{path}", operations
        self._guises = Guises(nef, path.partition("/")[0]) if guarded else None
        self._document, self._nef, self._report = document, nef, report
        self._names: list[str] = []
        self._http = requests.Session()

    def round(self, examples: int, number: int) -> None:
        """Try each operation with so many examples; a number always gives the same ones."""
        self._nef.load(good.scenario(self._document))
        for operation in self._operations:
            if operation.method == "delete" and self._guises is None:
                self._live(number)
            self._try(operation, examples, number)

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def _live(self, number: int) -> None:
        """Let things happen to UEs, and judge what AFs are told of that."""
        if self._document not in TOLD:
            return
        if self._document == plans.DOCUMENT:
            self._intrude()
        happens = (
            (self._nef.degrade, "ue-1"),
            (self._nef.detach, "ue-4"),
            (self._nef.recover, "ue-1"),
            (self._nef.attach, "ue-4"),
        )
        for change, ue_id in happens:
            change(ue_id)
            self._nef.step(60.5 + number % 7)
        told = [one for one in self._nef.notified() if one.af_id != good.INTRUDER_AF]
        self._report.notifications += len(told)
        for note in told:
            schema = TOLD[self._document]
            # what is told for a test alone has no events
            for fault in breaches(self._document, schema, note.document) if note.events else ():
                self._report.faults.setdefault(f"{schema}: {fault[:200]}", str(note.document))

    def _intrude(self) -> None:
        """Let somebody take what is planned with, so that there is something to warn of."""
        self._nef.step(21)
        where = f"{self._nef.url}{service.AF}".replace(good.AF, good.INTRUDER_AF)
        requests.post(where, json=good.INTRUDER, timeout=_PATIENCE_S)
        self._nef.step(2)

    def _try(self, operation: Any, examples: int, number: int) -> None:
        """With good bodies, which cost nothing to make, and for each four of them a made-up one."""
        name = operation.definition.raw["operationId"]
        bodies = good.bodies(self._nef.now.timestamp()).get(name)
        # Not Hypothesis's own chance: what may be chosen depends on what there is.
        random = Random(number)
        modes = [GenerationMode.POSITIVE]
        if self._guises is None:
            modes.append(GenerationMode.NEGATIVE)
        made = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))

        @_examples(-(-examples // 4) if bodies else examples, number)
        @given(made, _MANY)
        def invented(case: Case[Any], _: int) -> None:
            self._place(case, random)
            if bodies and random.random() < 0.5:
                case.body = _mixed(case.body, random.choice(bodies), random)
                case.media_type = operation.body[0].media_type
            self._judge(name, case, random)

        if self._guises is None or not bodies:
            invented()
        if bodies:
            plain = st.sampled_from(bodies).flatmap(lambda body: operation.as_strategy(body=body))

            @_examples(examples, number)
            @given(plain, _MANY)
            def known(case: Case[Any], _: int) -> None:
                self._place(case, random)
                case.body = _bent(case.body, random)
                self._judge(name, case, random)

            known()

    def _place(self, case: Case[Any], random: Random) -> None:
        """Let the path lead to something that is there, most times."""
        for name in case.path_parameters:
            known = self._names if name == "subscriptionId" else good.NAMES[name]()
            if known and random.random() < 0.9:
                case.path_parameters[name] = random.choice(known)

    def _judge(self, name: str, case: Case[Any], random: Random) -> None:
        if name == "stepSimulation":
            _shorten(case)
        guise, response = self._asked(case, random)
        self._report.answers[name][response.status_code] += 1
        self._remember(case, response)
        found = dict(self._faults(name, case, response))
        if self._guises is not None and (fault := self._guises.fault(guise, response)):
            found[f"{name}: {fault}"] = case.as_curl_command()
        self._report.faults = found | self._report.faults

    def _asked(self, case: Case[Any], random: Random) -> tuple[Guise, Any]:
        """As whom it was asked, and what was answered."""
        guise, headers = Guise.OWN, dict[str, str]()
        if self._guises is not None:
            guise = self._guises.put_on(case, random)
            headers = self._guises.headers(guise)
        response = case.call(
            base_url=self._root, session=self._http, timeout=_PATIENCE_S, headers=headers
        )
        return guise, response

    def _remember(self, case: Case[Any], response: Any) -> None:
        """What there is now."""
        location = response.headers.get("location")
        if response.status_code == 201 and location:
            self._names = [*self._names[-_MOST_NAMES:], location[0].rsplit("/", 1)[1]]
        if case.method == "DELETE" and response.status_code < 300:
            self._names = [one for one in self._names if one not in case.path_parameters.values()]

    def _faults(self, name: str, case: Case[Any], response: Any) -> Iterator[tuple[str, str]]:
        """What the contract does not have."""
        status = response.status_code
        if str(status) not in case.operation.definition.raw["responses"]:
            yield f"{name} {status}: no such answer in the document", case.as_curl_command()
        try:
            case.validate_response(response, checks=CHECKS)
        except (FailureGroup, AssertionError) as failure:
            for one in getattr(failure, "exceptions", [failure]):
                yield f"{name} {status}: {type(one).__name__}", f"{failure}"


def _shorten(case: Case[Any]) -> None:
    """A year takes a while."""
    if isinstance(case.body, dict):
        seconds = case.body.get("seconds")
        if isinstance(seconds, int | float) and seconds > 100:
            case.body["seconds"] = seconds % 100


@cache
def _operations_of(document: str) -> tuple[str, list[Any]]:
    """The path of an API, and its operations in the order in which they get somewhere."""
    raw = yaml.load((FOLDER / document).read_text("utf-8"), yaml.CSafeLoader)
    schema = schemathesis.openapi.from_dict(raw)
    found: list[Any] = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    path = raw["servers"][0]["url"].partition("/")[2]
    return path, sorted(found, key=lambda one: _ORDER.index(one.method))


def _examples(count: int, number: int) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Let a test have so many examples, the same for the same number, whatever comes of them."""

    def applied(test: Callable[[], None]) -> Callable[[], None]:
        return seed(number)(
            settings(
                max_examples=count,
                phases=[Phase.generate],
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            )(test)
        )

    return applied


def _mixed(made: Any, good_one: Any, random: Random) -> Any:
    """A good body with some made-up attributes."""
    if not isinstance(good_one, dict) or not isinstance(made, dict):
        return good_one
    return good_one | {key: value for key, value in made.items() if random.random() < 0.3}


def _bent(good_one: Any, random: Random) -> Any:
    """A good body as it is, without some of its attributes, or with something odd in one place."""
    luck = random.random()
    places = list(paths(good_one))
    if luck < 0.5 or not places:
        return good_one
    if luck < 0.8:
        return changed(good_one, random.choice(places), random.choice(ODD))
    if not isinstance(good_one, dict):
        return good_one
    return {key: value for key, value in good_one.items() if random.random() < 0.8}
