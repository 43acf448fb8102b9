"""A command line whose commands are loaded when they are called: each needs but a part of what all of them need."""

import gc
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperGroup


@dataclass(frozen=True)
class Place:
    """Where a command is, and what is said of it before it is loaded.

    module   has it as a typer.Typer named `app`
    summary  for the list of commands
    """

    module: str
    summary: str

    def load(self, name: str) -> Any:
        """The command, under its name."""
        with nullcontext() if self.module in sys.modules else _kept_for_good():
            command = typer.main.get_command(importlib.import_module(self.module).app)
        command.name = name
        return command


@contextmanager
def _kept_for_good() -> Iterator[None]:
    """What is made meanwhile stays until the end: the collector looks neither for garbage in it, nor at it again."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if before:
            gc.enable()


class OnDemand(TyperGroup):
    """A group whose commands have a name and a summary, until one is called or completed (made by `on_demand`)."""

    places: Mapping[str, Place]
    introduction: Callable[[], str]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write --help."""
        self.help = self.introduction()
        super().format_help(ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that the words begin with, loaded."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else self.places[name].load(name), rest

    def loaded(self) -> dict[str, Any]:
        """All commands by their names."""
        return {name: place.load(name) for name, place in self.places.items()}


def on_demand(places: Mapping[str, Place], introduction: Callable[[], str], **settings: Any) -> typer.Typer:
    """A command line of these commands, listed in this order, after an introduction; settings are typer's."""
    own = dict(places=places, introduction=staticmethod(introduction))
    app = typer.Typer(cls=type("Group", (OnDemand,), own), **settings)
    for name, place in places.items():
        app.command(name, short_help=place.summary)(lambda: None)
    return app
