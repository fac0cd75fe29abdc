"""The workbook of parcels with its one gap left: the gap is told and shown, everything else proved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import product
from pathlib import Path

import rulectl
from rulectl.report.check import check_text
from rulectl.values import Value

MENDED = Path(__file__).parents[2] / "examples" / "parcels" / "parcels-mended.xlsx"


def with_gap() -> rulectl.Book:
    """Mended but for the rule for parcels that are put into a locker while the buyer is away."""
    book = rulectl.load(MENDED).rulebook
    judged, paid = book.tables
    return rulectl.Book(replace(book, tables=(replace(judged, rules=tuple(judged.rules)[:-1]), paid)))


def cases(book: rulectl.Book) -> Iterator[dict[str, Value]]:
    where = next(term for term in book.rulebook.terms if term.name == "包裹去向")
    amounts = [Decimal(n) for n in ("0", "0.01", "29.99", "30", "99", "499.99", "500", "500.01", "100000")]
    for at, home, amount in product(where.type.values, (True, False), amounts):
        yield {"包裹去向": at, "买家在家": home, "订单实付金额": amount}


def test_the_gap_is_shown_and_the_rest_is_proved() -> None:
    book = with_gap()
    verdicts = rulectl.check(book).verdicts
    told = [found for found in verdicts if found.verdict != "proved"]
    assert [found.slug for found in told] == ["gap"]
    case = dict(told[0].case)
    assert (case["包裹去向"], case["买家在家"]) == ("放快递柜", False)
    assert [note.key for note in told[0].notes] == ["note-no-more-gaps"]
    text = check_text(verdicts, "en")
    assert "a rule answers every other case; that is proved" in text
    assert "Policies that are proved of every case that can occur: 不多赔." in text


def test_what_is_proved_is_so_in_every_case() -> None:
    """All there are, but for amounts between those that are tried."""
    book = with_gap()
    lost = 0
    for case in cases(book):
        outcome = book.decide(case)
        gap = case["包裹去向"] == "放快递柜" and not case["买家在家"]
        assert (outcome.outputs["party"] is None) == gap
        lost += gap
        paid = outcome.outputs["payout"]
        limit = case["订单实付金额"]
        assert isinstance(limit, Decimal)
        assert paid is None or (isinstance(paid, Decimal) and paid <= limit)
    assert lost == 9
