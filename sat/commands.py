"""How a command is made of functions: sub-commands, of which the first is the default, and options in panels."""

import inspect
import re
import shlex
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import MISSING, fields
from functools import cache
from typing import Annotated, Any, ClassVar, NoReturn, get_args, get_type_hints

import typer
from typer.core import TyperGroup

from sat.terminal import BAD_INPUT, USAGE_ERROR, definitions, fail

Function = Callable[..., None]


class Commands(TyperGroup):
    """A command of several, of which the first is meant where none is named; its options are shown with --help.

    An option that is called as one of the others is its old spelling: `--gemm 4 4 4` is `gemm 4 4 4`.
    """

    @property
    def default(self) -> str:
        """The name of the first."""
        return next(iter(self.commands))

    def get_params(self, ctx: Any) -> list[Any]:
        """The default's options, for --help and completion; what is given is read by the command that is meant."""
        return self.commands[self.default].get_params(ctx)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The names of the commands; the first may be left out."""
        return [f"[{' | '.join(self.commands)}]", "[OPTIONS]"]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words, with the name of a command before them."""
        return super().parse_args(ctx, self._completing(args) if ctx.resilient_parsing else self._named(ctx, args))

    def _completing(self, args: list[str]) -> list[str]:
        """The words before the one that the shell completes, which may itself be a name."""
        return [self.default, *args] if args and args[0].startswith("-") else args

    def _named(self, ctx: Any, args: list[str]) -> list[str]:
        if args and (args[0] in self.commands or not args[0].startswith("-")):
            return args
        for place, word in enumerate(args):
            if word == "--":  # what follows is no option
                break
            option, given, value = word.partition("=")
            name = option.removeprefix("--")
            if name != option and name in self.commands and name != self.default:
                rest = [*args[:place], *[value] * bool(given), *args[place + 1 :]]
                new = shlex.join(["sat", str(self.name), name, *rest])
                typer.echo(f"sat: {option} is now a command of its own: {new}", err=True)
                return [name, *rest]
        asked = [word for word in args if word in ctx.help_option_names]
        return asked[:1] or [self.default, *args]

    def invoke(self, ctx: Any) -> Any:
        """Run the command that is meant. An option that it lacks ends it with a line that says where it belongs."""
        try:
            return super().invoke(ctx)
        except USAGE_ERROR as error:
            self._say_order(error.message)
            self._say_where(getattr(error, "option_name", None), getattr(error.ctx, "command", None))
            raise

    def _say_order(self, message: str) -> None:
        for name in self.commands:
            if re.search(rf"extra argument.*\((.* )?{name}[ )]", message):
                fail(f"{name} comes before its options: sat {self.name} {name} ...", BAD_INPUT)

    def _say_where(self, option: str | None, command: Any) -> None:
        has = {name: {word for one in other.params for word in one.opts} for name, other in self.commands.items()}
        if command is None or command.name not in has or option is None or option in has[command.name]:
            return
        places = [f"sat {self.name} {name}" for name, options in has.items() if option in options]
        if places:
            listed = " and ".join(filter(None, (", ".join(places[:-1]), places[-1])))
            self._refuse(command, f"{option} is an option of {listed}")
        if option.removeprefix("--") in self.commands:
            self._refuse(command, f"{option} is a command of its own, sat {self.name} {option.removeprefix('--')}")

    def _refuse(self, command: Any, where: str) -> NoReturn:
        fail(f"{where}, and no option of sat {self.name} {command.name}", BAD_INPUT)


def commands(*functions: tuple[Function, Mapping[str, str]]) -> typer.Typer:
    """A command of several, by the names of the functions: the first is the default. Beside each the keys of its
    report, with their definitions."""
    (first, keys), *_ = functions
    made = typer.Typer(cls=Commands, help=explained(first), epilog=definitions(keys))
    for function, keys in functions:
        made.command(epilog=definitions(keys))(flat(function))
    return made


def single(function: Function, keys: Mapping[str, str]) -> typer.Typer:
    """A command of one function, with the keys of its report."""
    made = typer.Typer(add_completion=False)
    made.command(epilog=definitions(keys))(flat(function))
    return made


class Panel:
    """Options that stand together in --help: a dataclass, whose fields are options of the commands that take it."""

    TITLE: ClassVar[str]


def flat(function: Function) -> Function:
    """The function, with each parameter that is a Panel replaced by the options in it, for typer to read."""
    hints = get_type_hints(function, include_extras=True)
    panels: dict[str, Any] = {}
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if isinstance(hints[name], type) and issubclass(hints[name], Panel):
            panels[name] = hints[name]
            parameters += _options(hints[name])
        else:
            parameters.append(parameter.replace(annotation=hints[name], kind=parameter.KEYWORD_ONLY))

    def command(**given: Any) -> None:
        made = {}
        for name, panel in panels.items():
            made[name] = panel(**{one.name: given.pop(one.name) for one in fields(panel)})
        function(**made, **given)

    command.__name__, command.__doc__ = function.__name__, explained(function)
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def explained(function: Function) -> str:
    """The docstring, a line a paragraph: the terminal breaks them."""
    paragraphs = (inspect.getdoc(function) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


@cache  # of a panel that several commands have
def _options(panel: Any) -> list[inspect.Parameter]:
    """The panel's fields as parameters, whose options stand in it."""
    hints, found = get_type_hints(panel, include_extras=True), []
    for one in fields(panel):
        kind, option = get_args(hints[one.name])
        option = copy(option)  # which several panels may have
        option.rich_help_panel = panel.TITLE
        annotation: Any = Annotated[kind, option]
        default = one.default if one.default_factory is MISSING else one.default_factory()
        found.append(
            inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        )
    return found
