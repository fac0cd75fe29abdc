"""Every fact of the domain has its place: carried by the shipped rulebooks, or named as something beside them."""

from __future__ import annotations

import importlib.util
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import rulectl

ROOT = Path(__file__).parents[2]
DOMAIN = ROOT.parent / "shared" / "domain"


@cache
def tool() -> ModuleType:
    """`engine/tools/make_coverage.py`, which is no package."""
    spec = importlib.util.spec_from_file_location("make_coverage", ROOT / "engine" / "tools" / "make_coverage.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@cache
def kinds() -> dict[str, str]:
    """Id -> kind, as the inventory states them."""
    file = DOMAIN / "inventory.md"
    assert file.is_file(), f"{file} is not there: the inventory of facts lies beside the checkout"
    found = re.findall(r"^\| (S\d-\d+) \| ([a-z-]+) \|", file.read_text("utf-8"), re.M)
    return dict(found)


def conflicts() -> set[str]:
    """The ids of the contradictions and gaps."""
    file = DOMAIN / "conflicts.md"
    assert file.is_file(), f"{file} is not there"
    return set(re.findall(r"^\| ([CG]\d\d) \|", file.read_text("utf-8"), re.M))


@cache
def carried() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = tool().carried(rulectl.load(ROOT / "rulebooks" / "after_sales.xlsx").rulebook)
    return found


def test_the_list_is_the_inventory() -> None:
    """Each fact once, with the inventory's own kind; each contradiction and gap once."""
    ours = {fact.id: fact.kind for fact in tool().facts()}
    assert len(ours) == len(tool().facts())
    theirs = kinds()
    assert len(theirs) == 360
    assert {id_: kind for id_, kind in ours.items() if id_ in theirs} == theirs
    assert set(ours) - set(theirs) == conflicts()


def test_every_fact_has_its_place() -> None:
    assert tool().missing(tool().facts(), carried()) == []


def test_every_decision_is_carried_by_something_in_force() -> None:
    """A rule that is switched off carries only advice that is doubtful; a decision needs more than that."""
    lost = [
        id_
        for id_, kind in kinds().items()
        if kind in tool().MUST and not any(carrier.on for carrier in carried().get(id_, []))
    ]
    assert lost == []


def test_nothing_cites_a_fact_that_is_none() -> None:
    assert sorted(set(carried()) - {fact.id for fact in tool().facts()}) == []


def test_the_page_is_what_the_workbooks_give() -> None:
    page = (ROOT / "rulebooks" / "COVERAGE.md").read_text("utf-8")
    assert page == tool().page(tool().facts(), carried()), "run python engine/tools/make_coverage.py"


@pytest.mark.parametrize("item", ["S0-29", "S0-35", "S0-52", "S1-60", "S1-117", "S3-31"])
def test_doubtful_advice_is_there_switched_off_with_its_reason(item: str) -> None:
    """conflicts.md, section 3: kept as data, off, its note says why. (S2-18 is in force, but only with a record.)"""
    book = rulectl.load(ROOT / "rulebooks" / "after_sales.xlsx").rulebook
    off = [rule for table in book.tables for rule in table.rules if not rule.enabled and item in rule.source]
    assert off, f"{item} has no rule that is switched off"
    assert all("停用" in rule.note for rule in off)
