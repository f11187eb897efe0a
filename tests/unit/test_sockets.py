"""A service listens at addresses of both kinds, and its URL is one."""

import socket
from urllib.parse import urlsplit

import pytest

from nef.sockets import listening, root_at


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_whoever_takes_the_host_and_port_of_the_root_reaches_it(host: str) -> None:
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    with listening(host, 0) as here:
        root = urlsplit(root_at("http", host, here.getsockname()[1]))
        assert root.hostname == host
        with socket.create_connection((root.hostname, root.port or 0), timeout=60):
            pass


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True
