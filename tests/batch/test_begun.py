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
