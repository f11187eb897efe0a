"""Options that belong to a group of commands, and where they stand."""

import click


class _Command(click.Command):
    """A command that says of an option of its group where it belongs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, with another word for what stands too late."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            owner = _owner(ctx, error.option_name)
            if owner is None:
                raise
            rest = ctx.command_path.removeprefix(owner.command_path)
            right = f"{owner.command_path} {error.option_name} …{rest} …"
            raise click.UsageError(
                f"{error.option_name} stands before the command: {right}", ctx
            ) from None


def _owner(ctx: click.Context, option: str) -> click.Context | None:
    outer = ctx.parent
    while outer is not None and not any(option in one.opts for one in outer.command.params):
        outer = outer.parent
    return outer


class PlacingGroup(click.Group):
    """A group with options of its own, whose commands say where those stand."""

    command_class = _Command
    group_class = type
