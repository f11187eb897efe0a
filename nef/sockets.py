"""Where a service listens, and how that is written in a URL."""

import socket


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises OSError where it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def root_at(scheme: str, host: str, port: int) -> str:
    """The root of what is served there, with the brackets of an IPv6 address (RFC 3986 3.2.2)."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
