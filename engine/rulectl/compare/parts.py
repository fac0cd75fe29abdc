"""What was added, removed or changed, part by part: the page about the rulebook, terms, parameters, aggregates, tables,
rules, messages, policies. A part is known by its id; a part that moved to another cell, or whose notes alone changed,
did not change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal as Choice

from rulectl.codes import LANGUAGES, Language
from rulectl.compare.matching import Matched
from rulectl.lang.literals import range_text
from rulectl.lang.printer import print_expr, print_test, template
from rulectl.lang.syntax import Any, Expr
from rulectl.model import words
from rulectl.model.rulebook import Aggregate, Parameter, Policy, Rule, Rulebook, Table, Template, Term
from rulectl.source import Cell, CellRange
from rulectl.values import Value, duration_text, told_text

What = Choice["rulebook", "term", "parameter", "aggregate", "table", "rule", "template", "policy"]
Texts = Mapping[Language, str]
Names = Mapping[str, str]
_Cells = Mapping[str, str]

_OTHERWISE: Texts = {"zh": "否则", "en": "otherwise"}

CALLED = frozenset(("name", "aliases", "unit"))
"""Headings that say how a part is called, in sentences and in case files."""

LISTED = frozenset(("values", "aliases", "includes", "by", "condition", "conclusion"))
"""Headings under which several things stand."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """What of a part changed: its heading, and what stood and stands there, in each language. `key` is the heading's
    own word in the workbook's vocabulary; blank for a cell of a rule."""

    heading: Texts
    before: Texts
    after: Texts
    key: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A part that was added (`before` None), removed (`after` None) or changed. `id` is its own, `name` what people
    call it, `table` that of a rule; `before` and `after` are its cells; `says` what one that was added says, in each
    language; `gives` the terms that it concludes."""

    what: What
    id: str
    name: str
    before: Cell | CellRange | None
    after: Cell | CellRange | None
    way: Choice["added", "removed", "changed"]
    aspects: tuple[Aspect, ...] = ()
    table: str = ""
    says: Texts = field(default_factory=dict)
    gives: tuple[str, ...] = ()

    @property
    def decides(self) -> bool:
        """Whether it may decide anything otherwise: more changed than how a part is called."""
        return self.way != "changed" or any(aspect.key not in CALLED for aspect in self.aspects)


@dataclass(frozen=True, slots=True)
class _Page:
    """A part as its headings, by their category and key (model/words.py), and what stands under them."""

    id: str
    name: str
    cell: Cell | CellRange | None
    says: tuple[tuple[tuple[str, str], Texts], ...]
    sum: Texts = field(default_factory=dict)
    gives: tuple[str, ...] = ()


def parts(old: Rulebook, new: Rulebook, renamed: Names) -> Iterator[Change]:
    """All changes but those of rules. What was renamed goes by its new name in both: terms are known by their ids,
    tables by `renamed`, from old names to new ones."""
    names = names_of_both(old, new)
    sources: tuple[tuple[What, Callable[[Rulebook], Iterable[_Page]]], ...] = (
        ("rulebook", lambda book: [_about(book)]),
        ("term", lambda book: (_term(term) for term in book.terms)),
        ("parameter", lambda book: (_parameter(one) for one in book.parameters)),
        ("aggregate", lambda book: (_aggregate(one, names) for one in book.aggregates)),
        ("table", lambda book: (_table(table, names, {} if book is new else renamed) for table in book.tables)),
        ("template", lambda book: (_template(one, names) for one in book.templates)),
        ("policy", lambda book: (_policy(one, names) for one in book.policies)),
    )
    for what, pages in sources:
        yield from _compared(what, list(pages(old)), list(pages(new)))


def _compared(what: What, old: list[_Page], new: list[_Page]) -> Iterator[Change]:
    before = dict(_keyed(old))
    for key, page in _keyed(new):
        other = before.pop(key, None)
        if other is None:
            yield Change(what, page.id, page.name, None, page.cell, "added", says=page.sum, gives=page.gives)
            continue
        pairs = zip(other.says, page.says, strict=True)
        aspects = tuple(Aspect(_word(*key), was, now, key[1]) for (key, was), (_, now) in pairs if was != now)
        if aspects:
            yield Change(what, page.id, page.name, other.cell, page.cell, "changed", aspects, gives=page.gives)
    for page in before.values():
        yield Change(what, page.id, page.name, page.cell, None, "removed", gives=page.gives)


def _keyed(pages: Iterable[_Page]) -> Iterator[tuple[tuple[str, int], _Page]]:
    """Pages by id and the how many of that id: policies of several workbooks may share one."""
    seen: dict[str, int] = {}
    for page in pages:
        seen[page.id] = seen.get(page.id, 0) + 1
        yield (page.id, seen[page.id]), page


def rules(old: Rulebook, before: Table, new: Rulebook, after: Table, matched: Matched) -> Iterator[Change]:
    """The changes of a table's rules."""
    names = names_of_both(old, new)
    for pair in matched.pairs:
        one = None if pair.before is None else before.rules[pair.before]
        other = None if pair.after is None else after.rules[pair.after]
        rule = other or one
        if rule is None or (one is not None and other is not None and not matched.rewritten(pair)):
            continue
        cells = {
            lang: (_cells(one, before, old, names, lang), _cells(other, after, new, names, lang)) for lang in LANGUAGES
        }
        yield Change(
            "rule",
            f"{after.name}/{rule.id}",
            rule.id,
            one.cells if one else None,
            other.cells if other else None,
            "added" if one is None else "removed" if other is None else "changed",
            tuple(_aspects(one, other, cells)) if one and other else (),
            after.name,
            {lang: _row(now, len(after.inputs)) for lang, (_, now) in cells.items()},
            matched.touched(pair) or tuple(dict.fromkeys((*_said(one, before), *_said(other, after)))),
        )


def _row(cells: Mapping[str, str], conditions: int) -> str:
    """What a rule says, in a line; blank cells are left out."""
    said = [f"{heading} {text}" if text else "" for heading, text in cells.items()]
    return " → ".join(" | ".join(filter(None, part)) or "-" for part in (said[:conditions], said[conditions:]))


def _said(rule: Rule | None, table: Table) -> Iterator[str]:
    """The terms that a rule speaks of."""
    if rule is not None:
        yield from (c.term for c, entry in zip(table.outputs, rule.then, strict=True) if entry.expr is not None)


def _aspects(one: Rule, other: Rule, cells: Mapping[Language, tuple[_Cells, _Cells]]) -> Iterator[Aspect]:
    """What of a rule changed, cell by cell under its heading."""
    before, after = cells["zh"]
    for heading in dict.fromkeys((*before, *after)):
        was, now = ({lang: sides[at].get(heading, "") for lang, sides in cells.items()} for at in (0, 1))
        if was != now:
            yield Aspect(_alike(heading), was, now)
    flags: list[tuple[Texts, Texts, Texts]] = [
        (_word("table", "enabled"), _yes(one.enabled), _yes(other.enabled)),
        (_word("table", "from"), _alike(_day(one.period.start)), _alike(_day(other.period.start))),
        (_word("table", "to"), _alike(_day(one.period.end)), _alike(_day(other.period.end))),
    ]
    yield from (Aspect(*flag) for flag in flags if flag[1] != flag[2])


def _cells(rule: Rule | None, table: Table, book: Rulebook, names: Names, lang: Language) -> _Cells:
    """What stands in a rule's cells, by heading; a heading that comes again is numbered. Headings are the same in all
    languages."""
    found: dict[str, str] = {}
    if rule is None:
        return found
    for column, test in zip(table.inputs, rule.when, strict=True):
        text = "" if isinstance(test.test, Any) else print_test(test.test, column.type, names, lang)
        heading = _free(print_expr(column.subject, names), found)
        found[heading] = _OTHERWISE[lang] if rule.otherwise and not text else text
    for conclusion, entry in zip(table.outputs, rule.then, strict=True):
        type_ = book.term(conclusion.term).type
        text = "" if entry.expr is None else print_expr(entry.expr, names, in_cell=type_, lang=lang)
        found[_free(names[conclusion.term], found)] = text
    return found


def _free(heading: str, taken: Mapping[str, str]) -> str:
    number = 1
    while heading in taken:
        number += 1
        heading = f"{heading.rpartition(' #')[0] or heading} #{number}"
    return heading


# -- one part at a time ------------------------------------------------------------------------------------------


def _about(book: Rulebook) -> _Page:
    says = (
        (("rulebook", "from"), _alike(_day(book.period.start))),
        (("rulebook", "to"), _alike(_day(book.period.end))),
        (("rulebook", "event"), _alike(book.event or "")),
        (("rulebook", "tier"), _word("tier", book.tier.value)),
        (("rulebook", "includes"), _alike(";".join(sorted(book.includes)))),
    )
    return _Page("", book.name or book.id, None, says)


def _term(term: Term) -> _Page:
    says = (
        (("vocabulary", "name"), _alike(term.name)),
        (("vocabulary", "role"), _word("role", term.role.value)),
        (("vocabulary", "type"), _type(term)),
        (("vocabulary", "unit"), _alike(term.unit)),
        (("vocabulary", "values"), _alike(";".join(term.type.values) or range_text(term.type))),
        (("vocabulary", "required"), _yes(term.required)),
        (("vocabulary", "default"), _value(term.default)),
        (("vocabulary", "aliases"), _alike(";".join(term.aliases))),
        (("vocabulary", "merge"), _word("merge", term.merge.value)),
        (("vocabulary", "favours"), _word("favours", term.favours.value) if term.favours else _alike("")),
    )
    return _Page(term.id, term.name, term.cell, says)


def _parameter(one: Parameter) -> _Page:
    says = (
        (("parameters", "value"), _value(one.value)),
        (("parameters", "name"), _alike(one.name)),
        (("parameters", "type"), _type(one)),
        (("parameters", "unit"), _alike(one.unit)),
    )
    return _Page(one.id, one.name, one.cell, says, _value(one.value))


def _aggregate(one: Aggregate, names: Names) -> _Page:
    window = "" if one.window is None else ("-" if one.back_only else "±") + duration_text(one.window)
    says = (
        (("aggregates", "function"), _word("aggregate", one.function)),
        (("aggregates", "of"), _alike(names.get(one.of or "", ""))),
        (("aggregates", "by"), _alike(";".join(names.get(name, name) for name in one.by))),
        (("aggregates", "window"), _alike(window)),
        (("aggregates", "time"), _alike(names.get(one.time or "", ""))),
        (("aggregates", "where"), _text(one.where, names)),
    )
    return _Page(one.term, names.get(one.term, one.term), one.cell, says, gives=(one.term,))


def _table(table: Table, names: Names, renamed: Names) -> _Page:
    conditions = ";".join(print_expr(column.subject, names) for column in table.inputs)
    conclusions = ";".join(
        names[column.term] + ("" if column.policy is table.policy else f" {column.policy.value}")
        for column in table.outputs
    )
    says = (
        (("vocabulary", "name"), _alike(table.name)),
        (("table option", "policy"), _alike(table.policy.value)),
        (("table option", "salience"), _alike(str(table.salience))),
        (("table option", "tier"), _word("tier", table.tier.value)),
        (("table option", "from"), _alike(_day(table.period.start))),
        (("table option", "to"), _alike(_day(table.period.end))),
        (("table", "condition"), _alike(conditions)),
        (("table", "conclusion"), _alike(conclusions)),
    )
    given = tuple(column.term for column in table.outputs)
    return _Page(
        renamed.get(table.name, table.name), table.name, table.cells, says, _alike(str(len(table.rules))), given
    )


def _template(one: Template, names: Names) -> _Page:
    text = template(one.text, names)
    says = ((("templates", "text"), _alike(text)),)
    return _Page(f"{one.id} {one.language}", one.id, one.cell, says)


def _policy(one: Policy, names: Names) -> _Page:
    says = (
        (("policies", "statement"), _text(one.statement, names)),
        (("policies", "severity"), _word("severity", one.severity)),
    )
    return _Page(one.id, one.id, one.cell, says)


# -- texts -------------------------------------------------------------------------------------------------------


def names_of_both(old: Rulebook, new: Rulebook) -> dict[str, str]:
    """Names by id; the new one where both have one."""
    names: dict[str, str] = {}
    for book in (old, new):
        names |= {t.id: t.name for t in book.terms} | {p.id: p.name for p in book.parameters}
    return names


def _text(expr: Expr | None, names: Names) -> Texts:
    return _alike("") if expr is None else {lang: print_expr(expr, names, lang=lang) for lang in LANGUAGES}


def _value(value: Value) -> Texts:
    return {lang: told_text(value, lang) for lang in LANGUAGES}


def _alike(text: str) -> Texts:
    return dict.fromkeys(LANGUAGES, text)


def _word(category: str, key: str) -> Texts:
    return {lang: words.word(category, key, lang) for lang in LANGUAGES}


def _yes(truth: bool) -> Texts:
    return _word("yes", "yes" if truth else "no")


def _type(one: Term | Parameter) -> Texts:
    return {lang: words.type_word(one.type.kind, one.type.many, lang) for lang in LANGUAGES}


def _day(day: dt.date | None) -> str:
    return "" if day is None else day.isoformat()
