"""What the user gave as paths: an empty one is refused before it is converted, and ``~`` is a home folder."""

import inspect
from pathlib import Path
from typing import Any, get_args, get_type_hints

from typer.core import TyperCommand

from vaebench.mistakes import Mistake


class Verb(TyperCommand):
    """A command that refuses an empty argument, and an empty path of an option.

    Converted, the empty path would be that of the current folder. `cli` makes every verb of this class.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Look at what was given, then parse it as usual.

        Args:
            ctx: Of the command.
            args: What was given.

        Returns:
            What is left of it.

        Raises:
            Mistake: An argument or a path is empty.
        """
        given: dict[str, Any] = self.make_parser(ctx).parse_args(list(args))[0]
        kinds = get_type_hints(inspect.unwrap(self.callback)) if self.callback else {}
        params: list[Any] = self.params  # of click, or of typer's own copy of it
        for param in params:
            value = given.get(param.name)
            if "" not in (value if isinstance(value, list | tuple) else [value]):
                continue
            is_path = Path in (kind := kinds.get(param.name), *get_args(kind))
            is_argument = param.param_type_name == "argument"
            if is_path or is_argument:
                what = (param.metavar or param.name.upper()).strip("[].") if is_argument else param.opts[0]
                hint = "give a path (. is the current folder)" if is_path else f"see vaebench {self.name} --help"
                raise Mistake(f"{what} is empty; {hint}")
        return super().parse_args(ctx, args)


def expanded(path: Path, option: str) -> Path:
    """Put the home folder in place of ``~``.

    Args:
        path: What was given.
        option: The option, for the message.

    Returns:
        The path.

    Raises:
        Mistake: There is no such user, or the user has no home folder.
    """
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise Mistake(f"{option}: {path.parts[0]} is no home folder here; write the path in full") from error
