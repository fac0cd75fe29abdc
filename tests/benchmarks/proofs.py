"""How long the proofs over the shipped rulebooks take, check by check.

    python tests/benchmarks/proofs.py [after_sales ...]

Prints, for each rulebook and each check, the seconds, how many verdicts of each kind, and the hardest question.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from rulectl.analysis.budget import Budget
from rulectl.analysis.checks import CHECKS, verdicts
from rulectl.analysis.study import Study
from rulectl.api import load


def main() -> None:
    for name in sys.argv[1:] or ("after_sales",):
        study = Study(load(name).rulebook)
        book = study.rulebook
        print(f"{name}: {len(book.tables)} tables, {sum(len(t.rules) for t in book.tables)} rules")
        for question in CHECKS:
            asked = time.perf_counter()
            answers: Counter[str] = Counter()
            hardest = (0.0, "")
            last = asked
            for verdict in verdicts(study, Budget.of(60), (question,)):
                now = time.perf_counter()
                hardest = max(hardest, (now - last, dict(verdict.fields).get("name", "")))
                last = now
                answers[verdict.answer.value] += 1
            counts = ", ".join(f"{n} {answer}" for answer, n in answers.items())
            print(f"  {question.slug}: {last - asked:.2f} s; {counts}; hardest {hardest[1]} {hardest[0]:.2f} s")


if __name__ == "__main__":
    main()
