"""One code of the registry, explained."""

from __future__ import annotations

import re

from rulectl.codes import Code, Language, say
from rulectl.report.jsontext import dumps

_FIELD = re.compile(r"\{(\w+)\}")


def _open(template: str) -> str:
    """A sentence with its fields left open: `{name}` becomes `…`."""
    return _FIELD.sub("…", template).replace("{{", "{").replace("}}", "}").strip()


def code_text(code: Code, lang: Language) -> str:
    """The code, its sentence, what to write instead, why, an example."""
    kind = say(f"report-severity-{code.severity.value}", lang)
    lines = [f"{code.code} {code.slug} ({kind})", "", _open(code.message[lang])]
    if help_ := _open(code.help.get(lang, "")):
        lines.append(say("report-help", lang) + help_)
    if why := code.why.get(lang, ""):
        lines += ["", _open(why)]
    if code.example:
        lines += ["", say("report-wrong", lang), *_indented(code.example)]
    if code.instead:
        lines += [say("report-right", lang), *_indented(code.instead)]
    return "\n".join(lines)


def code_json(code: Code, lang: Language) -> str:
    return dumps(
        {
            "code": code.code,
            "slug": code.slug,
            "severity": code.severity.value,
            "message": code.message[lang],
            "help": code.help.get(lang, ""),
            "why": code.why.get(lang, ""),
            "example": code.example,
            "instead": code.instead,
        }
    )


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()]
