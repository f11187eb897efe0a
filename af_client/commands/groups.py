"""Groups of commands: how their help shows them, and what they need to be installed."""

from typing import Any

import click

#: More than any first sentence has; click cuts one off where the line ends.
_WHOLE_SENTENCE = 1000
#: What the extras of the package install, by the names under which it is imported.
_EXTRAS = {
    **dict.fromkeys(("onnx", "onnxruntime", "sklearn", "threadpoolctl"), "models"),
    **dict.fromkeys(("matplotlib", "rich"), "demo"),
}


class SentenceGroup(click.Group):
    """A group that shows a whole sentence of each of its commands, on more lines if need be."""

    group_class = type

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write them; what click calls when it is asked for help."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, one.get_short_help_str(_WHOLE_SENTENCE)) for name, one in commands if one]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; raises ClickException where it needs an extra that is not installed."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if missing not in _EXTRAS:
                raise
            right = f"pip install 'open-nef[{_EXTRAS[missing]}]'"
            raise click.ClickException(f"this needs {missing}: {right}") from None
