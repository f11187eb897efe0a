"""The AF's client in front of a service that is in the same process."""

from dataclasses import dataclass

from starlette.testclient import TestClient

from af_client import NefClient, Reply, Request
from builders.service import PUBLIC_URL, Served


@dataclass(frozen=True)
class ServedTransport:
    """Carries requests to the service of the test."""

    http: TestClient

    def send(self, request: Request) -> Reply:
        response = self.http.request(
            request.method,
            request.url.removeprefix(PUBLIC_URL),
            headers=dict(request.headers),
            content=request.body,
        )
        return Reply(response.status_code, response.headers, response.content)


def client_of(service: Served) -> NefClient:
    """The client of one AF of a service."""
    return NefClient(PUBLIC_URL, "af-1", transport=ServedTransport(service.http))
