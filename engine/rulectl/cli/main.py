"""All commands, in the order in which a new user needs them. A command is imported when it is asked for: what one of
them needs, the others do not wait for."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module

import click

from rulectl.cli.app import App
from rulectl.cli.base import Option, common

HOMES = {
    "init": "init:init",
    "compile": "compile:compile_",
    "check": "check:check",
    "decide": "decide:decide",
    "batch": "batch:batch",
    "explain": "explain:explain",
    "test": "selftest:test",
    "diff": "diff:diff",
    "schema": "schema:schema",
    "export": "export:export",
    "import": "importing:import_",
    "explain-code": "explain_code:explain_code",
}
"""Command -> its module in this room and its name there."""


class Commands(MutableMapping[str, click.Command]):
    """The commands by name, each imported when it is looked up."""

    def __init__(self) -> None:
        self._homes = dict(HOMES)
        self._known: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._known:
            module, _, attribute = self._homes[name].partition(":")
            command = getattr(import_module(f"rulectl.cli.{module}"), attribute)
            assert isinstance(command, click.Command)
            self._known[name] = command
        return self._known[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._known[name] = command
        self._homes.setdefault(name, "")

    def __delitem__(self, name: str) -> None:
        del self._homes[name]
        self._known.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    from rulectl import __version__

    if wanted:
        click.echo(f"rulectl {__version__}")
        ctx.exit()


@click.group(cls=App, name="rulectl", no_args_is_help=True)
@click.option(
    "--version", cls=Option, text="cli-version", is_flag=True, is_eager=True, expose_value=False, callback=_version
)
@common
def main() -> None:
    """Texts stand in the catalogue."""


main.commands = Commands()
