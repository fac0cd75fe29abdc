"""The messages that an outcome names, filled in with the case's facts, in the order in which they are to be sent.

A rule names a message by its id in a conclusion; the wording stands in the workbook's templates. What is not known yet
keeps its place in braces and is told apart, so that nobody sends it by mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from rulectl.codes import Language
from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.lang.printer import template
from rulectl.lang.syntax import Expr, Literal, Text
from rulectl.model.outcome import Outcome
from rulectl.model.rulebook import Rulebook, Template
from rulectl.values import Value

Spoken = Callable[[Value, Language], str]
"""How a value is said within a sentence of a language."""


class Message(NamedTuple):
    """A message as it goes out; `missing` are the places that nothing is known for."""

    id: str
    occasion: str
    text: str
    missing: tuple[str, ...]


def wordings(rulebook: Rulebook, lang: Language) -> Mapping[str, Template]:
    """The template of each id, in a language where there is one in it."""
    found: dict[str, Template] = {}
    for one in rulebook.templates:
        if one.id not in found or (one.language == lang and found[one.id].language != lang):
            found[one.id] = one
    return found


def messages(
    outcome: Outcome,
    templates: Mapping[str, Template],
    names: Mapping[str, str],
    facts: Mapping[str, Value],
    spoken: Spoken,
) -> Iterator[Message]:
    """The messages named by the outputs of a case, each once; values are said in the language of the wording."""
    said: set[str] = set()
    for value in outcome.outputs.values():
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, str) and item in templates and item not in said:
                said.add(item)
                yield _filled(templates[item], names, facts, spoken)


def _filled(one: Template, names: Mapping[str, str], facts: Mapping[str, Value], spoken: Spoken) -> Message:
    parts: tuple[Expr, ...] = one.text.parts if isinstance(one.text, Text) else (one.text,)
    language: Language = "en" if one.language.lower().startswith("en") else "zh"
    text, missing = "", []
    for part in parts:
        if isinstance(part, Literal) and isinstance(part.value, str):
            text += part.value
            continue
        try:
            value = evaluate(part, facts)
        except CannotCompute:
            value = None
        if value is None:
            missing.append(template(part, names).strip("{}"))
        text += template(part, names) if value is None else spoken(value, language)
    return Message(one.id, one.occasion, text, tuple(missing))
