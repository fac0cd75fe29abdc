"""What the elements of a model become: structures, functions, invocations, contexts, conditions of their own."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from rulectl.dmn.exporting import export_model
from rulectl.dmn.importing import import_model
from rulectl.dmn.names import VERSIONS
from rulectl.values import Value
from tests.dmn.stories import decision, definitions, formula, imported, inputs, results, table, told
from tests.sheets.test_export import EVERYTHING, compiled

D = Decimal
LOAN = (
    '<itemDefinition name="tLoan"><itemComponent name="amount"><typeRef>number</typeRef></itemComponent>'
    '<itemComponent name="rate per year"><typeRef>number</typeRef></itemComponent></itemDefinition>'
)


def value(text: str, type_: str = "", **case: Value | list[Value]) -> Value:
    """What an expression comes to; the inputs are typed by what the case gives them."""
    kinds = {bool: "boolean", D: "number", str: "string", dt.date: "date", list: "tTexts"}
    items = '<itemDefinition name="tTexts" isCollection="true"><typeRef>string</typeRef></itemDefinition>'
    body = items + inputs(**{name: kinds[type(given)] for name, given in case.items()})
    return results(definitions(body + formula("r", text, type_)), **case)["r"]


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_is_read(version: str) -> None:
    body = inputs(n="number") + formula("r", "n * 2", "number")
    assert results(definitions(body, version), n=D(4))["r"] == 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('if n > 3 then "many" else "few"', "many"),
        ("modulo(n, 3)", D(1)),
        ("modulo(-n, 3)", D(2)),
        ("mean([n, 1])", D("2.5")),
        ("round half up(n / 3, 2)", D("1.33")),
        ("round down(-n / 3, 0)", D(-1)),
        ("round up(-n / 3, 0)", D(-2)),
        ("some x in [1, 4] satisfies x = n", True),
        ("every x in [1, 4] satisfies x = n", False),
        ("for x in [1, 2] return x * n", (D(4), D(8))),
        ("sum(concatenate([n], [1, 2]))", D(7)),
        ("n in (1, [3..5])", True),
        ("n between 5 and 9", False),
        ("{a: n, b: a + 1}.b", D(5)),
        ('date("2025-01-30") + duration("P2D")', dt.date(2025, 2, 1)),
        ('"n is " + string(n)', "n is 4"),
        ("n // a comment\n + 1", D(5)),
        ("not(n = null)", True),
    ],
)
def test_expressions(text: str, expected: Value) -> None:
    assert value(text, n=D(4)) == expected


def test_lists_are_asked_what_they_hold() -> None:
    assert value('list contains(tags, "a")', tags=["a", "b"]) is True
    assert value('some x in tags satisfies x = "c"', tags=["a", "b"]) is False
    assert value("count(tags)", tags=["a", "b"]) == 2


def test_a_structure_is_a_term_for_each_part() -> None:
    data = LOAN + inputs(loan="tLoan") + formula("interest", "loan.amount * loan.rate per year", "number")
    made = imported(definitions(data))
    assert made.places == {
        ("loan", "amount"): "loan.amount",
        ("loan", "rate per year"): "loan.rate per year",
        ("interest",): "interest",
    }
    found = results(definitions(data), **{"loan.amount": D(200), "loan.rate per year": D("0.05")})
    assert found["interest"] == 10


def test_a_list_of_structures_is_lists_side_by_side() -> None:
    many = LOAN.replace('name="tLoan"', 'name="tLoans" isCollection="true"')
    data = many + inputs(loans="tLoans") + formula("all", "sum(loans.amount)", "number")
    amounts: list[Value] = [D(2), D(3)]
    assert results(definitions(data), **{"loans.amount": amounts})["all"] == 5


BKM = (
    '<businessKnowledgeModel name="fee for"><variable name="fee for"/><encapsulatedLogic>'
    '<formalParameter name="kind"/><formalParameter name="sum"/>{}</encapsulatedLogic></businessKnowledgeModel>'
)
FEES = table("FIRST", "kind:string;sum:number", "fee:number", '"a";-;1', '"b";> 10;sum * 2', "-;-;0")


def test_a_function_that_is_a_table_is_a_table_for_each_call() -> None:
    data = BKM.format(FEES) + inputs(k="string", n="number")
    data += formula("r", 'fee for(k, n) + fee for("b", n * 2)', "number")
    assert results(definitions(data), k="a", n=D(20))["r"] == 81
    assert results(definitions(data), k="z", n=D(1))["r"] == 0
    book = imported(definitions(data)).rulebook
    assert book is not None
    assert len(book.tables) == 3


def test_an_invocation_gives_its_parameters_by_name() -> None:
    bound = "".join(
        f'<binding><parameter name="{name}"/><literalExpression><text>{text}</text></literalExpression></binding>'
        for name, text in (("sum", "n + 1"), ("kind", "k"))
    )
    call = f"<invocation><literalExpression><text>fee for</text></literalExpression>{bound}</invocation>"
    data = BKM.format(FEES) + inputs(k="string", n="number") + decision("r", call, "number")
    assert results(definitions(data), k="b", n=D(20))["r"] == 42


def test_a_function_gives_a_structure() -> None:
    body = "<literalExpression><text>{low: sum - 1, high: sum + 1}</text></literalExpression>"
    data = (
        BKM.format(body) + inputs(n="number") + formula("r", 'fee for("a", n)') + formula("s", "r.high - r.low", of="r")
    )
    assert results(definitions(data), n=D(5)) == {"r.low": 4, "r.high": 6, "s": 2}


def test_a_context_knows_its_entries_in_order() -> None:
    entries = "".join(
        f"<contextEntry>{f'<variable name={chr(34)}{name}{chr(34)}/>' if name else ''}{body}</contextEntry>"
        for name, body in (
            ("base", table("UNIQUE", "n:number", "x:number", "> 3;10", "<= 3;1")),
            ("twice", "<literalExpression><text>base * 2</text></literalExpression>"),
            ("", "<literalExpression><text>twice + 1</text></literalExpression>"),
        )
    )
    data = inputs(n="number") + decision("r", f"<context>{entries}</context>", "number")
    assert results(definitions(data), n=D(5))["r"] == 21


def test_a_condition_that_no_cell_can_say_asks_in_a_column_of_its_own() -> None:
    data = inputs(n="number") + decision("r", table("FIRST", "n:number", "r:number", "modulo(?, 2) = 0; 1", "-; 3"))
    assert results(definitions(data), n=D(6))["r"] == 1
    assert results(definitions(data), n=D(7))["r"] == 3
    book = imported(definitions(data)).rulebook
    assert book is not None
    assert [column.heading for column in book.tables[0].inputs] == ["n", "(n - 2 * floor(n / 2) = 0)"]


def test_what_a_text_contains() -> None:
    rules = ('contains(?, "x"); 1', 'ends with(?, "y"); 2', "-; 3")
    data = inputs(t="string") + decision("r", table("FIRST", "t:string", "r:number", rules[0], rules[2]))
    assert results(definitions(data), t="axb")["r"] == 1
    assert results(definitions(data), t="ab")["r"] == 3
    data = inputs(t="string") + decision("r", table("FIRST", "t:string", "r:number", *rules))
    assert told(definitions(data)) == [
        'decision r › rule 2 › t: error RB159 dmn-feel-function: Cells have no function "ends with".'
    ]


@pytest.mark.parametrize(
    ("entry", "n", "hits"),
    [
        ("> 3", 4, True),
        ("not(> 3)", 4, False),
        ("[1..4[", 4, False),
        ("]1..4]", 4, True),
        ("? > 3 and ? < 5", 4, True),
        ("1, 4", 4, True),
        ("-", 4, True),
        ("limit", 4, True),
        ("> limit - 1", 4, True),
        ("not(1, 4)", 4, False),
        ("[1, 4]", 4, True),
    ],
)
def test_unary_tests(entry: str, n: int, hits: bool) -> None:
    tables = table("FIRST", "n:number", "r:boolean", f"{entry}; true", "-; false")
    data = inputs(n="number", limit="number") + decision("r", tables)
    assert results(definitions(data), n=D(n), limit=D(4))["r"] is hits


def test_what_is_not_declared_is_an_input() -> None:
    """As many models have it: no input data at all."""
    tables = table("FIRST", "season:string;guests:integer", "dish:string", '"Winter"; > 8; "stew"', '-; -; "toast"')
    data = definitions(decision("dish", tables))
    assert [line.split(": ")[1] for line in told(data)] == ["notice RB150 dmn-undeclared"] * 2
    assert results(data, season="Winter", guests=D(9))["dish"] == "stew"


def test_a_result_goes_by_the_name_of_its_output_too() -> None:
    """As engines have it that know no variables."""
    first = decision("季节", table("UNIQUE", "t:number", "season:string", '> 30; "hot"', '<= 30; "cold"'))
    second = decision("菜", table("FIRST", "season:string", "dish:string", '"hot"; "noodles"', '-; "soup"'), "", "季节")
    data = definitions(inputs(t="number") + first + second)
    assert told(data) == []
    assert results(data, t=D(35))["菜"] == "noodles"


def test_types_that_are_not_stated_are_read_off() -> None:
    data = inputs(n="", day="") + decision("r", table("FIRST", "n;day", "r", '> 3; < date("2025-01-01"); "x"'))
    made = imported(definitions(data)).rulebook
    assert made is not None
    assert {term.name: term.type.kind.value for term in made.terms} == {"n": "number", "day": "date", "r": "string"}


def test_allowed_values() -> None:
    items = (
        '<itemDefinition name="tKind"><typeRef>string</typeRef><allowedValues><text>"a", "b"</text></allowedValues>'
        '</itemDefinition><itemDefinition name="tShare"><typeRef>number</typeRef><allowedValues><text>[0..1]</text>'
        '</allowedValues></itemDefinition><itemDefinition name="tOdd"><typeRef>number</typeRef><allowedValues>'
        "<text>1, 3</text></allowedValues></itemDefinition>"
    )
    data = definitions(items + inputs(k="tKind", s="tShare", o="tOdd") + formula("r", "s + o", "number"))
    assert told(data) == [
        'itemDefinition tOdd: warning RB147 dmn-constraint: The vocabulary cannot state the allowed values "1, 3"; '
        "they were not carried over."
    ]
    made = imported(data).rulebook
    assert made is not None
    kind, share, _, _ = made.terms
    assert kind.type.values == ("a", "b")
    assert (share.type.low, share.type.high) == (D(0), D(1))


def test_names_that_a_workbook_cannot_hold() -> None:
    data = '<inputData name="a/b"/><inputData name="status"/><inputData name="Age"/><inputData name="age"/>'
    data += formula("r", "a/b + status + Age + age", "number")
    data = data.replace('"a/b"/>', '"a/b"><variable name="a/b" typeRef="number"/></inputData>')
    for name in ("status", "Age", "age"):
        data = data.replace(f'"{name}"/>', f'"{name}"><variable name="{name}" typeRef="number"/></inputData>')
    made = imported(definitions(data))
    assert made.places == {("a/b",): "a-b", ("status",): "status_", ("Age",): "Age", ("age",): "age 2", ("r",): "r"}
    found = results(definitions(data), **{"a-b": D(1), "status_": D(2), "Age": D(3), "age 2": D(4)})
    assert found["r"] == 10


def test_decisions_are_taken_in_the_order_of_their_needs() -> None:
    data = inputs(n="number") + formula("last", "middle + 1", "", "middle") + formula("middle", "n * 2")
    assert results(definitions(data), n=D(3))["last"] == 7


def test_notes_of_rules_and_what_is_left_out() -> None:
    tables = table("FIRST", "n:number", "r:number", "> 3; 1")
    tables = tables.replace("<rule>", '<annotation name="why"/><annotation name="source"/><rule>')
    tables = tables.replace(
        "</rule>",
        "<annotationEntry><text>big</text></annotationEntry><annotationEntry><text>§ 3</text></annotationEntry></rule>",
    )
    data = inputs(n="number") + decision("r", tables) + '<knowledgeSource name="The law"/>'
    made = imported(definitions(data))
    assert made.rulebook is not None
    rule = made.rulebook.tables[0].rules[0]
    assert (rule.note, rule.source) == ("big", "§ 3")
    assert [found.slug for found in made.findings] == ["dmn-left-out"]
    assert "knowledgeSource The law" in told(definitions(data))[0]


def test_what_was_exported_and_then_edited_counts_as_edited() -> None:
    data = export_model(compiled(EVERYTHING)).decode()
    edited = data.replace("<text>100</text>", "<text>250</text>", 1)
    assert edited != data
    made = import_model(edited.encode(), "model.dmn").rulebook
    assert made is not None
    assert next(p.value for p in made.parameters if p.id == "cap") == 250
