"""The second engine: the durable_rules package does the matching, everything else is shared.

It serves who wants a Rete network under the same semantics, and as an independent witness in the tests. It sees the
rulebook lowered to class numbers only, in a child process with a time limit (runtime/durable_worker.py), and says which
rulebooks are past what the package can carry (engine/design/0002-durable-rules.md has the measurements).
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from types import TracebackType
from typing import Any

from rulectl.diagnostics import Finding, finding
from rulectl.lang.region import ABSENT, FIRST, UNKNOWN
from rulectl.model.rulebook import Rulebook
from rulectl.runtime.engine import Engine
from rulectl.runtime.index import Constraint, Match
from rulectl.runtime.plan import Plan, TablePlan
from rulectl.source import OptionPlace

MOST_RULES = 2000
"""Two rules of the package for each of ours, of the 4,096 that it takes."""

GROUP = 30
"""Rules that one fact is matched against: at most twice as many conditions, below the package's 64."""

SECONDS = 20.0
"""How long one question may take before the child is stopped."""


class DurableError(Exception):
    """The durable engine cannot go on; `finding` says why."""

    def __init__(self, reason: Finding) -> None:
        super().__init__(reason.message("en"))
        self.finding = reason


def _error(slug: str, **fields: str | int) -> DurableError:
    texts = tuple((name, str(value)) for name, value in fields.items())
    return DurableError(replace(finding(slug, OptionPlace("--engine")), fields=texts))


@dataclass(frozen=True, slots=True)
class _Bounds:
    """A constraint as bounds on integers: on the column's own class number where the classes are one run, else on a
    number of its own that is 1 where it holds."""

    column: int
    classes: frozenset[int]
    low: int
    high: int
    irregular: bool


def _bounds(constraint: Constraint, with_unknown: bool, bit: int) -> _Bounds:
    classes = {number for run in constraint.region for number in range(*run)}
    if constraint.null is True:
        classes |= {UNKNOWN, ABSENT}
    elif constraint.null is None and with_unknown:
        classes.add(UNKNOWN)
    if classes and max(classes) - min(classes) + 1 == len(classes):
        return _Bounds(constraint.column, frozenset(classes), min(classes), max(classes), False)
    return _Bounds(bit, frozenset(classes), 1, 1, True)


class _Child:
    """The worker process: a question in, an answer out, or a DurableError."""

    def __init__(self, rules: Sequence[Mapping[str, Any]]) -> None:
        command = [sys.executable, "-m", "rulectl.runtime.durable_worker"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, encoding="utf-8")
        self._answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.ask(rules)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def ask(self, question: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            line = self._answers.get(timeout=SECONDS)
        except queue.Empty:
            self.close()
            raise _error("durable-too-slow", seconds=f"{SECONDS:g}") from None
        except OSError:
            line = ""
        if not line:
            status = self._process.wait()
            raise _error("durable-died", status=status)
        answer: dict[str, Any] = json.loads(line)
        if answer.get("failure"):
            raise _error("durable-died", status=answer["failure"])
        return answer

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


class _Index:
    """One table's rules in the child; stands where the native engine has its bit vectors."""

    def __init__(self, plan: TablePlan, first_group: int) -> None:
        lowered = plan.lowered
        self._first = first_group
        self._size = len(lowered.columns)
        self._bits: list[tuple[str, int, frozenset[int]]] = []
        self.rules: list[dict[str, Any]] = []
        self.child: _Child | None = None
        bit_of: dict[tuple[int, frozenset[int]], int] = {}
        for at, (rule, box) in enumerate(zip(lowered.numbers, lowered.rules, strict=True)):
            written: dict[str, list[list[int]]] = {"holds": [], "open": []}
            for key, with_unknown in (("holds", False), ("open", True)):
                for constraint in box:
                    bounds = _bounds(constraint, with_unknown, 0)
                    column = constraint.column
                    if bounds.irregular:
                        column = bit_of.setdefault((column, bounds.classes), self._size + len(bit_of))
                    written[key].append([column, bounds.low, bounds.high])
            self.rules.append({"group": first_group + at // GROUP, "rule": rule, **written})
        self._bits = [(f"c{bit}", column, classes) for (column, classes), bit in bit_of.items()]
        self.groups = -(-len(lowered.rules) // GROUP)
        self.table = plan.table.name

    def match(self, key: Sequence[int]) -> Match:
        fact = {f"c{at}": number for at, number in enumerate(key)}
        fact |= {name: int(key[column] in classes) for name, column, classes in self._bits}
        fact["unknown"] = int(any(number < FIRST for number in key))
        groups = range(self._first, self._first + self.groups)
        assert self.child is not None
        fired = self.child.ask([{"group": group, **fact} for group in groups])["fired"]
        hits = tuple(rule for rule, kind in fired if kind == "h")
        if list(hits) != sorted(set(hits)):
            raise _error("durable-out-of-order", table=self.table)
        return Match(hits, tuple(sorted({rule for rule, kind in fired if kind == "o"} - set(hits))))


class DurableEngine(Engine):
    """Same interface as Engine; use as a context manager so that the child process ends. Raises DurableError where the
    package is missing or the rulebook is past its limits."""

    def __init__(self, rulebook: Rulebook) -> None:
        if find_spec("durable") is None:
            raise _error("durable-not-installed")
        # a child's rules compare plain numbers
        super().__init__(rulebook, quick=False, plan=Plan.of(rulebook, bundle=False))
        count = sum(len(table.lowered.rules) for table in self.plan.tables)
        if count > MOST_RULES:
            raise _error("durable-too-many-rules", count=count, most=MOST_RULES)
        indexes: list[_Index] = []
        tables: list[TablePlan] = []
        groups = 0
        for table in self.plan.tables:
            index = _Index(table, groups)
            groups += index.groups
            indexes.append(index)
            tables.append(replace(table, index=index))
        self._child = _Child([rule for index in indexes for rule in index.rules])
        for index in indexes:
            index.child = self._child
        self.plan = Plan(rulebook, tuple(tables))

    def __enter__(self) -> DurableEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child process."""
        self._child.close()
