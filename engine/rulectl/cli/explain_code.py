"""`rulectl explain-code RB203`: what a code means, with an example and what to write instead."""

from __future__ import annotations

import click

from rulectl.cli.base import USAGE, Command, common, near_text, refuse, session
from rulectl.codes import by_code, registry
from rulectl.report.codes import code_json, code_text


@click.command("explain-code", cls=Command)
@click.argument("code", metavar="CODE")
@common
def explain_code(code: str) -> int:
    """Texts stand in the catalogue."""
    here = session()
    entry = by_code(code) or registry().get(code.lower())
    if entry is None:
        known = [text for slug, entry in registry().items() for text in (slug, entry.code)]
        refuse("unknown-code", code, USAGE, code=code, near=near_text(code, known, here.lang))
    click.echo(code_json(entry, here.lang) if here.json else code_text(entry, here.lang))
    return 0
