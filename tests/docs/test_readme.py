"""The README says what is so: its console blocks are run, its commands exist, both languages say the same."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from rulectl.cli import main

ROOT = Path(__file__).parents[2]
READMES = {"en": ROOT / "README.md", "zh": ROOT / "engine/docs/README.zh-CN.md"}


def blocks(path: Path, fence: str) -> list[str]:
    return re.findall(rf"^```{fence}\n(.*?)^```", path.read_text("utf-8"), re.S | re.M)


@pytest.mark.parametrize("lang", READMES)
def test_console_blocks_show_what_the_commands_print(
    lang: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    shown = blocks(READMES[lang], "console")
    assert len(shown) == 6
    for block in shown:
        command, _, expected = block.replace("\\\n", " ").partition("\n")
        arguments = shlex.split(command.removeprefix("$ rulectl"))
        result = CliRunner().invoke(main, ["--lang", lang, *arguments])
        printed = iter((result.stdout + result.stderr).splitlines())
        for line in filter(None, expected.splitlines()):
            # `…` stands for lines that are left out
            assert line.strip() == "…" or line in printed, f"not printed in this order: {line}"


def test_both_readmes_give_the_same_commands() -> None:
    english, chinese = (blocks(READMES[lang], "sh") for lang in ("en", "zh"))
    assert english == chinese
    assert len(english) == 2


@pytest.mark.parametrize("lang", READMES)
def test_every_command_stands_in_the_readme(lang: str) -> None:
    text = READMES[lang].read_text("utf-8")
    for name in main.commands:
        assert f"`rulectl {name}" in text, name


@pytest.mark.parametrize("path", [*READMES.values(), ROOT / "engine/design/README.md", ROOT / "rulebooks/README.md"])
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("lang", READMES)
def test_python_in_the_readme_runs(lang: str) -> None:
    (program,) = blocks(READMES[lang], "python")
    exec(compile(program, str(READMES[lang]), "exec"), {})  # noqa: S102 - our own text
