"""Decision tables of a model as tables of a workbook (DMN 1.5 section 8).

An input clause is a condition, an output clause a term; a table of several outputs gives a structure, whose parts are
terms. What R, O and C collect keeps its repeats (合并 全收), so that the lists of several outputs stand side by side. A
default output is an else rule. A condition that no unary test can say, such as `contains(?, "x")`, becomes a condition
of its own that asks whether that is so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from rulectl.diagnostics import finding, listed
from rulectl.dmn.building import HERE, Building
from rulectl.dmn.drafting import Entry, NewColumn, NewOutput, NewRow, NewTable
from rulectl.dmn.feel import read_tests
from rulectl.dmn.feel_text import FeelFault
from rulectl.dmn.meaning import SUBJECT, Env, Meaning, NeedsColumnError, Parts, replaced, single
from rulectl.dmn.model import Decision, DecisionTable, Feel, Input, Output, OwnRow, Row
from rulectl.dmn.names import POLICIES
from rulectl.dmn.shapes import Shape, Struct
from rulectl.lang import syntax
from rulectl.lang.syntax import ANYTHING, Expr, Is, Literal, Name
from rulectl.model import words
from rulectl.model.policy import Gives, HitPolicy, Merge, Role
from rulectl.types import BOOLEAN, NUMBER, STRING, Kind, Type

_TRUE = Is("=", Literal(True))
_ONE = Literal(Decimal(1))


def add_table(
    building: Building,
    table: DecisionTable,
    env: Env,
    path: tuple[str, ...],
    shape: Shape | None = None,
    role: Role = Role.DERIVED,
    decision: Decision | None = None,
) -> Meaning | None:
    """A table with its terms under `path`; what its result means. None when it has no outputs at all."""
    policy = POLICIES.get((table.policy, table.aggregation))
    if policy is None:
        said = f"{table.policy} {table.aggregation}".strip()
        building.found.append(finding("dmn-hit-policy", table.at, policy=said, known=listed(_known())))
    if not table.outputs:
        building.found.append(finding("dmn-element", table.at, kind="decisionTable"))
        return None
    made, outputs, terms = _outputs(building, table, path, shape, role, policy)
    columns = [_column(building, clause, env) for clause in table.inputs]
    new = NewTable(
        building.table_name(table.own.get("name") or ".".join(path)),
        policy.value if policy is not None else f"{table.policy} {table.aggregation}".strip(),
        columns,
        outputs,
        [],
        table.at,
        {key: table.own[key] for key in ("salience", "tier", "from", "to") if key in table.own},
        decision.description if decision is not None else "",
    )
    types = [building.coin.type_of(name) for name in terms]
    for number, row in enumerate(table.rows, 1):
        if len(row.when) != len(table.inputs) or len(row.then) != len(table.outputs):
            building.found.append(finding("dmn-row-width", row.at))
        new.rows.append(_row(building, new, row, number, types, policy, env, table.annotations))
    _otherwise(building, new, table, types, policy, env)
    for kept in sorted(table.own_rows, key=lambda one: one.number):
        new.rows.insert(min(kept.number, len(new.rows)), _kept_row(new, kept, len(table.inputs)))
    building.tables.append(new)
    return made


def _known() -> list[str]:
    return sorted({f"{policy} {aggregation}".strip() for policy, aggregation in POLICIES})


# -- outputs -----------------------------------------------------------------------------------------------------


def _outputs(
    building: Building,
    table: DecisionTable,
    path: tuple[str, ...],
    shape: Shape | None,
    role: Role,
    policy: HitPolicy | None,
) -> tuple[Meaning, list[NewOutput], list[str]]:
    """What the table gives, its conclusions and the names of their terms."""
    several = len(table.outputs) > 1 or isinstance(shape, Struct)
    parts: dict[str, Meaning] = {}
    outputs: list[NewOutput] = []
    for number, clause in enumerate(table.outputs, 1):
        name = clause.name or f"output {number}"
        inner = shape.parts.get(name) if isinstance(shape, Struct) else shape if not several else None
        type_ = _type(building, table, number - 1, clause, inner, policy)
        here = (*path, name) if several else path
        term = building.coin.term(here, role, type_, clause.at, own=clause.own.get("term", ""))
        if policy is not None and policy.lists and not term.own:
            term.merge = Merge.ALL
        # a list of its own, in a table that does not collect, follows the table
        listed = type_ is not None and type_.many and policy is not None and not policy.lists
        own = clause.own.get("policy", "") if term.own else policy.value if listed and policy is not None else ""
        outputs.append(NewOutput(term.name, own))
        parts[name] = Name(term.name)
    made: Meaning = Parts(parts) if several else next(iter(parts.values()))
    return made, outputs, [output.term for output in outputs]


def _type(
    building: Building, table: DecisionTable, at: int, clause: Output, shape: Shape | None, policy: HitPolicy | None
) -> Type | None:
    """The type of an output: as stated, else as its entries are; a list where the policy makes one."""
    if policy is not None and policy.gives is Gives.COUNT and "term" not in clause.own:
        return NUMBER
    stated = building.shapes.of(clause.reference, clause.at)
    found = stated if isinstance(stated, Type) else shape if isinstance(shape, Type) else None
    if isinstance(found, Type) and isinstance(shape, Type) and not found.values and found.kind.textual:
        found = replace(shape, many=found.many)
    if found is None:
        found = _guessed(building, table, at)
    if found is None:
        return None
    if clause.values:
        values = building.shapes.constrained(replace(found, values=(), kind=_open(found)), clause.values, clause.at)
        found = replace(values, many=found.many)
    if policy is not None and policy.lists and "term" not in clause.own:
        return replace(found, many=True)
    return found


def _open(type_: Type) -> Kind:
    return Kind.STRING if type_.kind is Kind.ENUM else type_.kind


def _guessed(building: Building, table: DecisionTable, at: int) -> Type | None:
    """The type of the first entry that says one."""
    for row in table.rows[:50]:
        if at < len(row.then) and row.then[at].text.strip() not in ("", "-", "null"):
            silent = replace(building, found=[])
            meaning = silent.read(row.then[at], building.env)
            if meaning is not None and not isinstance(meaning, Parts | syntax.Between) and hasattr(meaning, "span"):
                return building.infer(single(meaning, HERE))
    return None


# -- conditions --------------------------------------------------------------------------------------------------


def _column(building: Building, clause: Input, env: Env) -> NewColumn:
    """An input clause. A name that nothing declares is a fact that the case gives."""
    feel = clause.subject
    plain = " ".join(feel.text.split())
    undeclared = env.find(plain) is None and plain and all(c.isalnum() or c in "_ ." for c in plain)
    if undeclared and plain in building.hints and "." not in plain and not plain[0].isdigit():
        shape = building.hints[plain].type_of(building.shapes)
        meaning = building.coin.meaning((plain,), Role.INPUT, shape, feel.at)
        building.found.append(finding("dmn-undeclared", feel.at, name=plain))
        building.know(plain, meaning)
        if isinstance(meaning, Name) and building.hints[plain].values:
            building.coin.widen(meaning.id, building.hints[plain].values)
        env = env.plus({plain: meaning})
    if feel.kept is not None and feel.kept.feel == feel.text:
        return NewColumn(feel.kept.text, None, feel)
    found = building.read(feel, env)
    if found is None:
        return NewColumn(":=" + feel.text, None, feel)
    try:
        subject = single(found, HERE)
    except FeelFault as why:
        building.fault(why, feel)
        return NewColumn(":=" + feel.text, None, feel)
    stated = building.shapes.of(feel.reference, feel.at)
    if isinstance(subject, Name):
        if isinstance(stated, Type):
            building.coin.settle(subject.id, stated)
        return NewColumn(subject, None, feel)
    type_ = building.infer(subject) or (stated if isinstance(stated, Type) else STRING)
    if type_ == STRING and not isinstance(subject, syntax.Binary):
        # cells know which texts an expression can come to, and ask for no other; a model may
        subject = syntax.Binary("+", subject, Literal(""))
    return NewColumn(subject, type_, feel)


def _when(building: Building, table: NewTable, row: Row, env: Env) -> list[Entry]:
    """The conditions of a rule, those beyond the model's own columns included."""
    entries: list[Entry] = []
    extra: list[tuple[int, Entry]] = []
    for feel, column in zip(row.when, list(table.columns), strict=False):
        if feel.kept is not None and feel.kept.feel == feel.text:
            entries.append(Entry(feel.kept.text, feel))
            continue
        try:
            key = feel.text, env
            test = building.tests.get(key)
            if test is None:
                test = building.tests[key] = read_tests(feel.text, env)
            entries.append(Entry(test, feel))
        except FeelFault as why:
            building.fault(why, feel)
            entries.append(Entry(":=" + feel.text, feel))
        except NeedsColumnError as needs:
            entries.append(Entry(ANYTHING, feel))
            if isinstance(column.subject, str):
                building.fault(FeelFault("dmn-feel-construct", HERE, construct="?"), feel)
            else:
                extra.append(
                    (_extra_column(table, replaced(needs.expr, SUBJECT, column.subject), feel), Entry(_TRUE, feel))
                )
    entries += [Entry(ANYTHING, Feel("-", row.at)) for _ in table.columns[len(entries) :]]
    for at, entry in extra:
        entries[at] = entry
    return entries


def _extra_column(table: NewTable, subject: Expr, feel: Feel) -> int:
    """The position of a condition that asks whether something is so; rules above it ask nothing there."""
    for at, column in enumerate(table.columns):
        if column.subject == subject:
            return at
    table.columns.append(NewColumn(subject, BOOLEAN, feel))
    for row in table.rows:
        row.when.append(Entry(ANYTHING, Feel("-", row.at)))
    return len(table.columns) - 1


# -- rules -------------------------------------------------------------------------------------------------------


def _row(
    building: Building,
    table: NewTable,
    row: Row,
    number: int,
    types: Sequence[Type | None],
    policy: HitPolicy | None,
    env: Env,
    annotations: tuple[str, ...],
) -> NewRow:
    when = _when(building, table, row, env)
    then = [_then(building, feel, type_, policy, env) for feel, type_ in zip(row.then, types, strict=False)]
    then += [Entry(None, Feel("", row.at)) for _ in types[len(then) :]]
    note, source = _notes(row.notes, annotations)
    own = row.own
    made = NewRow(own.get("id") or str(number), when, then, row.at, note, source)
    made.start, made.end = own.get("from", ""), own.get("to", "")
    return made


def _then(building: Building, feel: Feel, type_: Type | None, policy: HitPolicy | None, env: Env) -> Entry:
    """A conclusion; null and blank say nothing. In a list that is collected, it is one item."""
    if feel.kept is not None and feel.kept.feel == feel.text:
        return Entry(feel.kept.text, feel)
    if feel.text.strip() in ("", "-", "null"):
        return Entry(None, feel)
    meaning = building.read(feel, env)
    if meaning is None:
        return Entry(":=" + feel.text, feel)
    try:
        expr = single(meaning, HERE)
    except FeelFault as why:
        building.fault(why, feel)
        return Entry(":=" + feel.text, feel)
    counts = policy is not None and policy.gives is Gives.COUNT
    if counts and not (isinstance(expr, Literal) and isinstance(expr.value, Decimal)):
        expr = _ONE
    if type_ is not None and type_.many and not _listlike(building, expr):
        known = isinstance(expr, Literal) and expr.value is not None
        expr = Literal((expr.value,)) if known and isinstance(expr, Literal) else syntax.Sequence((expr,))
    return Entry(expr, feel)


def _listlike(building: Building, expr: Expr) -> bool:
    if isinstance(expr, Literal):
        return isinstance(expr.value, tuple)
    type_ = building.infer(expr)
    return type_ is not None and type_.many


def _notes(notes: tuple[str, ...], headings: tuple[str, ...]) -> tuple[str, str]:
    """Note and source of a rule, by the headings of its annotations."""
    note: list[str] = []
    source: list[str] = []
    for number, text in enumerate(notes):
        heading = headings[number] if number < len(headings) else ""
        (source if words.canonical("table", heading) == "source" else note).append(text)
    return "; ".join(filter(None, note)), "; ".join(filter(None, source))


def _otherwise(
    building: Building,
    table: NewTable,
    model: DecisionTable,
    types: Sequence[Type | None],
    policy: HitPolicy | None,
    env: Env,
) -> None:
    """The default outputs as an else rule; a table without conditions needs one only when it has no rules."""
    kept = model.otherwise
    if not any(clause.default for clause in model.outputs) and kept is None:
        return
    if not table.columns and table.rows:
        return
    blank = Feel("", model.at)
    entries = [
        _then(building, clause.default or blank, type_, policy, env)
        for clause, type_ in zip(model.outputs, types, strict=True)
    ]
    about = kept.about if kept is not None else {}
    when = [Entry(ANYTHING, blank) for _ in table.columns]
    row = NewRow(about.get("id") or str(len(table.rows) + 1), when, entries, model.at.inside("default"))
    row.note, row.source, row.otherwise = about.get("note", ""), about.get("source", ""), bool(table.columns)
    table.rows.insert(kept.number if kept is not None else len(table.rows), row)


def _kept_row(table: NewTable, kept: OwnRow, inputs: int) -> NewRow:
    """A rule that rulectl kept whole, since DMN cannot say it."""
    about, at = kept.about, table.at.inside(f"rule {kept.about.get('id', '')}")
    cells = [Entry(text, Feel(text, at)) for text in kept.cells]
    cells += [Entry(None, Feel("", at)) for _ in range(inputs + len(table.outputs) - len(cells))]
    when = cells[:inputs] + [Entry(ANYTHING, Feel("-", at)) for _ in table.columns[inputs:]]
    row = NewRow(about.get("id", ""), when, cells[inputs : inputs + len(table.outputs)], at)
    row.note, row.source, row.enabled = about.get("note", ""), about.get("source", ""), about.get("enabled", "")
    row.start, row.end = about.get("from", ""), about.get("to", "")
    return row
