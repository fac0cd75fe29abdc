"""Models as text, for stories: what surrounds a decision table, and what a case comes to."""

from __future__ import annotations

from collections.abc import Mapping

from rulectl.api import Book
from rulectl.dmn.importing import Imported, import_model
from rulectl.dmn.names import VERSIONS
from rulectl.report.findings import finding_text
from rulectl.values import Value


def definitions(body: str, version: str = "1.5") -> bytes:
    """A whole document around its elements."""
    return f'<definitions xmlns="{VERSIONS[version]}MODEL/" name="story">{body}</definitions>'.encode()


def inputs(**types: str) -> str:
    return "".join(
        f'<inputData id="i_{name}" name="{name}"><variable name="{name}" typeRef="{type_}"/></inputData>'
        for name, type_ in types.items()
    )


def formula(name: str, text: str, type_: str = "", of: str = "") -> str:
    """A decision that is an expression."""
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'<decision id="d_{name}" name="{name}"><variable name="{name}" typeRef="{type_}"/>{needs(of)}'
        f"<literalExpression><text>{text}</text></literalExpression></decision>"
    )


def needs(of: str) -> str:
    return "".join(
        f'<informationRequirement><requiredDecision href="#d_{one}"/></informationRequirement>' for one in of.split()
    )


def table(policy: str, tests: str, outputs: str, *rules: str, aggregation: str = "", about: str = "") -> str:
    """A decision table. `tests`: `subject:type;…`; `outputs`: `name:type:values:default;…`; a rule: its entries, parted
    by `;`."""
    clauses = ""
    for one in filter(None, tests.split(";")):
        subject, _, type_ = one.partition(":")
        clauses += f'<input><inputExpression typeRef="{type_}"><text>{subject}</text></inputExpression></input>'
    for one in outputs.split(";"):
        name, type_, values, default = (*one.split(":"), "", "", "")[:4]
        inner = f"<outputValues><text>{values}</text></outputValues>" if values else ""
        inner += f"<defaultOutputEntry><text>{default}</text></defaultOutputEntry>" if default else ""
        clauses += f'<output name="{name}" typeRef="{type_}">{inner}</output>'
    count = len(list(filter(None, tests.split(";"))))
    for rule in rules:
        entries = [entry.strip().replace("&", "&amp;").replace("<", "&lt;") for entry in rule.split(";")]
        clauses += "<rule>"
        clauses += "".join(f"<inputEntry><text>{entry}</text></inputEntry>" for entry in entries[:count])
        clauses += "".join(f"<outputEntry><text>{entry}</text></outputEntry>" for entry in entries[count:])
        clauses += "</rule>"
    made = f' aggregation="{aggregation}"' if aggregation else ""
    return f'<decisionTable hitPolicy="{policy}"{made}{about}>{clauses}</decisionTable>'


def decision(name: str, body: str, type_: str = "", of: str = "") -> str:
    return (
        f'<decision id="d_{name}" name="{name}"><variable name="{name}" typeRef="{type_}"/>{needs(of)}{body}</decision>'
    )


def imported(data: bytes) -> Imported:
    return import_model(data, "story.dmn", "en", "story.xlsx")


def told(data: bytes) -> list[str]:
    """The findings of a model: place, slug and sentence."""
    lines = [finding_text(found, "en").splitlines()[0] for found in imported(data).findings]
    return [line.removeprefix("story.dmn ") for line in lines]


def results(data: bytes, **case: Value | list[Value]) -> Mapping[str, Value]:
    """What a case comes to, by the names of terms."""
    made = imported(data)
    assert made.rulebook is not None, told(data)
    book = Book(made.rulebook)
    outcome = book.decide(case)
    values = {**outcome.derived, **outcome.outputs}
    return {term.name: values[term.id] for term in made.rulebook.terms if term.id in values}
