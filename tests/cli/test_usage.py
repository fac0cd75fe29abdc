"""What is refused: wrong usage, files that must not be written over, our own mistakes told in a line."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from rulectl.cli import main
from tests.cli.demo import DEMO, Run

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
    for result, slug in ((gone, "no-such-folder"), (shut, "cannot-write")):
        assert (result.exit_code, result.stdout) == (2, "")
        assert slug in result.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["cases.csv"]


@pytest.mark.parametrize(
    "args", [["compile", "."], ["check", "."], ["decide", "."], ["batch", ".", "cases.csv", "-o", "x"]]
)
def test_a_folder_is_no_rulebook(args: list[str], run: Run) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert "book-is-folder" in result.output


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
        (["check", DEMO, "--budget", "nan"], "bad-option-value"),
        (["diff", DEMO, DEMO, "--budget", "nan"], "bad-option-value"),
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


@pytest.mark.parametrize("value", ["0", "65", "two", "1.5"])
def test_a_number_out_of_bounds_is_told_with_what_would_do(value: str, run: Run) -> None:
    told = run("batch", DEMO, "x", "-o", "y", "--jobs", value, "--lang", "en").stderr
    assert f'"{value}" is no value for --jobs.' in told
    assert "Give a whole number from 1 to 64." in told


def test_a_number_that_is_too_small_is_told_with_what_would_do(run: Run) -> None:
    told = run("check", DEMO, "--budget", "-1", "--lang", "zh").stderr
    assert "「-1.0」" in told
    assert "写 0 或更大的数。" in told


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
    assert "ZeroDivisionError: nothing (at test_usage.py:" in result.stderr
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
