"""Requests straight to the handlers: what reaches one, and what it answers."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from nef.api.application import contract_application
from nef.api.documents import NAMES, operation_ids, path_pattern

ROOT = "/3gpp-as-session-with-qos/v1"


class Handlers:
    """Every operation of the contract; each notes its arguments and gives what it is told to."""

    def __init__(self) -> None:
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.reply: Any = ({"a": "é"}, 200, {"Content-Type": "application/json"})

    def __getitem__(self, name: str) -> Any:
        def handler(**arguments: Any) -> Any:
            self.called.append((name, arguments))
            if isinstance(self.reply, Exception):
                raise self.reply
            return self.reply

        return handler


@pytest.fixture
def handlers() -> Handlers:
    return Handlers()


@pytest.fixture
def http(handlers: Handlers) -> TestClient:
    names = [name for document in NAMES for name in operation_ids(document)]
    app = contract_application({name: handlers[name] for name in names})
    return TestClient(app, raise_server_exceptions=False)


def test_a_handler_gets_its_path_and_its_query(handlers: Handlers, http: TestClient) -> None:
    answer = http.get(
        f"{ROOT}/af%201/subscriptions?ip-domain=a&unknown=b&mac-addrs=00-00-00-00-00-01"
    )
    assert (answer.status_code, answer.json()) == (200, {"a": "é"})
    arguments = {"scs_as_id": "af 1", "ip_domain": "a", "mac_addrs": ["00-00-00-00-00-01"]}
    assert handlers.called == [("FetchAllASSessionWithQoSSubscriptions", arguments)]


def test_a_handler_gets_its_body(handlers: Handlers, http: TestClient) -> None:
    body = {"seconds": 2.5}
    assert http.post("/simulator/v1/simulation/step", json=body).status_code == 200
    assert handlers.called == [("stepSimulation", {"body": body})]


def test_a_long_answer_goes_in_pieces_and_is_whole(handlers: Handlers) -> None:
    text = "".join(map(str, range(200_000)))
    handlers.reply = ({"a": text}, 200, {"Content-Type": "application/json"})
    names = [name for document in NAMES for name in operation_ids(document)]
    app = contract_application({name: handlers[name] for name in names})
    sizes: list[int] = []

    async def noted(scope: Any, receive: Any, send: Any) -> None:
        async def note(message: Any) -> None:
            sizes.append(len(message.get("body", b"")))
            await send(message)

        await app(scope, receive, note)

    answer = TestClient(noted).get("/simulator/v1/simulation")
    assert answer.json() == {"a": text}
    assert len(answer.content) == sum(sizes) == int(answer.headers["content-length"])
    assert max(sizes) <= 262_144


def test_nothing_is_answered_with_nothing(handlers: Handlers, http: TestClient) -> None:
    handlers.reply = (None, 204, {})
    answer = http.delete(f"{ROOT}/af/subscriptions/x")
    assert (answer.status_code, answer.content) == (204, b"")
    assert not {"content-type", "content-length"} & answer.headers.keys()


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
@pytest.mark.parametrize(
    "path", ["//simulator/v1/simulation", "/simulator//v1/simulation", "/simulator/v1/simulation/"]
)
def test_what_is_almost_a_path_is_none(
    handlers: Handlers, http: TestClient, method: str, path: str
) -> None:
    answer = http.request(method, f"http://testserver{path}", follow_redirects=False)
    assert answer.status_code == 404
    assert handlers.called == []


def test_no_method_is_answered_beside_those_of_the_contract(http: TestClient) -> None:
    answer = http.options(f"{ROOT}/af/subscriptions")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


def test_headers_of_a_handler_are_sent(handlers: Handlers, http: TestClient) -> None:
    handlers.reply = ({}, 201, {"Location": "http://x/y"})
    assert http.get(f"{ROOT}/af/subscriptions/x").headers["location"] == "http://x/y"


def test_head_is_answered_as_get(handlers: Handlers, http: TestClient) -> None:
    assert http.head(f"{ROOT}/af/subscriptions").headers["content-length"] == "10"
    assert handlers.called == [("FetchAllASSessionWithQoSSubscriptions", {"scs_as_id": "af"})]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", f"{ROOT}/af", 404),
        ("GET", f"{ROOT}/af/subscriptions/x/y", 404),
        ("GET", f"{ROOT}//subscriptions", 404),
        ("GET", f"{ROOT}/af/subscriptions%0A", 404),
        ("GET", f"{ROOT}/af%0A", 404),
        ("GET", "/simulator/v1/ues%0A", 404),
        ("PATCH", f"{ROOT}/af/subscriptions", 405),
        ("TRACE", f"{ROOT}/af/subscriptions", 405),
    ],
)
def test_what_is_no_operation_is_a_problem(
    handlers: Handlers, http: TestClient, method: str, path: str, status: int
) -> None:
    answer = http.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert not handlers.called


def test_a_handler_that_fails_is_a_problem_of_ours(handlers: Handlers, http: TestClient) -> None:
    handlers.reply = RuntimeError("secret")
    answer = http.get(f"{ROOT}/af/subscriptions")
    assert (answer.status_code, answer.json()["cause"]) == (500, "SYSTEM_FAILURE")
    assert "secret" not in answer.text


def test_the_parameters_of_a_path_are_single_segments() -> None:
    pattern = path_pattern("/v1/{anId}/of.all/{other}")
    found = pattern.fullmatch("/v1/a%b/of.all/c\n")
    assert found is not None
    assert found.groupdict() == {"an_id": "a%b", "other": "c\n"}
    assert not any(map(pattern.fullmatch, ("/v1//of.all/c", "/v1/a/of-all/c", "/v1/a/of.all/c/d")))
