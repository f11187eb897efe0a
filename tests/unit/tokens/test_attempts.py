"""Who tries again and again to get a token has to wait, and nobody else."""

import httpx
import pytest
from starlette.testclient import TestClient

from nef.tokens import attempts
from nef.tokens.attempts import WINDOW_S, Attempts, neighbourhood
from nef.tokens.clients import Clients
from nef.tokens.endpoint import MOST_FAILED, MOST_FAILED_FROM, MOST_TOKENS, TokenEndpoint
from nef.tokens.issuing import Issuer


class Rig:
    """A token endpoint with two clients, at a time that the test sets."""

    def __init__(self) -> None:
        clients, self.secrets = Clients.none_yet(), {}
        for name in ("c", "d"):
            clients, self.secrets[name] = clients.with_client(name)
        self.now_s = 1000.0
        issuer = Issuer(clients, "http://nef.example", 60)
        self._endpoint = TokenEndpoint(httpx.Response, issuer, lambda: self.now_s)  # type: ignore[arg-type] # nothing is behind it

    def ask(
        self, client: str, secret: str | None = None, host: str = "192.0.2.1"
    ) -> httpx.Response:
        form = {"grant_type": "client_credentials", "client_id": client}
        form["client_secret"] = secret or self.secrets[client]
        http = TestClient(self._endpoint, client=(host, 1))
        answer: httpx.Response = http.post("/oauth2/token", data=form)
        return answer

    def fail(self, number: int, client: str = "c", host: str = "192.0.2.1") -> None:
        for _ in range(number):
            assert self.ask(client, "wrong", host).status_code == 401


def test_who_has_failed_too_often_waits_also_with_the_right_secret() -> None:
    rig = Rig()
    rig.fail(MOST_FAILED)
    rig.now_s += WINDOW_S / 2
    answer = rig.ask("c")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    assert answer.json()["error"] == "temporarily_unavailable"
    assert answer.headers["cache-control"] == "no-store"
    rig.now_s += WINDOW_S / 2
    assert rig.ask("c").status_code == 200


def test_nobody_is_locked_out_from_elsewhere_and_no_neighbour_either() -> None:
    rig = Rig()
    rig.fail(MOST_FAILED)
    assert rig.ask("c", host="192.0.2.2").status_code == 200
    assert rig.ask("d").status_code == 200


def test_many_names_do_not_help_to_try_longer() -> None:
    rig = Rig()
    for number in range(MOST_FAILED_FROM):
        rig.fail(1, f"client-{number}")
    assert rig.ask("c").status_code == 429
    assert rig.ask("c", host="192.0.2.2").status_code == 200


def test_a_client_gets_so_many_tokens_and_no_more() -> None:
    rig = Rig()
    for _ in range(MOST_TOKENS):
        assert rig.ask("c").status_code == 200
    assert rig.ask("c", host="192.0.2.2").status_code == 429
    assert rig.ask("d").status_code == 200


def test_an_address_of_ipv6_is_counted_with_its_network() -> None:
    assert neighbourhood("2001:db8:1:2:3::4") == neighbourhood("2001:db8:1:2:ffff::") != ""
    assert neighbourhood("2001:db8:1:3::4") != neighbourhood("2001:db8:1:2::4")
    assert neighbourhood("192.0.2.1") == "192.0.2.1"
    assert neighbourhood("::ffff:192.0.2.1") == "192.0.2.1"
    assert neighbourhood("testclient") == "testclient"


def test_who_comes_under_ever_new_names_is_forgotten_at_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempts, "_MOST_KEPT", 2)
    counted = Attempts(1, lambda: 0.0)
    for name in ("a", "b", "c"):
        counted.count(name)
    assert [counted.wait_s(name) for name in ("a", "b", "c")] == [0.0, WINDOW_S, WINDOW_S]
