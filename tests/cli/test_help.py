"""Every command and every option has help in both languages, and none of it is click's own English."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

import click
import pytest
from click.testing import CliRunner

from rulectl.cli import main
from rulectl.cli.base import Option
from rulectl.codes import LANGUAGES, Language, registry, say, texts

COMMANDS = ["", *main.commands]

OPTIONS = [
    pytest.param(command, option, id=f"{name}-{option.name}")
    for name, command in [("", main), *main.commands.items()]
    for option in command.params
    if isinstance(option, click.Option)
]


def help_of(command: str, lang: str) -> str:
    args = ["--lang", lang, *([command] if command else []), "--help"]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_every_option_has_help(command: click.Command, option: click.Option, lang: str) -> None:
    assert isinstance(option, Option)
    assert texts()[option.text][lang].strip()
    assert re.sub(r"\s", "", texts()[option.text][lang]) in re.sub(r"\s", "", help_of(_name(command), lang))


def _name(command: click.Command) -> str:
    return "" if command is main else str(command.name)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, lang: Language) -> None:
    shown = re.sub(r"\s", "", help_of(name, lang))
    key = f"cli-{name}" if name else "cli"
    assert re.sub(r"\s|\\n", "", say(key, lang)) in shown
    if name:
        assert re.sub(r"\s", "", texts()[f"{key}-short"][lang]) in re.sub(r"\s", "", help_of("", lang))


@pytest.mark.parametrize("name", COMMANDS)
def test_chinese_help_has_nothing_of_clicks_english(name: str) -> None:
    shown = help_of(name, "zh")
    for word in ("Usage", "Options", "Commands", "Show", "required", "default", "OPTIONS", "Arguments"):
        assert word not in shown


@pytest.mark.parametrize("args", [["--lang", "zh", "batch", "--help"], ["batch", "--help", "--lang=zh"]])
def test_the_language_may_stand_anywhere(args: list[str]) -> None:
    assert CliRunner().invoke(main, args).output == help_of("batch", "zh")


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "用法"),
        ({"LC_ALL": "zh_TW.UTF-8", "LANG": "en_US.UTF-8"}, "用法"),
        ({"LC_MESSAGES": "zh_CN", "LANG": "de_DE"}, "用法"),
        ({"LANG": "de_DE.UTF-8"}, "Usage"),
        ({"LANG": "C"}, "Usage"),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "Usage"),
        ({"LANGUAGE": "zh_CN:en", "LANG": "en_US.UTF-8"}, "用法"),
        ({"LANGUAGE": "en_GB:zh", "LC_ALL": "zh_CN.UTF-8"}, "Usage"),
        ({"LANGUAGE": "fr:zh_TW:en", "LANG": "fr_FR.UTF-8"}, "用法"),
        ({"LANGUAGE": "fr", "LANG": "zh_CN.UTF-8"}, "用法"),
        ({"LANGUAGE": "zh_CN", "LANG": "C"}, "Usage"),
    ],
)
def test_the_language_is_that_of_the_locale(environment: dict[str, str], word: str) -> None:
    nothing = dict.fromkeys(("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))
    result = CliRunner().invoke(main, ["batch", "--help"], env={**nothing, **environment})
    assert result.output.startswith(word)


def test_no_text_of_the_command_line_is_left_over() -> None:
    """Every key of the catalogue is said somewhere."""
    file = files("rulectl.catalog") / "text_cli.toml"
    keys = set(tomllib.loads(file.read_text("utf-8")))
    used = {option.text for _, option in (p.values for p in OPTIONS) if isinstance(option, Option)}
    used |= {"cli", *(f"cli-{name}" for name in main.commands), *(f"cli-{name}-short" for name in main.commands)}
    used |= {"cli-usage", "cli-usage-options", "cli-usage-command", "cli-options", "cli-commands", "cli-help"}
    used |= {
        "cli-near",
        "cli-one-of",
        "cli-whole-range",
        "cli-at-least",
        "cli-batch-rejects-in",
        "cli-batch-rate",
        "cli-batch-stopped",
        "cli-batch-stopped-kept",
        "cli-init-made",
    }
    assert keys == used


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_code_can_be_explained(lang: str) -> None:
    for code in registry().values():
        for name in (code.code, code.slug, code.code.lower()):
            result = CliRunner().invoke(main, ["explain-code", name, "--lang", lang])
            assert result.exit_code == 0
            assert code.code in result.output
        shown = result.output.replace(code.example, "").replace(code.instead, "")
        assert not re.search(r"\{[a-z_]+\}", shown)
