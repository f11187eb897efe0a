"""The ProblemDetails of an error: all that its reader needs, and no more than is of use."""

from typing import Any

import orjson

from nef.api.errors import answer
from nef.domain.errors import InvalidParam, InvalidRequest, NefError, UeNotFound


def problem(error: NefError) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(answer(error, "/").body)
    return document


def test_a_few_wrong_parameters_are_all_named() -> None:
    told = problem(InvalidRequest(InvalidParam("/a", "is long"), InvalidParam("/b", "is short")))
    assert told["detail"] == "/a: is long; /b: is short"
    assert [one["param"] for one in told["invalidParams"]] == ["/a", "/b"]


def test_of_very_many_some_are_named_and_the_rest_is_counted() -> None:
    told = problem(InvalidRequest(*(InvalidParam(f"/list/{n}", "is none") for n in range(10_000))))
    assert len(told["invalidParams"]) == 20
    assert told["detail"].endswith("/list/19: is none; and 9980 more, which are not listed")


def test_the_worst_kind_of_all_that_is_wrong_is_the_cause_also_where_it_is_not_listed() -> None:
    params = [InvalidParam(f"/list/{n}", "is none") for n in range(30)]
    missing = InvalidParam("/notificationDestination", "is missing", missing=True)
    assert problem(InvalidRequest(*params, missing))["cause"] == "MANDATORY_IE_MISSING"


def test_what_an_af_wrote_at_length_does_not_come_back_as_a_whole() -> None:
    long = "x" * 1_000_000
    for error in (InvalidRequest(InvalidParam(f"/{long}", long)), UeNotFound("/gpsi", long)):
        assert len(answer(error, "/").body) < 2000
