"""A decision model as read: the parts of DMN that decide, with the place of each. Nothing is judged yet.

Names follow DMN 1.5: sections 6 (requirements), 7 (item definitions), 8 (decision tables) and 10.2.1 (boxed
expressions).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rulectl.source import ElementPlace


@dataclass(frozen=True, slots=True)
class Item:
    """An item definition or one of its components. `reference` is blank where it has components; `constraint` is the
    text of its allowed values."""

    name: str
    reference: str
    many: bool
    constraint: str
    components: tuple[Item, ...]
    at: ElementPlace


@dataclass(frozen=True, slots=True)
class Cell:
    """What rulectl kept of an entry: its text as a cell has it, good as long as the expression is still `feel`."""

    text: str
    feel: str


@dataclass(frozen=True, slots=True)
class Feel:
    """A literal expression or the text of an entry."""

    text: str
    at: ElementPlace
    reference: str = ""
    kept: Cell | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """An input clause: what is tested, the type that is stated, the allowed values as text."""

    subject: Feel
    values: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """An output clause. `name` is blank in a table of one output."""

    name: str
    reference: str
    values: str
    default: Feel | None
    at: ElementPlace
    own: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """A rule. `own` is what rulectl kept of it: id, source, effective dates."""

    when: tuple[Feel, ...]
    then: tuple[Feel, ...]
    notes: tuple[str, ...]
    at: ElementPlace
    own: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnRow:
    """A row that DMN cannot say (switched off, a second else rule) or the rest of an else rule, as rulectl kept it."""

    number: int
    about: dict[str, str]
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """`policy` and `aggregation` as written; `annotations` the headings of the notes."""

    policy: str
    aggregation: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rows: tuple[Row, ...]
    annotations: tuple[str, ...]
    at: ElementPlace
    own: dict[str, str] = field(default_factory=dict)
    own_rows: tuple[OwnRow, ...] = ()
    otherwise: OwnRow | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """A parameter and what it is given."""

    name: str
    value: Boxed


@dataclass(frozen=True, slots=True)
class Invocation:
    called: Feel
    bindings: tuple[Binding, ...]
    at: ElementPlace


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a boxed context; the result has no name."""

    name: str
    value: Boxed


@dataclass(frozen=True, slots=True)
class Context:
    entries: tuple[Entry, ...]
    at: ElementPlace


@dataclass(frozen=True, slots=True)
class Listed:
    items: tuple[Boxed, ...]
    at: ElementPlace


@dataclass(frozen=True, slots=True)
class Conditional:
    condition: Boxed
    then: Boxed
    otherwise: Boxed
    at: ElementPlace


@dataclass(frozen=True, slots=True)
class Function:
    """A function: of a business knowledge model, or written in a context."""

    name: str
    parameters: tuple[str, ...]
    body: Boxed
    at: ElementPlace


@dataclass(frozen=True, slots=True)
class Foreign:
    """An expression of a kind that no workbook can hold: `for`, `filter`, a relation, one that is not there."""

    kind: str
    at: ElementPlace


Boxed = Feel | DecisionTable | Invocation | Context | Listed | Conditional | Function | Foreign


@dataclass(frozen=True, slots=True)
class InputData:
    name: str
    reference: str
    description: str
    at: ElementPlace


@dataclass(frozen=True, slots=True)
class Decision:
    """`id` is that of its element, `requires` those of what it is said to need."""

    id: str
    name: str
    reference: str
    description: str
    body: Boxed
    requires: tuple[str, ...]
    at: ElementPlace
    own: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Own:
    """What rulectl kept of a whole rulebook: its terms in order, and the blocks that are no part of DMN, row by row."""

    terms: tuple[dict[str, str], ...] = ()
    blocks: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """A whole model. `left_out` are the names of what does not decide: notes, sources of knowledge, services."""

    file: str
    version: str
    name: str
    description: str
    items: tuple[Item, ...]
    inputs: tuple[InputData, ...]
    decisions: tuple[Decision, ...]
    functions: tuple[Function, ...]
    left_out: tuple[str, ...]
    own: Own
