"""What each command prints, where, and with which exit status; batch has tests of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.demo import DEMO, Run

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
        ("no/x.xlsx", "no-such-folder"),
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
