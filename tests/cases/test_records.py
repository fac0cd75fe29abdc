"""Rows out of text: none lost, whatever happens to the quotes."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulectl.cases.records import Record, Records, delimiter_of

CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


def lines(text: str) -> io.StringIO:
    return io.StringIO(text, newline="")


def cells(text: str) -> list[tuple[str, ...]]:
    return [record.cells for record in Records(lines(text))]


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=8), st.sampled_from([",", "\t", ";"]))
def test_what_a_spreadsheet_writes_comes_back(table: list[list[str]], delimiter: str) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["甲", "乙", "丙"])
    writer.writerows(table)
    records = Records(lines(out.getvalue()))
    assert records.header == Record(0, ("甲", "乙", "丙"))
    kept = [tuple(row) for row in table if any(cell.strip() for cell in row)]
    assert [record.cells for record in records] == kept
    assert records.blank == len(table) - len(kept)


@given(st.text(st.sampled_from('ab",\n;\t'), max_size=200))
def test_no_line_is_lost(text: str) -> None:
    """Every character that is no quote, delimiter or line end comes out again, in order."""
    records = Records(lines("x,y,z\n" + text))
    got = "".join("".join(record.cells) for record in records)
    wanted = [char for char in text if char in "ab"]
    assert [char for char in got if char in "ab"] == wanted


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        ("a,b,c", ","),
        ("a\tb\tc", "\t"),
        ("a;b;c", ";"),
        ('"a,b,c,d";e;f', ";"),
        ("金额(元,含税)\t名称\t编号", "\t"),
        ("one", ","),
    ],
)
def test_the_delimiter_is_that_of_the_headings(line: str, delimiter: str) -> None:
    assert delimiter_of(line) == delimiter
    assert Records(lines(line + "\n")).delimiter == delimiter


def test_excels_own_line_names_the_delimiter() -> None:
    records = Records(lines("sep=|\na|b\n1|2\n"))
    assert records.header == Record(0, ("a", "b"))
    assert [r.cells for r in records] == [("1", "2")]


def test_line_breaks_inside_quotes_belong_to_the_cell() -> None:
    assert cells('a,b\r\n"1\r\n2",3\r\n4,5\r\n') == [("1\r\n2", "3"), ("4", "5")]


def test_line_ends_of_every_system() -> None:
    for text in ("a,b\r1,2\r3,4\r", "a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4"):
        assert cells(text) == [("1", "2"), ("3", "4")]


def test_blank_rows_count_but_are_not_cases() -> None:
    records = Records(lines("\n,,\na,b\n1,2\n,\n\n3,4\n"))
    assert list(records) == [Record(3, ("1", "2")), Record(6, ("3", "4"))]
    assert records.blank == 2


def test_a_quote_never_closed_costs_one_row() -> None:
    text = "a,b,c\n1,2,3\n" + '4,"5,6\n' + "".join(f"{n},x,y\n" for n in range(10))
    records = list(Records(lines(text)))
    assert len(records) == 12
    assert records[1] == Record(2, ('4,"5,6',), broken=True)
    assert [r.cells[0] for r in records[2:]] == [str(n) for n in range(10)]


def test_a_quote_closed_rows_later_costs_one_row() -> None:
    """The field that opens in row 2 would end in row 4 and have the right number of cells."""
    text = "a,b,c,d,e\n1,2,3,4,5\n" + '1,"2,3,4,5\n' + "6,7,8,9,0\n" + '1,2",3,4,5\n' + "7,7,7,7,7\n"
    records = list(Records(lines(text)))
    assert [r.number for r in records if r.broken] == [2]
    assert ("6", "7", "8", "9", "0") in [r.cells for r in records]
    assert len(records) == 5


def test_a_quote_inside_a_quoted_cell_is_not_guessed_at() -> None:
    records = list(Records(lines('a,b\n"外套"红色"款",是\n"外套""红色""款",是\n')))
    assert [r.broken for r in records] == [True, False]
    assert records[1].cells == ('外套"红色"款', "是")


def test_a_broken_heading_is_told() -> None:
    header = Records(lines('a,"b"x,c\n1,2,3\n')).header
    assert header is not None
    assert header.broken


def test_nothing_at_all() -> None:
    assert Records(lines("")).header is None
    assert Records(lines("\n \n,,\n")).header is None
