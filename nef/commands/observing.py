"""The options that say what an operator sees."""

from collections.abc import Callable
from typing import Any

import click

from nef.config import Settings
from nef.telemetry import logs

_OPTIONS = (
    click.option("--metrics", default=Settings().metrics, metavar="WHERE",
                 help="Metrics: loopback (/metrics for this machine), off, or HOST:PORT."),
    click.option("--log-format", default="text", type=click.Choice(logs.FORMATS),
                 help="Lines for people, or a JSON object a line."),
    click.option("--log-level", default="warning", type=click.Choice(logs.LEVELS),
                 help="What is less important is not logged."),
    click.option("--access-log", default="off", type=click.Choice(("off", "on")),
                 help="Log a line for each request, at any --log-level."),
)  # fmt: skip


def observing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of `set_up_logs`, and the setting of metrics."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def set_up_logs(given: dict[str, Any]) -> None:
    """Log as the options say, and take them out of what was given."""
    format_name, level, access = (
        given.pop(name) for name in ("log_format", "log_level", "access_log")
    )
    logs.set_up(format_name, level, access=access == "on")
