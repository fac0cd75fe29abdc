"""How commands speak: two languages, findings on the error stream, results on the output, four exit statuses.

Click builds the commands; its own English sentences are not shown. A command's texts stand in the catalogue under
`cli-COMMAND`, those of its options under `cli-COMMAND-OPTION` (or `cli-OPTION` where several commands share one). The
language is known before anything is parsed, so that `--help --lang zh` and `--lang zh --help` are the same.
"""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from io import TextIOWrapper
from math import isnan
from typing import Any, NamedTuple, NoReturn, TypeVar

import click

from rulectl.codes import LANGUAGES, Language, Severity, has_text, say
from rulectl.diagnostics import Finding, finding
from rulectl.report.findings import counts_text, finding_json, finding_text
from rulectl.source import OptionPlace

FINE, FINDINGS, USAGE, INTERNAL = 0, 1, 2, 3

_LANG = "rulectl.lang"
_FORMAT = "rulectl.format"
_FORM = "rulectl.form"
_DOUBTS = "rulectl.doubts"


class StopError(Exception):
    """Nothing more can be done: these findings, this exit status."""

    def __init__(self, findings: Iterable[Finding], status: int = FINDINGS) -> None:
        super().__init__()
        self.findings = tuple(findings)
        self.status = status


class Session(NamedTuple):
    """How this run speaks: language, and whether to people or to programs."""

    lang: Language
    json: bool

    def say(self, key: str, **fields: object) -> str:
        return say(key, self.lang, **fields)

    def tell(self, findings: Iterable[Finding], to_output: bool = False) -> None:
        """Print findings, on the error stream unless they are the result."""
        for found in findings:
            text = finding_json(found, self.lang) if self.json else finding_text(found, self.lang)
            click.echo(text, err=not to_output)

    def counts(self, findings: Sequence[Finding], to_output: bool = False) -> None:
        """The line that sums up findings; programs count for themselves."""
        if not self.json:
            click.echo(counts_text(findings, self.lang), err=not to_output)


def session() -> Session:
    """The session of the command that runs."""
    meta = click.get_current_context().meta
    return Session(meta[_LANG], meta.get(_FORMAT) == "json")


def doubt_later(doubt: Callable[[], Iterable[Finding]]) -> None:
    """Have the command ask this, why a rulebook is none, should it fail."""
    click.get_current_context().meta.setdefault(_DOUBTS, []).append(doubt)


def status_of(findings: Iterable[Finding]) -> int:
    """Notices are no reason for a status of 1, nor is what was accepted; warnings and errors are."""
    return FINDINGS if any(f.severity is not Severity.NOTICE and not f.accepted for f in findings) else FINE


def language_of(environment: Mapping[str, str]) -> Language:
    """Chinese where the locale is, else English. As with gettext, the list in LANGUAGE goes first, though not where
    the locale is that of programs."""
    name = next((environment[k] for k in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(k)), None)
    if name is None:
        name = locale.getlocale()[0] or ""
    listed = environment.get("LANGUAGE", "").split(":") if name not in ("C", "POSIX") else []
    wanted = next((one for one in listed if one[:2].lower() in LANGUAGES), name)
    return "zh" if wanted.lower().startswith(("zh", "chinese")) else "en"


def wanted_language(args: Sequence[str]) -> Language | None:
    """The language that a command line asks for."""
    for at, arg in enumerate(args):
        for lang in LANGUAGES:
            if arg == f"--lang={lang}" or (arg == "--lang" and list(args[at + 1 : at + 2]) == [lang]):
                return lang
    return None


def lang_of(ctx: click.Context) -> Language:
    """The language of a command under way."""
    lang: Language = ctx.meta[_LANG]
    return lang


def _settle_language(ctx: click.Context, args: Sequence[str]) -> None:
    """Find the language before options are parsed, since help and usage errors are printed while they are."""
    wanted = wanted_language(args)
    if wanted is not None:
        ctx.meta[_LANG] = wanted
    ctx.meta.setdefault(_LANG, language_of(os.environ))


# -- commands and options in two languages -----------------------------------------------------------------------


class Option(click.Option):
    """An option whose help stands in the catalogue under `text`, else under the names of its command and itself, else
    under its own alone."""

    def __init__(self, *args: Any, text: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.command = ""
        self._text = text

    @property
    def text(self) -> str:
        """The key of its help, looked for when it is asked for: a run that shows none needs no catalogue."""
        name = str(self.name).replace("_", "-")
        own = f"cli-{self.command}-{name}"
        return self._text or (own if has_text(own) else f"cli-{name}")

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        self.help = say(self.text, lang_of(ctx))
        return super().get_help_record(ctx)

    def get_help_extra(self, ctx: click.Context) -> click.types.OptionHelpExtra:
        """Nothing: what is required or usual stands in the help itself, in the reader's language."""
        return {}


class _Speaking(click.Command):
    """What commands and the group have in common: help in the reader's language."""

    text = ""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        _settle_language(ctx, args)
        rest = super().parse_args(ctx, args)
        if rest and not isinstance(self, click.Group):
            usage = usage_of(ctx)
            raise StopError([finding("extra-argument", OptionPlace(rest[0]), text=rest[0], usage=usage)], USAGE)
        return rest

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(
            ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), say("cli-usage", lang_of(ctx))
        )

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        own = {"[OPTIONS]": "cli-usage-options", "COMMAND [ARGS]...": "cli-usage-command"}
        pieces = [say(own[p], lang_of(ctx)) if p in own else p for p in super().collect_usage_pieces(ctx)]
        # what must be given is told with the rest of it
        needed = [one for one in self.params if isinstance(one, click.Option) and one.required]
        return pieces + [f"{one.opts[0]} {one.metavar}" for one in needed]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.indentation():
            for paragraph in say(self.text, lang_of(ctx)).split("\n"):
                formatter.write_paragraph()
                formatter.write_text(paragraph)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        helping = self.get_help_option(ctx)
        if helping is not None:
            helping.help = say("cli-help", lang_of(ctx))
        records = [record for option in options if (record := option.get_help_record(ctx)) is not None]
        with formatter.section(say("cli-options", lang_of(ctx))):
            formatter.write_dl(records)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)


class Command(_Speaking):
    """A command; its texts stand under `cli-NAME`."""

    def __init__(self, name: str | None, **kwargs: Any) -> None:
        kwargs["context_settings"] = {"allow_extra_args": True, "max_content_width": 110}
        super().__init__(name, **kwargs)
        self.text = f"cli-{name}"
        for param in self.params:
            if isinstance(param, Option):
                param.command = str(name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it. Where it fails over a compiled rulebook that is none, that is what is told."""
        try:
            return super().invoke(ctx)
        except (StopError, click.ClickException, click.Abort, click.exceptions.Exit, OSError, MemoryError):
            raise
        except Exception as error:
            found = [finding for doubt in ctx.meta.get(_DOUBTS, ()) for finding in doubt()]
            if found:
                raise StopError(found) from error
            raise


class Group(_Speaking, click.Group):
    """The commands, in the order in which they were added."""

    text = "cli"

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            near = near_text(name, self.list_commands(ctx), lang_of(ctx))
            raise StopError([finding("unknown-command", OptionPlace(name), name=name, near=near)], USAGE)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, say(f"cli-{name}-short", lang_of(ctx))) for name in self.commands]
        with formatter.section(say("cli-commands", lang_of(ctx))):
            formatter.write_dl(rows)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


F = TypeVar("F", bound=Callable[..., Any])


def common(command: F, forms: Sequence[str] = ()) -> F:
    """The options that every command takes; they are kept for the session, not given to the function. `forms` are the
    kinds of file that a command can also be asked for by `--format`, see `asked_form`."""

    def keep_format(ctx: click.Context, _: click.Parameter, values: Sequence[str]) -> None:
        for value in values:
            ctx.meta[_FORM if value in forms else _FORMAT] = value

    lang = click.option(
        "--lang", cls=Option, text="cli-lang", type=click.Choice(LANGUAGES), expose_value=False, is_eager=True
    )
    form = click.option(
        "--format",
        cls=Option,
        text="cli-format",
        type=click.Choice(("text", "json", *forms)),
        multiple=True,
        expose_value=False,
        callback=keep_format,
    )
    return lang(form(command))


def asked_form() -> str | None:
    """The kind of file that the command was asked for by `--format`."""
    form: str | None = click.get_current_context().meta.get(_FORM)
    return form


def near_text(name: str, known: Iterable[str], lang: Language) -> str:
    """`Is “batch” meant?`, or nothing."""
    close = get_close_matches(name, list(known), n=1)
    return say("cli-near", lang, near=close[0]) if close else ""


def usage_of(ctx: click.Context) -> str:
    """The usage line of a command, without the word before it."""
    return f"{ctx.command_path} {' '.join(ctx.command.collect_usage_pieces(ctx))}"


# -- errors of usage, as findings --------------------------------------------------------------------------------


def usage_finding(error: click.UsageError, lang: Language) -> Finding:
    """What click found wrong with the command line."""
    ctx = error.ctx
    usage = usage_of(ctx) if ctx is not None else "rulectl --help"
    match error:
        case click.NoSuchOption():
            near = near_text(error.option_name, error.possibilities or [], lang)
            command = ctx.command_path if ctx is not None else "rulectl"
            place = OptionPlace(error.option_name)
            return finding("unknown-option", place, option=error.option_name, command=command, near=near)
        case click.MissingParameter():
            name = _called(error.param)
            return finding("missing-argument", OptionPlace(name), argument=name, usage=usage)
        case click.BadOptionUsage():
            return finding(
                "missing-option-value", OptionPlace(error.option_name), option=error.option_name, usage=usage
            )
        case click.BadParameter(param=click.Parameter() as param):
            allowed = _allowed(param.type, lang)
            given = _given(error)
            return finding(
                "bad-option-value", OptionPlace(_called(param)), option=_called(param), value=given, allowed=allowed
            )
        case _:
            return finding("wrong-usage", OptionPlace(""), reason=error.format_message(), usage=usage)


def _called(param: click.Parameter | None) -> str:
    """A parameter as it is written on the command line."""
    if param is None:
        return ""
    return param.opts[-1] if isinstance(param, click.Option) else (param.metavar or str(param.name).upper())


def _allowed(kind: click.ParamType[Any], lang: Language) -> str:
    """What an option takes, as a sentence; nothing where that cannot be said."""
    match kind:
        case click.Choice():
            return say("cli-one-of", lang, values=", ".join(kind.choices))
        case click.IntRange() if kind.max is not None:
            return say("cli-whole-range", lang, low=kind.min, high=kind.max)
        case click.FloatRange():
            return say("cli-at-least", lang, low=kind.min)
        case _:
            return ""


def _given(error: click.BadParameter) -> str:
    """The value that was refused; click begins its sentence with it, or quotes it there."""
    message = error.message
    return message.split("'")[1] if message.count("'") >= 2 else message.split(" ", 1)[0]


class Seconds(click.FloatRange):
    """A number of seconds, 0 or more. click lets `nan` pass, which is no number."""

    def __init__(self) -> None:
        super().__init__(min=0)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        if isnan(seconds):
            self.fail(f"'{value}'", param, ctx)
        return seconds


# -- streams -----------------------------------------------------------------------------------------------------


def speak_utf8() -> None:
    """UTF-8 in pipes and files whatever the system's code page; a terminal keeps its own, and no character is fatal."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            encoding = stream.encoding if stream.isatty() else "utf-8"
            with suppress(OSError, ValueError):
                stream.reconfigure(encoding=encoding, errors="backslashreplace")


def refuse(slug: str, place: str, status: int = FINDINGS, /, **fields: object) -> NoReturn:
    """Stop with one finding."""
    raise StopError([finding(slug, OptionPlace(place), **fields)], status)  # type: ignore[arg-type]  # sentence fields
