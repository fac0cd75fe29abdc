"""`rulectl diff` and `rulectl check --since`: text and JSON lines, exit status, real cases, annotated copies."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import validate
from openpyxl import Workbook, load_workbook

import rulectl
from rulectl.cli import main
from rulectl.codec.case_schema import finding_schema
from rulectl.compare.since import since
from rulectl.diagnostics import Finding, finding
from rulectl.model.rulebook import Rulebook
from rulectl.sheets.text import grids
from rulectl.sheets.writer import write_workbook
from rulectl.source import FilePlace
from tests.compare.test_stories import BOOK, PLAIN


def book(folder: Path, name: str, **edits: str) -> Path:
    path = folder / name / "shop.xlsx"
    path.parent.mkdir(exist_ok=True)
    write_workbook(grids(BOOK.replace("{more}\n", "").format(**{**PLAIN, **edits})), path)
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return book(tmp_path, "old")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return book(tmp_path, "new", line="600")


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.csv"
    rows = [("色差", "550"), ("色差", "700"), ("质量问题", "599.99"), ("丢件", "550"), ("色差", "-1")]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("问题类型", "实付"), *rows])
    return path


def run(*arguments: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments), "--lang", "en"], input=stdin)


def test_exit_status_says_whether_they_differ(old: Path, new: Path, tmp_path: Path) -> None:
    assert run("diff", old, old).exit_code == 0
    assert run("diff", old, new).exit_code == 1
    assert run("diff", old, book(tmp_path, "noted", why="another reason")).exit_code == 0
    assert run("diff", old, tmp_path / "nowhere.xlsx").exit_code == 2
    assert run("diff", old).exit_code == 2


def test_a_rulebook_with_errors_is_not_compared(old: Path, tmp_path: Path) -> None:
    wrong = book(tmp_path, "wrong", flat="没有这个词")
    done = run("diff", old, wrong)
    assert done.exit_code == 1
    assert "not-a-number" in done.stderr
    with pytest.raises(rulectl.RulebookError):
        rulectl.diff(old, wrong)


TRUTHS = """
## 词汇
| 词汇表 |
| 名称 | 角色 | 类型 | 取值 | 默认 |
| 急件 | 输入 | 是否 | | |
| 等级 | 输入 | 枚举 | 甲;乙 | |
| 加急 | 输出 | 是否 | | {default} |

| 参数表 |
| 名称 | 类型 | 值 |
| 周末办理 | 是否 | {open} |

## 规则
| 决策表 | 快慢 | 命中策略 | F |
| 规则号 | 条件 | 条件 | 结论 |
| | 等级 | 急件 | 加急 |
| R1 | 甲 | {urgent} | 是 |
| R2 | 否则 | - | {rest} |

## 测试
| 测试表 |
| 用例号 | 等级 | 急件 | 期望 加急 |
| T1 | 乙 | 否 | 否 |
"""


def test_truths_read_in_the_language_of_the_reader(tmp_path: Path) -> None:
    paths = (tmp_path / "old.xlsx", tmp_path / "new.xlsx")
    for path, (urgent, rest, default, open_) in zip(
        paths, (("是", "否", "否", "否"), ("否;空", "急件 = 是", "是", "是")), strict=True
    ):
        text = TRUTHS.format(urgent=urgent, rest=rest, default=default, open=open_)
        write_workbook(grids(text), path)
    english = run("diff", *paths).stdout
    told = ("急件 yes → no;null.", "加急 no → 急件 = yes.", "default no → yes", "value no → yes", "等级=甲, 急件=no")
    assert [words for words in told if words not in english] == []
    assert not set("是否空") & set(english)
    chinese = CliRunner().invoke(main, ["diff", *map(str, paths), "--lang", "zh"]).stdout
    assert "急件 是 → 否;空" in chinese
    lines = [json.loads(line) for line in run("diff", *paths, "--format", "json").stdout.splitlines()]
    assert {value for line in lines for value in line.get("case", {}).values()} <= {"是", "否", "甲", "乙"}


@pytest.mark.parametrize("form", ["csv", "csv.gz", "xlsx"])
def test_cases_come_through_a_pipe_as_well(form: str, old: Path, new: Path, cases: Path, tmp_path: Path) -> None:
    data = cases.read_bytes()
    if form == "csv.gz":
        data = gzip.compress(data)
    if form == "xlsx":
        book = Workbook()
        sheet = book.worksheets[0]
        for row in csv.reader(data.decode().splitlines()):
            sheet.append(row)
        book.save(tmp_path / "cases.xlsx")
        data = (tmp_path / "cases.xlsx").read_bytes()
    named, piped = run("diff", old, new, "--cases", cases), run("diff", old, new, "--cases", "-", stdin=data)
    assert (piped.exit_code, piped.stdout) == (named.exit_code, named.stdout)
    assert "2 differ" in piped.stdout
    done = run("diff", old, new, "--cases", "-", "--format", "json", stdin=data)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["file"] for line in lines if line["slug"].startswith("cases-")} == {"stdin"}
    assert run("diff", old, new, "--cases", "-", stdin=b"").exit_code == 1


def test_one_thing_comes_through_a_pipe(old: Path, new: Path, cases: Path) -> None:
    for command in (
        ("diff", "-", new, "--cases", "-"),
        ("diff", "-", "-"),
        ("explain", "-", "-", "--case-id", "1"),
        ("decide", "-", "--case", "-"),
        ("check", "-", "--since", "-"),
    ):
        done = run(*command, stdin=b"{}")
        assert (done.exit_code, "RB774 stdin-twice" in done.stderr) == (2, True), done.stderr


def test_json_lines_are_findings(old: Path, new: Path, cases: Path) -> None:
    done = run("diff", old, new, "--cases", cases, "--format", "json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line in lines:
        validate(line, finding_schema())
    assert {line["slug"] for line in lines} == {
        "part-changed",
        "answer-changed",
        "test-changed",
        "cases-decided-otherwise",
        "cases-rejected",
    }
    shown = [line for line in lines if line["slug"] == "answer-changed"]
    assert all(line["verdict"] == "counterexample" and line["case"] for line in shown)


def test_compiled_and_shipped_rulebooks_compare_too(old: Path, new: Path, tmp_path: Path) -> None:
    compiled = tmp_path / "old.json"
    assert run("compile", old, "-o", compiled).exit_code == 0
    assert run("diff", compiled, old).exit_code == 0
    assert run("diff", compiled, new).stdout == run("diff", old, new).stdout
    assert run("diff", "apparel", "apparel").exit_code == 0


def test_real_cases_are_decided_by_both(old: Path, new: Path, cases: Path) -> None:
    """550 and 599.99 changed sides: half of each is given instead of the whole; a row that neither can read is told,
    and not counted among those that are alike."""
    report = rulectl.diff(old, new, cases=cases)
    assert report.cases is not None
    assert (report.cases.rows, report.cases.differing) == (5, 2)
    unread, *others = report.cases.findings
    assert "1 row(s) cannot be decided by either rulebook" in unread.message("en")
    told = {dict(found.fields)["name"]: dict(found.fields) for found in others}
    assert told["应退"]["rows"] == "2"
    assert told["应退"]["sums_zh"] == "，合计从 2399.99元 变为 1824.995元"
    assert told["应退"]["sample"] == "1, 3"
    assert set(told) == {"应退"}
    assert "5 cases, decided by both; 2 differ:" in run("diff", old, new, "--cases", cases).stdout
    alike = run("diff", old, old, "--cases", cases)
    assert "5 cases, decided by both; none differs.\n  1 row(s) cannot be decided by either rulebook" in alike.stdout
    assert alike.exit_code == 1


def test_rows_that_one_cannot_decide_are_told(old: Path, cases: Path, tmp_path: Path) -> None:
    source = BOOK.replace("{more}\n", "").format(**PLAIN).replace("质量问题;色差;丢件", "质量问题;色差;丢件;破包", 1)
    wider = tmp_path / "wider.md"
    wider.write_text(source, "utf-8")
    with cases.open("a", encoding="utf-8") as file:
        file.write("破包,10\n")
    report = rulectl.diff(old, wider, cases=cases)
    assert report.cases is not None
    found = next(found for found in report.cases.findings if found.slug == "cases-rejected")
    assert "cannot be decided by the old rulebook" in found.message("en")
    assert dict(found.fields)["sample"] == "6"


def test_cases_that_are_not_there(old: Path, new: Path, tmp_path: Path) -> None:
    done = run("diff", old, new, "--cases", tmp_path / "none.csv")
    assert (done.exit_code, "no-such-file" in done.stderr) == (2, True)
    with pytest.raises(rulectl.CaseError):
        rulectl.diff(old, new, cases=tmp_path / "none.csv")


def test_a_check_says_what_else_a_change_touches(old: Path, tmp_path: Path) -> None:
    """A flat sum for lost parcels breaks the policy for cheap ones: that finding is new, and the test differs."""
    new = book(tmp_path, "new", flat="100")
    report = rulectl.check(new, since=old)
    slugs = [found.slug for found in report.changes]
    assert {"part-changed", "answer-changed", "finding-new"} <= set(slugs)
    (broken,) = [found for found in report.changes if found.slug == "finding-new" and "RB510" in found.message("en")]
    assert broken.at.place.file == "shop.xlsx"
    assert [found.slug for found in rulectl.check(old, since=new).changes if found.slug.startswith("finding")] == [
        "finding-gone"
    ]
    done = run("check", new, "--since", old)
    assert "Compared with before:" in done.stdout
    assert "New since the change: RB510" in done.stdout
    plain = rulectl.check(new)
    assert (plain.ok, plain.changes) == (report.ok, ())


def test_a_check_of_what_did_not_change_says_so(old: Path) -> None:
    report = rulectl.check(old, since=old)
    assert report.changes == ()
    assert "The two rulebooks decide alike." in run("check", old, "--since", old).stdout


def test_changes_stand_in_the_annotated_copy_and_in_json(old: Path, new: Path, tmp_path: Path) -> None:
    marked = tmp_path / "marked.xlsx"
    done = run("check", new, "--since", old, "--annotate", marked, "--format", "json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert "answer-changed" in {line["slug"] for line in lines}
    sheet = load_workbook(marked)["词汇"]
    comments = [cell.comment.text for row in sheet for cell in row if cell.comment is not None]
    assert any("RB572" in text for text in comments)


def test_a_mistake_of_rules_is_the_same_by_whatever_case_it_is_shown() -> None:
    def clash(rule: str, stands: str) -> Finding:
        return finding(
            "tier-overruled",
            FilePlace("shop.xlsx"),
            rules=(rule, "R9"),
            verdict="counterexample",
            tier_zh="流程",
            tier_en="procedure",
            own_zh="待核实",
            own_en="待核实",
            given_zh=stands,
            given_en=stands,
        )

    before = [clash("R1", "店铺"), clash("R1", "快递"), clash("R2", "店铺")]
    after = [clash("R1", "快递"), clash("R1", "产品"), clash("R3", "店铺")]
    shop = Rulebook("shop", "shop", source="shop.xlsx")
    told = [(found.slug, found.rules) for found in since(before, after, shop, shop)]
    assert told == [("finding-new", ("R3", "R9")), ("finding-gone", ("R2", "R9"))]


GAP = """
| 词汇表 |
| 名称 | 角色 | 类型 | 取值 |
| 车 | 输入 | 枚举 | 高铁;飞机;轮船 |
| 类 | 推导 | 枚举 | 快;慢 |
| 档 | 输出 | 枚举 | 甲;乙 |
| 附言 | 输出 | 文本 | |

| 参数表 |
| 名称 | 类型 | 值 |
| 说法 | 文本 | {said} |

| 决策表 | 类 |
| 规则号 | 条件 | 结论 |
| | 车 | 类 |
| B1 | {fast} | 快 |
| B2 | 轮船 | 慢 |

| 决策表 | 档 |
| 规则号 | 条件 | 结论 |
| | 类 | 档 |
| C1 | 快 | 甲 |

| 决策表 | 附言 |
| 规则号 | 条件 | 结论 |
| | 车 | 附言 |
| D1 | - | :=说法 |
"""


@pytest.mark.parametrize(
    ("fast", "said", "told"),
    [
        ("高铁;飞机", "一路平安", []),
        ("高铁;飞机", "改了", []),
        ("高铁", "一路平安", ["finding-new", "finding-gone"]),
    ],
)
def test_a_gap_is_the_same_in_whatever_words_it_is_told(fast: str, said: str, told: list[str], tmp_path: Path) -> None:
    """As long as nothing changed that its table hangs on; a table before it does."""
    books = []
    for name, one, other in (("old.md", "高铁;飞机", "一路平安"), ("new.md", fast, said)):
        (tmp_path / name).write_text(GAP.format(fast=one, said=other), "utf-8")
        books.append(rulectl.load(tmp_path / name).rulebook)
    gaps = [
        finding("gap", FilePlace(""), table="档", verdict="counterexample", name="档", region_zh=text, region_en=text)
        for text in ("车：轮船", "类：慢")
    ]
    assert [found.slug for found in since(gaps[:1], gaps[1:], *books)] == told
