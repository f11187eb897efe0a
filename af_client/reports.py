"""What a watch hands on: the answers to its questions as they come, or why there is none."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from af_client.answers import Answer
from af_client.questions import Question

A_co = TypeVar("A_co", bound=Answer, covariant=True)


@dataclass(frozen=True, slots=True)
class Report(Generic[A_co]):
    """One answer to one of the questions of a watch.

    Without an `answer`, `failure` says why the NEF has none now: a code of the standard, such as
    "UNAVAILABLE_DATA", or what was missing.
    """

    question: Question[A_co]
    answer: A_co | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a NEF says at once about one question; after the one that is `over` comes no more."""

    reports: tuple[Report[Any], ...] = ()
    over: bool = False
