"""Groups of commands, as their help shows them."""

import click

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
