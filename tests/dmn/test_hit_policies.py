"""Every hit policy of DMN 1.5 section 8.2.10, beyond what the conformance kit asks."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rulectl.values import Value
from tests.dmn.stories import decision, definitions, imported, inputs, results, table, told


def grade(policy: str, *rules: str, outputs: str = "r:string", aggregation: str = "", n: int = 5) -> Value:
    """What the one output of a table comes to for n."""
    body = inputs(n="number") + decision("r", table(policy, "n:number", outputs, *rules, aggregation=aggregation))
    return results(definitions(body), n=Decimal(n))["r"]


ABC = 'r:string:"a","b","c"'


@pytest.mark.parametrize(
    ("policy", "rules", "outputs", "aggregation", "expected"),
    [
        ("UNIQUE", ('> 3;"a"', '< 3;"b"'), "r:string", "", "a"),
        ("ANY", ('> 3;"a"', '> 4;"a"'), "r:string", "", "a"),
        ("FIRST", ('> 3;"b"', '> 4;"a"'), "r:string", "", "b"),
        # the order of the output values, not of the rules
        ("PRIORITY", ('> 1;"c"', '> 2;"b"', '> 9;"a"'), ABC, "", "b"),
        ("RULE ORDER", ('> 1;"c"', '> 2;"b"', '> 3;"c"', '> 9;"a"'), ABC, "", ("c", "b", "c")),
        ("OUTPUT ORDER", ('> 1;"c"', '> 2;"b"', '> 3;"c"', '> 4;"a"'), ABC, "", ("a", "b", "c", "c")),
        ("COLLECT", ('> 1;"c"', '> 2;"b"', '> 3;"c"'), ABC, "", ("c", "b", "c")),
        ("COLLECT", ("> 1;10", "> 2;20", "> 3;20", "> 9;5"), "r:number", "SUM", Decimal(50)),
        ("COLLECT", ("> 1;10", "> 2;20", "> 3;20", "> 9;5"), "r:number", "MIN", Decimal(10)),
        ("COLLECT", ("> 1;10", "> 2;20", "> 3;20", "> 9;50"), "r:number", "MAX", Decimal(20)),
        ("COLLECT", ("> 1;10", "> 2;20", "> 3;20", "> 9;5"), "r:number", "COUNT", Decimal(3)),
        # what is counted need not be a number
        ("COLLECT", ('> 1;"c"', '> 2;"b"', '> 3;"c"'), ABC, "COUNT", Decimal(3)),
    ],
)
def test_one_output(policy: str, rules: tuple[str, ...], outputs: str, aggregation: str, expected: Value) -> None:
    assert grade(policy, *rules, outputs=outputs, aggregation=aggregation) == expected


@pytest.mark.parametrize(("policy", "rules"), [("UNIQUE", ('> 3;"a"', '> 4;"a"')), ("ANY", ('> 3;"a"', '> 4;"b"'))])
def test_a_policy_that_is_broken_gives_nothing(policy: str, rules: tuple[str, ...]) -> None:
    assert grade(policy, *rules) is None


@pytest.mark.parametrize(
    ("policy", "aggregation", "outputs", "rule", "expected"),
    [
        ("UNIQUE", "", 'r:string::"z"', '> 3;"a"', "z"),
        ("PRIORITY", "", 'r:string:"a","z":"z"', '> 3;"a"', "z"),
        ("RULE ORDER", "", 'r:string::"z"', '> 3;"a"', ("z",)),
        ("COLLECT", "", 'r:string:"a","z":["z", "a"]', '> 3;"a"', ("z", "a")),
        ("COLLECT", "SUM", "r:number::7", "> 3;1", Decimal(7)),
        # a default may be computed
        ("FIRST", "", "r:number::n * 2", "> 3;1", Decimal(2)),
    ],
)
def test_the_default_output(policy: str, aggregation: str, outputs: str, rule: str, expected: Value) -> None:
    assert grade(policy, rule, outputs=outputs, aggregation=aggregation, n=1) == expected


LEVELS = 'level:string:"high","low";action:string:"stop","go";note:string'


def several(policy: str, *rules: str, outputs: str = LEVELS) -> dict[str, Value]:
    body = inputs(n="number") + decision("r", table(policy, "n:number", outputs, *rules))
    return dict(results(definitions(body), n=Decimal(5)))


def test_priority_of_several_outputs_goes_from_left_to_right() -> None:
    rules = ('> 1;"low";"stop";"1"', '> 2;"high";"go";"2"', '> 3;"high";"stop";"3"', '> 4;"low";"go";"4"')
    assert several("PRIORITY", *rules) == {"r.level": "high", "r.action": "stop", "r.note": "3"}


def test_output_order_of_several_outputs_keeps_rows_together() -> None:
    rules = ('> 1;"low";"stop";"1"', '> 2;"high";"go";"2"', '> 3;"high";"stop";"3"', '> 4;"low";"go";"4"')
    assert several("OUTPUT ORDER", *rules) == {
        "r.level": ("high", "high", "low", "low"),
        "r.action": ("stop", "go", "stop", "go"),
        "r.note": ("3", "2", "1", "4"),
    }


def test_lists_of_several_outputs_keep_repeats() -> None:
    rules = ('> 1;"low";"stop";"x"', '> 2;"low";"go";"x"')
    for policy in ("RULE ORDER", "COLLECT"):
        assert several(policy, *rules) == {
            "r.level": ("low", "low"),
            "r.action": ("stop", "go"),
            "r.note": ("x", "x"),
        }


def test_a_list_as_output_follows_the_table() -> None:
    items = '<itemDefinition name="tags" isCollection="true"><typeRef>string</typeRef></itemDefinition>'
    rules = ('> 3;["a", "a"]', '> 4;["b"]')
    body = items + inputs(n="number") + decision("r", table("FIRST", "n:number", "r:tags", *rules), "tags")
    assert results(definitions(body), n=Decimal(5))["r"] == ("a", "a")


def test_priority_without_values_names_the_table() -> None:
    body = inputs(n="number") + decision("r", table("PRIORITY", "n:number", "r:string", '> 3;"a"'))
    assert told(definitions(body)) == [
        "decision r: error RB351 policy-needs-values: The hit policy P goes by the order of the allowed values, "
        'but "r" has none.'
    ]


def test_an_unknown_hit_policy_names_the_table() -> None:
    body = inputs(n="number") + decision("r", table("BEST", "n:number", "r:string", '> 3;"a"'))
    assert told(definitions(body)) == ['decision r: error RB151 dmn-hit-policy: There is no hit policy "BEST".']
    assert imported(definitions(body)).rulebook is None
