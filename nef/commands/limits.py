"""The options that say how much one client may ask for."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from nef.config import Limits

Command = TypeVar("Command", bound=Callable[..., Any])

_HELP = {
    "requests_a_second": "Requests of an AF in a second; 0 for any number.",
    "items": "Items in the objects and arrays of a body; 0 for any number.",
    "sessions": "Sessions of an AF at once; 0 for any number.",
    "subscriptions": "Its subscriptions of the other APIs, questions each; 0 for any number.",
    "websockets": "Its websockets at once; 0 for any number.",
    "connections": "Connections at once, of all clients together; 0 for any number.",
}


def _option(name: str) -> str:
    return f"--max-{name.replace('_', '-')}"


def limit_options(command: Command) -> Command:
    """Give a command the options of `limits_of`."""
    for name, text in reversed(_HELP.items()):
        default = getattr(Limits(), name)
        kind = click.IntRange(0)
        command = click.option(_option(name), default=default, type=kind, help=text)(command)
    return command


def limits_of(options: dict[str, Any]) -> Limits:
    """The limits that options ask for; takes them away."""
    return Limits(**{name: options.pop(f"max_{name}") for name in _HELP})
