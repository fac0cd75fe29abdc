"""A comparison in words: what changed of a part, what hangs on it, what became of a conclusion. Fields of sentences
come in both languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rulectl.codes import LANGUAGES, Language, say
from rulectl.compare.answers import Answer, listed
from rulectl.compare.comparison import Comparison, OwnTest
from rulectl.compare.joint import Joint, Version
from rulectl.compare.parts import LISTED, Aspect, Change
from rulectl.compare.regions import Differing
from rulectl.compare.uses import Reach
from rulectl.compare.witness import Decided
from rulectl.lang.printer import print_expr
from rulectl.lang.syntax import Expr
from rulectl.runtime.resolve import CLASH, Lack
from rulectl.values import Value, told_text

Both = dict[str, Any]
Item = Value | Expr

_NAMED = 5
"""How many names are listed of what a change reaches."""


def in_both(field: str, text: Callable[[Language], str]) -> Both:
    """A field of a sentence, in both languages."""
    return {f"{field}_{lang}": text(lang) for lang in LANGUAGES}


# -- parts -------------------------------------------------------------------------------------------------------


def says(change: Change, lang: Language) -> str:
    """What a part that is new says, in short."""
    match change.what:
        case "rule":
            return say("compare-rule-says", lang, row=change.says[lang])
        case "parameter":
            return say("compare-parameter-says", lang, value=change.says[lang])
        case "table":
            return say("compare-rules-in", lang, n=change.says[lang])
        case _:
            return ""


def how(change: Change, lang: Language) -> str:
    """What of a part changed."""
    return say("report-comma", lang).join(_aspect(one, lang) for one in change.aspects)


def _aspect(one: Aspect, lang: Language) -> str:
    """What stood under a heading and what stands there now; of several things those that left and came."""
    before, after = one.before[lang], one.after[lang]
    if one.key in LISTED and (";" in before or ";" in after):
        parts = _apart(before.split(";"), after.split(";"), {}, lang)
        return say("compare-items", lang, heading=one.heading[lang], parts=parts)
    blank = say("compare-blank", lang)
    return say("compare-aspect", lang, heading=one.heading[lang], before=before or blank, after=after or blank)


def used(count: int, lang: Language) -> str:
    """In how many places a part is used."""
    return say("compare-uses", lang, n=count) if count else say("compare-unused", lang)


def reached(found: Comparison, reach: Reach, lang: Language) -> str:
    """What hangs on a change; blank for nothing."""
    names = found.new.names
    parts = [
        say(f"compare-reach-{key}", lang, names=_list(own, lang))
        for key, own in (
            ("terms", [names.get(term, term) for term in reach.terms]),
            ("templates", reach.templates),
            ("policies", reach.policies),
        )
        if own
    ]
    return say("compare-reach", lang, parts=say("report-comma", lang).join(parts)) if parts else ""


def _list(names: Sequence[str], lang: Language) -> str:
    quoted = [say("compare-quoted", lang, name=name) for name in names[:_NAMED]]
    more = say("compare-and-more", lang, n=len(names)) if len(names) > _NAMED else ""
    return say("compare-list", lang).join(quoted) + more


# -- conclusions -------------------------------------------------------------------------------------------------


def changed(joint: Joint, region: Differing, case: Decided, lang: Language) -> str:
    """What became of the conclusions that a region changes."""
    names = {**joint.before.study.names, **joint.after.study.names}
    parts = []
    for (term, before), (_, after) in zip(region.before, region.after, strict=True):
        if joint.collects(term):
            parts.append(_of_list(names[term], before.items, after.items, names, lang))
            continue
        was, now = dict(case.before).get(term), dict(case.after).get(term)
        words = _answer(joint.before, before, was, lang), _answer(joint.after, after, now, lang)
        parts.append(say("compare-before-after", lang, term=names[term], before=words[0], after=words[1]))
    return say("report-comma", lang).join(parts)


def test_changed(found: Comparison, test: OwnTest, lang: Language) -> str:
    """What became of a test."""
    parts = []
    for id_, was, now in test.values:
        term = found.new.terms[id_]
        if term.type.many:
            parts.append(_of_list(term.name, listed(was), listed(now), found.new.names, lang))
            continue
        words = [_value(value, "", lang) for value in (was, now)]
        parts.append(say("compare-before-after", lang, term=term.name, before=words[0], after=words[1]))
    return say("report-comma", lang).join(parts)


def apart(before: Sequence[Item], after: Sequence[Item]) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """What left a list and what came to it."""
    gone, come = (item for item in before if item not in after), (item for item in after if item not in before)
    return tuple(dict.fromkeys(gone)), tuple(dict.fromkeys(come))


def _of_list(name: str, before: Sequence[Item], after: Sequence[Item], names: Mapping[str, str], lang: Language) -> str:
    """What became of a list."""
    return say("compare-list-change", lang, term=name, parts=_apart(before, after, names, lang))


def _apart(before: Sequence[Item], after: Sequence[Item], names: Mapping[str, str], lang: Language) -> str:
    """What came to a list and what left it, or that its order changed."""
    gone, come = apart(before, after)
    parts = [
        say(f"compare-items-{key}", lang, items=";".join(_item(item, names, lang) for item in own))
        for key, own in (("added", come), ("gone", gone))
        if own
    ]
    return say("report-comma", lang).join(parts) or say("compare-items-order", lang)


def _item(item: Item, names: Mapping[str, str], lang: Language) -> str:
    return print_expr(item, names, lang=lang) if isinstance(item, Expr) else _shown(item, lang)


def _answer(version: Version, answer: Answer, value: Value, lang: Language) -> str:
    """An answer in words, with the rules that give it; `value` is what the case that is shown comes to."""
    ids = [version.table.rules[rule].id for rule in answer.rules]
    rules = say("compare-by", lang, rules=say("report-list-comma", lang).join(ids)) if ids else ""
    if not answer.fired:
        return say("compare-no-rule", lang)
    if answer.formulas:
        names = version.study.names
        texts = [print_expr(formula, names, lang=lang) for formula in answer.formulas if formula is not None]
        here = "" if value is None else say("compare-here", lang, value=_shown(value, lang))
        return say("compare-formula", lang, value=";".join(texts), rules=rules, here=here)
    if answer.value is CLASH:
        return say("compare-clash", lang, rules=rules)
    return _value(None if isinstance(answer.value, Lack) else value, rules, lang)


def _value(value: Value, rules: str, lang: Language) -> str:
    if value is None:
        return say("compare-nothing", lang, rules=rules)
    return say("compare-value", lang, value=_shown(value, lang), rules=rules)


def _shown(value: Value, lang: Language) -> str:
    return told_text(value, lang)
