"""The options that say what an operator sees."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from nef.config import Settings
from nef.telemetry import logs

Command = Callable[..., Any]

_LOGS = (
    click.option("--log-format", default="text", type=click.Choice(logs.FORMATS),
                 help="Lines for people, or a JSON object a line."),
    click.option("--log-level", default="warning", type=click.Choice(logs.LEVELS),
                 help="What is less important is not logged."),
)  # fmt: skip
_OF_A_SERVICE = (
    click.option("--metrics", default=Settings().metrics, metavar="WHERE",
                 help="Metrics: loopback (/metrics for this machine), off, or HOST:PORT."),
    *_LOGS,
    click.option("--access-log", default="off", type=click.Choice(("off", "on")),
                 help="Log a line for each request, at any --log-level."),
)  # fmt: skip


def observing_options(command: Command) -> Command:
    """Give a command that serves the options of `set_up_logs`, and the setting of metrics."""
    return _with(_OF_A_SERVICE, command)


def log_options(command: Command) -> Command:
    """Give a command that serves nobody the options of `set_up_logs`."""
    return _with(_LOGS, command)


def set_up_logs(given: dict[str, Any]) -> None:
    """Log as the options say, and take them out of what was given."""
    access = given.pop("access_log", "off") == "on"
    logs.set_up(given.pop("log_format"), given.pop("log_level"), access=access)


def _with(options: Sequence[Callable[[Command], Command]], command: Command) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
