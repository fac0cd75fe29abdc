"""A batch as it is without any of its machinery: each row read by itself, decided by itself, written by the csv
module."""

from __future__ import annotations

import csv
import io
from typing import Any

from rulectl.api import Book
from rulectl.cases.reader import Reject, Unreadable, id_term
from rulectl.cases.writer import layout, reject_cells


def decisions(book: Book, data: bytes, name: str = "cases.csv", **options: Any) -> tuple[str, str, list[int]]:
    """The decisions and the rejected rows as CSV text (no headings for these), and the numbers of the rejected rows."""
    rows = book.open_stream(io.BytesIO(data), name)
    assert not isinstance(rows, Unreadable), rows
    table = layout(book.rulebook, id_term(book.rulebook), **options)
    decided, rejected = io.StringIO(), io.StringIO()
    numbers: list[int] = []
    csv.writer(decided).writerow(table.headings)
    for result in book.run(rows):
        if isinstance(result, Reject):
            csv.writer(rejected).writerow(reject_cells(result, "zh"))
            numbers.append(result.number)
        else:
            csv.writer(decided).writerow(table.row(*result))
    return decided.getvalue(), rejected.getvalue(), numbers
