"""The keys of an external issuer, fetched from where it publishes them (RFC 7517 5)."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

import aiohttp
from joserfc.jwk import Key

from nef.domain.destinations import without_secrets
from nef.ports.tokens import KeysOutOfReach
from nef.tokens.keys import keys_of

_LOG = logging.getLogger(__name__)

#: How old keys become before they are fetched again.
FRESH_S = 600.0
#: How old they may become where that fails. Tokens of an issuer that is away for longer have mostly
#: expired, and a key that it has withdrawn must not live on because it cannot be reached.
STALE_S = 3600.0
#: How soon after an attempt the next one may follow, whatever keys tokens name.
COOL_S = 10.0
#: How long an attempt may take, and how much it may bring.
TIMEOUT_S = 5.0
MOST_BYTES = 1_000_000

Fetch = Callable[[], Awaitable[bytes]]


class PublishedKeys:
    """Keys that are fetched when first needed, now and then, and when a token names a new one.

    One attempt at a time, however many tokens wait for it; who can do with the keys at hand waits
    for none.
    """

    def __init__(self, fetch: Fetch, now_s: Callable[[], float] = time.monotonic) -> None:
        """`fetch` returns a JWK set; whatever it raises is a failed attempt."""
        self._fetch, self._now_s = fetch, now_s
        self._keys: tuple[Key, ...] = ()
        self._fetched_s = self._tried_s = float("-inf")
        self._failed = False
        self._attempt: asyncio.Task[None] | None = None

    def now(self) -> Sequence[Key]:
        """See the port."""
        return self._keys

    async def renew(self, *, missing: bool) -> None:
        """See the port."""
        age_s = self._now_s() - self._fetched_s
        if age_s > STALE_S:
            self._keys = ()
        needed = missing or not self._keys
        if needed or age_s > FRESH_S:
            attempt = self._attempted()
            if needed and attempt is not None:
                await asyncio.shield(attempt)
        if not self._keys or (missing and self._failed):
            raise KeysOutOfReach("the keys of the issuer of tokens cannot be fetched now")

    def _attempted(self) -> asyncio.Task[None] | None:
        """The attempt that is under way, or a new one where it is time for one."""
        if self._attempt is not None and not self._attempt.done():
            return self._attempt
        if self._now_s() - self._tried_s < COOL_S:
            return None
        self._tried_s = self._now_s()
        self._attempt = asyncio.create_task(self._try())
        return self._attempt

    async def _try(self) -> None:
        try:
            keys = keys_of(json.loads(await self._fetch()))
        except Exception as error:  # whatever it is, the keys at hand go on
            self._failed = True
            _LOG.warning("the keys of the issuer could not be fetched: %s", _told(error))
        else:
            self._keys, self._fetched_s, self._failed = keys, self._now_s(), False


def _told(error: Exception) -> str:
    return without_secrets(str(error))[:200] or type(error).__name__


def fetching(url: str) -> Fetch:
    """What gets a JWK set from a URL, in bounded time and size, and follows nobody elsewhere."""

    async def fetch() -> bytes:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise ValueError(f"{url} answered {answer.status}")
            parts, size = [], 0
            async for part in answer.content.iter_any():
                parts.append(part)
                size += len(part)
                if size > MOST_BYTES:
                    raise ValueError(f"{url} answered with more than {MOST_BYTES} bytes")
            return b"".join(parts)

    return fetch
