"""The options that say where notifications may be sent to."""

from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

import click

from nef.domain.destinations import CallbackPolicy
from nef.domain.internet import LOOPBACK, Network

#: In place of a network: what is on this machine, and nothing that is not public.
_WORDS: dict[str, tuple[Network, ...]] = {"loopback": LOOPBACK, "none": ()}


def _networks(
    _: click.Context, __: click.Parameter, given: Sequence[str]
) -> tuple[Network, ...] | None:
    """The networks that words and prefixes mean, None where there are none of either."""
    try:
        found = [_WORDS[one] if one in _WORDS else (ip_network(one),) for one in given]
    except ValueError as error:
        reason = f"{error}; it may be loopback, none, or such as 10.0.0.0/8"
        raise click.BadParameter(reason) from None
    return tuple(network for networks in found for network in networks) if given else None


_OPTIONS = (
    click.option("--callback-scheme", multiple=True, default=("http", "https"),
                 type=click.Choice(["http", "https"]),
                 help="What notifications may be sent by; repeatable."),
    click.option("--callback-host", multiple=True, metavar="NAME",
                 help="A host that notifications may be sent to, or *. and its end; repeatable. "
                 "[default: any]"),
    click.option("--callback-port", multiple=True, type=click.IntRange(1, 65535),
                 help="A port that notifications may be sent to; repeatable. [default: any]"),
    click.option("--callback-network", multiple=True, callback=_networks,
                 metavar="NETWORK",
                 help="A network that is not public and that notifications may be sent to all the "
                 "same; repeatable. [default: loopback while --host is; else none]"),
)  # fmt: skip

#: What click calls them.
CALLBACK_OPTIONS = ("callback_scheme", "callback_host", "callback_port", "callback_network")


def callback_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of `policy_of`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def policy_of(
    listening_at: str,
    callback_scheme: Sequence[str],
    callback_host: Sequence[str],
    callback_port: Sequence[int],
    callback_network: tuple[Network, ...] | None,
) -> CallbackPolicy:
    """The policy that options ask for, of a service that listens at an address.

    Who can be reached by this machine alone may tell what is on it, unless the options say of
    networks what they want.
    """
    here = LOOPBACK if ip_address(listening_at).is_loopback else ()
    networks = here if callback_network is None else callback_network
    return CallbackPolicy(
        frozenset(callback_scheme), tuple(callback_host), frozenset(callback_port), networks
    )
