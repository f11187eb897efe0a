"""Options that belong to a group of commands, where they stand, and what is taken for one."""

import click

from nef.commands.headings import SentenceGroup

#: What click reads numbers by, with bounds or without.
_NUMBERS = (click.types.IntParamType, click.types.FloatParamType)


class _Command(click.Command):
    """A command that says of an option of its group where it belongs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, with another word for what stands too late."""
        given = list(args)  # parsing takes them away
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            number = next((text for text in given if _is_negative(text)), None)
            if number is not None and number.startswith(error.option_name):
                raise click.UsageError(self._place_of(number), ctx) from None
            owner = _owner(ctx, error.option_name)
            if owner is None:
                raise
            rest = ctx.command_path.removeprefix(owner.command_path)
            right = f"{owner.command_path} {error.option_name} …{rest} …"
            raise click.UsageError(
                f"{error.option_name} stands before the command: {right}", ctx
            ) from None

    def _place_of(self, number: str) -> str:
        """What is right instead of a negative number alone, which looks like an option."""
        taking = [one for one in self.params if isinstance(one.type, _NUMBERS)]
        option = next((one.opts[0] for one in taking if isinstance(one, click.Option)), None)
        if option:
            return f"{number} stands behind its option: {option} {number}"
        names = [one.make_metavar(click.Context(self)) for one in taking]
        return f"{number} is no option" + (f", and {names[0]} is not negative" if names else "")


def _is_negative(text: str) -> bool:
    return text[:1] == "-" and text[1:2].isdigit()


def _owner(ctx: click.Context, option: str) -> click.Context | None:
    outer = ctx.parent
    while outer is not None and not any(option in one.opts for one in outer.command.params):
        outer = outer.parent
    return outer


class PlacingGroup(SentenceGroup):
    """A group with options of its own, whose commands say where those stand."""

    command_class = _Command
