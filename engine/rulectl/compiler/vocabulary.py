"""Second pass: the terms. Several blocks and several workbooks make one vocabulary.

A term that two workbooks state alike is one term (a shop's workbook may repeat what it takes from an included one, and
adjust it: `adjusting`); two that differ, or a row of a workbook that was copied and kept the name or the id, is a
finding at the later with a note at the earlier.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from rulectl.codes import LANGUAGES, Severity
from rulectl.compiler.adjusting import Adjustment, adjust, adjusts, alike_but, joined, overridden
from rulectl.compiler.cells import value_in
from rulectl.compiler.complaints import chosen, complain, copied_row, heading_of, judged, left_blank, not_a_choice
from rulectl.compiler.including import included
from rulectl.compiler.naming import bad_name
from rulectl.compiler.records import Record, headings, records, unread
from rulectl.compiler.work import Work
from rulectl.diagnostics import Finding, finding
from rulectl.lang.chars import visible
from rulectl.lang.parser import parse_test
from rulectl.lang.scope import Problem, Scope
from rulectl.lang.syntax import Between, Is, Literal
from rulectl.model import words
from rulectl.model.draft import BlockKind, DraftBlock
from rulectl.model.policy import Favours, Merge, Role
from rulectl.model.rulebook import Term
from rulectl.model.suiting import favourable, merges
from rulectl.source import Cell, FilePlace
from rulectl.types import NUMBER, Kind, Type
from rulectl.values import Value

_PARTING = re.compile("[;；\n、,，]")
_RUN = r"[/／|｜]|(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff0-9①-⑳])"
_NUMBERED = re.compile(r"^\s*(?:[0-9]+[.．)）]|[①-⑳])\s*")
"""What parts values, what people part them by as well, and the numbers that they put before them."""


@dataclass(slots=True)
class _Row:
    """A row while it is read: `broken` once something is wrong that other cells cannot do without."""

    record: Record
    found: list[Finding]
    work: Work
    ids: Mapping[str, str] = field(default_factory=dict)
    broken: bool = False

    def spoil(self, *problems: Finding) -> None:
        self.found.extend(problems)
        self.broken = self.broken or bool(problems)


def read_vocabulary(work: Work) -> Work:
    """Pass: the terms, and the names of those that are broken."""
    found: list[Finding] = []
    if _lacking(work):
        return _without(work)
    terms: dict[str, Term] = {}
    named: dict[tuple[str, str], Term] = {}  # by the file that states them
    broken: set[str] = set(work.broken)
    ids = _ids(work)
    stated: dict[tuple[str, str], Cell] = {}
    rows: list[Adjustment] = []
    for book, block in work.blocks(BlockKind.VOCABULARY):
        for record in records(block, ("name",) if book.includes else _needed(block), found):
            if book.includes and adjusts(record):
                rows.append(Adjustment(book, record))
                continue
            row = _Row(record, found, work, ids)
            term = _term(row)
            known = terms.get(term.id) or named.get((book.draft.file, words.fold(term.name)))
            if known is not None and known.name != term.name:
                broken.add(words.fold(term.name))  # what speaks of it is right, once it has an id of its own
            if known is not None and known.id != term.id:
                broken.update(map(words.fold, (term.id, *term.aliases)))  # and so is this, once it has a name
            for key in ("type", "values"):
                if not record.cell(key).blank:
                    stated.setdefault((term.id, key), record.cell(key).at)
            if row.broken:
                broken.update(words.fold(name) for name in (term.name, term.id, *term.aliases) if name)
            elif known is None:
                terms[term.id] = named[book.draft.file, words.fold(term.name)] = term
            else:
                terms[known.id] = _once(known, term, row)
    adjust(terms, rows, replace(work, broken=frozenset(broken)), found)
    # a name that is broken in one place and whole in another is whole
    whole = {words.fold(name) for term in terms.values() for name in (term.name, term.id, *term.aliases)}
    return replace(
        work,
        terms=tuple(terms.values()),
        stated=stated,
        broken=frozenset(broken - whole),
        incomplete=work.incomplete or unread(found),
    ).plus(found)


def _needed(block: DraftBlock) -> tuple[str, ...]:
    """The headings that a vocabulary cannot do without. Values alone make an enum, and not every type has values: these
    headings may be missing where no row asks for them."""
    columns = headings(block, []) or {}
    rows = [Record(row, columns) for row in block.rows[2:]]
    typed = "type" in columns or all(record.text("values") for record in rows)
    enums = any((words.type_of(record.text("type")) or (None,))[0] is Kind.ENUM for record in rows)
    others = (key for key, needed in (("type", not typed), ("values", enums)) if needed and key not in columns)
    return ("name", "role", *others)


def _ids(work: Work) -> Mapping[str, str]:
    """Folded name -> the id that some workbook states with it: whoever repeats a term need not repeat its id."""
    every = (record for _, block in work.blocks(BlockKind.VOCABULARY) for record in records(block, ("name",), []))
    ids: dict[str, str] = {}
    for record in every:
        if record.text("name") and record.text("id"):
            ids.setdefault(words.fold(record.text("name")), record.text("id"))
    return ids


def _once(known: Term, term: Term, row: _Row) -> Term:
    """The one term of two declarations; a finding where they are at odds."""
    if known.cell is None or term.cell is None:
        return known
    if known.cell.file == term.cell.file:
        copied = row.record.cell("id" if words.fold(known.name) != words.fold(term.name) else "name")
        row.found.append(copied_row(copied, visible(copied.text), known.cell))
        return known
    if known == term:
        return known
    if alike_but(known, term) and term.cell.file in included(row.work).get(known.cell.file, frozenset()):
        if known.default != term.default and None not in (known.default, term.default):
            row.found.append(overridden(known, term, ("vocabulary", "default")))
        return joined(known, term)
    cell = row.record.cell("id") if row.record.text("id") else row.record.cell("name")
    row.found.append(complain("duplicate-term", cell, ("note-first", known.cell), id=term.id))
    return known


def _lacking(work: Work) -> bool:
    """Whether something names terms and no workbook has a vocabulary."""
    kinds = {block.kind for book in work.books for block in book.draft.blocks}
    naming = {BlockKind.TABLE, BlockKind.AGGREGATES, BlockKind.TESTS, BlockKind.POLICIES}
    return not work.incomplete and BlockKind.VOCABULARY not in kinds and bool(kinds & naming)


def _without(work: Work) -> Work:
    """No vocabulary: there is none, or its marker is misspelt, which is then no mere warning."""
    marker = {words.fold(words.word("marker", BlockKind.VOCABULARY.value, lang)) for lang in LANGUAGES}
    misspelt = [
        f for f in work.findings if f.slug == "marker-misspelt" and words.fold(dict(f.fields)["suggestion"]) in marker
    ]
    if not misspelt:
        nowhere = finding("no-vocabulary", FilePlace(work.drafts[0].file))
        return replace(work, incomplete=True).plus((nowhere,))
    graver = tuple(replace(f, severity_override=Severity.ERROR) if f in misspelt else f for f in work.findings)
    return replace(work, incomplete=True, findings=graver)


def _term(row: _Row) -> Term:
    """A term from its row; what cannot be read has its finding and a stand-in."""
    record = row.record
    name = record.text("name")
    if not name:
        row.spoil(left_blank(record.cell("name"), "vocabulary", "name"))
    aliases = words.parted(record.text("aliases"))
    for key in ("name", "id"):
        row.spoil(*bad_name(record.cell(key), record.text(key)))
    aliases = tuple(dict.fromkeys(alias for alias in aliases if alias not in (name, record.text("id"))))
    for alias in aliases:
        row.spoil(*bad_name(record.cell("aliases"), alias))
    role = _role(row)
    type_ = _type(row)
    unit = record.text("unit")
    return Term(
        record.text("id") or row.ids.get(words.fold(name), name),
        name,
        role or Role.DERIVED,
        type_ or Type(Kind.STRING),
        unit,
        bool(chosen(record.cell("required"), "yes", words.yes_no, row.found)),
        None if type_ is None else _default(row, type_, unit),
        aliases,
        _merge(row, type_),
        _favours(row, type_),
        record.text("description"),
        record.cell("name").at,
    )


def _role(row: _Row) -> Role | None:
    cell = row.record.cell("role")
    if cell.blank:
        row.spoil(left_blank(cell, "vocabulary", "role"))
        return None
    role = words.role(cell.text)
    if role is None:
        row.spoil(not_a_choice(cell, "role"))
    return role


def _type(row: _Row) -> Type | None:
    """The type from its own cell and the allowed values; values alone make an enum."""
    record = row.record
    cell, values_cell = record.cell("type"), record.cell("values")
    values = words.parted(values_cell.text)
    stated = words.type_of(cell.text) if not cell.blank else (Kind.ENUM, False) if values else None
    if stated is None:
        row.spoil(left_blank(cell, "vocabulary", "type") if cell.blank else not_a_choice(cell, "type"))
        return None
    kind, many = stated
    if kind is Kind.ENUM and not values:
        row.spoil(complain("enum-without-values", values_cell if "values" in record.columns else cell, **_named(row)))
        return None
    repeated = next((value for i, value in enumerate(values) if value in values[:i]), None)
    run = _run_together(values_cell.text, values) if kind is Kind.ENUM else ()
    if run:
        row.found.append(complain("values-run-together", values_cell, text=values[0], values=";".join(run)))
        values = run
    if repeated is not None:
        row.found.append(complain("repeated-value", values_cell, value=repeated))
    if values and not kind.textual:
        limits = _range(values_cell.text, record.text("unit")) if kind is Kind.NUMBER else None
        if limits is not None:
            return Type(kind, many, (), *limits)
        row.found.append(complain("values-unsuitable", values_cell, **_named(row)))
        values = ()
    return Type(kind, many, tuple(dict.fromkeys(values)))


def _run_together(text: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """The values that `噪音/卫生/空调` or `1.噪音 2.卫生` most likely means; nothing for what is a single value, which
    a semicolon behind it says."""
    if len(values) != 1 or _PARTING.search(text):
        return ()
    parts = tuple(visible(_NUMBERED.sub("", part)) for part in re.split(_RUN, values[0]))
    return parts if len(parts) > 1 and all(any(sign.isalnum() for sign in part) for part in parts) else ()


def _range(text: str, unit: str) -> tuple[Decimal | None, Decimal | None] | None:
    """The least and greatest number of a cell such as `>=0` or `[0..100]`, None when it says anything else."""
    match parse_test(text, NUMBER, Scope({}), unit):
        case Is(">=", Literal(Decimal() as low)):
            return low, None
        case Is("<=", Literal(Decimal() as high)):
            return None, high
        case Between(Literal(Decimal() as low), Literal(Decimal() as high), True, True):
            return low, high
        case _:
            return None


def _named(row: _Row) -> dict[str, str]:
    return {"term": row.record.text("name") or row.record.text("id")}


def _default(row: _Row, type_: Type, unit: str) -> Value:
    cell = row.record.cell("default")
    value = value_in(cell, type_, unit)
    if isinstance(value, Problem):
        row.found.extend(judged(value, cell, row.work))
        return None
    return value


def _merge(row: _Row, type_: Type | None) -> Merge:
    """The merge as stated, or that of the type; one that does not fit the type is a finding."""
    cell = row.record.cell("merge")
    natural = Merge.COLLECT if type_ is not None and type_.many else Merge.SINGLE
    merge = chosen(cell, "merge", words.merge, row.found)
    if merge is None or type_ is None:
        return natural
    if not merges(merge, type_):
        row.found.append(
            complain(
                "merge-unsuitable", cell, text=cell.text.strip(), **_named(row), **heading_of("merge", natural.value)
            )
        )
        return natural
    return merge


def _favours(row: _Row, type_: Type | None) -> Favours | None:
    """What favours the buyer."""
    cell = row.record.cell("favours")
    favours = chosen(cell, "favours", words.favours, row.found)
    if favours is None or type_ is None:
        return None
    if not favourable(favours, type_):
        row.found.append(complain("favours-unsuitable", cell, text=cell.text.strip(), **_named(row)))
        return None
    return favours
