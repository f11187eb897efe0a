"""Answers with faults, in front of an application that notes what reaches it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
import pytest

from builders.faults import Faulty
from builders.tokens import Clocked, signed
from nef.api.authorisation import Authorisation
from nef.api.faults import FaultyAnswers, Occasions
from nef.domain.faults import FaultName

SESSIONS = "/3gpp-as-session-with-qos/v1/af-1/subscriptions"


class Answer:
    """What one client was sent so far, who may leave before."""

    def __init__(self, *, patient: bool = True) -> None:
        self.messages: list[dict[str, Any]] = []
        self._patient = patient

    async def receive(self) -> dict[str, Any]:
        if self._patient:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int | None:
        return self.messages[0]["status"] if self.messages else None

    @property
    def retry_after(self) -> str:
        return str(dict(self.messages[0]["headers"])[b"retry-after"].decode())


class Rig:
    def __init__(self, authorisation: Authorisation | None = None) -> None:
        self.faulty = Faulty()
        self.reached: list[str] = []
        occasions = Occasions(self.faulty.faults, authorisation)
        self.app = FaultyAnswers(self._serve, self.faulty.faults, occasions)

    async def _serve(self, scope: Any, _receive: Any, send: Any) -> None:
        self.reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def asking(
        self, answer: Answer, path: str = SESSIONS, token: str = ""
    ) -> Coroutine[Any, Any, None]:
        headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
        scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
        return self.app(scope, answer.receive, answer.send)

    def ask(self, path: str = SESSIONS, token: str = "") -> Answer:
        answer = Answer()
        asyncio.run(self.asking(answer, path, token))
        return answer


@pytest.mark.parametrize(
    ("name", "status", "cause"),
    [
        (FaultName.TOO_MANY_REQUESTS, 429, "NF_CONGESTION_RISK"),
        (FaultName.SERVICE_UNAVAILABLE, 503, "NF_CONGESTION"),
    ],
)
def test_a_refusal_says_when_to_ask_again_and_carries_nothing_out(
    name: FaultName, status: int, cause: str
) -> None:
    rig = Rig()
    rig.faulty.set(name, times=1, retry_after_s=7)
    answer = rig.ask()
    problem = orjson.loads(answer.messages[1]["body"])
    assert (answer.status, answer.retry_after) == (status, "7")
    assert (problem["status"], problem["cause"]) == (status, cause)
    assert rig.reached == []
    assert rig.ask().status == 204


@pytest.mark.parametrize(
    "path",
    [
        "/3gpp-as-session-with-qos/v1/af-1/subscriptions/x",
        "/3gpp-analyticsexposure/v1/af-1/fetch",
        "/3gpp-monitoring-event/v1/af-1/subscriptions",
        "/3gpp-pdtq-policy-negotiation/v1/af-1/subscriptions",
    ],
)
def test_the_standard_apis_have_faults_each_for_the_af_in_its_path(path: str) -> None:
    rig = Rig()
    rig.faulty.set(FaultName.SERVICE_UNAVAILABLE, probability=1.0, af_id="af-1")
    assert rig.ask(path).status == 503
    assert rig.ask(path.replace("af-1", "af-2")).status == 204


def test_the_control_api_has_none() -> None:
    rig = Rig()
    for name in FaultName:
        rig.faulty.set(name, probability=1.0)
    assert rig.ask("/simulator/v1/faults").status == 204
    assert all(state.occasions == 0 for state in rig.faulty.faults.all())


@pytest.mark.parametrize(
    ("path", "claims"),
    [
        (SESSIONS, None),
        (SESSIONS, {"exp": 1}),
        (SESSIONS.replace("af-1", "af-2"), {}),
        (SESSIONS, {"scope": "3gpp-monitoring-event"}),
    ],
    ids=["without a token", "with one that has expired", "as another AF", "at another API"],
)
def test_who_may_not_call_takes_no_fault_from_who_may(
    path: str, claims: dict[str, Any] | None
) -> None:
    rig = Rig(Authorisation(Clocked().tokens))
    rig.faulty.set(FaultName.SERVICE_UNAVAILABLE, times=1)
    assert rig.ask(path, "" if claims is None else signed(**claims)).status == 204
    assert [rig.ask(token=signed()).status for _ in range(2)] == [503, 204]


def slowly(rig: Rig, then: Callable[[list[Answer]], None], clients: int = 50) -> None:
    """Ask for slow answers that nobody could wait for, and look while all of them are held."""

    async def run() -> None:
        answers = [Answer() for _ in range(clients)]
        tasks = [asyncio.create_task(rig.asking(answer)) for answer in answers]
        while len(rig.reached) < clients:
            await asyncio.sleep(0.001)
        quick = Answer()
        await rig.asking(quick, "/3gpp-as-session-with-qos/v1/af-2/subscriptions")
        then([quick, *answers])
        for task in tasks:
            task.cancel()

    asyncio.run(run())


def test_slow_answers_are_carried_out_at_once_and_hold_nobody_else() -> None:
    rig = Rig()
    rig.faulty.set(FaultName.RESPONSE_SLOW, probability=1.0, delay_s=3600, af_id="af-1")

    def look(answers: list[Answer]) -> None:
        quick, *slow = answers
        assert quick.status == 204
        assert {answer.status for answer in slow} == {None}

    slowly(rig, look)
    assert rig.reached.count(SESSIONS) == 50


def test_a_slow_answer_comes_in_the_end() -> None:
    rig = Rig()
    rig.faulty.set(FaultName.RESPONSE_SLOW, times=1, delay_s=0.001)
    assert rig.ask().status == 204
    rig.faulty.set(FaultName.RESPONSE_SLOW, times=1, delay_s=0.001)
    rig.faulty.set(FaultName.SERVICE_UNAVAILABLE, times=1)
    assert rig.ask().status == 503


def test_who_has_left_is_not_waited_for() -> None:
    rig = Rig()
    rig.faulty.set(FaultName.RESPONSE_SLOW, times=1, delay_s=3600)
    answer = Answer(patient=False)
    asyncio.run(rig.asking(answer))
    assert (rig.reached, answer.messages) == ([SESSIONS], [])
