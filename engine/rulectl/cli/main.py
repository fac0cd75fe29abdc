"""All commands, in the order in which a new user needs them."""

from __future__ import annotations

import click

from rulectl.cli.app import App
from rulectl.cli.base import Option, common
from rulectl.cli.batch import batch
from rulectl.cli.check import check
from rulectl.cli.compile import compile_
from rulectl.cli.decide import decide
from rulectl.cli.explain import explain
from rulectl.cli.explain_code import explain_code
from rulectl.cli.export import export
from rulectl.cli.importing import import_
from rulectl.cli.init import init
from rulectl.cli.schema import schema
from rulectl.cli.selftest import test


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


for _command in (init, compile_, check, decide, batch, explain, test, schema, export, import_, explain_code):
    main.add_command(_command)
