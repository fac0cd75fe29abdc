"""Boxed expressions of a document (DMN 1.5 sections 8 and 10.2.1) as parts of a model."""

from __future__ import annotations

from rulectl.dmn.model import (
    Binding,
    Boxed,
    Cell,
    Conditional,
    Context,
    DecisionTable,
    Entry,
    Feel,
    Foreign,
    Function,
    Input,
    Invocation,
    Listed,
    Output,
    OwnRow,
    Row,
)
from rulectl.dmn.names import OWN
from rulectl.dmn.xml import Node
from rulectl.source import ElementPlace

_EXTENSIONS = "extensionElements"


def own_nodes(node: Node, name: str) -> list[Node]:
    """rulectl's own elements of a name within an element."""
    parts = (child for part in node.all(_EXTENSIONS) for child in part.children)
    return [child for child in parts if child.space == OWN and child.name == name]


def own_of(node: Node) -> dict[str, str]:
    """What rulectl kept of an element."""
    kept = own_nodes(node, "about")
    return dict(kept[0].attributes) if kept else {}


def boxed(node: Node, at: ElementPlace) -> Boxed:
    """An expression, whatever its kind."""
    match node.name:
        case "literalExpression":
            return feel(node, at)
        case "decisionTable":
            return _table(node, at)
        case "invocation":
            return _invocation(node, at)
        case "context":
            entries = tuple(_entry(entry, at) for entry in node.all("contextEntry"))
            return Context(entries, at)
        case "list":
            items = enumerate((child for child in node.children if child.space == node.space), 1)
            return Listed(tuple(boxed(item, at.inside(f"item {n}")) for n, item in items), at)
        case "functionDefinition" | "encapsulatedLogic":
            if node.get("kind") not in ("", "FEEL"):
                return Foreign(f"function {node.get('kind')}", at)
            parameters = tuple(parameter.get("name") for parameter in node.all("formalParameter"))
            return Function("", parameters, _inner(node, at), at)
        case "conditional":
            condition, then, otherwise = (_branch(node, name, at) for name in ("if", "then", "else"))
            return Conditional(condition, then, otherwise, at)
        case _:
            return Foreign(node.name, at)


def feel(node: Node | None, at: ElementPlace) -> Feel:
    """The text of an expression and what rulectl kept of it."""
    if node is None:
        return Feel("", at)
    kept = own_nodes(node, "cell")
    cell = Cell(kept[0].text, kept[0].get("feel")) if kept else None
    return Feel(node.said("text"), at, node.get("typeRef"), cell, node.get("expressionLanguage"))


def _inner(node: Node, at: ElementPlace) -> Boxed:
    """The one expression within an element."""
    passed = ("formalParameter", "variable", "parameter", "description", _EXTENSIONS)
    found = next((child for child in node.children if child.space == node.space and child.name not in passed), None)
    return Foreign("", at) if found is None else boxed(found, at)


def _branch(node: Node, name: str, at: ElementPlace) -> Boxed:
    branch = node.first(name)
    return Foreign("", at.inside(name)) if branch is None else _inner(branch, at.inside(name))


def _entry(node: Node, at: ElementPlace) -> Entry:
    variable = node.first("variable")
    name = variable.get("name") if variable is not None else ""
    return Entry(name, _inner(node, at.inside(name or "result")))


def _invocation(node: Node, at: ElementPlace) -> Invocation:
    bindings = []
    for binding in node.all("binding"):
        parameter = binding.first("parameter")
        name = parameter.get("name") if parameter is not None else ""
        bindings.append(Binding(name, _inner(binding, at.inside(name))))
    return Invocation(feel(node.first("literalExpression"), at), tuple(bindings), at)


# -- decision tables ---------------------------------------------------------------------------------------------


def _table(node: Node, at: ElementPlace) -> DecisionTable:
    inputs = tuple(_input(child, number, at) for number, child in enumerate(node.all("input"), 1))
    outputs = tuple(_output(child, number, at) for number, child in enumerate(node.all("output"), 1))
    names = [clause.label or clause.subject.text or f"input {n}" for n, clause in enumerate(inputs, 1)]
    said = [clause.name or f"output {n}" for n, clause in enumerate(outputs, 1)]
    rows = tuple(_row(child, number, names, said, at) for number, child in enumerate(node.all("rule"), 1))
    own_rows = tuple(_own_row(child) for child in own_nodes(node, "rule"))
    others = own_nodes(node, "else")
    return DecisionTable(
        node.get("hitPolicy") or "UNIQUE",
        node.get("aggregation"),
        inputs,
        outputs,
        rows,
        tuple(child.get("name") for child in node.all("annotation")),
        at,
        own_of(node),
        own_rows,
        _own_row(others[0]) if others else None,
    )


def _input(node: Node, number: int, at: ElementPlace) -> Input:
    expression = node.first("inputExpression")
    here = at.inside(node.get("label") or (expression.said("text") if expression is not None else f"input {number}"))
    values = node.first("inputValues")
    return Input(feel(expression, here), values.said("text") if values is not None else "", node.get("label"))


def _output(node: Node, number: int, at: ElementPlace) -> Output:
    here = at.inside(node.get("name") or f"output {number}")
    values, default = node.first("outputValues"), node.first("defaultOutputEntry")
    return Output(
        node.get("name"),
        node.get("typeRef"),
        values.said("text") if values is not None else "",
        None if default is None else feel(default, here.inside("default")),
        here,
        own_of(node),
    )


def _row(node: Node, number: int, inputs: list[str], outputs: list[str], at: ElementPlace) -> Row:
    here = at.inside(f"rule {number}")
    when = [feel(entry, here.inside(_at(inputs, n))) for n, entry in enumerate(node.all("inputEntry"))]
    then = [feel(entry, here.inside(_at(outputs, n))) for n, entry in enumerate(node.all("outputEntry"))]
    notes = tuple(entry.said("text") for entry in node.all("annotationEntry")) or (node.said("description"),)
    return Row(tuple(when), tuple(then), notes, here, own_of(node))


def _at(names: list[str], number: int) -> str:
    return names[number] if number < len(names) else f"entry {number + 1}"


def _own_row(node: Node) -> OwnRow:
    number = node.get("at")
    cells = tuple(cell.text for cell in node.all("cell"))
    return OwnRow(int(number) if number.isdecimal() and len(number) < 9 else 0, dict(node.attributes), cells)
