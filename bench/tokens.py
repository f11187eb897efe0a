"""What it costs to look at a token: `PYTHONPATH=tests python -m bench.tokens`, some seconds.

CPU time of one core, without the rest of a request.
"""

import asyncio
import time

from joserfc.jwk import Key

from builders.tokens import EC, RSA, Clocked, signed
from nef.api.authorisation import Authorisation

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


def main() -> None:
    """Print three figures."""
    print(f"a token that is known: {asyncio.run(_known_us(100_000)):.1f} us")
    print(f"a new token, ES256:    {asyncio.run(_new_us(EC, 500)):.0f} us")
    print(f"a new token, RS256:    {asyncio.run(_new_us(RSA, 500)):.0f} us")


if __name__ == "__main__":
    main()
