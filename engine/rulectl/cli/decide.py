"""`rulectl decide BOOK [--case FILE.json] [--set 字段=值]...`: one case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import click

from rulectl.api import Book, CaseError
from rulectl.cases import encoding as encodings
from rulectl.cases.json_cases import parse_case
from rulectl.cli.base import (
    FINDINGS,
    USAGE,
    Command,
    Option,
    Session,
    StopError,
    common,
    near_text,
    refuse,
    session,
    status_of,
)
from rulectl.cli.opening import one_input, open_book, open_stream
from rulectl.diagnostics import Finding, finding
from rulectl.report.outcome import Reporter
from rulectl.source import FilePlace


@click.command("decide", cls=Command)
@click.argument("book", metavar="BOOK")
@click.option("--case", "case_file", cls=Option, metavar="FILE.json")
@click.option("--set", "settings", cls=Option, metavar="FIELD=VALUE", multiple=True)
@click.option("--explain", cls=Option, is_flag=True)
@click.option("--headings", cls=Option, type=click.Choice(("name", "id")), default="name")
@common
def decide(
    book: str, case_file: str | None, settings: tuple[str, ...], explain: bool, headings: Literal["name", "id"]
) -> int:
    """Texts stand in the catalogue."""
    here = session()
    one_input(book, case_file)
    loaded = open_book(book, here)
    case = {**(_from_file(case_file) if case_file else {})}
    _set(case, settings, loaded, here)
    try:
        outcome = loaded.decide(case)
    except CaseError as error:
        raise StopError(error.findings, FINDINGS) from None
    reporter = Reporter(loaded.rulebook, here.lang, headings)
    if explain and not here.json:
        click.echo(reporter.text(outcome))
    else:
        here.tell(outcome.findings)
        click.echo(reporter.json(outcome, indent=2))
    return status_of(outcome.findings)


def _from_file(name: str) -> Mapping[str, object]:
    """The case of a JSON file or of standard input."""
    stream, file = open_stream(name)
    with stream:
        found = encodings.detect(stream, file)
        if isinstance(found, Finding):
            slug = "empty-json-case" if found.slug == "empty-case-file" else "not-a-json-file"
            raise StopError([finding(slug, FilePlace(file), file=file)])
        text = encodings.open_text(stream, found).read()
        if text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
            raise StopError([finding("not-a-json-file", FilePlace(file), file=file)])
        case = parse_case(text, FilePlace(file))
    if isinstance(case, Finding):
        raise StopError([case])
    return case


def _set(case: dict[str, object], settings: tuple[str, ...], book: Book, here: Session) -> None:
    """Lay `字段=值` over the case; a field set here replaces it under whatever name the case gives it."""
    for text in settings:
        name, equals, value = text.replace("＝", "=", 1).partition("=") if "=" not in text else text.partition("=")
        name = name.strip()
        if not equals or not name:
            refuse("not-a-setting", "--set", USAGE, text=text)
        term = book.field(name)
        if term is None:
            near = near_text(name, [t.name for t in book.rulebook.terms], here.lang)
            refuse("unknown-case-field", "--set", USAGE, field=name, near=near)
        for key in [key for key in case if book.field(key) is term]:
            del case[key]
        case[term.name] = value
