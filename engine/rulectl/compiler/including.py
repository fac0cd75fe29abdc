"""Which workbook includes which: what one states goes before what it includes states."""

from __future__ import annotations

from collections.abc import Mapping

from rulectl.compiler.about import files_by_name, stem
from rulectl.compiler.work import Work


def included(work: Work) -> Mapping[str, frozenset[str]]:
    """File -> the files that it includes, directly or not; the first workbook includes all."""
    files = files_by_name(work.books)
    direct = {
        book.draft.file: {files[name] for name in map(stem, book.includes) if name in files} for book in work.books
    }
    reach: dict[str, frozenset[str]] = {}
    for file in direct:
        seen: set[str] = set()
        todo = [file]
        while todo:
            further = direct[todo.pop()] - seen
            seen |= further
            todo.extend(further)
        reach[file] = frozenset(seen)
    if work.books:
        reach[work.books[0].draft.file] = frozenset(direct)
    return reach
