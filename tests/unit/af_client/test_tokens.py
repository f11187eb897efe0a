"""Tokens of a client: fetched when needed, shared, renewed in time, and once after a refusal."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from af_client import (
    ConnectFailed,
    Credentials,
    InvalidReply,
    NefClient,
    NotAuthorized,
    ProblemError,
    Reply,
    Request,
)
from af_client.tokens import Tokens
from fakes.transport import FakeTransport, problem, reply

URL = "https://issuer.example/token"
ME = Credentials(URL, "my af", "s:ecret/+")


def token(name: str, **changes: Any) -> Reply:
    document = {"access_token": name, "token_type": "Bearer", "expires_in": 100} | changes
    return reply(200, {key: value for key, value in document.items() if value is not None})


class Rig:
    """Tokens at a time that the test sets."""

    def __init__(self, *script: Reply | Exception, credentials: Credentials = ME) -> None:
        self.transport = FakeTransport(*script)
        self.now_s = 0.0
        self.tokens = Tokens(credentials, self.transport, lambda: self.now_s)

    def header_at(self, now_s: float) -> str:
        self.now_s = now_s
        return self.tokens.header()


def test_a_token_is_asked_for_as_the_standard_says() -> None:
    rig = Rig(token("a"), credentials=Credentials(URL, "my af", "s:ecret/+", "one two"))
    assert rig.tokens.header() == "Bearer a"
    (request,) = rig.transport.requests
    assert (request.method, request.url) == ("POST", URL)
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    scheme, encoded = request.headers["Authorization"].split()
    assert (scheme, base64.b64decode(encoded)) == ("Basic", b"my+af:s%3Aecret%2F%2B")
    form = parse_qs((request.body or b"").decode())
    assert form == {"grant_type": ["client_credentials"], "scope": ["one two"]}


def test_one_token_is_used_until_shortly_before_it_expires() -> None:
    rig = Rig(token("a"), token("b"))
    assert [rig.header_at(s) for s in (0, 79, 80)] == ["Bearer a", "Bearer a", "Bearer b"]


def test_a_token_that_lasts_long_is_renewed_half_a_minute_before() -> None:
    rig = Rig(token("a", expires_in=3600), token("b"))
    assert [rig.header_at(s) for s in (0, 3569, 3570)] == ["Bearer a", "Bearer a", "Bearer b"]


def test_a_token_of_no_said_life_is_used_until_it_is_refused() -> None:
    rig = Rig(token("a", expires_in=None), token("b"))
    assert rig.header_at(0) == rig.header_at(1e9) == "Bearer a"
    rig.tokens.refused("Bearer a")
    assert rig.tokens.header() == "Bearer b"


def test_an_issuer_that_is_away_matters_only_when_the_token_has_expired() -> None:
    away = ConnectFailed("away")
    rig = Rig(token("a"), away, away, token("b"))
    assert [rig.header_at(s) for s in (0, 80, 84.9)] == ["Bearer a"] * 3
    with pytest.raises(ConnectFailed):
        rig.header_at(100)
    assert rig.header_at(101) == "Bearer b"


def test_a_refusal_of_an_older_token_does_not_drop_the_newer_one() -> None:
    rig = Rig(token("a"), token("b"))
    rig.header_at(0)
    rig.header_at(80)
    rig.tokens.refused("Bearer a")
    assert rig.tokens.header() == "Bearer b"


def test_threads_share_one_token(in_threads: Callable[[int, Callable[[int], None]], None]) -> None:
    rig, seen = Rig(token("a")), []
    in_threads(8, lambda _: seen.append(rig.tokens.header()))
    assert seen == ["Bearer a"] * 8


def test_who_is_no_client_is_told_by_the_issuer_and_not_shown_the_secret() -> None:
    refusal = {"error": "invalid_client", "error_description": "who are you?"}
    rig = Rig(problem(401, refusal))
    with pytest.raises(NotAuthorized) as refused:
        rig.tokens.header()
    assert str(refused.value) == (
        f"POST {URL} for a token of my af -> 401; invalid_client; who are you?"
    )


@pytest.mark.parametrize(
    "answer",
    [
        Reply(200, {}, b"<html>"),
        reply(200, []),
        token("a", access_token=None),
        token("two words"),
        token("a\nb"),
        token("é"),
        token(" "),
        token("a", token_type="mac"),
        token("a", expires_in="soon"),
        Reply(200, {}, b"[" * 100_000),
    ],
)
def test_an_answer_without_a_bearer_token_is_no_answer(answer: Reply) -> None:
    with pytest.raises(InvalidReply, match="no bearer token"):
        Rig(answer).tokens.header()


@pytest.mark.parametrize("answer", [Reply(503, {}, b"<html>"), problem(400, {"error": 3})])
def test_a_refusal_without_words_is_still_one(answer: Reply) -> None:
    with pytest.raises(ProblemError):
        Rig(answer).tokens.header()


# --- with the client ---


def client(*script: Reply) -> tuple[NefClient, FakeTransport]:
    transport = FakeTransport(*script)
    return NefClient("http://nef.example", "af", transport=transport, credentials=ME), transport


def bearers(transport: FakeTransport) -> list[str]:
    sent = [request.headers["Authorization"] for request in transport.requests]
    return [header for header in sent if header.startswith("Bearer")]


def test_every_request_has_the_token() -> None:
    nef, transport = client(token("a"), reply(200, []), reply(200, []))
    nef.sessions()
    nef.sessions()
    assert bearers(transport) == ["Bearer a", "Bearer a"]


def test_after_a_refusal_it_is_renewed_and_the_request_repeated_once() -> None:
    nef, transport = client(token("a"), problem(401), token("b"), reply(200, []))
    assert nef.sessions() == ()
    assert bearers(transport) == ["Bearer a", "Bearer b"]


def test_a_second_refusal_is_told() -> None:
    nef, transport = client(token("a"), problem(401), token("b"), problem(401))
    with pytest.raises(NotAuthorized):
        nef.sessions()
    assert len(bearers(transport)) == 2


def test_without_credentials_a_refusal_is_not_repeated() -> None:
    transport = FakeTransport(problem(401))
    with pytest.raises(NotAuthorized):
        NefClient("http://nef.example", "af", transport=transport).sessions()


def test_no_secret_and_no_token_is_printed() -> None:
    rig = Rig(token("t0ken"))
    rig.tokens.header()
    (request,) = rig.transport.requests
    printed = f"{ME!r} {request!r} {token('t0ken')!r} {rig.tokens.__dict__!r}"
    assert "s:ecret" not in printed
    assert "t0ken" not in printed
    assert json.dumps(request.headers["Authorization"]) not in printed
    assert "Bearer" not in repr(Request("GET", "http://x/", {"Authorization": "Bearer t"}))


@pytest.mark.parametrize(
    "url", ["http://issuer.example/token", "http://10.0.0.1:8080/oauth2/token"]
)
def test_a_secret_is_not_sent_to_another_machine_without_tls(url: str) -> None:
    with pytest.raises(ValueError, match="without TLS; one begins with https://"):
        Credentials(url, "my-af", "s")
    assert Credentials(url, "my-af", "s", allow_http=True).token_url == url


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "127.9.9.9", "[::1]:8080", "localhost"])
def test_a_secret_may_stay_on_this_machine_without_tls(host: str) -> None:
    assert Credentials(f"http://{host}/oauth2/token", "my-af", "s").client_id == "my-af"


def test_a_secret_with_the_line_break_of_its_file_is_refused_and_not_shown() -> None:
    with pytest.raises(ValueError, match="line break") as told:
        Credentials(URL, "my-af", "s3cret\n")
    assert "s3cret" not in str(told.value)
