"""What several commands do first: load the book, open the cases, find out about a term by name."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from rulectl.cases.encoding import known
from rulectl.cases.headings import by_heading, key_of
from rulectl.cases.reader import Unreadable, unopened
from rulectl.cli.base import USAGE, Session, StopError, doubt_later, near_text, refuse
from rulectl.cli.places import check_place as check_place
from rulectl.cli.places import spare as spare
from rulectl.codes import Language
from rulectl.diagnostics import Finding
from rulectl.loading import Loaded, load_rulebook
from rulectl.model.rulebook import Rulebook, Term

if TYPE_CHECKING:
    from rulectl.api import Book, Cases


def open_book(name: str, here: Session, *outputs: str) -> Book:
    """The rulebook; stops with every finding when it has errors, and where an output is one of the files that it was
    read from. Other warnings and notices than that it was tampered with are left to `check`."""
    from rulectl.api import Book  # late: a batch needs the rulebook alone

    rulebook, loaded = loaded_book(name, here, *outputs)
    return Book(rulebook, loaded.findings, loaded.doubt)


def loaded_book(name: str, here: Session, *outputs: str) -> tuple[Rulebook, Loaded]:
    """The same as data alone, with what there is to say of it and the files that it was read from."""
    loaded = load_rulebook(name)
    for output in outputs:
        spare(output, loaded.sources)
    if loaded.rulebook is None:
        raise StopError(loaded.findings, USAGE if loaded.path is None else 1)
    # whoever decides by it must know that somebody has changed it since it was compiled
    here.tell(found for found in loaded.findings if found.slug == "json-hash")
    doubt_later(loaded.doubt)
    return loaded.rulebook, loaded


def parted(text: str) -> tuple[str, str]:
    """`字段=值` -> its two sides, the first without blanks around it; no value where there is no equals sign."""
    name, _, value = text.replace("＝", "=", 1).partition("=") if "=" not in text else text.partition("=")
    return name.strip(), value.strip()


def one_input(*names: str | None) -> None:
    """Refuse to read two things from standard input."""
    if names.count("-") > 1:
        refuse("stdin-twice", "-", USAGE)


def once_only(name: str) -> bool:
    """Whether what has this name can be read but once: standard input, or a pipe with a name."""
    return name == "-" or (os.path.exists(name) and Path(name).is_fifo())


def open_stream(name: str) -> tuple[BinaryIO, str]:
    """A seekable stream of a file or of standard input, and its name as people know it."""
    if name == "-":
        return _copied(sys.stdin.buffer, "stdin"), "stdin"
    path = Path(name)
    try:
        stream = path.open("rb")
    except OSError:
        raise StopError(unopened(path).findings, USAGE) from None
    if stream.seekable():
        return stream, path.name
    with stream:
        return _copied(stream, path.name), path.name


def _copied(stream: BinaryIO, file: str) -> BinaryIO:
    """What comes through a pipe; stops where there is no room for it."""
    from rulectl.cases.opening import copied  # late: it brings data frames, which most commands do without

    copy = copied(stream, file)
    if isinstance(copy, Finding):
        raise StopError([copy])
    return copy


def open_cases(book: Book, stream: BinaryIO, file: str, encoding: str | None) -> Cases:
    """The rows of a case file; stops with its findings when it cannot be read at all."""
    cases = book.open_stream(stream, file, encoding=encoding)
    if isinstance(cases, Unreadable):
        raise StopError(cases.findings)
    return cases


def checked_encoding(name: str | None, option: str, lang: Language) -> str | None:
    """An encoding that the user names, refused when there is none of that name."""
    if name is not None and not known(name):
        near = near_text(name, ("utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "big5"), lang)
        refuse("bad-option-value", option, USAGE, option=option, value=name, allowed=near)
    return name


def chosen_columns(
    rulebook: Rulebook, text: str | None, extras: Iterable[str], lang: Language
) -> list[Term | str] | None:
    """`责任方,status` -> terms and extra columns, in that order."""
    if text is None:
        return None
    known_terms = by_heading(rulebook.terms)
    extras = tuple(extras)
    found: list[Term | str] = []
    for name in (part.strip() for part in text.replace("，", ",").split(",")):
        if name in extras:
            found.append(name)
        elif (term := known_terms.get(key_of(name))) is not None:
            found.append(term)
        elif name:
            near = near_text(name, [*extras, *(t.name for t in rulebook.terms)], lang)
            refuse("unknown-output-column", "--columns", USAGE, name=name, near=near)
    return found
