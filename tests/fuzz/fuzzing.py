"""A service, told everything that its contract lets one say, and more; its answers are judged.

schemathesis makes requests of a document and judges answers by it. State builds up: paths take the
names of what was created, and every other body is a good one, as it is or with some of its parts
replaced by made-up ones.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
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

from builders.contracts import FOLDER
from fuzz import good
from nef.testing import RunningNef

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: What is created first, and what takes it away last.
_ORDER = ("post", "get", "put", "patch", "delete")
_MOST_NAMES = 50
_PATIENCE_S = 60.0


@dataclass
class Report:
    """What came of it: answers by operation and status, and faults, each once with its request."""

    answers: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    faults: dict[str, str] = field(default_factory=dict)

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


class Fuzzing:
    """One document against one service."""

    def __init__(self, document: str, nef: RunningNef, report: Report) -> None:
        """`document` is the file's name in openapi/; the service has just begun."""
        raw = yaml.load((FOLDER / document).read_text("utf-8"), yaml.CSafeLoader)
        self._root = nef.url + "/" + raw["servers"][0]["url"].partition("/")[2]
        schema = schemathesis.openapi.from_dict(raw)
        found: list[Any] = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
        self._operations = sorted(found, key=lambda one: _ORDER.index(one.method))
        self._nef, self._report = nef, report
        self._names: list[str] = []
        self._http = requests.Session()

    def round(self, examples: int, number: int) -> None:
        """Try each operation with so many examples; a number always gives the same ones."""
        for operation in self._operations:
            self._try(operation, examples, number)

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def _try(self, operation: Any, examples: int, number: int) -> None:
        """With good bodies, which cost nothing to make, and for each four of them a made-up one."""
        name = operation.definition.raw["operationId"]
        bodies = good.bodies(self._nef.now.timestamp()).get(name)
        # Not Hypothesis's own chance: what may be chosen depends on what there is.
        random = Random(number)
        modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        made = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))

        @_examples(-(-examples // 4) if bodies else examples, number)
        @given(made)
        def invented(case: Case[Any]) -> None:
            self._place(case, random)
            if bodies and random.random() < 0.5:
                case.body = _mixed(case.body, random.choice(bodies), random)
                case.media_type = operation.body[0].media_type
            self._judge(name, case)

        invented()
        if bodies:
            plain = st.sampled_from(bodies).flatmap(lambda body: operation.as_strategy(body=body))

            @_examples(examples, number)
            @given(plain)
            def known(case: Case[Any]) -> None:
                self._place(case, random)
                case.body = _thinned(case.body, random)
                self._judge(name, case)

            known()

    def _place(self, case: Case[Any], random: Random) -> None:
        """Let the path lead to something that is there, most times."""
        for name in case.path_parameters:
            known = self._names if name == "subscriptionId" else good.NAMES[name]()
            if known and random.random() < 0.9:
                case.path_parameters[name] = random.choice(known)

    def _judge(self, name: str, case: Case[Any]) -> None:
        if name == "stepSimulation" and isinstance(case.body, dict):
            seconds = case.body.get("seconds")
            if isinstance(seconds, int | float) and seconds > 100:
                case.body["seconds"] = seconds % 100  # a year takes a while
        response = case.call(base_url=self._root, session=self._http, timeout=_PATIENCE_S)
        self._report.answers[name][response.status_code] += 1
        location = response.headers.get("location")
        if response.status_code == 201 and location:
            self._names = [*self._names[-_MOST_NAMES:], location[0].rsplit("/", 1)[1]]
        if case.method == "DELETE" and response.status_code < 300:
            self._names = [one for one in self._names if one not in case.path_parameters.values()]
        try:
            case.validate_response(response, checks=CHECKS)
        except (FailureGroup, AssertionError) as failure:
            for one in getattr(failure, "exceptions", [failure]):
                key = f"{name} {response.status_code}: {type(one).__name__}"
                self._report.faults.setdefault(key, f"{failure}")


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


def _thinned(good_one: Any, random: Random) -> Any:
    """A good body as it is, or without some of its attributes."""
    if not isinstance(good_one, dict) or random.random() < 0.7:
        return good_one
    return {key: value for key, value in good_one.items() if random.random() < 0.8}
