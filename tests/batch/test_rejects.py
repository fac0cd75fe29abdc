"""Rejected rows are written in columns as they are one by one, and in a fraction of the time."""

from __future__ import annotations

from pathlib import Path
from random import Random

import openpyxl
import polars as pl
import pytest

import rulectl
from rulectl.batch.answers import Rejects
from rulectl.batch.writing import RejectWriter
from rulectl.cases.facts import Slot
from rulectl.cases.headings import Plan, plan
from rulectl.cases.reader import Reject
from rulectl.cases.table import positions
from rulectl.cases.writer import UnwritableError
from rulectl.columnar.engine import ColumnarEngine
from rulectl.columnar.refused import Refused
from rulectl.lang.literals import read_value
from rulectl.lang.scope import Problem
from rulectl.types import Type
from rulectl.values import Value
from tests.batch.conftest import BOOK, Batch
from tests.batch.oracle import decisions

HEADINGS = ("工单号", "款号", "进线时间", "问题类型", "签收天数", "实付金额", "备注")
CELLS = (
    ("A1", " A2 ", "=A3", "-4", "", "A,5", 'A"6', "@7"),
    ("K1", "", "+8613800000000", "-3.50", "'x", "=1+1"),
    ("2025-06-01 10:30", "2025-02-30", "昨天", ""),
    ("瑕疵", "看情况", "", "色差 ", '"瑕疵"', "两\n行"),
    ("3", "三天", "-3", "", "3天,5天", "两\n行"),
    ("￥3.50", "", "1元2角", "=3", "-1"),
    ("", "急", '他说"好"', "有,逗号", "\t制表", "回\r车", "末尾\n", "é"),
)


def rows(count: int, seed: int) -> list[tuple[str, ...]]:
    draw = Random(seed)
    return [tuple(map(draw.choice, CELLS)) for _ in range(count)]


def refused(cells: pl.DataFrame, columns: Plan, book: rulectl.Book) -> Refused:
    found = ColumnarEngine(book.rulebook).read(cells, columns, file="cases.csv").refused
    assert found is not None
    return found


@pytest.fixture(scope="module")
def book() -> rulectl.Book:
    return rulectl.load(BOOK)


@pytest.fixture(scope="module")
def columns(book: rulectl.Book) -> Plan:
    return plan(HEADINGS, book.rulebook, "cases.csv")


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("raw", [1, 5, 7])
@pytest.mark.parametrize("seed", range(4))
def test_in_columns_as_one_by_one(seed: int, raw: int, delimiter: str, book: rulectl.Book, columns: Plan) -> None:
    cells = pl.DataFrame(rows(300, seed), schema=positions(7), orient="row")
    together = refused(cells, columns, book)
    together = Refused(together.rows, together.at, 2 * together.numbers, "cases.csv", 0, together.doubts, raw)
    singly = together.singly()
    assert len(singly) == len(together) > 100
    assert all(len(reject.raw) == raw and reject.problems for reject in singly)
    writer = RejectWriter((), "zh", "utf-8", delimiter)
    whole = writer.piece(Rejects((), together))
    assert whole == writer.piece(Rejects(singly))
    others = tuple(Reject(one.number - 1, "x", ("a", "b"), one.problems) for one in singly[::7])
    mixed = writer.piece(Rejects(others[::-1], together))
    assert mixed == writer.piece(Rejects(tuple(sorted((*singly, *others), key=lambda one: one.number))))


def test_values_of_other_types(book: rulectl.Book, columns: Plan) -> None:
    """As a program may hand them over."""
    frame = pl.DataFrame(
        {"工单号": ["A1", None, " A3"], "问题类型": [None, "瑕疵", "x"], "签收天数": [1.5, None, float("nan")]}
    )
    found = ColumnarEngine(book.rulebook).decide(frame, plan(tuple(frame.columns), book.rulebook, ""))
    assert [(one.number, one.id, one.raw[1:]) for one in found.rejects] == [
        (1, "A1", ("", "1.5")),
        (2, "2", ("瑕疵", "")),
        (3, "A3", ("x", "nan")),
    ]


def test_what_an_encoding_cannot_hold(book: rulectl.Book, columns: Plan) -> None:
    cells = pl.DataFrame([("A1", "", "", "看情况", "é", "3", "")], schema=positions(7), orient="row")
    together = refused(cells, columns, book)
    writer = RejectWriter(HEADINGS, "zh", "gb18030")
    assert writer.piece(Rejects((), together)) == writer.piece(Rejects(together.singly()))
    with pytest.raises(UnwritableError):
        RejectWriter(HEADINGS, "zh", "ascii").piece(Rejects((), together))


def test_a_file_of_which_every_row_is_rejected(batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with a cell is looked for once, though facts are counted first."""
    lines = [f"A{n:05},K1,2025-06-01 10:30,瑕疵,{n}日前,3," for n in range(5000)]
    data = "\n".join([",".join(HEADINGS), *lines]) + "\n"
    (tmp_path / "cases.csv").write_text(data, "utf-8")
    _, expected, _ = decisions(rulectl.load(BOOK), data.encode())
    read: list[str] = []

    def counted(text: str, type_: Type, unit: str = "") -> Value | Problem:
        read.append(text)
        return read_value(text, type_, unit)

    monkeypatch.setattr("rulectl.cases.facts.read_value", counted)
    done = batch("cases.csv", "-o", "out.csv", "--jobs", "1")
    assert done.exit_code == 1
    found = (tmp_path / "out.rejects.csv").read_bytes().decode("utf-8-sig")
    assert found.partition("\r\n")[2] == expected
    assert max(map(read.count, ("17日前", "4000日前"))) <= 2, "once to count, once to decide"


def test_mistakes_of_a_piece_are_remembered(book: rulectl.Book) -> None:
    """As many as a piece of a file has rows, and no more than twice that."""
    term = next(term for term in book.rulebook.terms if term.id == "days")
    slot = Slot(term)
    for n in range(150_000):
        slot.text(f"{n}日前")
    held = len(slot._problems) + len(slot._earlier)
    assert 60_000 < held < 140_000
    assert slot.text("149999日前") is slot.text("149999日前")


@pytest.mark.parametrize("rejects", ["out.rejects.csv", "out.rejects.tsv", "out.rejects.xlsx"])
def test_rejected_rows_come_back_as_they_were(rejects: str, batch: Batch, tmp_path: Path) -> None:
    """Whatever stands in them, once the mistake is mended: ids are those that they were."""
    odd = [
        "=1+1",
        "@小鹿",
        "-",
        '="202506017000000123"',
        "202506017000000123",
        "+8613800000000",
        "'0012",
        "甲\n乙",
        "a,b",
    ]
    quoted = ['"' + text.replace('"', '""') + '"' for text in odd]
    lines = [f"A{n},{text},2025-06-01 10:30,瑕疵,MISTAKE,3," for n, text in enumerate(quoted)]
    (tmp_path / "cases.csv").write_text("\n".join([",".join(HEADINGS), *lines]) + "\n", "utf-8")
    (tmp_path / "right.csv").write_text("\n".join([",".join(HEADINGS), *lines]).replace("MISTAKE", "2") + "\n", "utf-8")
    columns = ("--columns", "工单号,款号,同款件数,责任方")
    assert batch("right.csv", "-o", "right.out.csv", *columns).exit_code == 0
    assert batch("cases.csv", "-o", "out.csv", "--rejects", rejects, *columns).exit_code == 1
    path = tmp_path / rejects
    if rejects.endswith(".xlsx"):
        book = openpyxl.load_workbook(path)
        assert book.active is not None
        assert book.active.auto_filter.ref == f"A1:J{len(odd) + 1}"
        assert book.active["C2"].alignment.wrap_text
        assert book.active.row_dimensions[2].height == 30
        # nothing is run there, so that nothing keeps it from being run
        assert [row[4].value for row in book.active.iter_rows(min_row=2)] == odd
        for row in book.active.iter_rows(min_row=2):
            row[7].value = 2
        book.save(path)
    else:
        path.write_text(path.read_text("utf-8-sig").replace("MISTAKE,", "2,").replace("MISTAKE\t", "2\t"), "utf-8-sig")
    done = batch(rejects, "-o", "again.csv", *columns)
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "right.out.csv").read_bytes()
