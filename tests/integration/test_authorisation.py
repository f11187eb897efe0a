"""Who may call which operation, and as whom, over HTTP."""

import asyncio
import base64
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import httpx
import pytest
from joserfc.jwk import Key
from starlette.testclient import TestClient, WebSocketDenialResponse
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from builders.service import AF, PUBLIC_URL, Served, served, subscription
from builders.tokens import EC, RSA, key_set, signed
from fakes.clock import FakeClock
from nef.api.documents import METHODS, NAMES, api_name, base_path, contract
from nef.config import BuiltInIssuer, ExternalIssuer
from nef.tokens.clients import AF_SCOPES, SCOPES, Clients
from nef.tokens.verification import Rules

Parts = tuple[str, str, str]


def operations() -> list[Parts]:
    """Every operation of every document: method, path with names in it, and scope."""
    found = []
    for name in NAMES:
        root = base_path(contract(name))
        for path, item in contract(name)["paths"].items():
            methods = [m for m in METHODS if m in item]
            found += [(m.upper(), root + path, api_name(root)) for m in methods]
    return found


class Rig:
    """A service that asks for tokens, and its clients."""

    def __init__(self) -> None:
        clients, self.secrets = Clients.none_yet(), {}
        for name, scopes in {"af-1": AF_SCOPES, "af-2": AF_SCOPES, "all": SCOPES}.items():
            clients, self.secrets[name] = clients.with_client(name, scopes=scopes)
        self.issuer = BuiltInIssuer(clients)
        self.served: Served

    @property
    def http(self) -> TestClient:
        return self.served.http

    def asked(self, form: dict[str, str], auth: tuple[str, str] | None = None) -> httpx.Response:
        encoded = base64.b64encode(":".join(auth or ()).encode()).decode()
        headers = {"Authorization": f"Basic {encoded}"} if auth else {}
        answer: httpx.Response = self.http.post("/oauth2/token", data=form, headers=headers)
        return answer

    def token(self, client: str = "af-1", *scopes: str) -> str:
        form = {"grant_type": "client_credentials", "scope": " ".join(scopes)}
        answer = self.asked(form, (client, self.secrets[client]))
        assert answer.status_code == 200, answer.text
        found: str = answer.json()["access_token"]
        return found

    def call(self, method: str, path: str, token: str | None, **more: Any) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer: httpx.Response = self.http.request(method, path, headers=headers, **more)
        return answer


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    made = Rig()
    with served(issuer=made.issuer) as service:
        made.served = service
        yield made


def filled(path: str, af_id: str = "af-1") -> str:
    """A path with this AF, and things that do not exist."""
    for name in ("{scsAsId}", "{afId}"):
        path = path.replace(name, af_id)
    for name in ("{subscriptionId}", "{ueId}", "{cellId}", "{faultName}"):
        path = path.replace(name, "none")
    assert "{" not in path
    return path


def challenge(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer.headers["www-authenticate"]


@pytest.mark.parametrize(("method", "path", "scope"), operations())
def test_no_operation_is_for_everybody(rig: Rig, method: str, path: str, scope: str) -> None:
    here = filled(path)
    # Broken bodies: who may not call is told so, and not what would be wrong with it.
    without = rig.call(method, here, None, content=b"{")
    assert (without.status_code, challenge(without)) == (401, 'Bearer realm="nef"')

    bad = rig.call(method, here, "bad", content=b"{")
    assert bad.status_code == 401
    assert 'error="invalid_token"' in challenge(bad)

    others = [one for one in SCOPES if one != scope]
    elsewhere = rig.call(method, here, rig.token("all", *others), content=b"{")
    assert elsewhere.status_code == 403
    assert 'error="insufficient_scope", error_description="the token is not' in challenge(elsewhere)
    assert f'scope="{scope}"' in challenge(elsewhere)
    assert elsewhere.json()["cause"] == "insufficient_scope"


@pytest.mark.parametrize(
    ("method", "path"), [(m, p) for m, p, scope in operations() if scope in AF_SCOPES]
)
def test_no_operation_is_for_another_af(rig: Rig, method: str, path: str) -> None:
    answer = rig.call(method, filled(path, "af-2"), rig.token("af-1"), content=b"{")
    hidden = "{subscriptionId}" in path
    assert answer.status_code == (404 if hidden else 403)
    cause = "SUBSCRIPTION_NOT_FOUND" if hidden else "REQUESTED_SERVICE_NOT_AUTHORIZED"
    assert answer.json()["cause"] == cause


@pytest.mark.parametrize(("method", "path", "scope"), operations())
def test_a_token_opens_every_operation_of_its_scope(
    rig: Rig, method: str, path: str, scope: str
) -> None:
    answer = rig.call(method, filled(path, "all"), rig.token("all", scope))
    assert answer.status_code not in (401, 403)


def test_an_af_works_with_its_own_resources_and_sees_no_others(rig: Rig) -> None:
    mine, other = rig.token("af-1"), rig.token("af-2")
    made = rig.call("POST", AF, mine, json=subscription())
    assert made.status_code == 201
    path = made.json()["self"].removeprefix(PUBLIC_URL)
    assert rig.call("GET", path, mine).status_code == 200
    # The same answer whether it exists or not.
    there, not_there = (rig.call("GET", p, other) for p in (path, f"{AF}/none"))
    told = [answer.json() | {"requestId": None} for answer in (there, not_there)]
    assert (there.status_code, told[0]) == (404, told[1])
    assert rig.call("DELETE", path, other).status_code == 404
    assert rig.call("DELETE", path, mine).status_code == 204


def test_the_scheme_is_read_whatever_its_case_and_only_this_one(rig: Rig) -> None:
    token = rig.token()
    for header, status in ((f"bearer {token}", 200), (f"Basic {token}", 401), (token, 401)):
        assert rig.http.get(AF, headers={"Authorization": header}).status_code == status
    twice = [("Authorization", f"Bearer {token}")] * 2
    assert rig.http.get(AF, headers=twice).status_code == 401
    assert rig.http.get(f"{AF}?access_token={token}").status_code == 401


def test_what_is_no_operation_needs_no_token(rig: Rig) -> None:
    assert rig.call("GET", "/", None).status_code == 404
    assert rig.call("PATCH", AF, None).status_code == 405


def test_nothing_of_a_body_is_read_for_who_may_not_call(rig: Rig) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("the body was read")

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Bearer bad"), (b"content-length", b"1000000000")]
    scope = {"type": "http", "method": "POST", "path": AF, "query_string": b"", "headers": headers}

    async def ask() -> None:
        await rig.served.nef.asgi(scope, receive, send)

    asyncio.run(ask())
    assert sent[0]["status"] == 401


def test_without_an_issuer_no_token_is_needed_and_none_is_looked_at() -> None:
    with served() as service:
        for headers in ({}, {"Authorization": "Bearer bad"}):
            assert service.http.get(AF, headers=headers).status_code == 200
        assert service.http.post("/oauth2/token").status_code == 404


def test_only_without_an_issuer_it_matters_what_page_asks(rig: Rig) -> None:
    page = {"Origin": "http://evil.example"}
    with served() as service:
        answer = service.http.post("/simulator/v1/simulation/reset", headers=page)
        assert (answer.status_code, answer.json()["cause"]) == (
            403,
            "REQUESTED_SERVICE_NOT_AUTHORIZED",
        )
        assert service.http.get(AF).json() == []
    headers = page | {"Authorization": f"Bearer {rig.token()}"}
    assert rig.http.get(AF, headers=headers).status_code == 200


# --- the token endpoint (RFC 6749 4.4, 5.1, 5.2) ---


def test_a_token_comes_with_what_it_is_good_for_and_is_not_kept(rig: Rig) -> None:
    secret = rig.secrets["af-1"]
    form = {"grant_type": "client_credentials", "client_id": "af-1", "client_secret": secret}
    answer = rig.asked(form)
    document = answer.json()
    assert rig.call("GET", AF, document.pop("access_token")).status_code == 200
    assert document == {"token_type": "Bearer", "expires_in": 3600, "scope": " ".join(AF_SCOPES)}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("form", "auth", "status", "code"),
    [
        ({"grant_type": "client_credentials"}, None, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, ("af-1", "wrong"), 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, ("no:body",), 401, "invalid_client"),
        ({"grant_type": "password"}, ("af-1", "secret"), 400, "unsupported_grant_type"),
        ({}, ("af-1", "secret"), 400, "invalid_request"),
        ({"scope": "x" * 10_001}, ("af-1", "secret"), 400, "invalid_request"),
        ({"client_secret": "x"}, ("af-1", "secret"), 400, "invalid_request"),
        ({"grant_type": ["a", "b"]}, ("af-1", "secret"), 400, "invalid_request"),
    ],
)
def test_who_asks_for_a_token_wrongly_is_told_what_is_wrong(
    rig: Rig, form: Any, auth: Any, status: int, code: str
) -> None:
    answer = rig.asked(form, auth)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert answer.headers["cache-control"] == "no-store"


def test_a_token_is_asked_for_by_a_form(rig: Rig) -> None:
    answer = rig.http.post("/oauth2/token", json={})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    answer = rig.http.get("/oauth2/token")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    strange = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"\xff", b"a=%ff"):
        assert rig.http.post("/oauth2/token", content=body, headers=strange).status_code == 400
    for header in ("Basic", "Basic !", "Basic bm8tY29sb24=", "Digest x"):
        answer = rig.http.post(
            "/oauth2/token", data={"grant_type": "x"}, headers={"Authorization": header}
        )
        assert answer.json()["error"] == "invalid_client"


# --- websockets ---


@pytest.mark.parametrize(
    ("client", "scopes", "status"),
    [(None, (), 401), ("af-2", (), 404), ("af-1", (SCOPES[1],), 403)],
)
def test_a_websocket_is_for_its_af_alone(
    rig: Rig, client: str | None, scopes: tuple[str, ...], status: int
) -> None:
    config = {"websockNotifConfig": {"requestWebsocketUri": True}, "supportedFeatures": "1"}
    made = rig.call("POST", AF, rig.token(), json=subscription(**config)).json()
    path = made["websockNotifConfig"]["websocketUri"].removeprefix("ws://nef.example")
    token = rig.token(client, *scopes) if client else None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with pytest.raises(WebSocketDenialResponse) as refused:  # noqa: SIM117 - it is the opening that fails
        with rig.http.websocket_connect(path, headers=headers):
            pass
    assert refused.value.status_code == status
    with rig.http.websocket_connect(path, headers={"Authorization": f"Bearer {rig.token()}"}):
        pass


# --- an external issuer ---


def test_tokens_of_an_external_issuer_are_taken_while_its_keys_can_be_had() -> None:
    publisher = make_server("127.0.0.1", 0, Response(key_set(RSA)))
    thread = Thread(target=publisher.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    rules = Rules("https://issuer.example", "nef", af_claim="sub")
    issuer = ExternalIssuer(f"http://127.0.0.1:{publisher.port}/keys", rules)
    now_s = time.time()

    def token(key: Key) -> str:
        return signed(key, sub="af-1", aud="nef", exp=now_s + 3600, af_ids=None)

    try:
        with served(issuer=issuer) as service:

            def status(key: Key) -> int:
                headers = {"Authorization": f"Bearer {token(key)}"}
                return int(service.http.get(AF, headers=headers).status_code)

            # The other key is looked for no sooner than ten seconds after the last time.
            assert (status(RSA), status(EC)) == (200, 401)
    finally:
        publisher.shutdown()
        thread.join()
        publisher.server_close()
    with served(issuer=issuer) as service:
        answer = service.http.get(AF, headers={"Authorization": f"Bearer {token(EC)}"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert answer.json()["cause"] == "SYSTEM_FAILURE"


def test_a_token_of_this_service_lasts_by_time_that_passes_and_not_by_the_wall_clock() -> None:
    made, clock = Rig(), FakeClock(10_000.0)
    with served(clock.now_s, issuer=made.issuer) as service:
        made.served = service
        token = made.token()
        clock.advance(made.issuer.lifetime_s - 1)
        assert made.call("GET", AF, token).status_code == 200
        clock.advance(2)
        assert made.call("GET", AF, token).status_code == 401
        assert made.call("GET", AF, made.token()).status_code == 200
