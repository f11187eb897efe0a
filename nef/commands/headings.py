"""Help: under headings where options do not fit on a page, and of each command a sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

#: The options of `nef serve` by what they are about; what is used most comes first.
SERVING: Mapping[str, Sequence[str]] = {
    "Where it is, and what it serves": (
        "host", "port", "public_url", "database", "scenario", "mode", "seed", "catalogue",
    ),
    "Who may call": (
        "clients", "token_lifetime_s", "jwks_url", "token_issuer", "token_audience",
        "token_algorithm", "token_leeway_s", "token_af_claim", "tls_certificate", "tls_key",
        "tls_client_ca", "open",
    ),
    "What is seen of it": ("log_level", "log_format", "access_log", "metrics"),
    "How it runs": ("workers", "deliverers", "tick_s", "drain_s"),
    "Where notifications may go": (
        "callback_network", "callback_host", "callback_port", "callback_scheme",
    ),
    "What one client may ask for": (
        "max_requests_a_second", "max_body_bytes", "max_items", "max_sessions",
        "max_subscriptions", "max_websockets", "max_connections",
    ),
}  # fmt: skip


#: More than any first sentence has; click cuts one off where the line ends.
_WHOLE_SENTENCE = 1000


class SentenceGroup(click.Group):
    """A group that shows a whole sentence of each of its commands, on more lines if need be."""

    group_class = type

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write them; what click calls when it is asked for help."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, one.get_short_help_str(_WHOLE_SENTENCE)) for name, one in commands if one]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class HeadedCommand(click.Command):
    """A command whose options stand under headings in its help.

    `headings` has the names of their parameters, in the order in which they are shown. What it
    does not have comes last, under "Options".
    """

    def __init__(self, *args: Any, headings: Mapping[str, Sequence[str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.headings = headings

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write them; what click calls when it is asked for help."""
        records = {one.name: one.get_help_record(ctx) for one in self.get_params(ctx)}
        sections = {
            heading: [records.pop(name) for name in names]
            for heading, names in self.headings.items()
        }
        for heading, rows in {**sections, "Options": list(records.values())}.items():
            with formatter.section(heading):
                formatter.write_dl([row for row in rows if row])
