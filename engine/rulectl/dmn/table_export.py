"""A decision table of a rulebook as one of DMN, each entry as FEEL and, where that is not the whole of it, as its cell.

An entry is read back as soon as it is written: only where the FEEL does not come to the same tree is the text of the
cell kept beside it, so that a model which is edited in another tool loses nothing, and what is edited there counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from rulectl.codes import Language
from rulectl.dmn.feel import read_expression, read_tests
from rulectl.dmn.feel_print import Printer
from rulectl.dmn.feel_text import FeelFault
from rulectl.dmn.meaning import Env, NeedsColumnError, Parts, Routine
from rulectl.dmn.naming import Naming, allowed, base
from rulectl.dmn.writing import Element, element
from rulectl.lang.printer import print_expr, print_test
from rulectl.lang.syntax import Expr, Literal, Name, Node, Sequence, Test
from rulectl.model.rulebook import InputColumn, OutputColumn, OutputEntry, Parameter, Rule, Rulebook, Table, Term
from rulectl.types import Type


def about(kept: Mapping[str, str]) -> Element | None:
    """What rulectl keeps of an element."""
    return element("rulectl:about", kept) if any(kept.values()) else None


def extended(*kept: Element | None) -> Element | None:
    """The extension elements of an element; None where there are none."""
    every = [one for one in kept if one is not None]
    return element("extensionElements", children=every) if every else None


class Exporter:
    """What the entries of all tables have in common."""

    def __init__(self, book: Rulebook, names: Naming, lang: Language) -> None:
        self.book = book
        self.naming = names
        self.lang = lang
        self._read: dict[str, Expr | None] = {}
        self._tests: dict[str, Test | None] = {}
        self._printer = Printer(names.feel, names.lists)
        every: tuple[Term | Parameter, ...] = (*book.terms, *book.parameters)
        self._names = {item.id: item.name for item in every}

    @cached_property
    def _terms(self) -> Mapping[str, Term]:
        return {term.id: term for term in self.book.terms}

    @cached_property
    def _env(self) -> Env:
        """What the names of the model mean, by id."""
        return Env({feel: Name(id_) for id_, feel in self.naming.feel.items()})

    # -- tables

    def table(self, table: Table, id_: str) -> Element:
        """A decision table under the id of its decision."""
        policy, aggregation = table.policy.dmn
        first = next((r for r in table.rules if r.otherwise and r.enabled and r.period.always), None)
        # DMN has room for rules that are on, and of else rules for the first
        fits = [rule is first if rule.otherwise else rule.enabled for rule in table.rules]
        native = [rule for rule, fit in zip(table.rules, fits, strict=True) if fit]
        otherwise = next((rule for rule in native if rule.otherwise), None)
        kept_rows = [
            self._kept_rule(rule, number, table) for number, rule in enumerate(table.rules) if not fits[number]
        ]
        rules = [rule for rule in native if rule is not otherwise]
        notes = [key for key in ("note", "source") if any(getattr(rule, key) for rule in rules)]
        return element(
            "decisionTable",
            {"id": f"{id_}_t", "hitPolicy": policy, "aggregation": aggregation},
            (
                extended(self._about(table), *kept_rows, self._else(otherwise, native)),
                *(self._input(column, f"{id_}_i{n}") for n, column in enumerate(table.inputs, 1)),
                *self._outputs(table, otherwise, id_),
                *(element("annotation", {"name": key}) for key in notes),
                *(self._rule(rule, table, notes, f"{id_}_r{n}") for n, rule in enumerate(rules, 1)),
            ),
        )

    def _about(self, table: Table) -> Element | None:
        book = self.book
        start = "" if table.period.start in (None, book.period.start) else str(table.period.start)
        end = "" if table.period.end in (None, book.period.end) else str(table.period.end)
        return about(
            {
                "name": table.name,
                "salience": str(table.salience) if table.salience else "",
                "tier": "" if table.tier is book.tier else table.tier.value,
                "from": start,
                "to": end,
            }
        )

    def _else(self, rule: Rule | None, native: list[Rule]) -> Element | None:
        """The rest of an else rule: its outputs are the defaults."""
        if rule is None:
            return None
        number = next(n for n, one in enumerate(native) if one is rule)
        return element("rulectl:else", {"at": str(number), "id": rule.id, "note": rule.note, "source": rule.source})

    def _kept_rule(self, rule: Rule, number: int, table: Table) -> Element:
        """A rule for which DMN has no room, as its cells have it."""
        when = [
            print_test(entry.test, column.type, self._names)
            for entry, column in zip(rule.when, table.inputs, strict=True)
        ]
        if rule.otherwise and when:
            when[0] = "否则" if self.lang == "zh" else "otherwise"
        then = [self._cell(entry.expr, column) for entry, column in zip(rule.then, table.outputs, strict=True)]
        fields = {
            "at": str(number),
            "id": rule.id,
            "note": rule.note,
            "source": rule.source,
            "enabled": "" if rule.enabled else "no",
            **_dates(rule),
        }
        return element("rulectl:rule", fields, [element("rulectl:cell", text=text) for text in (*when, *then)])

    # -- columns

    def _input(self, column: InputColumn, id_: str) -> Element:
        feel = self._printer.expression(column.subject)
        cell = print_expr(column.subject, self._names)
        kept = None if self._means(feel) == column.subject else _cell(f"({cell})", feel)
        expression = element(
            "inputExpression",
            {"id": f"{id_}_x", "typeRef": base(column.type)},
            [extended(kept), element("text", text=feel)],
        )
        return element("input", {"id": id_, "label": column.heading or cell}, [expression])

    def _outputs(self, table: Table, otherwise: Rule | None, id_: str) -> Iterator[Element]:
        for n, column in enumerate(table.outputs):
            term = self._terms[column.term]
            usual = column.policy is table.policy.usual(term.type.many)
            kept = about({"term": term.id, "policy": "" if usual else column.policy.value})
            values = allowed(term.type) if term.type.values else ""
            default = None
            if otherwise is not None and otherwise.then[n].expr is not None:
                default = self._entry("defaultOutputEntry", otherwise.then[n], column, table, f"{id_}_d{n + 1}")
            yield element(
                "output",
                {
                    "id": f"{id_}_o{n + 1}",
                    "label": term.name,
                    "name": self.naming.feel[term.id] if len(table.outputs) > 1 else "",
                    "typeRef": self.naming.references[term.id],
                },
                (
                    extended(kept),
                    element("outputValues", children=[element("text", text=values)]) if values else None,
                    default,
                ),
            )

    # -- rules

    def _rule(self, rule: Rule, table: Table, notes: list[str], id_: str) -> Element:
        when = (
            self._test(entry.test, column, f"{id_}_i{n}")
            for n, (entry, column) in enumerate(zip(rule.when, table.inputs, strict=True), 1)
        )
        then = (
            self._entry("outputEntry", entry, column, table, f"{id_}_o{n}")
            for n, (entry, column) in enumerate(zip(rule.then, table.outputs, strict=True), 1)
        )
        annotations = (
            element("annotationEntry", children=[element("text", text=rule.note if key == "note" else rule.source)])
            for key in notes
        )
        kept = extended(about({"id": rule.id, **_dates(rule)}))
        return element("rule", {"id": id_}, [kept, *when, *then, *annotations])

    def _test(self, test: Test, column: InputColumn, id_: str) -> Element:
        feel = self._printer.tests(test, column.type.many)
        kept = None if self._asks(feel) == test else _cell(print_test(test, column.type, self._names), feel)
        return element("inputEntry", {"id": id_}, [extended(kept), element("text", text=feel)])

    def _entry(self, name: str, entry: OutputEntry, column: OutputColumn, table: Table, id_: str) -> Element:
        """A conclusion; a list that is collected is given item by item where it has one."""
        type_ = self._terms[column.term].type
        shown = _one(entry.expr) if type_.many and table.policy.lists else entry.expr
        feel = "null" if shown is None else self._printer.expression(shown)
        back = None if feel == "null" else self._means(feel)
        if back is not None and type_.many:
            back = _listed(back, type_, self.naming.lists)
        kept = None if back == entry.expr else _cell(self._cell(entry.expr, column), feel)
        return element(name, {"id": id_}, [extended(kept), element("text", text=feel)])

    def _cell(self, expr: Expr | None, column: OutputColumn) -> str:
        return "" if expr is None else print_expr(expr, self._names, in_cell=self._terms[column.term].type)

    # -- reading back

    def _means(self, feel: str) -> Expr | None:
        """What an expression means; large tables say the same over and over, and it is read once."""
        if feel not in self._read:
            self._read[feel] = self._meaning(feel)
        return self._read[feel]

    def _meaning(self, feel: str) -> Expr | None:
        try:
            found = read_expression(feel, self._env)
        except FeelFault:
            return None
        return None if isinstance(found, Parts | Routine) or not hasattr(found, "span") else _expression(found)

    def _asks(self, feel: str) -> Test | None:
        if feel not in self._tests:
            try:
                self._tests[feel] = read_tests(feel, self._env)
            except (FeelFault, NeedsColumnError):
                self._tests[feel] = None
        return self._tests[feel]


def _expression(node: Node) -> Expr | None:
    return node  # type: ignore[return-value]  # a range is no expression, and equals none


def _dates(rule: Rule) -> dict[str, str]:
    start, end = rule.period.start, rule.period.end
    return {"from": "" if start is None else str(start), "to": "" if end is None else str(end)}


def _cell(text: str, feel: str) -> Element:
    """The text of a cell, good as long as the FEEL beside it is this."""
    return element("rulectl:cell", {"feel": feel}, text=text)


def _one(expr: Expr | None) -> Expr | None:
    """The item of a list of one; any other expression as it is."""
    match expr:
        case Literal((item,)):
            return Literal(item)
        case Sequence((item,)):
            return item
        case _:
            return expr


def _listed(expr: Expr, type_: Type, lists: frozenset[str]) -> Expr:
    """A single item as the list that a cell makes of it."""
    if isinstance(expr, Sequence) or (isinstance(expr, Name) and expr.id in lists):
        return expr
    if isinstance(expr, Literal):
        return expr if isinstance(expr.value, tuple) or expr.value is None else Literal((expr.value,))
    return Sequence((expr,)) if type_.many else expr
