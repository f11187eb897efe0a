from datetime import UTC, datetime
from typing import Any

import pytest

import af_client
from af_client import AcceptableRate, ProblemError, Refused, Reply
from af_client.errors import problem_error
from af_client.schemas.problems import problem_of
from fakes.transport import reply

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def error(status: int, document: Any = None, **headers: str) -> ProblemError:
    return problem_error(problem_of(reply(status, document, **headers), NOW), "POST /x")


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequest"),
        (401, "NotAuthorized"),
        (403, "Refused"),
        (404, "NotFound"),
        (409, "Conflict"),
        (413, "TooLarge"),
        (429, "TooMany"),
        (500, "ServerFailed"),
        (503, "ServerFailed"),
        (415, "ProblemError"),
        (304, "ProblemError"),
    ],
)
def test_each_status_has_its_error(status: int, name: str) -> None:
    assert type(error(status)) is getattr(af_client, name)
    assert error(status).status == status


def test_an_error_says_where_why_and_what_was_wrong() -> None:
    wrong = {"param": "/ueIpv4Addr", "reason": "no such UE"}
    document = {"cause": "UE_UNKNOWN", "detail": "Look again.", "invalidParams": [wrong]}
    found = error(400, document)
    assert str(found) == "POST /x -> 400; UE_UNKNOWN; Look again.; /ueIpv4Addr: no such UE"
    assert (found.cause, found.detail) == ("UE_UNKNOWN", "Look again.")
    assert found.invalid_params == (af_client.InvalidParam("/ueIpv4Addr", "no such UE"),)


def test_a_reason_that_is_the_detail_too_is_said_once() -> None:
    wrong = [{"param": "/a", "reason": "no such UE"}]
    assert str(error(404, {"detail": "no such UE", "invalidParams": wrong})).count("such UE") == 1


def test_what_the_detail_says_already_is_not_said_again() -> None:
    wrong = [{"param": "/a", "reason": "no such UE"}, {"param": "/b", "reason": "too long"}]
    found = error(400, {"detail": "/a: no such UE", "invalidParams": wrong})
    assert str(found) == "POST /x -> 400; /a: no such UE; /b: too long"


def test_a_refusal_says_what_would_be_accepted() -> None:
    offers = {
        "accBwMedComps": {
            "1": {"medCompN": 1, "marBwDl": "1 Mbps", "mirBwDl": "800 Kbps"},
            "2": {"medCompN": 2, "marBwDl": "12.5 Mbps", "marBwUl": "1 Kbps", "mirBwUl": "1 bps"},
        }
    }
    refused = error(403, {"acceptableServInfo": offers}, Retry_After="5")
    assert isinstance(refused, Refused)
    assert refused.acceptable == {
        1: AcceptableRate(max_rate_dl_bps=1_000_000, min_rate_dl_bps=800_000),
        2: AcceptableRate(max_rate_dl_bps=12_500_000, max_rate_ul_bps=1000, min_rate_ul_bps=1),
    }
    assert refused.retry_after_s == 5


def test_an_offer_for_the_whole_session_is_number_0() -> None:
    refused = error(403, {"acceptableServInfo": {"marBwDl": "3 Mbps"}})
    assert isinstance(refused, Refused)
    assert refused.acceptable == {0: AcceptableRate(max_rate_dl_bps=3_000_000)}


def test_a_refusal_without_an_offer_has_none() -> None:
    refused = error(403, {"cause": "OPERATION_PROHIBITED"})
    assert isinstance(refused, Refused)
    assert refused.acceptable == {}
    assert refused.retry_after_s is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        ("Mon, 23 Nov 2026 12:00:30 -0000", 30),
        ("soon", None),
    ],
)
def test_the_time_to_wait_is_in_seconds_whatever_its_form(header: str, seconds: float) -> None:
    assert problem_of(reply(429, None, Retry_After=header), NOW).retry_after_s == seconds


@pytest.mark.parametrize("status", [403, 429, 503])
def test_every_problem_says_when_to_ask_again_where_the_nef_does(status: int) -> None:
    error = problem_error(problem_of(reply(status, None, Retry_After="7"), NOW))
    assert error.retry_after_s == 7


@pytest.mark.parametrize("body", [b"<h1>Bad\n gateway</h1>", b"\xff", b"[1]", b"", b"[" * 100_000])
def test_a_body_that_is_no_json_object_still_makes_an_error(body: bytes) -> None:
    found = problem_error(problem_of(Reply(502, {}, body), NOW))
    assert found.status == 502
    assert len(str(found)) < 300


def test_the_page_of_a_proxy_is_shown_in_short() -> None:
    found = problem_of(Reply(502, {}, b"<h1>Bad\n gateway</h1>" + b"." * 1000), NOW)
    assert found.detail is not None
    assert found.detail.startswith("<h1>Bad gateway</h1>...")
    assert len(found.detail) == 200


@pytest.mark.parametrize(
    "broken",
    [
        {"detail": 7},
        {"invalidParams": "all"},
        {"invalidParams": [{"reason": "no param"}, 3]},
        {"acceptableServInfo": 1},
        {"acceptableServInfo": {"accBwMedComps": {"x": {}, "1": {"marBwDl": "much"}}}},
    ],
)
def test_a_broken_part_of_a_problem_hides_none_of_the_rest(broken: dict[str, Any]) -> None:
    found = error(403, {"cause": "NO_RESOURCES", **broken})
    assert isinstance(found, Refused)
    assert found.cause == "NO_RESOURCES"
    assert found.invalid_params == ()
    assert all(rate == AcceptableRate() for rate in found.acceptable.values())


@pytest.mark.parametrize("name", ["ConnectFailed", "TimedOut", "ConnectionBroken"])
def test_one_except_clause_catches_all_that_never_answered(name: str) -> None:
    assert issubclass(getattr(af_client, name), af_client.TransportError)


@pytest.mark.parametrize("name", ["TransportError", "InvalidReply", "NoAnalytics", "ProblemError"])
def test_one_except_clause_catches_everything(name: str) -> None:
    assert issubclass(getattr(af_client, name), af_client.NefError)


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn = set((af_client.errors.__doc__ or "").split())
    classes = [made for made in vars(af_client.errors).values() if isinstance(made, type)]
    errors = {made.__name__ for made in classes if issubclass(made, af_client.NefError)}
    assert errors <= drawn
    assert {word for word in drawn if word.endswith(("Error", "Failed", "Found"))} <= errors
