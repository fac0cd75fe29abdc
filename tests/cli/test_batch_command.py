"""What `rulectl batch` writes and prints, and what it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest

import rulectl
from tests.cli.demo import CASES, DEMO, Run


def test_batch_decides_in_order_and_rejects_with_reasons(run: Run, tmp_path: Path) -> None:
    result = run("batch", DEMO, "cases.csv", "-o", "out.csv", "--trace", "full", "--lang", "zh")
    assert result.exit_code == 1
    data = (tmp_path / "out.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").split("\r\n") == [
        "工单号,补救方案,应退金额,status,asks,rules,why",
        "001,换货;退货退款,35.5,decided,,责任判定/R1;补救/B1,责任判定/R1@责任判定!A4:E4;补救/B1@补救!A4:D4",
        "002,换货,9.9,decided,,责任判定/R2;补救/B2,责任判定/R2@责任判定!A5:E5;补救/B2@补救!A5:D5",
        "004,,,undetermined,签收天数,,",
        "",
    ]
    with (tmp_path / "out.rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        rejects = list(csv.reader(file))
    assert rejects[0] == ["行号", "字段", "原因", "工单编号", "问题类型", "签收天数", "实付金额", "备注", "买家要求"]
    assert [row[:2] for row in rejects[1:]] == [["3", "问题类型;签收天数"], ["5", ""], ["6", "工单编号"]]
    assert rejects[1][3:] == ["003", "看情况", "x", "", "b", ""]
    assert "共 6 行：已定 2，待定 1，退回 3\n" in result.stderr
    assert "备注" in result.stderr
    assert result.stdout == ""


def test_rejects_that_were_mended_come_back(run: Run, tmp_path: Path) -> None:
    """The rejects file is what people mend and run again: what it said then is not read, and not said a second time."""
    run("batch", DEMO, "cases.csv", "-o", "out.csv", "--lang", "zh")
    path = tmp_path / "out.rejects.csv"
    path.write_text(path.read_text("utf-8-sig").replace("看情况", "色差", 1), "utf-8")
    again = run("batch", DEMO, "out.rejects.csv", "-o", "again.csv", "--lang", "zh")
    assert "行号" not in again.stderr
    with (tmp_path / "again.rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["行号", "字段", "原因", "工单编号", "问题类型", "签收天数", "实付金额", "备注", "买家要求"]
    assert rows[0][3] == "003"
    assert all(len(row) == len(head) for row in rows if not row[2].startswith("这一行"))


def test_rejects_as_a_workbook_keep_long_numbers(run: Run, tmp_path: Path) -> None:
    """A text file that is opened and saved in Excel has lost them; beside a workbook of results there is a workbook."""
    long = "1436213610742718143"
    (tmp_path / "cases.csv").write_text(
        f"工单号,问题类型,签收天数,实付金额\n{long},看情况,2,9\n002,色差,2,9\n", "utf-8"
    )
    first = run("batch", DEMO, "cases.csv", "-o", "out.xlsx", "--lang", "zh")
    assert "退回的行在 out.rejects.xlsx" in first.stderr
    book = openpyxl.load_workbook(tmp_path / "out.rejects.xlsx")
    head, row = book.worksheets[0].values
    assert head == ("行号", "字段", "原因", "工单号", "问题类型", "签收天数", "实付金额")
    assert row[3:] == (long, "看情况", "2", "9")
    assert row[1] == "问题类型"
    book.worksheets[0]["E2"] = "色差"
    book.save(tmp_path / "mended.xlsx")
    again = run("batch", DEMO, "mended.xlsx", "-o", "again.csv", "--rejects", "again.xlsx", "--lang", "zh")
    assert again.exit_code == 0, again.stderr
    assert long in (tmp_path / "again.csv").read_text("utf-8-sig")
    assert not (tmp_path / "again.xlsx").exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_rejects_workbook_of_an_earlier_run_is_emptied(run: Run, tmp_path: Path) -> None:
    run("batch", DEMO, "cases.csv", "-o", "out.xlsx")
    (tmp_path / "cases.csv").write_text("工单号,问题类型,签收天数,实付金额\n002,色差,2,9\n", "utf-8")
    assert run("batch", DEMO, "cases.csv", "-o", "out.xlsx").exit_code == 0
    assert len(list(openpyxl.load_workbook(tmp_path / "out.rejects.xlsx").worksheets[0].values)) == 1


def test_reasons_are_chinese_sentences(run: Run, tmp_path: Path) -> None:
    run("batch", DEMO, "cases.csv", "-o", "out.csv", "--lang", "zh")
    with (tmp_path / "out.rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        reason = list(csv.reader(file))[1][2]
    assert "。 " not in reason
    assert reason.startswith("问题类型：「看情况」不在允许的取值里。允许的取值：")


def test_batch_without_rejects_is_fine(run: Run, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("\n".join(CASES.splitlines()[:3]), "utf-8")
    assert run("batch", DEMO, "good.csv", "-o", "out.csv").exit_code == 0
    assert not (tmp_path / "out.rejects.csv").exists()


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_batch_reads_what_shops_export(encoding: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "other.tsv").write_bytes(CASES.replace(",", "\t").encode(encoding))
    run("batch", DEMO, "cases.csv", "-o", "out.csv")
    run("batch", DEMO, "other.tsv", "-o", "other.csv")
    # 99元 and ￥35.50 hold no comma, so the two files say the same
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "other.csv").read_bytes()


def test_batch_through_pipes(run: Run, tmp_path: Path) -> None:
    result = run("batch", DEMO, "-", "-o", "-", "--trace", "none", stdin=CASES.encode("gb18030"))
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1] == "001,换货;退货退款,35.5,decided,"
    assert "The rejected rows are in cases.rejects.csv" in result.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cases.csv", "cases.rejects.csv"]


def test_no_rejected_row_is_lost_when_the_results_go_to_a_pipe(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "may.csv").write_text(CASES, "utf-8")
    result = run("batch", DEMO, "in/may.csv", "-o", "-")
    assert "may.rejects.csv" in result.stderr
    with (tmp_path / "may.rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row[0] for row in csv.reader(file)] == ["row", "3", "5", "6"]
    assert [p.name for p in (tmp_path / "in").iterdir()] == ["may.csv"]


def test_batch_writes_json_lines(run: Run, tmp_path: Path) -> None:
    run("batch", DEMO, "cases.csv", "-o", "out.jsonl", "--headings", "id", "--format", "json")
    outcomes = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [outcome["case"]["case_id"] for outcome in outcomes] == ["001", "002", "004"]
    lines = (json.dumps(outcome["case"], ensure_ascii=False) for outcome in outcomes)
    (tmp_path / "again.jsonl").write_text("\n".join(lines), "utf-8")
    assert run("batch", DEMO, "again.jsonl", "-o", "again2.jsonl", "--headings", "id").exit_code == 0
    assert (tmp_path / "again2.jsonl").read_text("utf-8") == (tmp_path / "out.jsonl").read_text("utf-8")


def test_batch_columns_of_ones_own(run: Run, tmp_path: Path) -> None:
    run("batch", DEMO, "cases.csv", "-o", "out.csv", "--columns", "责任方，status,买家要求", "--encoding", "gbk")
    text = (tmp_path / "out.csv").read_bytes().decode("gbk")
    assert text.split("\r\n")[:3] == ["工单号,责任方,status,买家要求", "001,产品,decided,", "002,店铺,decided,'=1+1"]
    for columns, heading in (("工单号,责任方", "工单号,责任方"), ("责任方,case_id", "责任方,工单号")):
        run("batch", DEMO, "cases.csv", "-o", "out.csv", "--columns", columns)
        assert (tmp_path / "out.csv").read_text("utf-8-sig").splitlines()[0] == heading
    result = run("batch", DEMO, "cases.csv", "-o", "out2.csv", "--columns", "责任")
    assert result.exit_code == 2
    assert 'Is "责任方" meant?' in result.stderr


@pytest.mark.parametrize(
    ("encoding", "cases", "row", "field"),
    [
        ("ascii", CASES, 0, "工单号"),
        ("gbk", CASES.replace("002,", "002\u20ac\U0001f600,"), 2, "工单号"),
        ("gbk", CASES.replace(",x,,b,", ",x,,\U0001f600,"), 3, "备注"),
    ],
)
def test_text_that_the_encoding_cannot_hold_is_told(
    encoding: str, cases: str, row: int, field: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "cases.csv").write_text(cases, "utf-8")
    result = run(
        "batch", DEMO, "cases.csv", "-o", "out.csv", "--encoding", encoding, "--format", "json", "--lang", "zh"
    )
    assert result.exit_code == 2
    found = json.loads(result.stderr.splitlines()[-1])
    assert (found["slug"], found["row"], found["field"]) == ("not-in-encoding", row, field)
    assert [p.name for p in tmp_path.iterdir()] == ["cases.csv"]


def test_the_summary_as_json(run: Run) -> None:
    result = run("batch", DEMO, "cases.csv", "-o", "out.csv", "--format", "json")
    last = json.loads(result.stderr.splitlines()[-1])
    assert (last["rows"], last["rejected"]) == (6, 3)


def test_the_summary_as_a_file_says_which_rulebook_decided(run: Run, tmp_path: Path) -> None:
    """The columns of a text file are agreed, so that it cannot say it itself."""
    done = run("batch", DEMO, "cases.csv", "-o", "out.csv", "--summary", "sum.json", "--format", "json")
    held = json.loads((tmp_path / "sum.json").read_text("utf-8"))
    assert held == json.loads(done.stderr.splitlines()[-1])
    assert held["rulebook"]["hash"] == rulectl.load(DEMO).hash
    assert (held["rows"], held["rejected"]) == (6, 3)
    piped = run("batch", DEMO, "cases.csv", "-o", "out.csv", "--summary", "-")
    assert json.loads(piped.stdout)["rulebook"] == held["rulebook"]
    before = (tmp_path / "sum.json").read_bytes()
    assert run("batch", DEMO, "no.csv", "-o", "out.csv", "--summary", "sum.json").exit_code == 2
    assert (tmp_path / "sum.json").read_bytes() == before


def test_both_engines_agree(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("durable")
    run("batch", DEMO, "cases.csv", "-o", "a.csv", "--trace", "full")
    run("batch", DEMO, "cases.csv", "-o", "b.csv", "--trace", "full", "--engine", "durable")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@pytest.mark.parametrize(
    ("args", "status", "slug"),
    [
        (["cases.csv", "-o", "cases.csv"], 2, "same-file-twice"),
        (["cases.csv", "-o", "out.csv", "--rejects", "cases.csv"], 2, "same-file-twice"),
        (["cases.csv", "-o", "q.csv", "--rejects", "q.csv"], 2, "same-file-twice"),
        (["cases.csv", "-o", "q.csv", "--summary", "q.csv"], 2, "same-file-twice"),
        (["cases.csv", "-o", "q.csv", "--summary", "q.rejects.csv"], 2, "same-file-twice"),
        (["cases.csv", "-o", "q.csv", "--summary", "cases.csv"], 2, "same-file-twice"),
        (["cases.csv", "-o", "-", "--summary", "-"], 2, "same-file-twice"),
        (["cases.csv", "-o", "q.csv", "--summary", "no/such.json"], 2, "no-such-folder"),
        (["-", "-o", "q.csv", "--rejects", "./q.csv"], 2, "same-file-twice"),
        (["cases.csv", "-o", "out.csv", "--rejects", "-"], 2, "rejects-need-file"),
        (["cases.csv", "-o", "-", "--rejects", "-"], 2, "rejects-need-file"),
        (["cases.csv", "-o", "no/such/out.csv"], 2, "no-such-folder"),
        (["cases.csv", "-o", "out.xls"], 2, "cannot-write-kind"),
        (["nothing.csv", "-o", "out.csv"], 2, "no-such-file"),
        ([".", "-o", "out.csv"], 2, "folder-not-file"),
        (["cases.csv", "-o", "out.csv", "--encoding", "martian"], 2, "bad-option-value"),
        (["cases.csv", "-o", "out.csv", "--input-encoding", "utf-9"], 2, "bad-option-value"),
        (["cases.csv"], 2, "missing-argument"),
    ],
)
def test_batch_refuses_before_any_work(args: list[str], status: int, slug: str, run: Run, tmp_path: Path) -> None:
    result = run("batch", DEMO, *args)
    assert (result.exit_code, result.stdout) == (status, "")
    assert slug in result.stderr
    assert (tmp_path / "cases.csv").read_text("utf-8") == CASES
    assert [p.name for p in tmp_path.iterdir()] == ["cases.csv"]


def test_a_case_file_without_a_required_column(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("工单号,问题\n1,色差\n", "utf-8")
    result = run("batch", DEMO, "bad.csv", "-o", "out.csv")
    assert result.exit_code == 1
    assert "missing-column" in result.stderr
    assert not (tmp_path / "out.csv").exists()
