"""The keys of an external issuer: when they are fetched, and what a failure means."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from joserfc.jwk import Key, OctKey

from builders.tokens import EC, NOW_S, RSA, RULES, ec_key, key_set, signed
from nef.ports.tokens import Caller, InvalidToken, KeysOutOfReach
from nef.tokens import jwks
from nef.tokens.jwks import COOL_S, FRESH_S, STALE_S, PublishedKeys, fetching
from nef.tokens.keys import keys_of
from nef.tokens.verification import VerifiedTokens


class Issuer:
    """An issuer that publishes keys, until it is down; the time is in the hands of the test."""

    def __init__(self, *keys: Key) -> None:
        self.keys, self.down, self.asked, self.time_s = keys, False, 0, 1000.0
        self.published = PublishedKeys(self._fetch, lambda: self.time_s)
        self.tokens = VerifiedTokens(self.published, RULES, lambda: NOW_S)

    async def _fetch(self) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if self.down:
            raise OSError("nobody there")
        return key_set(*self.keys)

    def read(self, *tokens: str) -> list[Caller]:
        async def together() -> list[Caller]:
            found = await asyncio.gather(*map(self.tokens.verified, tokens))
            while len(asyncio.all_tasks()) > 1:  # what goes on behind an answer comes to its end
                await asyncio.sleep(0)
            return found

        return asyncio.run(together())


def test_keys_are_fetched_once_for_all_who_come_at_once() -> None:
    issuer = Issuer(EC)
    assert len(issuer.read(*(signed(jti=str(number)) for number in range(20)))) == 20
    assert issuer.asked == 1


def test_a_new_key_is_found_when_a_token_names_it() -> None:
    issuer, new = Issuer(EC), ec_key()
    issuer.read(signed())
    issuer.keys = (new,)
    issuer.time_s += COOL_S
    assert issuer.read(signed(new))
    with pytest.raises(InvalidToken):
        issuer.read(signed())


def test_tokens_with_invented_keys_do_not_make_it_ask_all_the_time() -> None:
    issuer = Issuer(EC)
    issuer.read(signed())
    for _ in range(5):
        with pytest.raises(InvalidToken):
            issuer.read(signed(ec_key()))
    assert issuer.asked == 1


def test_keys_that_are_not_fresh_are_fetched_behind_an_answer() -> None:
    issuer = Issuer(EC)
    issuer.read(signed())
    issuer.keys = (RSA,)
    issuer.time_s += FRESH_S + 1
    assert issuer.read(signed(jti="by the keys at hand"))
    assert issuer.read(signed(RSA))


def test_an_issuer_that_is_down_at_first_is_no_fault_of_the_token() -> None:
    issuer = Issuer(EC)
    issuer.down = True
    for _ in range(3):
        with pytest.raises(KeysOutOfReach):
            issuer.read(signed())
    assert issuer.asked == 1
    issuer.down = False
    issuer.time_s += COOL_S
    assert issuer.read(signed())


def test_while_the_issuer_is_down_its_keys_go_on_for_a_while() -> None:
    issuer = Issuer(EC)
    issuer.read(signed())
    issuer.down = True
    issuer.time_s += STALE_S
    assert issuer.read(signed(jti="1"))
    with pytest.raises(KeysOutOfReach):
        issuer.read(signed(ec_key()))
    issuer.time_s += 1
    with pytest.raises(KeysOutOfReach):
        issuer.read(signed(jti="2"))


@pytest.mark.parametrize(
    "document", [b"", b"{}", b"[]", b'{"keys": {}}', b'{"keys": []}', b"[" * 100_000]
)
def test_what_is_no_key_set_is_a_failed_attempt(document: bytes) -> None:
    async def fetch() -> bytes:
        return document

    tokens = VerifiedTokens(PublishedKeys(fetch), RULES, lambda: NOW_S)
    with pytest.raises(KeysOutOfReach):
        asyncio.run(tokens.verified(signed()))


def test_of_a_key_set_only_public_keys_for_signatures_are_taken() -> None:
    others: list[dict[str, Any]] = [
        OctKey.generate_key(256).as_dict(private=True),
        ec_key(use="enc").as_dict(private=False),
        {"kty": "EC", "crv": "P-256"},
        {"kty": "new"},
        {},
    ]
    mine: dict[str, Any] = EC.as_dict(private=False)
    assert [key.kid for key in keys_of({"keys": [*others, 3, mine]})] == [EC.kid]


# --- over HTTP ---


def served(answer: bytes, work: Callable[[str], Awaitable[bytes]], hold_s: float = 0) -> bytes:
    """What `work` returns with the URL of somebody who answers every request like this."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(hold_s)
            writer.write(answer)
            await writer.drain()
        finally:
            writer.close()

    async def both() -> bytes:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            return await work(f"http://127.0.0.1:{port}/keys")

    return asyncio.run(both())


def reply(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


async def fetched(url: str) -> bytes:
    return await fetching(url)()


def test_keys_come_over_http() -> None:
    assert served(reply(key_set(EC)), fetched) == key_set(EC)


@pytest.mark.parametrize(
    "answer",
    [
        reply(b"", "500 Internal Server Error"),
        reply(b"", "302 Found", "Location: http://127.0.0.1:1/"),
        reply(b" " * (jwks.MOST_BYTES + 1)),
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort",
        b"no HTTP at all\r\n\r\n",
    ],
    ids=["status", "redirect", "huge", "short", "no-http"],
)
def test_an_answer_that_is_none_fails(answer: bytes) -> None:
    with pytest.raises(Exception, match=r".+"):
        served(answer, fetched)


def test_an_issuer_that_is_slow_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwks, "TIMEOUT_S", 0.05)
    with pytest.raises(TimeoutError):
        served(reply(key_set(EC)), fetched, hold_s=1)
