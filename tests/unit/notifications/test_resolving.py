"""Names of receivers are held against the policy by each address to which they lead."""

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from nef.domain.destinations import CallbackPolicy
from nef.notifications.resolving import PoliticResolver
from nef.ports.notifier import DeliveryForbidden


class Scripted(AbstractResolver):
    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=one, port=port, family=family, proto=6, flags=0)
            for one in self.addresses
        ]

    async def close(self) -> None:
        pass


def resolved(*addresses: str) -> list[str]:
    async def asked() -> list[ResolveResult]:
        resolver = PoliticResolver(CallbackPolicy(), Scripted(*addresses))
        found = await resolver.resolve("af.example", 80)
        await resolver.close()
        return found

    return [one["host"] for one in asyncio.run(asked())]


def test_what_was_judged_is_what_is_connected_to() -> None:
    assert resolved("8.8.8.8", "2606:4700::1111") == ["8.8.8.8", "2606:4700::1111"]


@pytest.mark.parametrize(
    "bad", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1%eth0", "::ffff:10.0.0.1"]
)
def test_one_address_that_is_not_allowed_spoils_them_all(bad: str) -> None:
    for addresses in ((bad,), ("8.8.8.8", bad), (bad, "2606:4700::1111")):
        with pytest.raises(DeliveryForbidden, match=r"af\.example leads to"):
            resolved(*addresses)
