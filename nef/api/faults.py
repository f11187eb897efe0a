"""Answers with faults: slow ones, and refusals to serve at all. The control API has none."""

import asyncio
from collections.abc import Sequence
from functools import cache
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nef.api.authorisation import Authorisation
from nef.api.documents import CONTROL, NAMES, api_name, base_path, served
from nef.api.errors import answer, problem
from nef.domain.errors import NefError
from nef.domain.faults import FaultName, Strike, Victim
from nef.ports.faults import Faults

#: Status and cause of each refusal (TS 29.500 table 5.2.7.2-1).
_REFUSALS = {
    FaultName.TOO_MANY_REQUESTS: (HTTPStatus.TOO_MANY_REQUESTS, "NF_CONGESTION_RISK"),
    FaultName.SERVICE_UNAVAILABLE: (HTTPStatus.SERVICE_UNAVAILABLE, "NF_CONGESTION"),
}
_NAMES = (*_REFUSALS, FaultName.RESPONSE_SLOW)


class Occasions:
    """The requests that faults may strike: below a standard API, of somebody who may ask there.

    Who has no good token meets no fault, and takes no chance and no time from those who have one.
    """

    def __init__(self, faults: Faults, authorisation: Authorisation | None = None) -> None:
        """Without `authorisation` everybody may call."""
        self._faults, self._authorisation = faults, authorisation

    async def victim(self, scope: Scope, *names: FaultName) -> Victim | None:
        """The AF whose request this is, where one of these faults may strike it."""
        if not self._faults.any_set():
            return None
        path = scope["path"] if scope["type"] == "http" else ""
        root = next((root for root in _roots() if path.startswith(root)), None)
        if root is None:
            return None
        victim = Victim(path.removeprefix(root).partition("/")[0])
        if not any(self._faults.may_strike(name, victim) for name in names):
            return None
        return victim if await self._may_call(scope, api_name(root), victim) else None

    async def _may_call(self, scope: Scope, api: str, victim: Victim) -> bool:
        if self._authorisation is None:
            return True
        try:
            await self._authorisation.check(scope["headers"], api, {"af_id": victim.af_id or ""})
        except NefError:
            return False  # the application behind says why
        return True


@cache
def _roots() -> tuple[str, ...]:
    return tuple(f"{base_path(served(name))}/" for name in NAMES if name != CONTROL)


class FaultyAnswers:
    """ASGI middleware around the standard APIs.

    A refused request is not carried out; one whose answer is slow is, at once. While an answer is
    held back nothing else waits: no thread, no lock, and no other connection.
    """

    def __init__(self, app: ASGIApp, faults: Faults, occasions: Occasions | None = None) -> None:
        """Wrap an application."""
        self._app, self._faults = app, faults
        self._occasions = occasions or Occasions(faults)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        victim = await self._occasions.victim(scope, *_NAMES)
        if victim is None:
            await self._app(scope, receive, send)
            return
        try:
            strikes = await run_in_threadpool(self._strikes, victim)
        except NefError as error:
            await answer(error, scope["path"])(scope, receive, send)
            return
        refused = next((one for one in strikes if one.fault.name in _REFUSALS), None)
        app = self._app if refused is None else _refusal(refused)
        slow = next((s for s in strikes if s.fault.name is FaultName.RESPONSE_SLOW), None)
        if slow is None:
            await app(scope, receive, send)
            return
        await _answer_late(app, slow.fault.delay_s, scope, receive, send)

    def _strikes(self, victim: Victim) -> Sequence[Strike]:
        found = (self._faults.strike(name, victim) for name in _NAMES)
        return [strike for strike in found if strike is not None]


async def _answer_late(
    app: ASGIApp, delay_s: float, scope: Scope, receive: Receive, send: Send
) -> None:
    # Who makes the answer must be done with it, or he would wait in a thread that others need.
    messages: list[Message] = []

    async def hold_back(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, hold_back)
    leaving = asyncio.create_task(_left(receive))
    try:
        left, _ = await asyncio.wait({leaving}, timeout=delay_s)
    finally:
        leaving.cancel()
    if not left:
        for message in messages:
            await send(message)


async def _left(receive: Receive) -> None:
    """Wait until the client has gone, and an answer is of no use to anybody."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _refusal(strike: Strike) -> ASGIApp:
    fault = strike.fault
    status, cause = _REFUSALS[fault.name]
    body = problem(status, cause, f"refused by the fault {fault.name}; nothing was carried out")
    headers = {"Retry-After": str(fault.retry_after_s)}
    return Response(body, status.value, headers, "application/problem+json")
