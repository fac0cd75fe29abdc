"""The decisions of a model as terms and tables.

They are taken in the order of their requirements, so that what a name means is known when it is met. A decision that
is a table writes its own terms; any other becomes a table of one rule without conditions.
"""

from __future__ import annotations

from collections.abc import Iterator

from rulectl.diagnostics import Finding, finding
from rulectl.dmn.building import HERE, Building, terms_of
from rulectl.dmn.coining import Coining, NewParameter
from rulectl.dmn.drafting import Entry, NewOutput, NewRow, NewTable
from rulectl.dmn.feel_text import FeelFault
from rulectl.dmn.hints import hints
from rulectl.dmn.meaning import Meaning, Parts, Routine, single
from rulectl.dmn.model import Decision, DecisionTable, Feel, Model
from rulectl.dmn.shapes import Shape, Shapes, Struct
from rulectl.dmn.tabling import add_table
from rulectl.lang.syntax import Literal, Name
from rulectl.model.policy import Role
from rulectl.types import STRING, Type
from rulectl.values import plain_text


def build(model: Model, found: list[Finding]) -> Building:
    """All parts of a workbook, and what could not be carried."""
    building = Building(
        model, found, Shapes(model.items, found), Coining(model.own, model.file, found), hints(model), add_table
    )
    # tables of a rulebook may read each other's lists in a circle
    for about in model.own.terms:
        if "name" in about:
            building.know(about.get("feel", ""), Name(about["name"]))
    _know_inputs(building)
    for function in model.functions:
        building.know(function.name, building.routine(function, None, ()))
    required = {id_ for decision in model.decisions for id_ in decision.requires}
    # what rulectl wrote keeps its order, in which tables fire; what was added to it comes first
    kept = tuple(decision for decision in model.decisions if decision.own)
    added = tuple(decision for decision in model.decisions if not decision.own)
    for decision in (*_in_order(added), *kept):
        if decision.own.get("kind") == "parameter":
            _parameter(building, decision)
        else:
            decide(building, decision, Role.DERIVED if decision.id in required else Role.OUTPUT)
    for term in building.coin.terms.values():
        if term.type is None and term.name in building.spoilt:
            term.type = STRING
        elif term.type is None:
            found.append(finding("dmn-type-guessed", term.at, name=term.name))
            term.type = STRING
    return building


def _know_inputs(building: Building) -> None:
    """Input data as terms, with the types and values that tables state of them."""
    for data in building.model.inputs:
        shape = building.shapes.of(data.reference, data.at)
        if shape is None and data.name in building.hints:
            shape = building.hints[data.name].type_of(building.shapes)
        building.know(data.name, building.coin.meaning((data.name,), Role.INPUT, shape, data.at))
        for name in terms_of(building.env.every[data.name]):
            term = building.coin.terms[name]
            term.description = term.description or data.description
    for path, name in building.coin.places.items():
        hint = building.hints.get(".".join(path))
        if hint is not None and hint.values:
            building.coin.widen(name, hint.values)


def _in_order(decisions: tuple[Decision, ...]) -> Iterator[Decision]:
    """What is required comes first; apart from that, the order of the model."""
    by_id = {decision.id: decision for decision in decisions if decision.id}
    done: set[int] = set()
    for decision in decisions:
        waiting = [decision]
        while waiting:
            here = waiting[-1]
            if id(here) in done:
                waiting.pop()
                continue
            open_ = [by_id[r] for r in here.requires if r in by_id and id(by_id[r]) not in done]
            nexts = [one for one in open_ if one not in waiting]
            if nexts:
                waiting.append(nexts[0])
            else:
                done.add(id(here))
                yield waiting.pop()


def decide(building: Building, decision: Decision, role: Role) -> None:
    """A decision: its terms, its table, and what its name means from now on."""
    path = building.here = (decision.name,)
    kept = building.coin.kept(decision.name)
    if decision.own.get("kind") == "merge" and kept is not None:
        # what the tables of a term come to is the workbook's own affair
        building.know(decision.name, Name(kept.name))
        return
    shape = building.shapes.of(decision.reference, decision.at)
    made: Meaning | None
    if isinstance(decision.body, DecisionTable):
        made = add_table(building, decision.body, building.env, path, shape, role, decision)
    else:
        meaning = building.meaning(decision.body, building.env, path)
        if isinstance(meaning, Routine):
            building.found.append(finding("dmn-element", decision.at, kind="function"))
            meaning = None
        made = None if meaning is None else _one_row(building, decision, meaning, shape, role)
    if made is None:
        made = _not_carried(building, decision, shape, role)
    for name in terms_of(made):
        term = building.coin.terms[name]
        term.description = term.description or decision.description
    building.know(decision.name, made)
    if isinstance(decision.body, DecisionTable) and not decision.own:
        _know_outputs(building, decision, decision.body, made)


def _know_outputs(building: Building, decision: Decision, table: DecisionTable, made: Meaning) -> None:
    """Models of some engines read a result by the name of its output, or by the id of its decision."""
    called = [
        (clause.name, made.parts.get(clause.name) if isinstance(made, Parts) else made) for clause in table.outputs
    ]
    for name, meaning in (*called, (decision.id, made)):
        if name and meaning is not None and building.env.find(name) is None:
            building.know(name, meaning)


def _one_row(building: Building, decision: Decision, meaning: Meaning, shape: Shape | None, role: Role) -> Meaning:
    """A table of one rule without conditions."""
    feel = decision.body if isinstance(decision.body, Feel) else Feel("", decision.at)
    outputs: list[NewOutput] = []
    entries: list[Entry] = []

    def leaves(meaning: Meaning, shape: Shape | None, path: tuple[str, ...]) -> Meaning:
        """The terms of a result, with what each is; a structure's are its parts."""
        if isinstance(meaning, Parts):
            inner = shape.parts if isinstance(shape, Struct) else {}
            return Parts({n: leaves(part, inner.get(n), (*path, n)) for n, part in meaning.parts.items()})
        try:
            expr = single(meaning, HERE)
        except FeelFault as why:
            building.fault(why, feel)
            term = building.coin.term(path, role, None, decision.at)
            building.spoilt.add(term.name)
            outputs.append(NewOutput(term.name, ""))
            entries.append(Entry(f":={feel.text}", feel))
            return Name(term.name)
        type_ = shape if isinstance(shape, Type) else building.infer(expr)
        term = building.coin.term(path, role, type_, decision.at)
        outputs.append(NewOutput(term.name, "F" if type_ is not None and type_.many else ""))
        entries.append(Entry(expr, feel))
        return Name(term.name)

    made = leaves(meaning, shape, (decision.name,))
    if outputs:
        name = building.table_name(decision.name)
        row = NewRow("1", [], entries, decision.at)
        note = decision.description
        building.tables.append(NewTable(name, "U", [], outputs, [row], decision.at, note=note, formula=True))
    return made


def _not_carried(building: Building, decision: Decision, shape: Shape | None, role: Role) -> Meaning:
    """A decision that no workbook can hold: its terms, so that what reads them is not to blame, and a table with the
    text that a person has to write anew."""
    made = building.coin.meaning((decision.name,), role, shape, decision.at)
    body = decision.body
    text = body.text if isinstance(body, Feel) and body.text else "?"
    feel = Feel(text, decision.at)
    terms = list(terms_of(made))
    building.spoilt.update(terms)
    outputs = [NewOutput(name, "") for name in terms]
    row = NewRow("1", [], [Entry(f":={text}", feel) for _ in terms], decision.at)
    name, note = building.table_name(decision.name), decision.description
    building.tables.append(NewTable(name, "U", [], outputs, [row], decision.at, note=note, formula=True))
    return made


def _parameter(building: Building, decision: Decision) -> None:
    """A parameter of a rulebook that rulectl wrote: a decision that is a constant."""
    shape = building.shapes.of(decision.reference, decision.at)
    name = decision.own.get("name", decision.name)
    value = decision.own.get("value", "")
    body = decision.body
    if isinstance(body, Feel) and body.text != decision.own.get("feel"):
        meaning = building.read(body, building.env)
        value = plain_text(meaning.value) if isinstance(meaning, Literal) else body.text
    type_ = shape if isinstance(shape, Type) else STRING
    building.coin.parameters[name] = NewParameter(name, type_, value, decision.own)
    building.know(decision.name, Name(name))
