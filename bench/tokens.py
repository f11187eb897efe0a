"""What it costs to look at a token, and to make one, in CPU time without the rest of a request.

PYTHONPATH=tests python -m bench.tokens     (some seconds)
"""

import asyncio
import time

from joserfc.jwk import Key
from starlette.concurrency import run_in_threadpool

from builders.tokens import EC, RSA, Clocked, signed
from nef.api.authorisation import Authorisation
from nef.tokens.clients import Clients
from nef.tokens.issuing import Issuer

_API = "3gpp-as-session-with-qos"
_PATH = {"scs_as_id": "af-1", "subscription_id": "x"}
_OTHERS = [(name, b"value") for name in (b"host", b"user-agent", b"accept", b"content-type")]


async def _known_us(times: int) -> float:
    authorisation = Authorisation(Clocked().tokens)
    headers = [*_OTHERS, (b"authorization", f"Bearer {signed()}".encode())]
    await authorisation.check(headers, _API, _PATH)
    begun_s = time.process_time()
    for _ in range(times):
        await authorisation.check(headers, _API, _PATH)
    return (time.process_time() - begun_s) / times * 1e6


async def _new_us(key: Key, times: int) -> float:
    tokens = Clocked(key).tokens
    made = [signed(key, jti=str(number)) for number in range(times)]
    begun_s = time.process_time()
    for token in made:
        await tokens.verified(token)
    return (time.process_time() - begun_s) / times * 1e6


def _made_us(times: int) -> float:
    clients, secret = Clients.none_yet().with_client("c")
    issuer = Issuer(clients, "https://nef.example", 3600)
    begun_s = time.process_time()
    for _ in range(times):
        issuer.issue("c", secret, ())
    return (time.process_time() - begun_s) / times * 1e6


async def _thread_us(times: int) -> float:
    """What it would cost to have something done by a thread."""
    begun_s = time.process_time()
    for _ in range(times):
        await run_in_threadpool(int)
    return (time.process_time() - begun_s) / times * 1e6


def main() -> None:
    """Print five figures."""
    print(f"a token that is known: {asyncio.run(_known_us(100_000)):.1f} us")
    print(f"a new token, ES256:    {asyncio.run(_new_us(EC, 500)):.0f} us")
    print(f"a new token, RS256:    {asyncio.run(_new_us(RSA, 500)):.0f} us")
    print(f"one of our own, made:  {_made_us(500):.0f} us")
    print(f"a turn in a thread:    {asyncio.run(_thread_us(2000)):.0f} us")


if __name__ == "__main__":
    main()
