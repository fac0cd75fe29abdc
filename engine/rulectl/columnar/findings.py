"""Findings of outcomes, row by row: those of runs, of clashes between tables, and of the rulebook's statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from rulectl.columnar.codes import Codes, Lut, Numbered, Part, constant, distinct, each
from rulectl.columnar.columns import Column
from rulectl.columnar.states import Facts, State
from rulectl.columnar.tables import Pass, TableColumns
from rulectl.columnar.terms import TermColumns
from rulectl.columnar.truths import FALSE, Kept, truths
from rulectl.diagnostics import Finding
from rulectl.lang.trees import names_of
from rulectl.model.rulebook import Policy
from rulectl.runtime.plan import Plan
from rulectl.runtime.telling import broken, clash_findings, table_findings
from rulectl.values import Value

Told = tuple[Finding, ...]


class Telling:
    """Findings of one rulebook's outcomes. `told` by number; 0 is none."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.told: Numbered[Told] = Numbered(())
        self._of_run: dict[int, Lut] = {}
        self._kept = Kept()

    def forget(self) -> None:
        """Forget all findings; columns that hold their numbers must be forgotten with them."""
        self.told = Numbered(())
        self._of_run = {}
        self._kept = Kept()

    def forget_runs(self, tables: Iterable[int]) -> None:
        """Forget what there is to say of runs that are numbered anew."""
        for number in tables:
            self._of_run.pop(number, None)

    def decide(
        self,
        tables: Mapping[int, TableColumns],
        passes: Mapping[int, Pass],
        terms: Mapping[str, TermColumns],
        verdicts: Mapping[str, Codes],
        columns: Mapping[str, Column],
        rows: int,
    ) -> Codes:
        """The number of each row's findings."""
        found: list[Codes] = []
        for number in sorted(passes):
            lut = self._of_run.setdefault(number, Lut())
            fresh = tables[number].runs[len(lut) :]
            lut.items += [self.told.number(tuple(table_findings(run))) for run in fresh]
            if lut.array().any():
                found.append(lut.array()[passes[number].runs])
        for name, codes in verdicts.items():
            clashing = terms[name].clash.array()
            if clashing.any():
                found.append(self._clashes(terms[name], clashing[codes], passes, columns, rows))
        found += [self._statement(policy, columns, rows) for policy in self.plan.rulebook.policies]
        found = [codes for codes in found if codes.any()]
        if not found:
            return constant(rows)
        where = np.flatnonzero(np.logical_or.reduce([codes != 0 for codes in found]))
        parts = [Part(codes[where], len(self.told)) for codes in found]
        told = constant(rows)
        told[where] = each(parts, len(where), self._together)
        return told

    def _together(self, key: tuple[int, ...]) -> int:
        return self.told.number(tuple(finding for code in key for finding in self.told.items[code]))

    def _clashes(
        self,
        term: TermColumns,
        clash: Codes,
        passes: Mapping[int, Pass],
        columns: Mapping[str, Column],
        rows: int,
    ) -> Codes:
        """Tables that say different things of a term."""
        where = np.flatnonzero(clash)
        tables = {table.number: table for table, _ in term.writers}
        runs = [table.runs_of(passes[number], columns, where) for number, table in tables.items()]
        parts = [Part(codes, len(table.runs)) for codes, table in zip(runs, tables.values(), strict=True)]

        def clash_of(key: tuple[int, ...]) -> int:
            mine = {number: table.runs[code] for (number, table), code in zip(tables.items(), key, strict=True)}
            return self.told.number(tuple(clash_findings(self.plan, mine, term.term)))

        told = constant(rows)
        told[where] = each(parts, len(where), clash_of)
        return told

    def _statement(self, policy: Policy, columns: Mapping[str, Column], rows: int) -> Codes:
        """Where a statement of the rulebook does not hold."""
        names = sorted(names_of(policy.statement) & columns.keys())
        constants: dict[str, Value] = dict.fromkeys(names_of(policy.statement) - columns.keys())
        constants |= self.plan.parameters
        # most statements hold in all rows, and that can be told without a look at each value
        held = truths(policy.statement, columns, constants, rows, self._kept)
        where = np.arange(rows) if held is None else np.flatnonzero(held == FALSE)
        told = constant(rows)
        if not len(where):
            return told
        apart = [columns[name].apart for name in names]
        at, number = distinct([Part(codes[where], size) for codes, size in apart], len(where))
        states = [columns[name].at(where[at]) for name in names]

        def judge(key: tuple[State, ...]) -> int:
            facts = Facts(constants)
            for name, state in zip(names, key, strict=True):
                facts[name] = state.now
            finding = broken(policy, self.plan.rulebook, facts)
            return 0 if finding is None else self.told.number((finding,))

        keys = zip(*states, strict=True) if names else [()] * len(at)
        told[where] = np.array(list(map(judge, keys)), np.int32).take(number)
        return told
