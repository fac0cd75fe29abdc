"""A file that is being read before its rulebook is known gives what it gives otherwise."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rulectl.cases import delimited_file
from rulectl.cases.ahead import Ahead
from rulectl.cases.delimited_file import begin
from tests.batch.conftest import PIECE, Batch, cases

TEXT = cases(1500, seed=3)


def results(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("out*"))}


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of any size are begun."""
    monkeypatch.setattr(delimited_file, "_WORTH", 0)
    monkeypatch.setattr(delimited_file, "SIZE", PIECE)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_the_same_results(encoding: str, batch: Batch, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Also where what looked like UTF-8 at its start turns out to be none."""
    plain = "".join(f"B{n:06},,,,,,\n" for n in range(9000))
    rest = TEXT.partition("\n")[2]
    text = "case_id,style,created_at,issue_type,days,amount,x\n" + plain + rest if encoding != "utf-8" else TEXT
    (tmp_path / "cases.csv").write_bytes(text.encode(encoding))
    first = batch("cases.csv", "-o", "out.csv")
    whole = results(tmp_path)
    request.getfixturevalue("soon")
    assert begin("cases.csv", None) is not None
    again = batch("cases.csv", "-o", "out.csv")
    assert (again.exit_code, results(tmp_path)) == (first.exit_code, whole)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes with names of files")
@pytest.mark.usefixtures("soon")
def test_what_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cases.csv").write_text(TEXT, "utf-8")
    Path("cases.jsonl").write_text("{}\n")
    Path("blank.csv").write_text("\n")
    os.mkfifo("pipe.csv")
    assert [begin(name, None) for name in ("cases.jsonl", "blank.csv", "pipe.csv", "none.csv", "-")] == [None] * 5
    begun = begin("cases.csv", None)
    assert begun is not None
    first = [piece.records for piece in begun.pieces()]
    assert first == [piece.records for piece in begun.pieces()], "and once more from the start"
    assert sum(first) == 1500


@pytest.mark.usefixtures("soon")
def test_a_file_that_changes_before_the_rulebook_is_known_is_told(
    batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(TEXT, "utf-8")

    def changed(name: str, wanted: str | None) -> delimited_file.DelimitedFile | None:
        begun = begin(name, wanted)
        path.write_text(TEXT[: len(TEXT) // 2], "utf-8")
        return begun

    monkeypatch.setattr(delimited_file, "begin", changed)
    assert batch("cases.csv", "-o", "out.csv").exit_code == 1
    assert not list(tmp_path.glob("out*"))


PLAIN = """## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 |
| 工单号 | case_id | 输入 | 文本 |
| 天数 | days | 输入 | 数值 |
| 答复 | reply | 输出 | 文本 |

## 判定
| 决策表 | 判定 | 命中策略 | F |
| 规则号 | 条件 | 结论 |
| | 天数 | 答复 |
| R1 | - | 稍后 |
"""


@pytest.mark.parametrize("begun", [True, False])
def test_the_share_that_is_shown_is_that_of_decided_rows(
    begun: bool, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much was read ahead."""
    told: list[tuple[int, float]] = []
    monkeypatch.setattr("rulectl.cli.progress.Bar.progress", lambda _, rows, share: told.append((rows, share)))
    monkeypatch.setattr("rulectl.cli.batching.SIZE", 2000)
    rows = 4000
    (tmp_path / "book.md").write_text(PLAIN, "utf-8")
    (tmp_path / "cases.csv").write_text("工单号,天数\n" + "".join(f"A{n:06},{n % 10}\n" for n in range(rows)), "utf-8")

    def read_ahead(name: str, wanted: str | None) -> delimited_file.DelimitedFile | None:
        found = begin(name, wanted)
        time.sleep(0.2)
        return found

    if begun:
        monkeypatch.setattr(delimited_file, "_WORTH", 0)
        monkeypatch.setattr(delimited_file, "SIZE", 2000)
        monkeypatch.setattr(delimited_file, "begin", read_ahead)
    done = batch("cases.csv", "-o", "out.csv", "--jobs", "1", book=str(tmp_path / "book.md"))
    assert done.exit_code == 0, done.stderr
    assert len(told) > 10
    assert told[-1] == (rows, 1.0)
    piece = 2000 / (rows * 10)
    assert all(abs(share - number / rows) <= 2 * piece for number, share in told), told


def test_whoever_stops_asking_stops_the_making() -> None:
    made: list[int] = []

    def numbers() -> Iterator[int]:
        for n in range(1000):
            made.append(n)
            yield n

    ahead = Ahead(numbers(), 3)
    assert next(ahead) == 0
    ahead.close()
    count = len(made)
    time.sleep(0.02)
    assert len(made) == count < 10
    assert list(ahead) == []
