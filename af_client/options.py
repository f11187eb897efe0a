"""Kinds of values that options of `af-client` take."""

from ipaddress import ip_address
from typing import Any

import click

from af_client.delivery.tunnel import Endpoint
from af_client.units import checked_error_rate, parse_rate


class HostPort(click.ParamType[Any]):
    """An outer address: a host and a port."""

    name = "host:port"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, int]:
        host, _, port = str(value).rpartition(":")
        if not host or not port.isdigit() or int(port) > 65_535:
            self.fail(f"{value!r} is not host:port, 127.0.0.1:4000 say", param, ctx)
        return host.strip("[]"), int(port)


class Inner(HostPort):
    """An address and port inside the tunnel."""

    name = "address:port"

    def convert(self, value: Any, param: Any, ctx: Any) -> Endpoint:  # type: ignore[override] # the parameter's own value
        if isinstance(value, Endpoint):
            return value
        host, port = super().convert(value, param, ctx)
        return Endpoint(address_of(host, param, ctx), port)


def address_of(text: str, param: Any = None, ctx: Any = None) -> Any:
    """Read an inner address; raises BadParameter."""
    try:
        return ip_address(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no IP address, 10.45.0.2 say", ctx, param) from None


def relay_of(option: str, where: tuple[str, int] | None, *, direct: bool) -> tuple[str, int] | None:
    """Return where the relay is, None for a direct way; raises UsageError unless one is said."""
    if direct == (where is not None):
        raise click.UsageError(f"the user plane is behind {option} host:port, or --direct: say one")
    return where


class ErrorRate(click.ParamType[Any]):
    """A packet error rate as the standard writes it."""

    name = "rate"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        try:
            return checked_error_rate(str(value))
        except ValueError as fault:
            self.fail(str(fault), param, ctx)


class Rate(click.ParamType[Any]):
    """A bit rate as the standard writes it."""

    name = "rate"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        try:
            return parse_rate(value)
        except ValueError as fault:
            self.fail(str(fault), param, ctx)
