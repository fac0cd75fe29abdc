"""Write `rulebooks/COVERAGE.md`: where each fact about after-sales service is carried by the shipped rulebooks.

`coverage.csv` lists the facts by id, with their kind and, for what is no decision about one case, where it belongs (a
report, a register, training; F and a number are the systems beside the rules). Who carries a fact is never written
down by hand: it is read from the compiled workbooks, where rules, parameters, templates, policies and tests cite ids.

    python engine/tools/make_coverage.py [--check]
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import rulectl
from rulectl.model.rulebook import Rulebook

TOOLS = Path(__file__).resolve().parent
ROOT = TOOLS.parent.parent
PAGE = ROOT / "rulebooks" / "COVERAGE.md"
ENTRY = ROOT / "rulebooks" / "after_sales.xlsx"

ID = re.compile(r"(?<![A-Za-z0-9])(?:S\d-\d{2,3}|[CG]\d{2})(?!\d)")
MUST = frozenset(
    (
        "issue-type",
        "evidence",
        "responsibility",
        "remedy",
        "compensation",
        "escalation",
        "deadline",
        "sla",
        "register",
        "penalty",
        "law",
        "correlation",
    )
)
"""The kinds of facts that some rule, parameter, template or policy has to carry."""
SHOWN = 4
TITLES = {
    "S0": "四大类问题",
    "S1": "服饰店流程",
    "S2": "食品店复盘",
    "S3": "批发大促",
    "S4": "管理与分析",
    "C": "冲突与裁决",
    "G": "空白与处置",
}


HEAD = (
    "# 规则手册涵盖了什么 / What the rulebooks carry",
    "",
    "由 `engine/tools/make_coverage.py` 从四本手册的依据栏生成，不要手改。",
    "每一条写明由哪些规则、参数、话术或守则承载；带 × 的规则停用，缘由写在它的说明里。",
    "不是一案一判的，写明归到哪一处（F 编号是规则以外的登记、报表、回访、培训、质检）。",
    "",
    "Generated from the source columns of the four workbooks. Each fact names the rules, parameters, templates and",
    "policies that carry it; what is no decision about one case names the register, report, follow-up or training",
    "that it belongs to. A rule marked × is switched off; its note says why.",
    "",
)


class Fact(NamedTuple):
    """One line of coverage.csv."""

    id: str
    kind: str
    gist: str
    place: str


class Carrier(NamedTuple):
    """Something of a workbook that cites ids: a rule, a parameter, a template, a policy; `on` is false for a rule that
    is switched off, `way` what it is."""

    name: str
    way: str
    text: str
    on: bool = True


def facts() -> list[Fact]:
    """All facts, in the order of the list."""
    with (TOOLS / "coverage.csv").open(encoding="utf-8", newline="") as file:
        return [Fact(**row) for row in csv.DictReader(file)]


def carriers(book: Rulebook) -> Iterator[Carrier]:
    """Everything that cites ids, in the order of the workbook."""
    for parameter in book.parameters:
        yield Carrier(parameter.name, "parameter", parameter.description)
    for term in book.terms:
        yield Carrier(term.name, "term", term.description)
    for table in book.tables:
        for rule in table.rules:
            yield Carrier(f"{table.name}/{rule.id}", "rule", rule.source, rule.enabled)
    for template in book.templates:
        yield Carrier(template.id, "template", template.occasion)
    for policy in book.policies:
        yield Carrier(policy.id, "policy", policy.note)


def carried(book: Rulebook) -> dict[str, list[Carrier]]:
    """Id -> who carries it."""
    found: dict[str, list[Carrier]] = {}
    for carrier in carriers(book):
        for id_ in dict.fromkeys(ID.findall(carrier.text)):
            found.setdefault(id_, []).append(carrier)
    return found


def missing(known: list[Fact], found: dict[str, list[Carrier]]) -> list[str]:
    """Ids that are neither carried nor placed; a decision has to be carried, by something that is switched on or by a
    rule that is there, switched off, with its reason."""
    return [fact.id for fact in known if not found.get(fact.id) and (fact.kind in MUST or not fact.place)]


def group(id_: str) -> str:
    return id_.partition("-")[0] if id_.startswith("S") else id_[0]


def page(known: list[Fact], found: dict[str, list[Carrier]]) -> str:
    """The page, Chinese, with a line a fact."""
    lines = [
        *HEAD,
        "| 来源 | 条数 | 手册承载 | 归到别处 |",
        "|---|---|---|---|",
    ]
    for key, title in TITLES.items():
        of_group = [fact for fact in known if group(fact.id) == key]
        held = sum(bool(found.get(fact.id)) for fact in of_group)
        lines.append(f"| {key} {title} | {len(of_group)} | {held} | {len(of_group) - held} |")
    for key, title in TITLES.items():
        lines += ["", f"## {key} {title}", "", "| 编号 | 类 | 要点 | 承载 |", "|---|---|---|---|"]
        lines += [_line(fact, found.get(fact.id, [])) for fact in known if group(fact.id) == key]
    return "\n".join(lines) + "\n"


def _line(fact: Fact, by: list[Carrier]) -> str:
    names = list(dict.fromkeys(carrier.name + ("" if carrier.on else " ×") for carrier in by))
    more = f" 等 {len(names)} 处" if len(names) > SHOWN else ""
    said = "、".join(names[:SHOWN]) + more
    where = ";".join(part for part in (said, fact.place) if part)
    return f"| {fact.id} | {fact.kind} | {fact.gist} | {where} |"


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 fine, 1 facts without a place, or a page that is not what the workbooks give."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, tell what is wrong")
    options = parser.parse_args(arguments)
    known = facts()
    found = carried(rulectl.load(ENTRY).rulebook)
    lost = missing(known, found)
    stray = sorted(set(found) - {fact.id for fact in known})
    for id_ in lost:
        print(f"{id_} is neither carried nor placed")
    for id_ in stray:
        print(f"{id_} is cited by {found[id_][0].name} and is no fact of the list")
    text = page(known, found)
    stale = not PAGE.is_file() or PAGE.read_text("utf-8") != text
    if stale and not options.check:
        PAGE.write_text(text, "utf-8")
        print("rulebooks/COVERAGE.md written")
    elif stale:
        print("rulebooks/COVERAGE.md differs from what the workbooks give")
    return 1 if lost or stray or (stale and options.check) else 0


if __name__ == "__main__":
    sys.exit(main())
