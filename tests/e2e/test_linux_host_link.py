"""Who can reach the NEF where the user plane is on real interfaces."""

import os
import socket
from collections.abc import Iterator

import pytest

from builders.linux_plane import linux_network, needs_linux_plane, within
from builders.userplane import grants
from builders.waiting import PATIENCE_S
from nef.network.linux import commands

pytestmark = [pytest.mark.linux_network, pytest.mark.alone]

OUTSIDE_HOST, OUTSIDE = "203.0.113.1", "203.0.113.2"


@pytest.fixture(autouse=True)
def _able() -> None:
    needs_linux_plane()


@pytest.fixture
def outside() -> Iterator[str]:
    """A namespace that the host is a router for."""
    name = f"o{os.getpid()}"
    commands.ip_batch([
        f"netns add {name}",
        f"link add {name} type veth peer name host netns {name}",
        f"addr add {OUTSIDE_HOST}/30 dev {name}",
        f"link set {name} up",
    ])  # fmt: skip
    inside = [f"addr add {OUTSIDE}/30 dev host", "link set host up"]
    commands.ip_batch([*inside, f"route add default via {OUTSIDE_HOST}"], name)
    yield name
    commands.ip_batch([f"link del {name}", f"netns del {name}"])


def answers(namespace: str | None, address: str, port: int, patience_s: float = PATIENCE_S) -> bool:
    """Whether a TCP connection from a namespace, or from the host, is taken up."""

    def connect() -> bool:
        try:
            socket.create_connection((address, port), timeout=patience_s).close()
        except OSError:
            return False
        return True

    return connect() if namespace is None else within(namespace, connect)


def test_the_nef_can_be_reached_by_the_host_and_the_data_network_alone(outside: str) -> None:
    with linux_network(grants()) as network:
        names, host = network.names, str(network.names.host_address)
        with socket.create_server((host, 0)) as nef:
            port = nef.getsockname()[1]
            assert answers(None, host, port)
            assert answers(names.data_network, host, port)
            assert not answers(names.ue, host, port, 1)
            assert not answers(outside, host, port, 1)
            assert network.plane.counted(0).unknown_destination > 0


def test_what_is_not_on_the_link_can_be_reached_as_before(outside: str) -> None:
    with linux_network(grants()), socket.create_server((OUTSIDE_HOST, 0)) as other:
        assert answers(outside, OUTSIDE_HOST, other.getsockname()[1])
