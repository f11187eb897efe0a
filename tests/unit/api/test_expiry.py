"""Tokens that a fault lets expire, in front of an application that notes what reaches it."""

import asyncio
from typing import Any

import pytest

from builders.faults import Faulty
from nef.api.expiry import ExpiringTokens
from nef.domain.faults import FaultName

SESSIONS = "/3gpp-as-session-with-qos/v1/af-1/subscriptions"


class Rig:
    def __init__(self, **rule: Any) -> None:
        self.faulty = Faulty()
        self.faulty.set(FaultName.TOKEN_EXPIRED, **rule)
        self.app = ExpiringTokens(self._serve, self.faulty.faults)
        self.challenge = b""

    async def _serve(self, _scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})

    def ask(self, token: str = "", path: str = SESSIONS) -> int:
        """The status of a request with a token."""
        sent: list[Any] = []
        headers = [(b"authorization", f"Bearer {token}".encode())] if token else []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            raise AssertionError("nothing of the body is read")

        scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
        asyncio.run(self.app(scope, receive, send))
        self.challenge = dict(sent[0]["headers"]).get(b"www-authenticate", b"")
        status: int = sent[0]["status"]
        return status


def test_a_token_that_expires_is_refused_as_a_real_one_until_there_is_another() -> None:
    rig = Rig(times=1)
    assert rig.ask("a") == 401
    expected = b'error="invalid_token", error_description="the token has expired"'
    assert expected in rig.challenge
    assert [rig.ask(token) for token in "aba"] == [401, 204, 401]


def test_without_a_token_nothing_expires_and_no_chance_is_taken() -> None:
    rig = Rig(probability=1.0)
    assert rig.ask() == 204
    (state,) = rig.faulty.faults.all()
    assert (state.occasions, state.strikes) == (0, 0)


def test_a_share_of_tokens_expires_the_same_ones_for_the_same_seed() -> None:
    def statuses() -> list[int]:
        rig = Rig(probability=0.3, seed=7)
        return [rig.ask(str(number)) for number in range(40)]

    first = statuses()
    assert set(first) == {204, 401}
    assert statuses() == first


def test_what_has_expired_is_good_again_when_the_fault_is_cleared() -> None:
    rig = Rig(times=1)
    assert rig.ask("a") == 401
    rig.faulty.faults.clear(FaultName.TOKEN_EXPIRED)
    assert rig.ask("a") == 204


def test_other_afs_and_the_control_api_are_spared() -> None:
    rig = Rig(probability=1.0, af_id="af-1")
    assert rig.ask("a", SESSIONS.replace("af-1", "af-2")) == 204
    assert rig.ask("a", "/simulator/v1/faults") == 204
    assert rig.ask("a") == 401


def test_no_more_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nef.api.expiry._MOST_EXPIRED", 2)
    rig = Rig(times=3)
    assert [rig.ask(token) for token in "abcabc"] == [401, 401, 401, 204, 401, 401]
