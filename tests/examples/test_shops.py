"""The example folders: each workbook is what its source says, passes its own tests, and decides its cases as agreed.

The decisions stand beside the cases, as the command of the README writes them. After a change of a rulebook run with
`--accept` and read the diff: it shows whose case is decided differently now."""

from __future__ import annotations

import csv
import re
import runpy
import shlex
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner

import rulectl
from rulectl.cli import main
from rulectl.sheets.reader import read_workbook
from rulectl.sheets.text import read_text

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SOURCES: dict[str, str] = runpy.run_path(str(ROOT / "engine" / "tools" / "make_rulebooks.py"))["examples"]()
# rows that cannot be read, by their headings in the case file
REJECTED = {
    "apparel_shop": ["付款金额(元)"],
    "food_shop": ["问题类型"],
    "travel_claims": ["职级", "去"],
    "wholesaler": ["级别"],
}
NAMES = sorted(REJECTED)


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, [*arguments, "--lang", "zh"])
    return done.exit_code, done.stdout


def commands(name: str) -> list[list[str]]:
    """The commands of a README, as lists of arguments."""
    text = (EXAMPLES / name / "README.md").read_text("utf-8")
    (block,) = re.findall(r"^```\n(.*?)^```", text, re.S | re.M)
    return [shlex.split(line)[1:] for line in block.splitlines()]


def test_every_source_has_an_example() -> None:
    # the parcels have mistakes left in; tests/docs runs what the README says of them
    assert sorted(SOURCES) == sorted([*NAMES, "parcels", "parcels-mended"])


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_the_workbook_is_what_its_source_says(name: str) -> None:
    drafts = read_workbook(EXAMPLES / name.partition("-")[0] / f"{name}.xlsx"), read_text(SOURCES[name], f"{name}.xlsx")
    first, second = ([(str(c.at), c.text) for b in d.blocks for row in b.rows for c in row] for d in drafts)
    assert first == second


@pytest.mark.parametrize("name", NAMES)
def test_the_commands_of_the_readme_give_the_decisions_agreed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accept: bool
) -> None:
    """In the order of the cases; rows out are decided plus rejected. Included tests that differ fail nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(EXAMPLES)
    for arguments in commands(name):
        status, told = run(*arguments)
        assert status == (1 if arguments[0] == "batch" else 0), arguments
        if arguments[0] == "test" and name != "travel_claims":
            assert re.search(r"^不同 \S+  \[\w+\.xlsx\]\S+![A-Z]+\d+:", told, re.M)
            assert "未通过 0 个\n包含的工作簿里有" in told
    text = (tmp_path / "decisions.csv").read_text("utf-8")
    golden = EXAMPLES / name / "decisions.csv"
    if accept:
        golden.write_bytes((tmp_path / "decisions.csv").read_bytes())
    assert text == golden.read_text("utf-8")
    decided = list(csv.reader(StringIO(text.removeprefix("\ufeff"))))[1:]
    rejected = list(csv.reader((tmp_path / "decisions.rejects.csv").open(encoding="utf-8-sig", newline="")))[1:]
    assert [row[1] for row in rejected] == REJECTED[name]
    raw = (EXAMPLES / name / "cases.csv").read_bytes()
    cases = raw.decode("gb18030" if name == "apparel_shop" else "utf-8-sig").splitlines()[1:]
    assert 20 <= len(cases) <= 40
    ids = [row[0] for row in decided] + [row[3] for row in rejected]
    assert [re.split(r"[,\t]", case)[0] for case in cases] == sorted(ids)


@pytest.mark.parametrize("name", NAMES)
def test_its_own_tests_fire_all_its_own_rules_and_keep_its_policies(name: str) -> None:
    book = rulectl.load(EXAMPLES / name / f"{name}.xlsx")
    done = rulectl.run_tests(book)
    own = [result for result in done.results if not result.included]
    assert own
    assert done.failed == ()
    assert {result.case.id: result.outcome.findings for result in own if result.outcome.findings} == {}
    fired = {firing.name for result in own for firing in result.outcome.firings}
    tables = [table for table in book.rulebook.tables if table.book == book.rulebook.id]
    assert {f"{table.name}/{rule.id}" for table in tables for rule in table.rules} - fired == set()
