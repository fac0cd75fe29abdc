"""The shipped family in columns: cases drawn from the sample, with other amounts, come to what they come to one by one.

Nearly every case then has amounts of its own, which the rules compare with one another and compute with; the frames are
decided in turn by one engine, which goes from one way of reading numbers to another between them.
"""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random

import polars as pl
import pytest

import rulectl
from rulectl.columnar import computed, reading, tables
from rulectl.columnar.engine import ColumnarEngine

SAMPLE = Path(__file__).parents[2] / "examples" / "after_sales" / "cases.csv"
AMOUNTS = ("订单实付金额", "订单利润", "受损金额")
ROWS = 150


def drawn(seed: int, rows: int = ROWS) -> list[dict[str, str]]:
    """Cases of the sample, each with two cells of another and amounts of its own."""
    draw = Random(seed)
    with open(SAMPLE, encoding="utf-8-sig", newline="") as stream:
        sample = list(csv.DictReader(stream))
    found = []
    for number in range(rows):
        case, other = dict(draw.choice(sample)), draw.choice(sample)
        for name in draw.sample(sorted(case)[1:], 2):
            case[name] = other[name]
        for name in AMOUNTS:
            if case[name]:
                case[name] = f"{draw.randrange(100, 90_000) / 100:.2f}"
        found.append({**case, "工单号": f"T{seed}-{number}"})
    return found


def test_cases_with_amounts_of_their_own() -> None:
    book = rulectl.load("after_sales")
    columns = ColumnarEngine(book.rulebook)
    counted = [aggregate.term for aggregate in book.rulebook.aggregates]
    decided_in_all = 0
    for seed in (1, 2, 3):
        cases = drawn(seed)
        with pytest.MonkeyPatch.context() as patch:
            if seed == 2:
                patch.setattr(reading, "_MANY", 0)
                patch.setattr(tables, "_COMBINATIONS", 0)
            if seed == 3:
                patch.setattr(computed, "MANY", -1)
            decided = columns.decide(pl.DataFrame(cases, infer_schema_length=None))
        rules = decided.rule_texts().to_list()
        terms = [term for term in book.rulebook.terms if term.id in decided.columns]
        values = {term.id: decided.values(term).to_list() for term in book.engine.plan.outputs}
        counts = {name: decided.values(term).to_list() for term in terms if (name := term.id) in counted}
        for at, place in enumerate(decided.cases.tolist()):
            facts = book._facts.read(cases[place])
            assert isinstance(facts, dict), facts
            known = {name: (column[at], ()) for name, column in counts.items() if column[at] is not None}
            outcome = book.engine.decide(facts, counted=known)
            assert rules[at] == ";".join(firing.name for firing in outcome.firings), cases[place]
            assert decided.ask_names.items[decided.asks[at]] == outcome.asks, cases[place]
            assert decided.status_texts()[at] == outcome.status.value
            for name, column in values.items():
                mine = tuple(column[at]) if isinstance(column[at], list) else column[at]
                assert mine == outcome.outputs[name], (name, cases[place])
            decided_in_all += 1
    assert decided_in_all > 2 * ROWS
