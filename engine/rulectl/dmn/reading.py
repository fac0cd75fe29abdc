"""A DMN document as a model: what decides, and by name what is left out.

Elements of other namespaces (extensions of modelling tools) are passed over, but for rulectl's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from rulectl.diagnostics import Finding, finding, listed
from rulectl.dmn.boxed import boxed, own_of
from rulectl.dmn.model import Decision, Foreign, Function, InputData, Item, Model, Own
from rulectl.dmn.names import OWN, VERSIONS, version_of
from rulectl.dmn.xml import Node, RefusedError, tree
from rulectl.source import ElementPlace, FilePlace

_SILENT = frozenset(("description", "extensionElements", "DMNDI", "itemDefinition"))
"""Parts of a document that are read elsewhere, or only say how it looks."""

_EXPRESSIONS = (
    "literalExpression",
    "decisionTable",
    "invocation",
    "context",
    "list",
    "relation",
    "functionDefinition",
    "conditional",
    "filter",
    "for",
    "some",
    "every",
)


def read_model(data: bytes, file: str) -> tuple[Model | None, tuple[Finding, ...]]:
    """A model from the bytes of a file, and what is wrong with the file; no model where it is not DMN at all."""
    try:
        root = tree(data)
    except RefusedError as why:
        return None, (finding(why.slug, FilePlace(file), file=file, **why.fields),)  # type: ignore[arg-type]
    version = version_of(root.space)
    if root.name != "definitions" or version is None:
        called = f"{root.name} ({root.space})" if root.space else root.name
        return None, (finding("dmn-not-dmn", FilePlace(file), file=file, root=called, known=listed(tuple(VERSIONS))),)
    place = ElementPlace(file, ())
    found: list[Finding] = []
    for node in root.all("import"):
        at = place.inside("import " + (node.get("name") or node.get("namespace")))
        found.append(finding("dmn-element", at, kind="import"))
    model = Model(
        file,
        version,
        root.get("name") or root.get("id"),
        root.said("description"),
        tuple(_item(node, place) for node in root.all("itemDefinition")),
        tuple(_input(node, place) for node in root.all("inputData")),
        tuple(_decision(node, place, found) for node in root.all("decision")),
        tuple(_function(node, place) for node in root.all("businessKnowledgeModel")),
        tuple(_left_out(root)),
        _own(root),
    )
    if not model.decisions:
        found.append(finding("dmn-empty", FilePlace(file), file=file))
    return model, tuple(found)


def _item(node: Node, parent: ElementPlace) -> Item:
    at = parent.inside(f"{node.name} {node.get('name')}")
    allowed = node.first("allowedValues", "typeConstraint")
    return Item(
        node.get("name"),
        node.said("typeRef") or node.get("typeRef"),
        node.get("isCollection") == "true",
        allowed.said("text") if allowed is not None else "",
        tuple(_item(child, at) for child in node.all("itemComponent")),
        at,
    )


def _variable(node: Node) -> tuple[str, str]:
    """Name and type of what an element gives."""
    variable = node.first("variable")
    if variable is None:
        return node.get("name"), ""
    return variable.get("name") or node.get("name"), variable.get("typeRef")


def _input(node: Node, place: ElementPlace) -> InputData:
    name, reference = _variable(node)
    return InputData(name, reference, node.said("description"), place.inside(f"inputData {name}"))


def _decision(node: Node, place: ElementPlace, found: list[Finding]) -> Decision:
    name, reference = _variable(node)
    at = place.inside(f"decision {name}")
    body = node.first(*_EXPRESSIONS)
    if body is None:
        found.append(finding("dmn-element", at, kind="decision"))
    needed = [
        part.get("href").rpartition("#")[2]
        for requirement in node.all("informationRequirement")
        for part in requirement.all("requiredInput", "requiredDecision")
    ]
    about = [node.said("description"), node.said("question"), node.said("allowedAnswers")]
    return Decision(
        node.get("id"),
        name,
        reference,
        "\n".join(text for text in about if text),
        Foreign("", at) if body is None else boxed(body, at),
        tuple(needed),
        at,
        own_of(node),
    )


def _function(node: Node, place: ElementPlace) -> Function:
    name, _ = _variable(node)
    at = place.inside(f"businessKnowledgeModel {name}")
    logic = node.first("encapsulatedLogic")
    made = boxed(logic, at) if logic is not None else None
    if isinstance(made, Function):
        return Function(name, made.parameters, made.body, at)
    return Function(name, (), made or Foreign("businessKnowledgeModel", at), at)


def _left_out(root: Node) -> Iterator[str]:
    """What does not decide, by kind and name."""
    read = {"import", "inputData", "decision", "businessKnowledgeModel", *_SILENT}
    for node in root.children:
        if node.space == root.space and node.name not in read:
            name = node.get("name") or node.said("text")[:40]
            yield f"{node.name} {name}".strip()


def _own(root: Node) -> Own:
    """rulectl's own part of a document."""
    book = next((node for part in root.all("extensionElements") for node in part.children if node.space == OWN), None)
    if book is None:
        return Own()
    blocks = tuple(
        (
            block.get("kind"),
            tuple(tuple(_cells(row)) for row in block.all("row")),
        )
        for block in book.all("block")
    )
    return Own(tuple(dict(term.attributes) for term in book.all("term")), blocks)


def _cells(row: Node) -> Iterator[str]:
    """The cells of a kept row, blank ones filled in."""
    filled = 0
    for cell in row.all("cell"):
        at = cell.get("at")
        number = int(at) if at.isdecimal() and len(at) < 5 else filled + 1
        yield from ("" for _ in range(number - filled - 1))
        yield cell.text
        filled = max(number, filled + 1)
