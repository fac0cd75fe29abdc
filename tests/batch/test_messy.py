"""Files as nobody should export them: whatever stands in them, a batch says of each row what is said of that row alone,
and rows in are rows decided and rows rejected."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from random import Random

import pytest

import rulectl
from rulectl.cases.reader import Unreadable
from tests.batch.conftest import BOOK, Batch
from tests.batch.oracle import decisions

FILES = 80
BY = rulectl.load(BOOK)
HEADINGS = ("工单号", "款号", "进线时间", "问题类型", "签收天数", "实付金额", "备注")
SAID: tuple[tuple[str, ...], ...] = (
    ("A00001", "123456789012345678", "1.23457E+18", " A1 ", "=1+1", "-3", "Ａ１", ""),
    ("", "K1", "K2", "K1 "),
    ("2025-03-01 10:30", "2025年8月23日 20:05", "2025/3/1", "45000", "", "2025-02-30", "昨天"),
    ("瑕疵", "色差", "其他", "看情况", "瑕 疵", ""),
    ("1", "3天", "-1", "３", "", "三", "1e3", "7.0"),
    ("￥1,299.00", "35元", "35", "", "-", "0.1", "1299，00", "￥"),
    ("", "急", "=1+1", "@x", "+1"),
)
GOOD = ("", "K1", "2025-03-01 10:30", "瑕疵", "3", "￥35", "急")
ODD = (
    *(
        '"两\n行"',
        '"x\r\ny"',
        '"a""b"',
        'a"b',
        '"open',
        'shut"',
        ' "sp"',
        '"q" ',
        '""',
        '"""',
        '"""""',
        '" "',
        "'",
        '\\"',
    ),
    *("\t", "\u3000", "\x0b", "\x1f", "\xa0", "\u2028", "\x85", "\0", "a\0b", "\ufffd", "\x1a", "𠀀", "x" * 3000),
    *('"' + "y\n" * 60 + '"', '"\n\n"'),
)
SPOILT = (b"\xff", b"\0", b"\x80", b"\xe4", b'"', b"\n", b"\xe4\xb8", b"\x81")
ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be")


def cell(draw: Random, at: int, mark: str, number: int, odd: float) -> str:
    if draw.random() < odd:
        return draw.choice((*ODD, f'"a{mark}b"', f'"{mark * 3}"'))
    text = draw.choice(SAID[min(at, 6)]) if draw.random() < odd else GOOD[min(at, 6)]
    if at == 0 and (not text or draw.random() < 0.7):
        text = f"A{number:05}"
    return '"' + text.replace('"', '""') + '"' if mark in text or draw.random() < 0.1 else text


def table(draw: Random) -> str:
    """Rows of cells: ragged, blank, broken, with line ends of every kind."""
    mark = draw.choice(",,,\t;|")
    end = draw.choice(("\n", "\r\n", "\r", ""))
    messy = draw.choice((0.0, 0.03, 0.2, 1.0))

    def stop() -> str:
        return end or draw.choice(("\n", "\r\n", "\r", "\n\n", "\r\r\n", "\n\r"))

    headings = [*HEADINGS, *(draw.choice(("x", "", "  ")) for _ in range(draw.choice((0, 0, 0, 2))))]
    lines = [mark.join(headings) + stop()]
    for number in range(draw.choice((0, 1, 3, 20, 60, 150))):
        if draw.random() < messy * 0.3:
            lines.append(draw.choice(("", mark * 8, "   ", mark, '"', '""', "说明一句话", lines[0].strip())) + stop())
            continue
        width = len(headings)
        if draw.random() < messy * 0.2:
            width = max(1, width + draw.randrange(-3, 4))
        row = mark.join(cell(draw, at, mark, number, messy * 0.2) for at in range(width))
        lines.append(row + mark * draw.randrange(4) * (draw.random() < messy * 0.1) + stop())
    text = "".join(lines)
    return text.rstrip("\r\n") if draw.random() < 0.3 else text


def file(draw: Random) -> bytes:
    """A table in some encoding, some of its bytes spoilt."""
    data = bytearray(table(draw).encode(draw.choice(ENCODINGS)))
    if draw.random() < 0.2:
        for _ in range(draw.choice((1, 1, 2, 10))):
            at = draw.randrange(len(data) // 2, len(data))
            data[at : at + draw.randrange(2)] = draw.choice(SPOILT)
    return bytes(data)


def told(text: str) -> list[list[str]]:
    """Rejected rows, without the blank cells at their ends; a carriage return alone is a line break."""
    rows = [[part.replace("\r", "\n").removeprefix("'") for part in row] for row in csv.reader(io.StringIO(text, ""))]
    for row in rows:
        while len(row) > 3 and not row[-1].strip():
            row.pop()
    return rows


def rows_of(text: str) -> int:
    return sum(1 for _ in csv.reader(io.StringIO(text, "")))


@pytest.mark.parametrize("seed", range(FILES))
def test_a_batch_says_of_each_row_what_is_said_of_it_alone(
    seed: int, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = Random(seed)
    data = file(draw)
    # pieces hold a line whole, whatever their size
    longest = max(map(len, data.split(b"\n")))
    size = max(draw.choice((200, 1000, 5000, 1 << 20)), longest // 3, len(data) // 3 if b"\0" in data else 0)
    monkeypatch.setattr("rulectl.cli.batching.SIZE", size)
    monkeypatch.setattr("rulectl.cases.pieces.SIZE", size)
    (tmp_path / "cases.csv").write_bytes(data)
    done = batch("cases.csv", "-o", "out.csv", "--jobs", draw.choice("123"))
    read = BY.open_stream(io.BytesIO(data), "cases.csv")
    if isinstance(read, Unreadable):
        assert (done.exit_code, read.findings[0].slug in done.stderr) == (1, True), done.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["cases.csv"]
        return
    expected, rejected, _ = decisions(BY, data)
    assert (tmp_path / "out.csv").read_bytes().decode("utf-8-sig") == expected, done.stderr
    kept = tmp_path / "out.rejects.csv"
    mine = kept.read_bytes().decode("utf-8-sig").split("\r\n", 1)[1] if kept.exists() else ""
    assert told(mine) == told(rejected)
    assert done.exit_code in ({1} if rejected else {0, 1})


def test_the_files_are_worth_it() -> None:
    """They are decided and rejected, and some of them are no case files at all."""
    unreadable = decided = rejected = 0
    for seed in range(FILES):
        data = file(Random(seed))
        if isinstance(BY.open_stream(io.BytesIO(data), "cases.csv"), Unreadable):
            unreadable += 1
            continue
        text, bad, _ = decisions(BY, data)
        decided += rows_of(text) - 1
        rejected += len(told(bad))
    assert (unreadable > 2, decided > 1000, rejected > 500) == (True, True, True), (unreadable, decided, rejected)
