"""What the user gave: what cannot be read is one line, an empty path is refused, and ``~`` is a home folder."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args, get_type_hints

from typer import BadParameter
from typer.core import TyperCommand, TyperGroup

from vaebench.mistakes import Mistake, nearest

_Unreadable: type[Exception] = BadParameter.__bases__[0]  # of click, or of typer's own copy of it


@contextmanager
def _in_one_line(command: str) -> Iterator[None]:
    """Say in one line what the parser says in four."""
    try:
        yield
    except _Unreadable as error:
        said = error.format_message().rstrip(".")  # type: ignore[attr-defined]
        raise Mistake(f"{said[:1].lower()}{said[1:]}; see {command} --help") from error


class Verbs(TyperGroup):
    """The command line as a whole, which answers an unknown verb or option in one line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as usual. Without a verb, print the help.

        Args:
            ctx: Of the command line.
            args: What was given.

        Returns:
            What is left of it.
        """
        if not args:
            return super().parse_args(ctx, args)
        with _in_one_line("vaebench"):
            return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb.

        Args:
            ctx: Of the command line.
            args: The verb, and what follows.

        Returns:
            Its name, the verb, and what follows.

        Raises:
            Mistake: There is no such verb.
        """
        if args[0] not in self.commands:
            raise Mistake(f"there is no verb {args[0]!r}{nearest(args[0], self.commands)}; see vaebench --help")
        return super().resolve_command(ctx, args)


class Verb(TyperCommand):
    """A command that answers in one line what it cannot read, an empty argument, and an empty path of an option.

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
            Mistake: An argument or a path is empty, or something cannot be read.
        """  # noqa: DOC502 - raised by _in_one_line
        with _in_one_line(f"vaebench {self.name}"):
            self._refuse_empty(ctx, args)
            left = super().parse_args(ctx, args)
        params: list[Any] = self.params  # of click, or of typer's own copy of it
        for param in params:
            if isinstance(value := ctx.params.get(param.name), Path):
                ctx.params[param.name] = expanded(value, param.opts[0])
        return left

    def _refuse_empty(self, ctx: Any, args: list[str]) -> None:
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
