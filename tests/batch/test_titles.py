"""What exports put above the headings (a title, the day of the export, a blank line) is passed over and told of, in
every format alike; the rows below are what they are otherwise, and their numbers are those of the file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pytest

import rulectl
from rulectl.cases import delimited_file
from rulectl.cases.reader import Reject, Unreadable
from tests.batch.conftest import BOOK, PIECE, Batch, cases
from tests.batch.oracle import decisions

TITLE = "店铺售后导出 2025-07-01 至 2025-07-31"
ABOVE = {
    "title": [TITLE],
    "title, day, blank": [TITLE, "导出日期：2025-08-01", ""],
    "blank, title": ["", TITLE],
    "padded": [TITLE + ",,,,,,", ",,,,,,"],
    "quoted": ['"店铺售后导出,含已关闭"', '"导出人\n小王"'],
    "a quote that is never closed": ['"店铺售后导出'],
    "cells": ["店铺,鹿鸣旗舰店", "起,2025-07-01,止,2025-07-31"],
    "many": [f"说明第 {n} 条" for n in range(20)],
}
PLAIN = cases(60, seed=7)


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def outs(folder: Path) -> tuple[list[list[str]], list[list[str]]]:
    """Decisions, and rejected rows."""
    return rows_of((folder / "out.csv").read_text("utf-8-sig")), rows_of(
        (folder / "out.rejects.csv").read_text("utf-8-sig")
    )


def above(name: str) -> int:
    """How many rows a spreadsheet shows above the headings."""
    return len(rows_of("\n".join(ABOVE[name]) + "\n")) if "never" not in name else 1


def write(folder: Path, kind: str, lines: list[str]) -> str:
    """The cases below some lines, as a file of a kind; its name."""
    text = "".join(line + "\n" for line in lines) + PLAIN
    if kind == "xlsx":
        book = openpyxl.Workbook()
        assert book.active is not None
        for row in rows_of(text):
            book.active.append(row)
        for cells in book.active.iter_rows():
            for cell in cells:
                cell.data_type = "s" if cell.value else cell.data_type
        book.save(folder / "cases.xlsx")
        return "cases.xlsx"
    if kind == "tsv":
        held = io.StringIO()
        csv.writer(held, delimiter="\t", lineterminator="\n").writerows(rows_of(text))
        text = held.getvalue()
    name = "cases.tsv" if kind == "tsv" else "cases.csv"
    (folder / name).write_bytes(text.encode(kind if kind in ("gb18030", "utf-16") else "utf-8"))
    return name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "csv") for name in ABOVE),
        *((name, "xlsx") for name in ABOVE if "never" not in name),
        *((name, kind) for name in ("blank, title", "cells") for kind in ("gb18030", "utf-16", "tsv")),
    ],
)
def test_what_stands_above_the_headings_is_passed_over(name: str, kind: str, batch: Batch, tmp_path: Path) -> None:
    batch(write(tmp_path, kind, []), "-o", "out.csv")
    decided, rejected = outs(tmp_path)
    done = batch(write(tmp_path, kind, ABOVE[name]), "-o", "out.csv")
    assert done.exit_code == 1, done.stderr
    assert outs(tmp_path)[0] == decided
    shift = above(name)
    assert [(int(row[0]) - shift, *row[3:]) for row in outs(tmp_path)[1][1:]] == [
        (int(row[0]), *row[3:]) for row in rejected[1:]
    ]
    assert "RB442 headings-below" in done.stderr
    assert TITLE in done.stderr or "店铺" in done.stderr or "说明第 2 条 / …" in done.stderr
    sheet = rows_of((tmp_path / "cases.csv").read_text("utf-8")) if kind == "csv" and "never" not in name else []
    for row in outs(tmp_path)[1][1:] if sheet else []:
        assert sheet[int(row[0])][0] == row[3], "number + 1 is the row that a spreadsheet shows"


@pytest.mark.parametrize("name", ABOVE)
@pytest.mark.parametrize("size", [150, PIECE])
def test_the_same_in_pieces_of_any_size_and_row_by_row(
    name: str, size: int, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the file is begun before anyone knows what headings may be."""
    monkeypatch.setattr("rulectl.cli.batching.SIZE", size)
    monkeypatch.setattr("rulectl.cases.pieces.SIZE", size)
    book = rulectl.load(BOOK)
    text = "".join(line + "\n" for line in ABOVE[name]) + PLAIN
    (tmp_path / "cases.csv").write_text(text, "utf-8")
    expected, bad, _ = decisions(book, text.encode())
    for worth in (1 << 30, 0):
        monkeypatch.setattr(delimited_file, "_WORTH", worth)
        done = batch("cases.csv", "-o", "out.csv")
        assert done.exit_code == 1, done.stderr
        decided, rejected = outs(tmp_path)
        assert decided == rows_of(expected)
        assert rejected[1:] == rows_of(bad)
        assert done.stderr.count("RB442") == 1


def test_the_guess_before_the_rulebook_is_known_is_right_for_what_is_usual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(delimited_file, "_WORTH", 0)
    for name, lines in ABOVE.items():
        if name == "cells":  # more than half as many as there are headings
            continue
        Path("cases.csv").write_text("".join(line + "\n" for line in lines) + PLAIN, "utf-8")
        begun = delimited_file.begin("cases.csv", None)
        assert begun is not None
        assert begun.headings[0] == "工单号"
        begun.close()


def test_a_guess_that_is_wrong_costs_nothing_but_time(
    batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A title of many cells, wider than the headings."""
    monkeypatch.setattr(delimited_file, "_WORTH", 0)
    title = ",".join(f"标题{n}" for n in range(30)) + "\n"
    (tmp_path / "cases.csv").write_text(title + PLAIN, "utf-8")
    done = batch("cases.csv", "-o", "out.csv")
    assert outs(tmp_path)[0] == rows_of(decisions(rulectl.load(BOOK), (title + PLAIN).encode())[0])
    assert "标题0 标题1" in done.stderr


def test_headings_that_name_no_term_are_told_of_those_that_look_like_it(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(f"{TITLE}\n单子,啥问题,付了多少,备注\nA1,瑕疵,10,急\n", "utf-8")
    done = batch("cases.csv", "-o", "out.csv")
    assert done.exit_code == 1
    assert "missing-column" in done.stderr
    assert TITLE in done.stderr


def test_rejected_rows_below_a_title_can_be_read_again(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(f"{TITLE}\n\n" + PLAIN, "utf-8")
    batch("cases.csv", "-o", "out.csv")
    again = batch("out.rejects.csv", "-o", "again.csv")
    assert "headings-below" not in again.stderr
    rejected = rows_of((tmp_path / "out.rejects.csv").read_text("utf-8-sig"))[1:]
    # what was rejected for its id alone is decided now, unless the id comes twice here, too
    once = {row[3] for row in rejected if row[1] == "工单号"}
    decided = {row[0] for row in rows_of((tmp_path / "again.csv").read_text("utf-8-sig"))[1:]}
    assert once == decided


def test_headings_alone_below_a_title(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(f"{TITLE}\n工单号,问题类型,实付金额\n", "utf-8")
    done = batch("cases.csv", "-o", "out.csv")
    assert done.exit_code == 0, done.stderr
    assert len(rows_of((tmp_path / "out.csv").read_text("utf-8-sig"))) == 1


def test_a_title_over_the_case_that_is_explained(tmp_path: Path) -> None:
    book = rulectl.load(BOOK)
    text = f"{TITLE}\n工单号,问题类型,实付金额\nA1,瑕疵,10\nA2,色差,\n"
    opened = book.open_stream(io.BytesIO(text.encode()), "cases.csv")
    assert not isinstance(opened, Unreadable)
    numbers = [result.number if isinstance(result, Reject) else result[0].number for result in book.run(opened)]
    assert numbers == [2, 3]
    assert [found.slug for found in opened.findings] == ["headings-below"]
