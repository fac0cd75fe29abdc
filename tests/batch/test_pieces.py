"""Delimited text in pieces gives the rows, rejects and numbers of the row by row reading, wherever the pieces end."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulectl.cases import delimited, pieces, quoting
from rulectl.cases.delimited import DelimitedTable, open_delimited
from rulectl.cases.encoding import Encoding
from rulectl.cases.facts import FactReader
from rulectl.cases.pieces import OtherEncodingError
from rulectl.cases.reader import CaseFile, CaseRow, Reject, once_each, open_cases
from rulectl.cases.table import RowReader
from tests.cases.vocabulary import RULEBOOK

Opened = Callable[[bytes], BinaryIO]

HEAD = "工单号,实付金额,签收天数,问题类型,已穿用\n"


def by_rows(data: bytes) -> list[CaseRow | Reject]:
    opened = open_cases(io.BytesIO(data), "x.csv", RULEBOOK, FactReader(RULEBOOK))
    assert isinstance(opened, CaseFile), opened
    return list(opened)


def in_pieces(data: bytes, size: int, opened: Opened = io.BytesIO) -> list[CaseRow | Reject]:
    for settled in (False, True):
        table = open_delimited(opened(data), "x.csv", RULEBOOK, size=size, settled=settled)
        assert isinstance(table, DelimitedTable), table
        reader = RowReader(table.columns, FactReader(RULEBOOK), RULEBOOK, "x.csv")
        rows: list[CaseRow | Reject] = []
        try:
            for chunk in table.chunks():
                found = [reader.row(number, tuple(cells), chunk.raw) for number, *cells in chunk.frame.iter_rows()]
                rows += sorted([*found, *chunk.rejects], key=lambda row: row.number)
            return list(once_each(rows, "x.csv", reader.unique))
        except OtherEncodingError:
            continue
    raise AssertionError("not UTF-8, and then still not")


def same(data: bytes, size: int, opened: Opened = io.BytesIO) -> None:
    """Blank cells at the end of a row are not part of what is given back."""
    for mine, theirs in zip(in_pieces(data, size, opened), by_rows(data), strict=True):
        assert type(mine) is type(theirs)
        assert (mine.number, mine.id) == (theirs.number, theirs.id)
        if isinstance(mine, Reject) and isinstance(theirs, Reject):
            assert mine.problems == theirs.problems
            assert mine.raw == theirs.raw[: len(mine.raw)]
            assert not any(cell.strip() for cell in theirs.raw[len(mine.raw) :])
        elif isinstance(mine, CaseRow) and isinstance(theirs, CaseRow):
            assert mine.facts == theirs.facts


CELLS = st.sampled_from(
    [
        "1",
        "",
        "二",
        "色差",
        "色差",
        '"a"',
        '"a,b"',
        '"a\nb"',
        '"a""b"',
        'a"b',
        '"open',
        'shut"',
        " ",
        '""',
        "￥35",
        '"1',
        '"\n1,2,3,4,5\n"',
    ]
)
ROWS = st.lists(CELLS, min_size=0, max_size=7).map(",".join)


@given(st.lists(ROWS, max_size=40), st.sampled_from(["\n", "\r\n"]), st.integers(100, 220), st.sampled_from([1, 3, 99]))
def test_whatever_stands_in_the_rows(rows: list[str], end: str, size: int, odd: int) -> None:
    """Also where a piece with many odd rows is handed on in parts."""
    text = HEAD + "".join(row.replace("\r", "") + end for row in rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_ODD", odd)
        same(text.encode(), size)


@given(st.lists(st.sampled_from(["a", '"a,b"', '"a""b"', '""', '"a,""b,"', '"x,\ny"']), max_size=60), st.integers(1, 9))
def test_delimiters_inside_quotes_are_counted_alike(cells: list[str], stretch: int) -> None:
    """Where little is quoted they are looked at one by one, where much is, all bytes in stretches."""
    text = ",".join(cells)
    data = text.encode()
    found = next(csv.reader(io.StringIO(text, newline="")), [])
    quotes = np.flatnonzero(np.frombuffer(data, np.uint8) == ord('"')).astype(np.int32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quoting, "_STRETCH", stretch)
        for rarely in (0, len(data) + 1):
            patch.setattr(quoting, "_RARELY", rarely)
            assert quoting.inside(data, quotes, ord(",")) == "".join(found).count(",")


@given(st.lists(ROWS, max_size=30), st.integers(0, 1 << 16), st.sampled_from(b"A\x80\xa0\xb8\xc0\xe4\xed\xf5\xff"))
def test_a_byte_that_is_no_utf8_is_found_wherever_it_stands(rows: list[str], place: int, byte: int) -> None:
    """In the first bytes, in a piece that is read at once, in one that is read line by line: and nothing else is."""
    text = bytearray("".join(row.replace("\r", "") + "\n" for row in ["A1,99元,3,色差,是", *rows]).encode())
    text[place % len(text)] = byte
    data = HEAD.encode() + text
    for size in (60, 150, 1 << 20):
        try:
            following = pieces.blocks(io.BytesIO(data), Encoding("utf-8", True), True, size)
            first, spoilt, final = next(following)
            shape = pieces.Shape(5, 5, ",")
            for _ in pieces.pieces(pieces.head_of(first, ",").below(0), following, (spoilt, final), shape, True):
                pass
            assert data.decode()
        except OtherEncodingError:
            assert "\ufffd" in data.decode(errors="replace")


@given(st.lists(ROWS, max_size=40), st.integers(60, 220))
def test_a_file_is_cut_where_its_lines_end(rows: list[str], size: int) -> None:
    """As a stream is that cannot be looked at ahead; also where lines are longer than what is looked at."""
    data = (HEAD + "".join(row.replace("\r", "") + "\r\n" for row in rows)).encode()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "_TAIL", 16)
        file = Path(folder) / "x.csv"
        file.write_bytes(data)
        with open(file, "rb") as one, open(file, "rb") as other:
            streams = iter((one, other))
            same(data, size, lambda _: next(streams))


def test_line_ends_of_old_macs() -> None:
    text = HEAD + "".join(f"{n},1,,色差,\n" for n in range(50)) + ",,,,\n60,1\n"
    same(text.replace("\n", "\r").encode(), 200)
    same(text.replace("5,1,,色差,\n", "5,1,,色差,\r").encode(), 200)


@given(
    st.lists(ROWS, max_size=25), st.sampled_from(["gb18030", "utf-16", "utf-16-le", "utf-8-sig"]), st.integers(180, 300)
)
def test_in_any_encoding(rows: list[str], encoding: str, size: int) -> None:
    text = HEAD + "".join(row.replace("\r", "") + "\n" for row in ["A1,99元,3,色差,是", *rows])
    same(text.encode(encoding), size)


@pytest.mark.parametrize("size", [80, 100, 1 << 20])
def test_bytes_that_do_not_fit_spoil_their_row_alone(size: int) -> None:
    data = (HEAD + "1,1,,色差,\n2,2,,?,\n3,\0,,,\n4,4,,色差,\n").encode().replace(b"?", b"\xff")
    table = open_delimited(io.BytesIO(data), "x.csv", RULEBOOK, encoding="utf-8", size=size)
    assert isinstance(table, DelimitedTable)
    rejects = [reject for chunk in table.chunks() for reject in chunk.rejects]
    assert [(r.number, r.problems[0][1].slug) for r in rejects] == [(2, "unreadable-bytes"), (3, "control-character")]


def test_a_file_that_turns_out_to_be_gb18030() -> None:
    data = (HEAD.encode("ascii", "ignore") + b"case_id,amount,issue,shop\n").replace(b",,,,\n", b"")
    data += b"".join(b"%d,1,,\n" % n for n in range(20_000)) + "坏,1,色差,内容\n".encode("gb18030")
    rows = in_pieces(data, 1 << 14)
    assert rows == by_rows(data)
    assert rows[-1].id == "坏"


def test_a_quote_that_is_never_closed_swallows_no_row_but_its_own() -> None:
    data = (HEAD + "1,1,,色差,\n" + '2,2,,"open,\n' + "".join(f"{n},1,,色差,\n" for n in range(3, 5000))).encode()
    rows = in_pieces(data, 1 << 12)
    assert [row.number for row in rows if isinstance(row, Reject)] == [2]
    assert len(rows) == 4999
