"""What there is to say of an outcome: hits that a policy forbids, tables that disagree, what could not be computed, and
statements of the rulebook that do not hold. The same for one case and for columns of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rulectl.codes import LANGUAGES, Severity
from rulectl.diagnostics import Finding, finding, listed
from rulectl.lang.compiled import Compute
from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.model.policy import Takes
from rulectl.model.rulebook import Policy, Rulebook, Term
from rulectl.runtime.judge import TableRun
from rulectl.runtime.plan import Plan
from rulectl.runtime.resolve import CLASH, Lack
from rulectl.source import CellRange, FilePlace, Location, Place
from rulectl.values import Value, plain_text


def clash_findings(plan: Plan, runs: Mapping[int, TableRun], term: Term) -> list[Finding]:
    """Tables that say different things of one term; a table at odds with itself is reported by itself."""
    said = [(t, runs[t], c, runs[t].spoken(c)) for t, c in plan.writers[term.id] if t in runs]
    if any(spoken is CLASH for *_, spoken in said):
        return []
    rules: list[str] = []
    places: list[Place] = []
    values: list[Value] = []
    for _, table_run, column, spoken in said:
        for rule in table_run.plan.outputs.deciders(column, table_run.hits, table_run.now):
            own = table_run.now(rule, column)
            if own == spoken and not isinstance(own, Lack):
                firing = table_run.plan.firings[rule]
                rules.append(firing.name)
                values.append(own)
                if firing.cells is not None:
                    places.append(firing.cells)
    at = places[0] if places else FilePlace(plan.rulebook.source)
    said_zh, said_en = (
        "; ".join(f"{rule} = {plain_text(value, lang)}" for rule, value in zip(rules, values, strict=True))
        for lang in LANGUAGES
    )
    return [finding("tables-disagree", at, rules=rules, term=term.name, said_zh=said_zh, said_en=said_en)]


def broken(
    policy: Policy, rulebook: Rulebook, facts: Mapping[str, Value], statement: Compute | None = None
) -> Finding | None:
    """What there is to say of a statement that some facts break, or that cannot be worked out for them. `statement` is
    what works it out, where that has been put together."""
    place = policy.cell or FilePlace(rulebook.source)
    try:
        holds = evaluate(policy.statement, facts) if statement is None else statement(facts)
    except CannotCompute as failure:
        return _cannot(failure, place, "", policy.id)
    if holds is not False:
        return None
    severity = Severity(policy.severity)
    return finding("policy-violated", Location(place, policy.text), severity=severity, policy=policy.id)


def table_findings(table_run: TableRun) -> list[Finding]:
    """What went wrong within one table: hits that its policy forbids, entries that could not be computed."""
    now = table_run.now
    if not (now.columns_failed or now.failures or now.misfits or len(table_run.hits) > 1):
        return []
    plan = table_run.plan
    table = plan.table
    found: list[Finding] = []
    at: Place = table.cells or FilePlace("")
    for failure in table_run.now.columns_failed:
        found.append(_cannot(failure, at, table.name, ""))
    active = plan.outputs.active(table_run.hits) if plan.outputs.exclusive else ()
    for column, output in enumerate(table.outputs):
        if len(active) > 1 and table_run.spoken(column) is CLASH:
            rules = [table.rules[n].id for n in active]
            slug = "rules-overlap" if output.policy.takes is Takes.ONLY else "rules-disagree"
            place = table.rules[active[0]].cells or at
            found.append(finding(slug, place, table=table.name, rules=rules, name=table.name, listed=listed(rules)))
            break
    for (rule, column), failure in table_run.now.failures.items():
        entry = table.rules[rule].then[column]
        found.append(_cannot(failure, entry.cell or at, table.name, table.rules[rule].id, entry.text))
    for (rule, column), value in table_run.now.misfits.items():
        entry = table.rules[rule].then[column]
        where = Location(entry.cell or at, entry.text)
        found.append(
            finding(
                "output-not-allowed", where, table=table.name, rules=[table.rules[rule].id], value=plain_text(value)
            )
        )
    return found


def _cannot(failure: CannotCompute, at: CellRange | Place, table: str, rule: str, text: str = "") -> Finding:
    place = Location(at, text, failure.span if text else None)
    return replace(finding(failure.slug, place, table=table, rules=[rule] if rule else []), fields=failure.fields)
