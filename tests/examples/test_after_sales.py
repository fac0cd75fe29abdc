"""The example cases, decided: every cell of the decisions is held to what was agreed. After a change of the rulebook
run with `--accept` and read the diff: it shows whose case is decided differently now."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from rulectl.cli import main

ROOT = Path(__file__).parents[2]
CASES = ROOT / "examples" / "after_sales"
GOLDEN = Path(__file__).parent / "golden"
FILES = ("cases.csv", "cases_with_mistakes.csv")


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"))))


def batch(cases: Path, folder: Path) -> tuple[str, list[list[str]], int]:
    """Decisions as the command writes them, the rejected rows, and the exit status."""
    out, rejects = folder / "out.csv", folder / "out.rejects.csv"
    options = ["--rejects", str(rejects), "--lang", "zh", "--encoding", "utf-8"]
    done = CliRunner().invoke(main, ["batch", "after_sales", str(cases), "-o", str(out), *options])
    rejected = rows_of(rejects.read_text("utf-8"))[1:] if rejects.exists() else []
    return out.read_text("utf-8").replace("\r\n", "\n"), rejected, done.exit_code


@pytest.mark.parametrize("file", FILES)
def test_decisions_are_those_agreed(file: str, tmp_path: Path, accept: bool) -> None:
    text, rejected, status = batch(CASES / file, tmp_path)
    cases, decisions = rows_of((CASES / file).read_text("utf-8"))[1:], rows_of(text)[1:]
    assert len(decisions) + len(rejected) == len(cases)
    decided = [row[0] for row in decisions]
    assert decided == [case[0] for case in cases if case[0] in decided], "decisions keep the order of the cases"
    assert {row[3] for row in rejected} == {case[0] for case in cases} - set(decided)
    assert status == (1 if rejected else 0)
    golden = GOLDEN / file
    if accept:
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


def test_bad_rows_are_given_back_whole(tmp_path: Path) -> None:
    """With their row numbers, the fields at fault and the reasons in front."""
    _, rejected, _ = batch(CASES / "cases_with_mistakes.csv", tmp_path)
    cases = rows_of((CASES / "cases_with_mistakes.csv").read_text("utf-8"))[1:]
    assert [row[1] for row in rejected] == ["订单实付金额", "问题类型"]
    assert all(reason for _, _, reason, *_ in rejected)
    assert [row[3:] for row in rejected] == [cases[int(row[0]) - 1] for row in rejected]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_the_rows_changes_no_decision(seed: int, tmp_path: Path) -> None:
    head, *cases = rows_of((CASES / "cases.csv").read_text("utf-8"))
    Random(seed).shuffle(cases)
    mixed = tmp_path / "mixed.csv"
    with mixed.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([head, *cases])
    text, _, _ = batch(mixed, tmp_path)
    expected = rows_of((GOLDEN / "cases.csv").read_text("utf-8"))
    found = rows_of(text)
    assert [row[0] for row in found[1:]] == [case[0] for case in cases]
    assert found[0] == expected[0]
    assert sorted(found[1:]) == sorted(expected[1:])
