"""Names of receivers, looked up and held against the policy before anybody connects."""

import socket
from ipaddress import ip_address

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from nef.domain.destinations import CallbackPolicy
from nef.ports.notifier import DeliveryForbidden


class PoliticResolver(AbstractResolver):
    """aiohttp's resolver, whose answers have to please the policy.

    One address that must not be connected to spoils them all: who answers with a public and a
    private one wants the second to be tried when the first does not answer (DNS rebinding).
    """

    def __init__(self, policy: CallbackPolicy, resolver: AbstractResolver | None = None) -> None:
        """`resolver` looks up; the system's unless another one is given. Needs a running loop."""
        self._policy, self._resolver = policy, resolver or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name; raises OSError, and DeliveryForbidden where one is not allowed.

        The connector connects to these and no others.
        """
        found = await self._resolver.resolve(host, port, family)
        for answer in found:
            refusal = self._policy.refusal_of(ip_address(answer["host"]))
            if refusal:
                raise DeliveryForbidden(f"the name {host} {refusal}")
        return found

    async def close(self) -> None:
        """Let go of the resolver behind it."""
        await self._resolver.close()
