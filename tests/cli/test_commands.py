"""What each command prints, where, and with which exit status."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from rulectl.cli import main

DEMO = str(Path(__file__).with_name("demo.md"))

CASES = """工单编号,问题类型,签收天数,实付金额,备注,买家要求
001,瑕疵,2,￥35.50,a,
002,色差,,99元,=1+1,=1+1
003,看情况,x,,b,
004,瑕疵,,,,
005,瑕疵,9
001,色差,1,1,,
"""

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in an empty folder that holds cases.csv; English unless told otherwise."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases.csv").write_text(CASES, "utf-8")
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")

    def run_(*args: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(main, list(args), input=stdin)

    return run_


# -- compile, check, schema --------------------------------------------------------------------------------------


def test_compile_to_a_file_and_back(run: Run, tmp_path: Path) -> None:
    result = run("compile", DEMO, "-o", "book.json")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no findings\n")
    again = run("decide", "book.json", "--set", "工单号=1", "--set", "问题类型=瑕疵", "--set", "签收天数=2")
    assert json.loads(again.stdout)["derived"] == {"责任方": "产品"}
    assert run("compile", DEMO).stdout == (tmp_path / "book.json").read_text("utf-8")


def test_a_workbook_with_errors_gives_findings_and_no_file(run: Run, tmp_path: Path) -> None:
    text = Path(DEMO).read_text("utf-8").replace("| <=3 |", "| [1..3 |").replace("| 色差 | - |", "| 颜色 | - |")
    (tmp_path / "bad.md").write_text(text, "utf-8")
    result = run("compile", "bad.md", "-o", "book.json")
    assert result.exit_code == 1
    assert not (tmp_path / "book.json").exists()
    assert "bad.md 责任判定!C4: error" in result.stderr
    assert "bad.md 责任判定!B5: error" in result.stderr
    assert result.stderr.endswith("2 error(s)\n")
    check = run("check", "bad.md", "--format", "json")
    assert check.exit_code == 1
    assert [json.loads(line)["cells"][0] for line in check.stdout.splitlines()] == ["责任判定!C4", "责任判定!B5"]
    assert run("decide", "bad.md", "--set", "工单号=1").exit_code == 1


def test_check_sums_up_and_notices_alone_are_fine(run: Run) -> None:
    result = run("check", DEMO)
    assert result.exit_code == 0
    first, *rest = result.stdout.splitlines()
    assert re.fullmatch(r"\d+ questions were asked: \d+ proved in order, \d+ worth knowing\.", first)
    assert "Worth knowing:" in rest


def test_check_marks_a_copy_of_the_workbook(run: Run, tmp_path: Path) -> None:
    assert run("init", "new", "--lang", "en").exit_code == 0
    result = run("check", "new/rulebook.xlsx", "--annotate", "marked.xlsx")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "marked.xlsx").exists()
    assert run("check", "marked.xlsx").exit_code == 0
    for out, slug in (
        ("new/rulebook.xlsx", "same-file-twice"),
        ("x.csv", "not-a-workbook-name"),
        ("no/x.xlsx", "cannot-write"),
    ):
        refused = run("check", "new/rulebook.xlsx", "--annotate", out)
        assert refused.exit_code == 2
        assert slug in refused.stderr


def test_export_and_compile_again(run: Run, tmp_path: Path) -> None:
    assert run("compile", DEMO, "-o", "book.json").exit_code == 0
    result = run("export", "book.json", "-o", "book.xlsx")
    assert result.exit_code == 0, result.output
    assert run("compile", "book.xlsx", "-o", "again.json").exit_code == 0
    first, again = (json.loads((tmp_path / name).read_text("utf-8")) for name in ("book.json", "again.json"))
    assert first["hash"] == again["hash"]


@pytest.mark.parametrize("what", ["--case", "--outcome"])
def test_schema(what: str, run: Run) -> None:
    result = run("schema", DEMO, what)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["type"] == "object"


# -- decide ------------------------------------------------------------------------------------------------------


def test_decide_prints_json(run: Run) -> None:
    args = ["--set", "工单号=1", "--set", "问题类型=瑕疵", "--set", "签收天数=2天", "--set", "amount=￥1,299.10"]
    result = run("decide", DEMO, *args)
    assert result.exit_code == 0
    assert '"应退金额": 1299.1' in result.stdout
    assert json.loads(run("decide", DEMO, *args, "--headings", "id").stdout)["outputs"]["refund"] == 1299.1


def test_decide_reads_a_file_and_settings_go_before_it(run: Run, tmp_path: Path) -> None:
    case = {"工单号": "1", "问题类型": "瑕疵", "签收天数": 2, "订单金额": 10, "备注": 1}
    (tmp_path / "case.json").write_text(json.dumps(case), "utf-8")
    result = run("decide", DEMO, "--case", "case.json", "--set", "实付金额=20", "--lang", "zh")
    assert json.loads(result.stdout)["outputs"]["应退金额"] == 20
    assert "字段「备注」不在词汇表里" in result.stderr
    assert result.exit_code == 0
    again = run("decide", DEMO, "--case", "-", "--explain", stdin=json.dumps(case))
    assert "→ 应退金额: 订单金额 = 10" in again.stdout


def test_a_bad_case_is_refused_with_every_reason(run: Run) -> None:
    result = run("decide", DEMO, "--set", "问题类型=没有", "--set", "签收天数=x")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert [word for word in ("value-not-allowed", "not-a-number", "missing-fact") if word in result.stderr] == [
        "value-not-allowed",
        "not-a-number",
        "missing-fact",
    ]


@pytest.mark.parametrize(("text", "slug"), [("{", "not-json"), ("[]", "not-a-json-case"), ("", "empty-json-case")])
def test_a_case_that_is_no_json(text: str, slug: str, run: Run) -> None:
    result = run("decide", DEMO, "--case", "-", stdin=text)
    assert result.exit_code == 1
    assert slug in result.stderr


# -- batch -------------------------------------------------------------------------------------------------------


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
        (["-", "-o", "q.csv", "--rejects", "./q.csv"], 2, "same-file-twice"),
        (["cases.csv", "-o", "out.csv", "--rejects", "-"], 2, "rejects-need-file"),
        (["cases.csv", "-o", "-", "--rejects", "-"], 2, "rejects-need-file"),
        (["cases.csv", "-o", "no/such/out.csv"], 2, "cannot-write"),
        (["cases.csv", "-o", "out.xls"], 2, "cannot-write-kind"),
        (["nothing.csv", "-o", "out.csv"], 2, "no-such-file"),
        ([".", "-o", "out.csv"], 2, "cannot-read"),
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


# -- what must never be written over -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "slug"),
    [
        ("new/rulebook.xlsx", "same-file-twice"),
        ("./new/../new/rulebook.xlsx", "same-file-twice"),
        ("other.xlsx", "not-a-compiled-name"),
        ("other.XLSM", "not-a-compiled-name"),
    ],
)
def test_compile_never_writes_over_a_workbook(out: str, slug: str, run: Run, tmp_path: Path) -> None:
    assert run("init", "new", "--lang", "en").exit_code == 0
    before = (tmp_path / "new" / "rulebook.xlsx").read_bytes()
    result = run("compile", "new/rulebook.xlsx", "-o", out)
    assert (result.exit_code, result.stdout) == (2, "")
    assert slug in result.stderr
    assert (tmp_path / "new" / "rulebook.xlsx").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cases.csv", "new"]


@pytest.mark.parametrize("command", ["compile", "batch"])
def test_an_included_workbook_is_never_written_over(command: str, run: Run, tmp_path: Path) -> None:
    part = tmp_path / "part.md"
    part.write_text(Path(DEMO).read_text("utf-8"), "utf-8")
    whole = tmp_path / "whole.md"
    whole.write_text("## 手册\n| 规则手册 |\n| 编号 | whole |\n| 名称 | 全 |\n| 包含 | part |\n", "utf-8")
    result = run(command, "whole.md", *(["cases.csv"] if command == "batch" else []), "-o", "part.md")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "same-file-twice" in result.stderr
    assert part.read_text("utf-8") == Path(DEMO).read_text("utf-8")


@pytest.mark.parametrize("command", [("compile",), ("batch", "cases.csv"), ("export",)])
def test_where_nothing_can_be_written_is_wrong_usage(
    command: tuple[str, ...], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "out.xlsx" if command[0] == "export" else "out.csv"
    gone = run(command[0], DEMO, *command[1:], "-o", f"no/such/{name}")
    monkeypatch.setattr("os.access", lambda *_: False)
    shut = run(command[0], DEMO, *command[1:], "-o", name)
    for result in (gone, shut):
        assert (result.exit_code, result.stdout) == (2, "")
        assert "cannot-write" in result.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["cases.csv"]


@pytest.mark.parametrize(
    "args", [["compile", "."], ["check", "."], ["decide", "."], ["batch", ".", "cases.csv", "-o", "x"]]
)
def test_a_folder_is_no_rulebook(args: list[str], run: Run) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert "book-is-folder" in result.output


# -- explain, test, explain-code ---------------------------------------------------------------------------------


def test_explain_one_case_of_a_file(run: Run) -> None:
    result = run("explain", DEMO, "cases.csv", "--case-id", "002", "--lang", "zh")
    assert result.exit_code == 0
    assert result.stdout.startswith("案例 002：已定\n")
    assert "责任判定/R2  责任判定!A5:E5" in result.stdout
    assert json.loads(run("explain", DEMO, "cases.csv", "--case-id", "2", "--format", "json").stderr)["code"] == "RB716"


def test_explain_a_rejected_case_and_one_that_is_not_there(run: Run) -> None:
    assert "value-not-allowed" in run("explain", DEMO, "cases.csv", "--case-id", "003").stderr
    result = run("explain", DEMO, "cases.csv", "--case-id", "0002")
    assert result.exit_code == 1
    assert 'Is "002" meant?' in result.stderr


def test_explain_why_not(run: Run) -> None:
    ask = ("explain", DEMO, "cases.csv", "--case-id", "002", "--why-not")
    result = run(*ask, "责任方＝产品", "--lang", "zh")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("案例 002：「责任方」现为「店铺」（已定），没有得出「产品」。\n")
    told = json.loads(run(*ask, "责任方=产品", "--format", "json").stdout)
    assert (told["verdict"], told["wanted"], told["value"]) == ("change", "产品", "店铺")
    assert told["changes"][0]["set"] == {"问题类型": "质量问题", "签收天数": 0}
    assert told["rules"][0]["conditions"][0]["cell"].startswith("责任判定!")


@pytest.mark.parametrize(
    ("wish", "slug"),
    [
        ("责任方", "not-a-wish"),
        ("责任方=", "not-a-wish"),
        ("=产品", "not-a-wish"),
        ("问题类型=瑕疵", "not-decided"),
        ("责任=产品", "not-decided"),
        ("责任方=月亮", "value-not-allowed"),
    ],
)
def test_what_cannot_be_asked_why_not(run: Run, wish: str, slug: str) -> None:
    result = run("explain", DEMO, "cases.csv", "--case-id", "002", "--why-not", wish)
    assert (result.exit_code, result.stdout) == (2, "")
    assert slug in result.stderr
    assert result.stderr.count("error RB") == 1


def test_the_workbooks_own_tests(run: Run) -> None:
    result = run("test", DEMO, "--coverage")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "failed T2  测试!A4:H4",
        '    责任方: expected "买家" (测试!F4), got "店铺"',
        "1 passed, 1 failed",
        "no test reaches 责任判定/R3  责任判定!A6:E6",
        "no test reaches 补救/B3  补救!A6:D6",
        "tests reach 4 of 6 enabled rules (66%)",
    ]
    fields = json.loads(run("test", DEMO, "--coverage", "--format", "json").stdout)
    assert fields["passed"] == 1
    assert fields["failed"][0]["mismatches"][0]["actual"] == "店铺"
    assert len(fields["uncovered"]) == 2


def test_tests_that_pass(run: Run, tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text(Path(DEMO).read_text("utf-8").replace("| 80 | 买家 |", "| 80 | 店铺 |"), "utf-8")
    result = run("test", "good.md", "--lang", "zh")
    assert (result.exit_code, result.stdout) == (0, "通过 2 个，未通过 0 个\n")


def test_a_workbook_without_tests(run: Run, tmp_path: Path) -> None:
    text = Path(DEMO).read_text("utf-8")
    (tmp_path / "none.md").write_text(text[: text.index("## 测试")], "utf-8")
    result = run("test", "none.md")
    assert result.exit_code == 1
    assert "no-tests" in result.stderr


def test_explain_code(run: Run) -> None:
    result = run("explain-code", "rb414", "--lang", "zh")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "RB414 broken-quote (错误)"
    assert '17,"外套""红色""款",是' in result.stdout
    assert json.loads(run("explain-code", "broken-quote", "--format", "json").stdout)["code"] == "RB414"


# -- usage and our own mistakes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "slug"),
    [
        (["bath"], "unknown-command"),
        (["batch", "--bogus"], "unknown-option"),
        (["batch", DEMO], "missing-argument"),
        (["batch", DEMO, "x", "-o"], "missing-option-value"),
        (["batch", DEMO, "x", "-o", "y", "--trace", "all"], "bad-option-value"),
        (["decide", DEMO, "x"], "extra-argument"),
        (["decide", DEMO, "--set", "问题类型"], "not-a-setting"),
        (["decide", DEMO, "--set", "问题=色差"], "unknown-case-field"),
        (["decide", "no-such-book"], "book-not-found"),
        (["compile", "no-such-book.xlsx"], "book-not-found"),
        (["explain-code", "RB999"], "unknown-code"),
        (["--lang", "fr", "check", DEMO], "bad-option-value"),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_wrong_usage(args: list[str], slug: str, lang: str, run: Run) -> None:
    result = run(*(() if args[0].startswith("-") else ("--lang", lang)), *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert slug in result.stderr
    assert "Traceback" not in result.stderr
    as_json = run("--format", "json", *args)
    assert json.loads(as_json.stderr.splitlines()[0])["slug"].startswith(slug)


def test_a_near_miss_is_named(run: Run) -> None:
    assert 'Is "batch" meant?' in run("bath").stderr
    assert "是不是「--trace」" in run("batch", "--trac", "--lang", "zh").stderr


def test_no_command_shows_the_help(run: Run) -> None:
    result = run()
    assert result.exit_code == 2
    assert "explain-code" in result.stderr


def test_our_own_mistakes_are_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("nothing\nmore")

    monkeypatch.setattr("rulectl.cli.decide.open_book", fail)
    result = run("decide", DEMO)
    assert result.exit_code == 3
    assert "internal-error" in result.stderr
    assert "ZeroDivisionError: nothing (at test_commands.py:" in result.stderr
    assert "Traceback" not in result.stderr
    monkeypatch.setenv("RULECTL_DEBUG", "1")
    assert "Traceback" in run("decide", DEMO).stderr


def test_version(run: Run) -> None:
    from rulectl import __version__

    assert run("--version").stdout == f"rulectl {__version__}\n"


def test_commands_are_those_of_the_manual() -> None:
    assert isinstance(main, click.Group)
    assert " ".join(main.commands) == (
        "init compile check decide batch explain test diff schema export import explain-code"
    )


def test_a_compiled_rulebook_comes_through_a_pipe(tmp_path: Path) -> None:
    compiled = CliRunner().invoke(main, ["compile", str(DEMO)]).stdout
    facts = ["--set", "工单号=1", "--set", "问题类型=瑕疵", "--set", "订单金额=35"]
    piped = CliRunner().invoke(main, ["decide", "-", *facts], input=compiled)
    assert piped.stdout == CliRunner().invoke(main, ["decide", str(DEMO), *facts]).stdout
    assert CliRunner().invoke(main, ["decide", "-", *facts], input="{}").exit_code == 1
